// Scratch projects: the tarball as `npm install` leaves it, whole, or with a fault put in.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { installByNpm, packed } from "./pack.mjs";
import { cases } from "./suite.mjs";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
/** The core in base64. */
const CORE_AS_TEXT = /[A-Za-z0-9+/]{100000,}/;
const SUITE = fileURLToPath(new URL("./suite.mjs", import.meta.url));

/** What the suite takes of the package, imported by name as people do it. */
const NAMES = ["coreRestarts", "createApiKeyChecker", "createGate", "createJwtVerifier", "createKeyAdmin", "inspect", "verifyJws", "version"];

/** A module that defines `run`, over the package at `entry`; `start` comes before the suite is run. */
export const runnerModule = ({ entry = "edgeward", imports = "", start = "" } = {}) => `
import { ${NAMES.join(", ")} } from "${entry}";
import { memoryStore } from "edgeward/store/memory";
import { suite } from "./suite.mjs";
${imports}
const edgeward = { ${NAMES.join(", ")} };
const run = async (vectors) => { ${start} return suite({ edgeward, memoryStore, vectors }); };
`;

/** Projects in one temporary directory, which is within another where a tool has to find its own packages from there. */
export async function makeProjects(within = tmpdir()) {
  mkdirSync(within, { recursive: true });
  const directory = mkdtempSync(join(within, "edgeward-bundled-"));
  const tarball = await packed();
  const path = (name) => join(directory, name);
  mkdirSync(path("good"));
  await installByNpm({ directory: path("good") }, process.execPath);
  writeFileSync(join(path("good"), "package.json"), '{ "private": true, "type": "module" }\n');
  cpSync(SUITE, join(path("good"), "suite.mjs"));

  const project = (name) => ({
    name,
    directory: path(name),
    package: join(path(name), "node_modules/edgeward"),
    /** Writes a file of the project. */
    write(file, text) {
      mkdirSync(dirname(join(path(name), file)), { recursive: true });
      writeFileSync(join(path(name), file), text);
      return join(path(name), file);
    },
  });
  /** A copy of the good one, in which the package is changed. */
  const copy = (name, change) => {
    cpSync(path("good/node_modules"), join(path(name), "node_modules"), { recursive: true });
    cpSync(path("good/package.json"), join(path(name), "package.json"));
    cpSync(SUITE, join(path(name), "suite.mjs"));
    const made = project(name);
    change?.(made.package);
    return made;
  };
  return {
    tarball,
    good: project("good"),
    copy,
    /** The core is no longer what it was: in the middle of it stand other bytes. */
    damaged: (name = "damaged") => copy(name, damage),
    /** The manifest lets bundlers drop what starts the core. */
    dropped: (name = "dropped") => copy(name, (at) => edit(join(at, "package.json"), (text) => text.replace(/"sideEffects": \[[^\]]*\]/, '"sideEffects": false'))),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}

function edit(file, change) {
  const before = readFileSync(file, "utf8");
  const after = change(before);
  assert.notEqual(after, before, `${file} was not changed`);
  writeFileSync(file, after);
}

const damage = (at) => ["core.wasm", "core.wasm.inline.js", "index.cjs"].forEach((file) => damageFile(join(at, "dist", file)));

function damageFile(file) {
  if (file.endsWith(".wasm")) {
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    writeFileSync(file, bytes.fill(0xff, middle, middle + 64));
    return;
  }
  // The longest string in it is the core in base64.
  edit(file, (text) => {
    const [whole] = CORE_AS_TEXT.exec(text);
    const half = whole.length >> 1;
    return text.replace(whole, `${whole.slice(0, half)}${"/".repeat(64)}${whole.slice(half + 64)}`);
  });
}

/** Damages the core in every file of what was built that holds one, as it would be damaged in the package that was built. */
export function damageBuilt(directory) {
  const files = readdirSync(directory, { recursive: true }).map((file) => join(directory, file));
  const holding = files.filter((file) => file.endsWith(".wasm") || (/\.[cm]?js$/.test(file) && CORE_AS_TEXT.test(readFileSync(file, "utf8"))));
  assert.notDeepEqual(holding, [], "nothing there holds a core");
  holding.forEach(damageFile);
}

/** The vectors with one token taken for good that is not, and nothing else: whatever runs the suite must say so. */
export function changed(vectors) {
  const [first] = vectors.algorithms;
  return { ...vectors, algorithms: [{ ...first, good: [first.good[0], first.bad[0]] }] };
}

/** Every case of the suite was run, and passed. */
export function assertGreen(told, vectors) {
  assert.deepEqual(told.failed, []);
  assert.deepEqual(told.passed, cases(vectors).map(({ name }) => name));
}

/** What a runner says of changed vectors: that cases failed, and which. */
export function assertRed(told, vectors) {
  const [{ algorithm }] = vectors.algorithms;
  const failed = told.failed.map(({ name }) => name);
  const expected = ["native", "wasm"].flatMap((backend) => ["verify", "verifySync"].map((way) => `${algorithm}, ${backend}: ${way}`));
  assert.deepEqual(failed, expected);
}

/** What a program said, which must end well. */
export function say(program, args, { cwd, env, input } = {}) {
  return new Promise((resolve, reject) => {
    const child = execFile(program, args, { cwd, env: { ...process.env, ...env }, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`${program} ${args.join(" ")}\n${stdout}\n${stderr}`, { cause: error }));
    });
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** Runs the suite with the `run` that a module exports, in a process of its own. */
export async function runInNode(file, vectors, node = process.execPath) {
  const source = `
    import { text } from "node:stream/consumers";
    import { pathToFileURL } from "node:url";
    try {
      const { default: whole, run = whole.run } = await import(pathToFileURL(process.argv[1]));
      console.log(JSON.stringify(await run(JSON.parse(await text(process.stdin)))));
    } catch (error) {
      // Without the line of the bundle, which has the whole core in it.
      console.error(String(error));
      process.exitCode = 1;
    }`;
  return JSON.parse(await say(node, ["--input-type=module", "--eval", source, file], { cwd: dirname(file), input: JSON.stringify(vectors) }));
}
