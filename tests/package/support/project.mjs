// A scratch project that has the package installed, with the suite beside it; and what is done to either to see it go red.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { cases } from "./suite.mjs";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What every host runs beside its import of the package: the suite, and the name of the host as it calls itself. */
const TOLD = `import { suite } from "./suite.mjs";
import expect from "./expect.mjs";
import vectors from "./vectors.mjs";
const { Deno, process, navigator } = globalThis;
const host = () => {
  if (navigator?.userAgent === "Cloudflare-Workers") return "workerd";
  if (Deno !== undefined) return "deno " + Deno.version.deno;
  return process.versions.bun === undefined ? "node " + process.versions.node : "bun " + process.versions.bun;
};
export const told = async (given) => ({ host: host(), entry: given.entry, ...(await suite({ ...given, vectors, expect })) });
`;

/** The ways in which a program takes the package in. */
export const MAINS = {
  "main.mjs": `import * as edgeward from "edgeward";
import { memoryStore } from "edgeward/store/memory";
import { told } from "./told.mjs";
console.log(JSON.stringify(await told({ edgeward, memoryStore, entry: import.meta.resolve("edgeward") })));
`,
  "main.cjs": `const edgeward = require("edgeward");
const { memoryStore } = require("edgeward/store/memory");
const entry = require.resolve("edgeward");
import("./told.mjs").then(async ({ told }) => console.log(JSON.stringify(await told({ edgeward, memoryStore, entry }))));
`,
  "slim.mjs": `import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as edgeward from "edgeward/slim";
import { memoryStore } from "edgeward/store/memory";
import { told } from "./told.mjs";
await edgeward.init({ module_or_path: readFileSync(fileURLToPath(import.meta.resolve("edgeward/core.wasm"))) });
console.log(JSON.stringify(await told({ edgeward, memoryStore, entry: import.meta.resolve("edgeward/slim") })));
`,
  "slim.cjs": `const { readFileSync } = require("node:fs");
const edgeward = require("edgeward/slim");
const { memoryStore } = require("edgeward/store/memory");
edgeward.initSync({ module: new WebAssembly.Module(readFileSync(require.resolve("edgeward/core.wasm"))) });
const entry = require.resolve("edgeward/slim");
import("./told.mjs").then(async ({ told }) => console.log(JSON.stringify(await told({ edgeward, memoryStore, entry }))));
`,
};

/** An empty project in a temporary directory. `expect` is what the suite is told to expect of the host. */
export function scratch(name, vectors, expect = {}) {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), `edgeward-${name}-`)));
  const path = (file) => join(directory, file);
  const write = (file, text) => writeFileSync(path(file), text);
  write("package.json", '{ "private": true }\n');
  copyFileSync(here("suite.mjs"), path("suite.mjs"));
  write("told.mjs", TOLD);
  write("vectors.mjs", `export default ${JSON.stringify(vectors)};\n`);
  write("expect.mjs", `export default ${JSON.stringify(expect)};\n`);
  for (const [file, text] of Object.entries(MAINS)) write(file, text);
  return {
    directory,
    vectors,
    path,
    write,
    read: (file) => readFileSync(path(file), "utf8"),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

/** What a run said, as its last line. */
function reportOf({ code, stdout, stderr }) {
  assert.equal(code, 0, `it ended with ${code}\n${stderr.slice(-2000)}`);
  return JSON.parse(stdout.trim().split("\n").at(-1));
}

/** Holds that every case of the suite was run in this host, and passed. */
export function green(ran, { vectors }, host, entry) {
  const report = reportOf(ran);
  assert.deepEqual(report.failed, [], `${report.failed.length} cases failed`);
  const names = cases(vectors).map(({ name }) => name);
  assert.ok(names.length > 150 && new Set(names).size === names.length, "the cases have names of their own");
  assert.deepEqual(report.passed, names);
  assert.match(report.host, host);
  assert.match(report.entry, entry);
  return report;
}

/** Changes an installed file for as long as something is done; the change must be one. */
async function changed(project, file, change, doing) {
  const path = project.path(file);
  const before = readFileSync(path);
  const after = Buffer.from(change(before));
  assert.ok(!before.equals(after), `nothing was changed in ${file}`);
  // A file of its own: an installer may have linked it to one that others use.
  const put = (bytes) => (unlinkSync(path), writeFileSync(path, bytes));
  put(after);
  try {
    return await doing();
  } finally {
    put(before);
  }
}

const inText = (change) => (bytes) => change(bytes.toString("utf8"));

const believing = (text) =>
  text.replace("return crypto.verify(", "return true || (").replace("return subtle.verify(", "return Promise.resolve(true) || (");

/** What is done to see a runner go red. Each takes a project, the installed file that is loaded there, and what to do meanwhile. */
export const INJURIES = {
  /** The call that starts the core is gone, as with a bundler that takes an entry to have no side effects. */
  uninitialised: (project, file, doing) => changed(project, file, inText((text) => text.replace(/^initSync\(\{.*$/m, "")), doing),
  /** The core is not the one that was built. */
  damaged: (project, file, doing) => changed(project, file, (bytes) => bytes.subarray(0, bytes.length - 1000), doing),
  /** The native check of every signature says yes, in the module that has it or in the bundle that holds it. */
  credulous: (project, files, doing) =>
    files.reduceRight((next, file) => () => changed(project, file, inText(believing), next), doing)(),
  /** One token of the vectors is another. */
  mistaken: (project, doing) =>
    changed(project, "vectors.mjs", () => {
      const vectors = structuredClone(project.vectors);
      const es256 = vectors.algorithms.find(({ algorithm }) => algorithm === "ES256");
      es256.good[1] = es256.bad[0];
      return `export default ${JSON.stringify(vectors)};\n`;
    }, doing),
};

/** The cases that a run failed, where it came to its end. */
export const failedIn = (ran) => reportOf(ran).failed.map(({ name }) => name);

/** The cases that fail where the native check of these algorithms takes everything for good: those that it takes part in. */
export const askedOf = (native, { atOnce }) => [
  ...native.flatMap((algorithm) => ["verify", ...(atOnce ? ["verifySync"] : []), "verifyJws"].map((what) => `${algorithm}, native: ${what}`)),
  "an RSA key of 8192 bits, native",
];
