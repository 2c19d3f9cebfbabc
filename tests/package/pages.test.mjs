// Pages, by each bundler and by none: opened in Chromium under a Content-Security-Policy, where the suite runs as it does in
// every host.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createServer } from "vite";
import { startBrowser } from "../support/pages.mjs";
import { FETCHED, INLINED, runAt, runInPage } from "./support/browser.mjs";
import { FETCHING, IMPORT_MAP, NEW_WORKER, filesOf, plain, serviceWorker, withEsbuild, withVite, withWebpack, writeForVite } from "./support/bundlers.mjs";
import { ROOT, assertGreen, assertRed, changed, damageBuilt, makeProjects } from "./support/bundled.mjs";
import { makeVectors } from "./support/vectors.mjs";

let projects;
let browser;
let vectors;
let wrong;
before(async () => {
  projects = await makeProjects();
  browser = await startBrowser();
  vectors = makeVectors();
  wrong = changed(vectors);
});
after(async () => {
  await browser?.close();
  projects?.remove();
});

/** The suite passes in what was made, which says so where a vector is wrong; answers what was asked of the server. */
async function holds(directory, options) {
  const { told, requests } = await runInPage(browser, directory, vectors, options);
  assertGreen(told, vectors);
  assertRed((await runInPage(browser, directory, wrong, options)).told, wrong);
  return requests;
}

/** The same page over a package with a fault is red, whichever way the fault shows. */
async function goesRed(directory, why, options) {
  await assert.rejects(
    async () => {
      const { told } = await runInPage(browser, directory, wrong, options);
      assert.notDeepEqual(told.passed, [], `${told.failed[0]?.error}`);
    },
    why,
  );
}

const NOT_COMPILED = /CompileError/;
const NOT_STARTED = /(?:__wb|malloc|undefined)/;

/** Nothing of the core was made a file of its own, and it is in the bundle once. */
function assertInlinedOnce(directory, copies) {
  const files = filesOf(directory);
  assert.deepEqual(files.filter(({ name }) => name.endsWith(".wasm")), []);
  const large = files.filter(({ size }) => size > 1_000_000);
  assert.equal(large.length, copies, JSON.stringify(files));
}

/** The core is one file, and no text carries it. */
function assertOneCore(directory) {
  const files = filesOf(directory).filter(({ size }) => size > 400_000);
  assert.equal(files.length, 1, JSON.stringify(files));
  assert.match(files[0].name, /\.wasm$/);
  const core = readFileSync(join(projects.good.package, "dist/core.wasm"));
  assert.ok(core.equals(readFileSync(join(directory, files[0].name))), "the core as it was published");
}

test("no bundler: an import map, and the modules as they lie in node_modules", async () => {
  const { directory, policy } = plain(projects.copy("plain"));
  const requests = await holds(directory, { policy });
  assert.ok(requests.includes("/node_modules/edgeward/dist/index.js"));
  assert.ok(!requests.some((path) => path.endsWith(".wasm")));
  damageBuilt(join(directory, "node_modules/edgeward/dist"));
  await goesRed(directory, NOT_COMPILED, { policy });
});

const BUNDLERS = {
  Vite: withVite,
  webpack: withWebpack,
  "esbuild, a module": (project, { core } = {}) => withEsbuild(project, { format: "esm", core }),
  "esbuild, a script": (project) => withEsbuild(project, { format: "iife" }),
};

for (const [name, bundle] of Object.entries(BUNDLERS)) {
  const hasWorker = name === "Vite" || name === "webpack";

  test(`${name}: a page that sends no request${hasWorker ? ", and its worker" : ""}`, async () => {
    const directory = await bundle(projects.copy(`inlined ${name}`));
    assertInlinedOnce(directory, hasWorker ? 2 : 1);
    await holds(directory, { policy: INLINED });
    if (hasWorker) await holds(directory, { policy: INLINED, name: "runInWorker" });
    damageBuilt(directory);
    await goesRed(directory, NOT_COMPILED);
  });

  test(`${name}: a core that nothing starts turns the page red`, async () => {
    await goesRed(await bundle(projects.dropped(`dropped ${name}`), { quick: true }), NOT_STARTED);
  });
}

for (const name of ["Vite", "webpack", "esbuild, a module"]) {
  test(`${name}: the entry without the core, and the core as a file that the page fetches`, async () => {
    const directory = await BUNDLERS[name](projects.copy(`fetched ${name}`), { core: true });
    assertOneCore(directory);
    const requests = await holds(directory, { policy: FETCHED });
    assert.equal(requests.filter((path) => path.endsWith(".wasm")).length, 1);
    damageBuilt(directory);
    await goesRed(directory, NOT_COMPILED, { policy: FETCHED });
  });
}

test("a page whose policy compiles no WebAssembly is red, so that the policy is known to be in force", async () => {
  const directory = await withEsbuild(projects.copy("forbidden"), { format: "esm" });
  await goesRed(directory, /Content Security Policy/, { policy: INLINED.replace(" 'wasm-unsafe-eval'", "") });
});

test("a service worker", async () => {
  await holds(await serviceWorker(projects.copy("service")), { policy: INLINED });
});

test("Vite's development server, which bundles what it finds in node_modules beforehand", async () => {
  for (const core of [false, true]) {
    const project = projects.copy(`development ${core}`);
    writeForVite(project, { core });
    const server = await createServer({ root: project.directory, configFile: false, logLevel: "silent", server: { port: 0, host: "127.0.0.1", hmr: false } });
    try {
      await server.listen();
      const [base] = server.resolvedUrls.local;
      assertGreen(await runAt(browser, base, vectors), vectors);
      assertRed(await runAt(browser, base, wrong), wrong);
    } finally {
      await server.close();
    }
  }
});

test("the documentation has the recipes as they are tested here", () => {
  const text = readFileSync(join(ROOT, "docs/bundlers.md"), "utf8");
  const names = (line) => line.replace("{ init }", "{ init, createJwtVerifier }");
  const lines = Object.values(FETCHING).flatMap(({ imports, start }) => [...imports.split("\n").map(names), start]);
  for (const recipe of [...lines, NEW_WORKER, IMPORT_MAP, INLINED]) assert.ok(text.includes(recipe), recipe);
});
