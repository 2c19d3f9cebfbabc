// The adapters as they are installed: entries of their own, in both module systems, typed with and without their peers.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { exampleProject } from "../support/example-project.mjs";

const ADAPTERS = { fetch: ["withGate"], hono: ["guard"], node: ["expressGuard", "fastifyGuard", "gateListener", "httpGuard"] };
const modules = fileURLToPath(new URL("../../node_modules/", import.meta.url));
let project;

before(async () => (project = await exampleProject("express")));
after(() => project?.remove());

const installed = (...path) => join(project.directory, "node_modules/edgeward", ...path);
const run = (file, source) => {
  writeFileSync(join(project.directory, file), source);
  return execFileSync(process.execPath, [file], { cwd: project.directory, encoding: "utf8" }).trim();
};

/** Every module that an entry brings. */
function brought(file, found = new Set()) {
  if (found.has(file)) return found;
  found.add(file);
  const text = readFileSync(installed("dist", file), "utf8");
  for (const [, name] of text.matchAll(/from "([^"]+)"/g)) {
    // What a listener is made of is Node's alone, and so is the entry.
    if (name.startsWith("node:") && file.startsWith("node-")) continue;
    assert.match(name, /^\.\//, `${file} imports ${name}`);
    brought(name.slice(2), found);
  }
  return found;
}

test("each is an entry of its own, in both module systems, and brings nothing of the core", () => {
  const all = Object.entries(ADAPTERS);
  const esm = all.map(([name, exports]) => `import { ${exports} } from "edgeward/${name}"; console.log([${exports}].map((one) => typeof one).join());`);
  const cjs = all.map(([name, exports]) => `{ const { ${exports} } = require("edgeward/${name}"); console.log([${exports}].map((one) => typeof one).join()); }`);
  const expected = all.map(([, exports]) => exports.map(() => "function").join()).join("\n");
  assert.equal(run("entries.mjs", esm.join("\n")), expected);
  assert.equal(run("entries.cjs", cjs.join("\n")), expected);
  for (const [name] of all) {
    const files = brought(`${name}.js`);
    assert.deepEqual([...files].filter((file) => /glue|core|instance|gate\.js|index/.test(file)), [], name);
    const { length } = readFileSync(installed("dist", `${name}.cjs`));
    assert.ok(length < 16_000, `${name}.cjs: ${length} bytes`);
  }
  // None of them comes with the main entry.
  assert.doesNotMatch(readFileSync(installed("dist/index.cjs"), "utf8"), /expressGuard|withGate/);
});

test("their peers are optional, each of them", () => {
  const { dependencies, peerDependencies, peerDependenciesMeta } = JSON.parse(readFileSync(installed("package.json"), "utf8"));
  assert.equal(dependencies, undefined);
  for (const peer of ["express", "fastify", "hono"]) assert.match(peerDependencies[peer], /^>=\d+$/);
  for (const peer of Object.keys(peerDependencies)) assert.deepEqual(peerDependenciesMeta[peer], { optional: true });
});

const SOURCE = {
  "a.ts": `import { createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { expressGuard, fastifyGuard, httpGuard } from "edgeward/node";
const gate = await createGate({ routes: [] });
expressGuard(gate);
fastifyGuard(gate);
httpGuard(gate, (request, response) => response);
export default { fetch: withGate(gate, (request, verdict) => new Response(verdict.subject)) };
`,
  "b.cts": `import { expressGuard } from "edgeward/node";
import { withGate } from "edgeward/fetch";
export { expressGuard, withGate };
`,
  "wrong.ts": `import { expressGuard } from "edgeward/node";
// @ts-expect-error There is no gate.
expressGuard(undefined);
`,
};

for (const compiler of ["typescript", "typescript7"]) {
  test(`${compiler} takes them where none of the frameworks is installed, and looks into every declaration`, () => {
    // Beside the package alone: neither frameworks nor types of Node's are above it.
    const directory = mkdtempSync(join(project.directory, "types-"));
    for (const [name, source] of Object.entries(SOURCE)) writeFileSync(join(directory, name), source);
    const compilerOptions = { target: "es2022", module: "nodenext", moduleResolution: "nodenext", lib: ["es2023", "dom"], types: [], strict: true, noEmit: true, skipLibCheck: false };
    writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
    writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions, files: Object.keys(SOURCE) }));
    rmSync(join(project.directory, "node_modules/express"), { force: true });
    assert.deepEqual(readdirSync(join(project.directory, "node_modules")).filter((name) => !name.startsWith(".")), ["edgeward"]);
    try {
      execFileSync(process.execPath, [join(modules, compiler, "bin/tsc"), "-p", directory], { encoding: "utf8" });
    } catch (error) {
      assert.fail(error.stdout);
    }
  });
}
