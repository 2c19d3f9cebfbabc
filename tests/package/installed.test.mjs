// The package as `npm install` leaves it: packed, unpacked into an empty project, and imported there.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { installByNpm } from "./support/pack.mjs";

const root = new URL("../../", import.meta.url);
const [, version] = /\[workspace\.package\]\s+version = "([^"]+)"/.exec(
  readFileSync(new URL("Cargo.toml", root), "utf8"),
);

const STORES = ["memory", "file", "redis", "unstorage", "kv", "kv-writer"];

let project;

before(async () => {
  project = mkdtempSync(join(tmpdir(), "edgeward-package-"));
  await installByNpm({ directory: project }, process.execPath);
});

after(() => rmSync(project, { recursive: true, force: true }));

function run(file, source) {
  writeFileSync(join(project, file), source);
  return execFileSync(process.execPath, [file], { cwd: project, encoding: "utf8" }).trim();
}

test("the tarball carries what a package should, and nothing runs when it is installed", () => {
  const files = readdirSync(join(project, "node_modules/edgeward"), { recursive: true }).map((file) => file.replaceAll("\\", "/"));
  for (const needed of [
    "README.md",
    "CHANGELOG.md",
    "LICENSE-MIT",
    "LICENSE-APACHE",
    "dist/index.js",
    "dist/index.cjs",
    "dist/index.d.ts",
    "dist/index.d.cts",
    "dist/edge.js",
    "dist/workerd.js",
    "dist/slim.js",
    "dist/slim.d.ts",
    "dist/core.wasm",
    "dist/audit.js",
    "dist/audit.d.ts",
    "dist/audit-types.d.cts",
    "audit-event.schema.json",
    ...STORES.flatMap((store) => [`dist/store/${store}.js`, `dist/store/${store}.d.ts`]),
  ]) {
    assert.ok(files.includes(needed), `${needed} is missing`);
  }
  const manifest = JSON.parse(
    readFileSync(join(project, "node_modules/edgeward/package.json"), "utf8"),
  );
  assert.equal(manifest.version, version);
  assert.equal(manifest.scripts, undefined);
  assert.equal(manifest.dependencies, undefined);
});

test("import, require and the entry without the core all reach one core", () => {
  assert.equal(
    run("esm.mjs", 'import { version } from "edgeward"; console.log(version());'),
    version,
  );
  assert.equal(run("cjs.cjs", 'console.log(require("edgeward").version());'), version);
  assert.equal(
    run(
      "slim.mjs",
      `import { readFileSync } from "node:fs";
       import { fileURLToPath } from "node:url";
       import { initSync, version } from "edgeward/slim";
       const core = fileURLToPath(import.meta.resolve("edgeward/core.wasm"));
       initSync({ module: new WebAssembly.Module(readFileSync(core)) });
       console.log(version());`,
    ),
    version,
  );
});

test("each store is an entry of its own, which brings nothing of the core, and the main entry brings no store", () => {
  assert.equal(
    run(
      "stores.mjs",
      `import { fileStore } from "edgeward/store/file";
       import { kvStore } from "edgeward/store/kv";
       import { memoryStore } from "edgeward/store/memory";
       import { redisStore } from "edgeward/store/redis";
       import { unstorageStore } from "edgeward/store/unstorage";
       const store = fileStore("records");
       await store.put("key/one", "text");
       console.log(await store.get("key/one"), [memoryStore, redisStore, unstorageStore, kvStore].map((store) => typeof store).join());`,
    ),
    "text function,function,function,function",
  );
  const dist = join(project, "node_modules/edgeward/dist");
  const read = (file) => readFileSync(join(dist, file), "utf8");
  for (const store of STORES) {
    assert.doesNotMatch(read(`store/${store}.js`), /from "\.\.\//, store);
    assert.doesNotMatch(read(`index.cjs`), new RegExp(`${store}Store|KeyWriter`), store);
  }
});

test("the sinks of audit events are an entry of their own, which brings nothing of the core", () => {
  const source = `import { consoleSink } from "edgeward/audit";
    import schema from "edgeward/audit-event.schema.json" with { type: "json" };
    console.log(consoleSink().name, schema.title);`;
  assert.equal(run("audit.mjs", source), "console Edgeward audit event");
  const text = readFileSync(join(project, "node_modules/edgeward/dist/audit.js"), "utf8");
  assert.doesNotMatch(text, /\bfrom "/);
});

test("the command line comes with it", () => {
  const [, command] = Object.entries(JSON.parse(readFileSync(join(project, "node_modules/edgeward/package.json"), "utf8")).bin)[0];
  const told = execFileSync(process.execPath, [join(project, "node_modules/edgeward", command), "--version"], { encoding: "utf8" });
  assert.equal(told.trim(), version);
});

test("this repository imports the package it has just built, by its own exports map", async () => {
  const edgeward = await import("edgeward");
  assert.equal(edgeward.version(), version);
  assert.match(import.meta.resolve("edgeward"), /\/dist\/npm\/dist\/index\.js$/);
});
