// The ready stores in Deno and in Bun, over the cases that each of them is held to in Node.js; and one directory of records
// that all three work in at the same time.
import assert from "node:assert/strict";
import { copyFileSync, readdirSync, symlinkSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startRedis } from "../support/redis-server.mjs";
import { CASES } from "../support/store-suite.mjs";
import { installByNpm } from "./support/pack.mjs";
import { done, program } from "./support/programs.mjs";
import { scratch } from "./support/project.mjs";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

// What is asked of stores that have everything. A case with thousands of names is a matter of the store, and not of the host.
const MAIN = `import process from "node:process";
import { createClient } from "redis";
import { fileStore } from "edgeward/store/file";
import { memoryStore } from "edgeward/store/memory";
import { redisStore } from "edgeward/store/redis";
import { CASES } from "./store-suite.mjs";
const [kind, where] = process.argv.slice(2);
let time = 1_800_000_000_000;
const [now, tick] = [() => time, (seconds) => void (time += seconds * 1000)];
const clients = [];
const redis = async () => {
  const client = createClient({ url: where });
  clients.push(client);
  await client.connect();
  return redisStore((command) => client.sendCommand(command), { prefix: "{" + process.argv[4] + "}:" });
};
const make = {
  memory: () => ({ store: memoryStore({ now }), tick }),
  file: () => ({ store: fileStore(where, { now }), others: [fileStore(where, { now }), fileStore(where, { now })], tick }),
  redis: async () => ({ store: await redis(), others: [await redis()] }),
}[kind];
const tools = await make();
const [passed, failed] = [[], []];
for (const [index, { title, needs, many, run }] of CASES.entries()) {
  if (many || (needs === "tick" && tools.tick === undefined)) continue;
  try {
    await run({ ...tools, prefix: "case-" + index + "/" });
    passed.push(title);
  } catch (error) {
    failed.push(title + ": " + error);
  }
}
for (const client of clients) await client.close();
console.log(JSON.stringify({ passed, failed }));
`;

/** Raises a counter so many times over, beside whoever else does. */
const RAISE = `import process from "node:process";
import { fileStore } from "edgeward/store/file";
import { raise } from "./store-suite.mjs";
const [directory, count] = process.argv.slice(2);
const store = fileStore(directory);
for (let number = 0; number < Number(count); number++) await raise(store, "counter");
`;

// The store in files asks whether the process that holds a lock still lives; Redis is on the network.
const DENO = ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual", "--allow-read", "--allow-write", "--allow-net", "--allow-env", "--allow-sys", "--allow-run"];
const HOSTS = { Deno: ["DENO", DENO], Bun: ["BUN", ["run"]], "Node.js": ["SYSTEM_NODE", []] };

let project;
let redis;
const runs = (name, file, ...args) => {
  const [variable, options] = HOSTS[name];
  const env = { DENO_DIR: project.path(".deno"), DENO_NO_UPDATE_CHECK: "1" };
  return done(program(variable), [...options, file, ...args.map(String)], { cwd: project.directory, env });
};

before(async () => {
  redis = await startRedis();
  project = scratch("stores", {});
  await installByNpm(project, program("SYSTEM_NODE"));
  copyFileSync(path("tests/support/store-suite.mjs"), project.path("store-suite.mjs"));
  // The client of Redis, which a user installs beside the package.
  symlinkSync(path("node_modules/redis"), project.path("node_modules/redis"), "junction");
  project.write("stores.mjs", MAIN);
  project.write("raise.mjs", RAISE);
});
after(async () => {
  project.remove();
  await redis.stop();
});

for (const name of ["Deno", "Bun"]) {
  describe(name, () => {
    for (const kind of ["memory", "file", "redis"]) {
      test(`the store in ${kind}`, async () => {
        const where = { memory: "", file: project.path(`records-${name}`), redis: `redis://127.0.0.1:${redis.port}` }[kind];
        const { passed, failed } = JSON.parse(await runs(name, "stores.mjs", kind, where, name));
        assert.deepEqual(failed, []);
        const asked = CASES.filter(({ needs, many }) => !many && (kind !== "redis" || needs !== "tick"));
        assert.deepEqual(passed, asked.map(({ title }) => title));
        assert.ok(passed.length >= 10, `${passed.length} cases`);
      });
    }
  });
}

test("Node.js, Deno and Bun change records in one directory at the same time, and no change is lost", async () => {
  const directory = project.path("shared");
  await Promise.all(Object.keys(HOSTS).map((name) => runs(name, "raise.mjs", directory, 40)));
  project.write("read.mjs", 'import { fileStore } from "edgeward/store/file";\nconsole.log(await fileStore("shared").latest("counter"));\n');
  for (const name of Object.keys(HOSTS)) assert.equal((await runs(name, "read.mjs")).trim(), "120", name);
  assert.ok(readdirSync(directory).length > 0, "it is in that directory");
});

test("a store of another kind than is expected turns it red", async () => {
  project.write("broken.mjs", MAIN.replace("memoryStore({ now })", "{ ...memoryStore({ now }), swap: () => true }"));
  const { passed, failed } = JSON.parse(await runs("Bun", "broken.mjs", "memory"));
  assert.ok(passed.length > 0 && failed.length > 0);
});
