// The package in workerd: installed from its tarball, built by wrangler as for a deployment, and run from what was built.
// The conditions of the exports map must lead to the entry that brings the core as a module, compiled before it starts.
import assert from "node:assert/strict";
import { readFileSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Log, LogLevel, Miniflare, convertV4MiniflareOptions } from "miniflare";
import { installByNpm } from "./support/pack.mjs";
import { program, run } from "./support/programs.mjs";
import { INJURIES, askedOf, failedIn, green, scratch } from "./support/project.mjs";
import { makeVectors } from "./support/vectors.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const [, compatibilityDate] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(`${root}wrangler.toml`, "utf8"));
const HOST = /^workerd$/;
const DIST = "node_modules/edgeward/dist";
const LACKING = ["HS256", "HS384", "HS512", "ES256K", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
const vectors = makeVectors();
const native = vectors.algorithms.map(({ algorithm }) => algorithm).filter((algorithm) => !LACKING.includes(algorithm));

/** What the Worker says is what the programs of other hosts print. */
const worker = (imports, entry) => `${imports}
import { memoryStore } from "edgeward/store/memory";
import { told } from "./told.mjs";
export default { fetch: async () => Response.json(await told({ edgeward, memoryStore, entry: ${JSON.stringify(entry)} })) };
`;
const FLAGS = { plain: [], "with Node.js's modules": ["nodejs_compat"] };
const WORKERS = {
  "worker.mjs": { text: worker('import * as edgeward from "edgeward";', "edgeward"), entry: "workerd.js", each: FLAGS },
  "slim-worker.mjs": {
    text: worker('import core from "edgeward/core.wasm";\nimport * as edgeward from "edgeward/slim";\nedgeward.initSync({ module: core });', "slim"),
    entry: "slim.js",
    each: { plain: FLAGS.plain },
  },
};

let project;
before(async () => {
  project = scratch("workerd", vectors, { promises: native });
  for (const [name, { text }] of Object.entries(WORKERS)) project.write(name, text);
  await installByNpm(project, program("WRANGLER_NODE"));
});
after(() => project.remove());

/** Builds a Worker as for a deployment: what wrangler said, and the directory that it wrote. */
async function build(main, flags) {
  const out = project.path("out");
  rmSync(out, { recursive: true, force: true });
  project.write("wrangler.json", JSON.stringify({ name: "suite", main, compatibility_date: compatibilityDate, compatibility_flags: flags }));
  const env = { CI: "true", WRANGLER_SEND_METRICS: "false", WRANGLER_SEND_ERROR_REPORTS: "false", WRANGLER_WRITE_LOGS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false" };
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  const built = await run(program("WRANGLER_NODE"), [wrangler, "deploy", "--dry-run", "--config", "wrangler.json", "--outdir", out], { cwd: project.directory, env });
  assert.equal(built.code, 0, `${built.stdout}\n${built.stderr}`);
  return out;
}

/** Runs what was built, and tells of it as of a program. */
async function runBuilt(out, flags) {
  const types = { js: "ESModule", wasm: "CompiledWasm" };
  const modules = readdirSync(out)
    .map((name) => [name, types[name.replace(/\?module$/, "").split(".").at(-1)]])
    .filter(([, type]) => type !== undefined)
    .sort(([one], [other]) => Number(other.endsWith(".js")) - Number(one.endsWith(".js")))
    .map(([name, type]) => ({ type, path: join(out, name) }));
  const options = { cf: false, workers: [{ name: "suite", compatibilityDate, compatibilityFlags: flags, modulesRoot: out, modules }] };
  const workerd = new Miniflare({ ...convertV4MiniflareOptions(options), log: new Log(LogLevel.NONE) });
  try {
    await workerd.ready;
    const answer = await workerd.dispatchFetch("https://suite.example/");
    const text = await answer.text();
    return { code: answer.status === 200 ? 0 : answer.status, stdout: text, stderr: text };
  } catch (error) {
    return { code: 1, stdout: "", stderr: String(error) };
  } finally {
    // What failed to start rejects once more.
    await workerd.dispose().catch(() => undefined);
  }
}

const runs = async (main, flags = []) => runBuilt(await build(main, flags), flags);

for (const [main, { entry, each }] of Object.entries(WORKERS)) {
  const said = entry === "slim.js" ? /^slim$/ : /^edgeward$/;
  describe(main, { concurrency: 1 }, () => {
    for (const [name, flags] of Object.entries(each)) {
      test(`every case of the suite, ${name}`, async () => {
        const out = await build(main, flags);
        const core = readdirSync(out).filter((file) => /\.wasm(\?module)?$/.test(file));
        assert.equal(core.length, 1, `one core: ${core}`);
        assert.deepEqual(readFileSync(join(out, core[0])), readFileSync(project.path(`${DIST}/core.wasm`)), "the core, as it was packed");
        const script = readFileSync(join(out, main.replace(".mjs", ".js")), "utf8");
        // The comments of esbuild name the modules that it took in.
        const taken = [...script.matchAll(/^\/\/ node_modules\/edgeward\/dist\/(.+\.js)$/gm)].map(([, module]) => module);
        assert.ok(taken.includes(entry), `${entry} is not among ${taken}`);
        assert.ok(!taken.some((module) => module === "index.js" || module.includes("inline")), `the core is not carried as text: ${taken}`);
        green(await runBuilt(out, flags), project, HOST, said);
      });
    }

    test("red where the core is not started", async () => {
      const file = entry === "slim.js" ? "core.wasm" : "edge.js";
      const ran = await INJURIES[entry === "slim.js" ? "damaged" : "uninitialised"](project, `${DIST}/${file}`, () => runs(main));
      assert.throws(() => green(ran, project, HOST, said), /it ended with [^0]|cases failed/);
    });
  });
}

test("red where the native check takes every signature for good, which tells of what it was asked", async () => {
  const ran = await INJURIES.credulous(project, [`${DIST}/native-node.js`, `${DIST}/native-web.js`], () => runs("worker.mjs", ["nodejs_compat"]));
  assert.throws(() => green(ran, project, HOST, /^edgeward$/), /cases failed/);
  assert.deepEqual(failedIn(ran).sort(), askedOf(native, { atOnce: false }).sort());
});
