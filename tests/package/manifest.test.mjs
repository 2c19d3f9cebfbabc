// The tarball itself: what it says of itself is true, and nothing is in it that nobody can reach.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Package, checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { build } from "esbuild";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { filesOf } from "./support/bundlers.mjs";
import { makeProjects } from "./support/bundled.mjs";

const root = new URL("../../", import.meta.url);
const exceptions = JSON.parse(readFileSync(new URL("exceptions.json", import.meta.url), "utf8"));
const ts = createRequire(import.meta.url)("typescript");

/** What the tarball may come to, in bytes: three copies of the core, as a module and twice as text. */
const LARGEST = 5_000_000;
/** What lies in it to be read, and is imported by nobody. */
const DOCUMENTS = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE", "package.json"];

let projects;
let manifest;
let files;
const text = (file) => readFileSync(join(projects.good.package, file), "utf8");

before(async () => {
  projects = await makeProjects();
  manifest = JSON.parse(text("package.json"));
  files = filesOf(projects.good.package).map(({ name }) => name);
});
after(() => projects?.remove());

/** Every file that the exports map names, with the conditions that lead there. */
function targets(entry, conditions = []) {
  if (typeof entry === "string") return [{ file: entry, conditions }];
  return Object.entries(entry).flatMap(([condition, next]) => targets(next, [...conditions, condition]));
}
const exported = () => Object.entries(manifest.exports).flatMap(([name, entry]) => targets(entry).map((target) => ({ name, ...target })));

/** Each problem is forgiven by one exception, and each exception forgives something. */
function settle(problems, forgiven) {
  const [open, used] = [[...problems], []];
  for (const exception of forgiven) {
    assert.ok(exception.reason.length > 40, `${exception.kind} of ${exception.entrypoint} is not justified`);
    for (const resolution of exception.resolutions) {
      const place = open.findIndex(
        (problem) => problem.kind === exception.kind && problem.entrypoint === exception.entrypoint && problem.resolutionKind === resolution,
      );
      if (place === -1) used.push(`${exception.kind} of ${exception.entrypoint} in ${resolution}: it no longer occurs`);
      else open.splice(place, 1);
    }
  }
  return [...open.map((problem) => JSON.stringify(problem)), ...used];
}

test("publint has nothing to say, with every suggestion taken for an error", async () => {
  const { buffer, byteOffset, byteLength } = readFileSync(projects.tarball);
  const { messages } = await publint({ strict: true, pack: { tarball: buffer.slice(byteOffset, byteOffset + byteLength) } });
  const told = messages.map((message) => ({ code: message.code, path: message.path.join("."), text: formatMessage(message, manifest) }));
  const isForgiven = (message) => exceptions.publint.some(({ code, path }) => message.code === code && message.path === path);
  assert.deepEqual(told.filter((message) => !isForgiven(message)), []);
  assert.equal(told.filter(isForgiven).length, exceptions.publint.length, "an exception no longer occurs");
});

test("the types are right for every entry in every mode of resolution, but for the exceptions that are written down", async () => {
  const { problems, entrypoints, types } = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(projects.tarball))));
  assert.notEqual(types, false);
  assert.deepEqual(Object.keys(entrypoints).sort(), Object.keys(manifest.exports).sort());
  assert.deepEqual(settle(problems, exceptions.attw), []);
  // That this can fail: without its exception each problem is told, and an exception that nothing needs is told as well.
  const [first] = exceptions.attw;
  assert.equal(settle(problems, exceptions.attw.slice(1)).length, first.resolutions.length);
  assert.equal(settle([], exceptions.attw).length, exceptions.attw.flatMap(({ resolutions }) => resolutions).length);
});

test("publint and attw are heard where the manifest is wrong", async () => {
  const changed = (change) => {
    const copy = structuredClone(manifest);
    change(copy);
    return JSON.stringify(copy);
  };
  const missing = projects.copy("missing", (at) => writeFileSync(join(at, "package.json"), changed((copy) => (copy.exports["./slim"].import.default = "./dist/none.js"))));
  const { messages } = await publint({ pkgDir: missing.package, strict: true, pack: false });
  assert.deepEqual(messages.map(({ code }) => code), ["FILE_DOES_NOT_EXIST"]);

  // What is required has the types of a module, and an entry has gone out of the map.
  const wrong = changed(({ exports }) => ((exports["./slim"].require.types = "./dist/slim.d.ts"), delete exports["./audit"].import));
  const at = "/node_modules/edgeward";
  const all = Object.fromEntries(files.filter((file) => !file.endsWith(".wasm")).map((file) => [`${at}/${file}`, text(file)]));
  const { problems } = await checkPackage(new Package({ ...all, [`${at}/package.json`]: wrong }, "edgeward", manifest.version), {
    entrypoints: ["./slim", "./audit"],
  });
  const told = problems.map(({ kind, entrypoint, resolutionKind }) => `${kind} ${entrypoint ?? ""} ${resolutionKind ?? ""}`.trim());
  assert.ok(told.some((problem) => problem.startsWith("FalseESM")), told.join("; "));
  assert.ok(told.includes("NoResolution ./audit node16-esm"), told.join("; "));
});

test("nothing runs when it is installed, nothing else is installed with it, and no peer is demanded", () => {
  for (const member of ["scripts", "dependencies", "optionalDependencies", "bundleDependencies", "bundledDependencies", "gypfile"]) {
    assert.equal(manifest[member], undefined, member);
  }
  for (const peer of Object.keys(manifest.peerDependencies)) assert.equal(manifest.peerDependenciesMeta[peer]?.optional, true, peer);
  assert.deepEqual(Object.keys(manifest.peerDependenciesMeta).filter((peer) => !(peer in manifest.peerDependencies)), []);
  assert.equal(manifest.license, "MIT OR Apache-2.0");
});

test("every export is a file of the tarball, under conditions in the right order and none that is matched too often", () => {
  const TAKEN = ["types", "workerd", "edge-light", "import", "require", "default"];
  for (const { name, file, conditions } of exported()) {
    assert.ok(files.includes(file.slice("./".length)), `${name} → ${file}`);
    for (const condition of conditions) assert.ok(TAKEN.includes(condition), `${name}: ${condition}`);
    const isOfCommonJs = conditions.includes("require");
    if (isOfCommonJs) assert.match(file, /\.c(js|d\.cts|ts)$|\.d\.cts$/, `${name} → ${file}`);
  }
  for (const [name, entry] of Object.entries(manifest.exports)) {
    if (typeof entry === "string") continue;
    const order = Object.keys(entry).map((condition) => TAKEN.indexOf(condition));
    assert.deepEqual(order, order.toSorted((one, other) => one - other), `the conditions of ${name}`);
    for (const under of Object.values(entry)) {
      if (typeof under !== "string") assert.deepEqual(Object.keys(under), ["types", "default"], name);
    }
  }
  for (const file of Object.values(manifest.bin)) assert.match(text(file), /^#!\/usr\/bin\/env node\n/);
});

/** The files that a file imports from the package itself. */
function imported(file) {
  if (!/\.(js|cjs|d\.ts|d\.cts)$/.test(file) || file.endsWith(".inline.js")) return [];
  const { importedFiles } = ts.preProcessFile(text(file), true, true);
  return importedFiles
    .map(({ fileName }) => fileName)
    .filter((name) => name.startsWith("."))
    .map((name) => join(dirname(file), name.replace(/\?.*$/, "")))
    .map((name) => (file.endsWith(".d.ts") ? name.replace(/\.js$/, ".d.ts") : file.endsWith(".d.cts") ? name.replace(/\.cjs$/, ".d.cts") : name));
}

test("every file can be reached from an export or the command line, or is there to be read", () => {
  const reached = new Set();
  const open = [...exported().map(({ file }) => file), ...Object.values(manifest.bin)].map((file) => join(file));
  while (open.length > 0) {
    const file = open.pop();
    if (reached.has(file)) continue;
    reached.add(file);
    assert.ok(files.includes(file), `${file} is imported, and is not in the tarball`);
    open.push(...imported(file));
  }
  const left = files.filter((file) => !reached.has(file) && !DOCUMENTS.includes(file));
  assert.deepEqual(left, exceptions.unreached.map(({ file }) => file));
  for (const file of DOCUMENTS) assert.ok(files.includes(file), file);
});

test("it is no larger than it says", () => {
  const { size } = statSync(projects.tarball);
  assert.ok(size < LARGEST, `${size} bytes`);
  const [, stated] = /tarball has (\d+\.\d) MB/.exec(readFileSync(new URL("docs/bundlers.md", root), "utf8"));
  assert.ok(Math.abs(size / 1e6 - Number(stated)) < 0.3, `${size} bytes, and docs/bundlers.md says ${stated} MB`);
});

test("it tells nothing of the machine that it was built on", () => {
  const PLACES = /\/(?:root|home|Users|work|tmp|builds?|runner|github)\/[\w.-]+|[A-Z]:\\\\?(?:Users|a)\\|\.cargo\/registry/;
  const own = new RegExp([fileURLToPath(root), join(homedir(), "/")].map((place) => RegExp.escape(place)).join("|"));
  for (const file of files) {
    if (file.endsWith(".inline.js") || file === "dist/index.cjs") continue;
    const all = readFileSync(join(projects.good.package, file), "latin1");
    const isCode = /\.(wasm|js|cjs)$/.test(file);
    assert.deepEqual([own, ...(isCode ? [PLACES] : [])].flatMap((places) => all.match(places) ?? []), [], file);
  }
  // What travels as text is the same core.
  const core = readFileSync(join(projects.good.package, "dist/core.wasm")).toString("base64");
  for (const file of ["dist/core.wasm.inline.js", "dist/index.cjs"]) assert.ok(text(file).includes(core), file);
});

/** What a bundler keeps of these lines, as it would be shipped, with the files that went in. */
async function kept(lines, project = projects.good) {
  const { outputFiles, metafile } = await build({
    stdin: { contents: lines, resolveDir: project.directory },
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    minify: true,
    external: ["node:*"],
    logLevel: "silent",
  });
  const [{ inputs }] = Object.values(metafile.outputs);
  const names = Object.entries(inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  return { size: outputFiles[0].contents.length, files: names.map(([file]) => file.split("edgeward/dist/")[1]).filter(Boolean) };
}

test("a bundler keeps what starts the core, and drops what nothing asks for", async () => {
  const whole = await kept('import * as all from "edgeward"; console.log(all);');
  const one = await kept('import { verifyJws } from "edgeward"; console.log(verifyJws);');
  const slim = await kept('import { initSync, verifyJws } from "edgeward/slim"; console.log(initSync, verifyJws);');
  const started = ["index.js", "core.wasm.inline.js", "glue.js"];
  for (const file of started) assert.ok(one.files.includes(file) && whole.files.includes(file), file);
  for (const file of ["gate.js", "gate-forward.js", "keys.js", "key-admin.js", "audit-delivery.js"]) {
    assert.ok(whole.files.includes(file), file);
    assert.ok(!one.files.includes(file) && !slim.files.includes(file), `${file} is kept, and nothing asks for it`);
  }
  for (const file of ["index.js", "core.wasm.inline.js"]) assert.ok(!slim.files.includes(file), file);
  assert.ok(slim.size < 100_000, `${slim.size} bytes without the core`);
  const nothing = await kept('import { memoryStore } from "edgeward/store/memory"; import "edgeward/audit"; import "edgeward/slim";');
  assert.deepEqual(nothing, { size: 0, files: [] });
  const store = await kept('import { memoryStore } from "edgeward/store/memory"; console.log(memoryStore);');
  assert.ok(store.files.every((file) => file.startsWith("store/")), store.files.join());
});

test("without the list of files that have effects, what starts the core is dropped", async () => {
  const { files } = await kept('import { verifyJws } from "edgeward"; console.log(verifyJws);', projects.dropped());
  assert.ok(!files.includes("index.js"));
});

test("the list of files that have effects names files of the tarball alone", () => {
  for (const file of manifest.sideEffects) assert.ok(files.includes(file.slice("./".length)), file);
});
