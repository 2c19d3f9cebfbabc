// The package as it is installed from its tarball, in Node.js, Deno and Bun: one suite, a thin runner for each host and
// each way of import, and each runner is seen to go red.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, describe, test } from "node:test";
import { installByNpm, packed } from "./support/pack.mjs";
import { done, program, run } from "./support/programs.mjs";
import { INJURIES, askedOf, failedIn, green, scratch } from "./support/project.mjs";
import { makeVectors } from "./support/vectors.mjs";

const HMAC = ["HS256", "HS384", "HS512"];
const ML_DSA = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
// Node.js has it from 24.7 on; the system's is usually an older one.
const ML_DSA_BEFORE_24 = Number(/^v(\d+)/.exec(execFileSync(program("SYSTEM_NODE"), ["--version"], { encoding: "utf8" }))[1]) < 24 ? ML_DSA : [];
const vectors = makeVectors();
const without = (...left) => vectors.algorithms.map(({ algorithm }) => algorithm).filter((algorithm) => !left.flat().includes(algorithm));

/** npm, as everybody installs for Node.js. For Deno too, which takes no tarball itself: it reads what npm has put there. */
const byNpm = (variable) => (project) => installByNpm(project, program(variable));
const byBun = async (project) => done(program("BUN"), ["add", await packed()], { cwd: project.directory, env: { BUN_INSTALL_CACHE_DIR: project.path(".bun") } });

const DENO = ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual"];
const denoReads = (file) => (file === "main.mjs" ? [] : ["--allow-read"]);

/** Each host: its program, how it installs, how it runs a file, and the algorithms for which its own cryptography is asked. */
const HOSTS = {
  "Node.js, as the system has it": { variable: "SYSTEM_NODE", host: /^node [2-9]\d\./, install: byNpm("SYSTEM_NODE"), args: (file) => [file], native: without(HMAC, ML_DSA_BEFORE_24) },
  "Node.js 22": { variable: "NODE22", host: /^node 22\./, install: byNpm("NODE22"), args: (file) => [file], native: without(HMAC, ML_DSA) },
  "Node.js 24": { variable: "WRANGLER_NODE", host: /^node 24\./, install: byNpm("WRANGLER_NODE"), args: (file) => [file], native: without(HMAC) },
  Deno: {
    variable: "DENO",
    host: /^deno 2\./,
    install: byNpm("SYSTEM_NODE"),
    args: (file) => [...DENO, ...denoReads(file), file],
    native: without(HMAC, ML_DSA, "ES256K"),
    promises: true,
  },
  Bun: { variable: "BUN", host: /^bun 1\./, install: byBun, args: (file) => ["run", file], native: without(HMAC, ML_DSA, "ES256K"), promises: true },
};

/** The ways of import: the entry that must have been chosen, the file that holds or starts the core, and where the native checks are. */
const DIST = "node_modules/edgeward/dist";
const WAYS = {
  "main.mjs": { entry: /\/edgeward\/dist\/index\.js$/, core: "index.js", natives: [`${DIST}/native-node.js`, `${DIST}/native-web.js`] },
  "main.cjs": { entry: /[/\\]edgeward[/\\]dist[/\\]index\.cjs$/, core: "index.cjs" },
  "slim.mjs": { entry: /\/edgeward\/dist\/slim\.js$/, core: "core.wasm" },
  "slim.cjs": { entry: /[/\\]edgeward[/\\]dist[/\\]slim\.cjs$/, core: "core.wasm", natives: [`${DIST}/slim.cjs`] },
};

describe("hosts", { concurrency: 2 }, () => {
  // Before any of them is installed, so that it is packed once.
  before(packed);
  for (const [name, { variable, host, install, args, native, promises = false }] of Object.entries(HOSTS)) {
    // One after another, as what is injured is shared.
    describe(name, { concurrency: 1 }, () => {
      let project;
      let env;
      const runs = (file) => run(program(variable), args(file), { cwd: project.directory, env });
      before(async () => {
        project = scratch(variable.toLowerCase(), vectors, { promises: promises ? native : [] });
        env = { DENO_DIR: project.path(".deno"), DENO_NO_UPDATE_CHECK: "1" };
        await install(project);
      });
      after(() => project.remove());

      for (const [file, { entry, core, natives }] of Object.entries(WAYS)) {
        test(`${file}: every case of the suite`, async () => {
          green(await runs(file), project, host, entry);
        });

        test(`${file}: red where the core is not started`, async () => {
          const injury = core.endsWith(".wasm") ? INJURIES.damaged : INJURIES.uninitialised;
          const ran = await injury(project, `${DIST}/${core}`, () => runs(file));
          assert.throws(() => green(ran, project, host, entry), /it ended with [^0]|cases failed/);
        });

        if (natives !== undefined) {
          test(`${file}: red where a native check takes every signature for good, which tells of what it was asked`, async () => {
            const ran = await INJURIES.credulous(project, natives, () => runs(file));
            assert.throws(() => green(ran, project, host, entry), /cases failed/);
            assert.deepEqual(failedIn(ran).sort(), askedOf(native, { atOnce: !promises }).sort());
          });
        }
      }

      test("red where one of the vectors is wrong", async () => {
        const ran = await INJURIES.mistaken(project, () => runs("main.mjs"));
        assert.throws(() => green(ran, project, host, WAYS["main.mjs"].entry), /cases failed/);
        const expected = ["native", "wasm"].flatMap((backend) => ["verify", "verifySync"].map((what) => `ES256, ${backend}: ${what}`));
        assert.deepEqual(failedIn(ran), expected);
      });
    });
  }
});
