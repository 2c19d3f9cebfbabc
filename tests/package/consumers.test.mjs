// Projects in TypeScript, as people set theirs up: every entry is found, has types, and these have no fault of their own.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { ROOT, makeProjects, say } from "./support/bundled.mjs";

/** The one before the newest, which most projects have, and the newest, which knows fewer modes; and with what platforms. */
const COMPILERS = {
  "TypeScript 6": { compiler: "typescript/bin/tsc", platforms: ["workers", "node", "page"] },
  "TypeScript 7": { compiler: "typescript7/bin/tsc", platforms: ["both", "workers", "node", "page"] },
};

/** Where the names of the platform come from. */
const PLATFORMS = {
  node: { lib: ["es2023"], types: ["node"] },
  page: { lib: ["es2023", "dom", "dom.iterable"], types: [] },
  both: { lib: ["es2023", "dom", "dom.iterable"], types: ["node"] },
  workers: { lib: ["es2023"], types: ["@cloudflare/workers-types"] },
};

/** How modules are found. The ending of the file says whether it is a module, where the mode asks. */
const MODES = {
  "nodenext, a module": { options: { module: "nodenext" }, file: "use.mts" },
  "nodenext, CommonJS": { options: { module: "nodenext" }, file: "use.cts", required: true },
  "node16, a module": { options: { module: "node16" }, file: "use.mts" },
  "node16, CommonJS": { options: { module: "node16" }, file: "use.cts", required: true },
  "bundler, esnext": { options: { module: "esnext", moduleResolution: "bundler" }, file: "use.ts" },
  "bundler, preserve": { options: { module: "preserve", moduleResolution: "bundler" }, file: "use.ts" },
  "bundler, commonjs": { options: { module: "commonjs", moduleResolution: "bundler" }, file: "use.ts", required: true },
  "before `exports`": {
    options: { module: "commonjs", moduleResolution: "node10", ignoreDeprecations: "6.0" },
    file: "use.ts",
    required: true,
    only: "TypeScript 6",
  },
};

let projects;
let manifest;
before(async () => {
  projects = await makeProjects();
  manifest = JSON.parse(readFileSync(join(projects.good.package, "package.json"), "utf8"));
  // The types of the platforms and of the peers, as they would be installed beside it.
  const peers = Object.keys(manifest.peerDependencies).flatMap((peer) => [peer, `@types/${peer}`]).filter((peer) => existsSync(join(ROOT, "node_modules", peer)));
  for (const name of ["@types/node", "@cloudflare/workers-types", ...peers]) {
    const link = join(projects.good.directory, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, "node_modules", name), link, "junction");
  }
});
after(() => projects?.remove());

/** Whether types, or what they import, name a module of Node's. */
function namesNode(file, seen = new Set()) {
  if (seen.has(file)) return false;
  seen.add(file);
  // What an example in a comment imports is nothing that the types need.
  const text = readFileSync(join(projects.good.package, file), "utf8").replaceAll(/\/\*\*[^]*?\*\//g, "");
  const nearby = [...text.matchAll(/"(\.\.?\/[^"]+)\.js"/g)].map(([, name]) => join(dirname(file), `${name}.d.ts`));
  return /"node:/.test(text) || nearby.some((other) => namesNode(other, seen));
}

/** The entries that have types, by the name that they are imported by. */
function entries(required) {
  return Object.entries(manifest.exports)
    .filter(([, entry]) => (required ? entry.require : (entry.import ?? entry))?.types !== undefined)
    .map(([name, entry]) => ({ name: `edgeward${name.slice(1)}`, ofNode: namesNode((entry.import ?? entry).types) }));
}

/** What is compiled already is taken as well, where the types of the platform have a name for it. */
const COMPILED = "export const start = (core: WebAssembly.Module): unknown => initSync({ module: core });";

/** A file that takes every entry in, and uses the main one as people do. */
function source(platform, required) {
  const names = entries(required).filter(({ ofNode }) => !ofNode || PLATFORMS[platform].types.includes("node"));
  assert.ok(names.length > 8, `${names.length} entries`);
  const lines = names.map(({ name }, place) => `import * as entry${place} from "${name}";`);
  // What is any can be taken for a number: types that were not found, and those that say nothing.
  const checks = names.map((_, place) => `type Entry${place} = IsAny<typeof entry${place}>; const typed${place}: Entry${place} = false; void typed${place};`);
  return `import { createApiKeyChecker, createGate, createJwtVerifier, inspect, verifyJws, version } from "edgeward";
import type { GatePolicy, JsonWebKeySet, Store, Verdict } from "edgeward";
import { init, initSync } from "edgeward/slim";
import { memoryStore } from "edgeward/store/memory";
${lines.join("\n")}
type IsAny<T> = 0 extends 1 & T ? true : false;
${checks.join("\n")}
export async function use(token: string, jwks: JsonWebKeySet, policy: GatePolicy): Promise<string> {
  const store: Store = memoryStore();
  const verifier = await createJwtVerifier({ issuers: [{ issuer: "https://issuer.example", audience: "a", algorithms: ["ES256"], jwks }] });
  const verdict: Verdict = await verifier.verify(token, { scopes: ["reports:read"] });
  const keys = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
  const other = await keys.check(token);
  const gate = await createGate(policy, { store });
  const jws = await verifyJws(token, jwks, { algorithms: ["ES256"] });
  const bytes: Uint8Array | undefined = jws.ok ? jws.payload : undefined;
  const report = inspect(token, { jwks });
  void [gate, bytes, report, version().length, typed0];
  void (async (core: Uint8Array, answer: Response) => [initSync({ module: core }), await init({ module_or_path: answer })]);
  // @ts-expect-error It is handed over by a name.
  void initSync({ core: new Uint8Array() });
  // @ts-expect-error A policy has no such member.
  void createJwtVerifier({ issuer: [] });
  return verdict.ok ? String(verdict.subject) : other.ok ? other.class : other.code;
}
${PLATFORMS[platform].lib.includes("dom") ? COMPILED : ""}`;
}

const check = (project, compiler, name) => say(process.execPath, [join(ROOT, "node_modules", compiler), "--project", name], { cwd: project.directory });

function configure(project, name, { options, file, required }, platform) {
  project.write(`${name}/${file}`, source(platform, required));
  const compilerOptions = {
    target: "es2022",
    ...PLATFORMS[platform],
    ...options,
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    skipLibCheck: false,
    noEmit: true,
  };
  project.write(`${name}/tsconfig.json`, JSON.stringify({ compilerOptions, files: [file] }));
}

for (const [title, { compiler, platforms }] of Object.entries(COMPILERS)) {
  // Each mode with one platform, and each platform with one mode: how an entry is found does not depend on what it is there for.
  const [most] = platforms;
  const pairs = [...Object.keys(MODES).map((mode) => [mode, most]), ...platforms.slice(1).map((platform) => ["nodenext, a module", platform])].filter(
    ([mode]) => [undefined, title].includes(MODES[mode].only),
  );

  for (const [mode, platform] of pairs) {
    test(`${title}, ${mode}, ${platform}`, async () => {
      const name = `${compiler.split("/")[0]}-${pairs.findIndex((pair) => pair[0] === mode && pair[1] === platform)}`;
      configure(projects.good, name, MODES[mode], platform);
      await check(projects.good, compiler, name);
    });
  }

  test(`${title}: an entry whose types are gone, or say nothing, is an error`, async () => {
    const name = `${compiler.split("/")[0]}-red`;
    configure(projects.good, name, MODES["nodenext, a module"], most);
    const file = join(projects.good.directory, name, "use.mts");
    const text = readFileSync(file, "utf8");
    projects.good.write(`${name}/nothing.d.cts`, "declare const nothing: any;\nexport = nothing;\n");
    const changed = text
      .replace('import * as entry1 from "edgeward/slim"', 'import entry1 from "edgeward/store/none"')
      .replace('import * as entry2 from "edgeward/fetch"', 'import entry2 from "./nothing.cjs"');
    projects.good.write(`${name}/use.mts`, changed);
    const { message } = await check(projects.good, compiler, name).then(() => assert.fail("nothing was said"), (error) => error);
    const line = (what) => changed.split("\n").findIndex((line) => line.includes(what)) + 1;
    // One is not found, and the other is anything.
    for (const [what, code] of [["entry1 from", "TS2307"], ["typed2", "TS2322"]]) {
      assert.match(message, new RegExp(`use\\.mts[(:]${line(what)}[,:].*${code}`), `${what}: ${message}`);
    }
  });
}
