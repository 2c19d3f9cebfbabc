// The runner of a host: an installed project, each way of import, and what is done to see it go red.
import assert from "node:assert/strict";
import { copyFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { program, run } from "./programs.mjs";
import { INJURIES, askedOf, failedIn, green, scratch } from "./project.mjs";
import { makeVectors } from "./vectors.mjs";

const vectors = makeVectors();

/** Every algorithm but these. */
export const without = (...left) => vectors.algorithms.map(({ algorithm }) => algorithm).filter((algorithm) => !left.flat().includes(algorithm));
export const HMAC = ["HS256", "HS384", "HS512"];
export const ML_DSA = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

/** The ways of import: the entry that must have been chosen, the file that holds or starts the core, and where the native checks are. */
const DIST = "node_modules/edgeward/dist";
const WAYS = {
  "main.mjs": { entry: /\/edgeward\/dist\/index\.js$/, core: "index.js", natives: [`${DIST}/native-node.js`, `${DIST}/native-web.js`] },
  "main.cjs": { entry: /[/\\]edgeward[/\\]dist[/\\]index\.cjs$/, core: "index.cjs" },
  "slim.mjs": { entry: /\/edgeward\/dist\/slim\.js$/, core: "core.wasm" },
  "slim.cjs": { entry: /[/\\]edgeward[/\\]dist[/\\]slim\.cjs$/, core: "core.wasm", natives: [`${DIST}/slim.cjs`] },
};

/** Loads the package twice over, as happens where a dependency requires what a program imports. */
const BOTH = `import { createRequire } from "node:module";
import * as imported from "edgeward";
import vectors from "./vectors.mjs";
const required = createRequire(import.meta.url)("edgeward");
const { policy, good, bad } = vectors.algorithms.find(({ algorithm }) => algorithm === "ES256");
const said = [new Set([imported.createJwtVerifier, required.createJwtVerifier]).size];
for (const token of [good[0], bad[0]]) {
  for (const { createJwtVerifier } of [imported, required]) {
    const verifier = await createJwtVerifier(policy, { now: () => vectors.now });
    const verdict = await verifier.verify(token);
    said.push(verdict.ok || verdict.code);
  }
}
console.log(said.join(" "));
`;

/** Has the core fail in each of the ways in which it can, which every engine reports in words of its own. */
const FAILING = `import { coreTraps } from "./core-traps.mjs";
import vectors from "./vectors.mjs";
const { coreRestarts, createJwtVerifier } = await import("edgeward");
console.error = () => undefined;
const { policy, good, bad } = vectors.algorithms.find(({ algorithm }) => algorithm === "ES256");
const verifier = await createJwtVerifier(policy, { now: () => vectors.now });
const said = [];
for (const how of ["trap", "panic", "stack"]) {
  coreTraps.once("tokenverifier_verifyPresented", how);
  for (const token of [good[0], good[0], bad[0]]) {
    const verdict = await verifier.verify(token);
    said.push(verdict.ok || verdict.code);
  }
}
const calledAfter = coreTraps.instances.flatMap((instance) => instance.calledAfter);
console.log(JSON.stringify({ said, restarts: coreRestarts(), started: coreTraps.instances.length, calledAfter }));
`;

/** The tests of these hosts, each in a project of its own. */
export function matrix(hosts) {
  for (const [name, { variable, host, install, args, native, promises = false }] of Object.entries(hosts)) {
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

      test("import and require in one program: each has a core, and either says the same", async () => {
        project.write("both.mjs", BOTH);
        const { code, stdout, stderr } = await runs("both.mjs");
        assert.equal(code, 0, stderr);
        assert.equal(stdout.trim(), "2 true true signature_invalid signature_invalid");
      });

      test("a failure of the core is one answer that says so, and the next is good", async () => {
        copyFileSync(new URL("../../support/core-traps.mjs", import.meta.url), project.path("core-traps.mjs"));
        project.write("failing.mjs", FAILING);
        const { code, stdout, stderr } = await runs("failing.mjs");
        assert.equal(code, 0, stderr);
        const each = ["host_failed", true, "signature_invalid"];
        assert.deepEqual(JSON.parse(stdout), { said: [...each, ...each, ...each], restarts: 3, started: 4, calledAfter: [] });
      });

      test("red where one of the vectors is wrong", async () => {
        const ran = await INJURIES.mistaken(project, () => runs("main.mjs"));
        assert.throws(() => green(ran, project, host, WAYS["main.mjs"].entry), /cases failed/);
        const expected = ["native", "wasm"].flatMap((backend) => ["verify", "verifySync"].map((what) => `ES256, ${backend}: ${what}`));
        assert.deepEqual(failedIn(ran), expected);
      });
    });
  }
}
