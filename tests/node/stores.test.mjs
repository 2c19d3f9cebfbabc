// The ready stores, each held to the same cases, and what each alone promises: what a restart and a killed process leave.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createClient } from "redis";
import { Redis } from "ioredis";
import { createStorage } from "unstorage";
import fsDriver from "unstorage/drivers/fs";
import memoryDriver from "unstorage/drivers/memory";
import { fileStore } from "edgeward/store/file";
import { memoryStore } from "edgeward/store/memory";
import { redisStore } from "edgeward/store/redis";
import { unstorageStore } from "edgeward/store/unstorage";
import { startRedis } from "../support/redis-server.mjs";
import { CASES, everyName, raise } from "../support/store-suite.mjs";

const CHILD = fileURLToPath(new URL("../support/file-store-child.mjs", import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), "edgeward-stores-"));
after(() => rmSync(scratch, { recursive: true, force: true }));

let directories = 0;
const directory = () => join(scratch, String(++directories));

/** A clock that only the test moves. */
function clock() {
  let time = 1_800_000_000_000;
  return { now: () => time, tick: (seconds) => void (time += seconds * 1000) };
}

/** Runs the suite against what `make` gives, which has all that a case can need but what it is `without`. */
function suite(make, without) {
  let tools;
  for (const [index, one] of CASES.entries()) {
    if (without !== undefined && one.needs === without) continue;
    test(one.title, async () => {
      tools ??= await make();
      await one.run({ ...tools, prefix: `case-${index}/` });
    });
  }
  if (without === "swap") test("it promises no swap", () => assert.equal(tools.store.swap, undefined));
}

describe("memory", () => {
  suite(() => {
    const { now, tick } = clock();
    return { store: memoryStore({ now }), tick };
  });

  test("it answers without a promise", () => {
    const store = memoryStore();
    assert.equal(store.put("a", "b"), undefined);
    assert.equal(store.get("a"), "b");
    assert.equal(store.swap("a", "b", "c"), true);
    assert.deepEqual(store.list({ prefix: "", limit: 1 }), { keys: [{ name: "a" }], list_complete: true });
  });
});

describe("unstorage", () => {
  suite(() => {
    const { now, tick } = clock();
    return { store: unstorageStore(createStorage({ driver: memoryDriver() }), { now }), tick };
  }, "swap");
});

describe("unstorage in files", () => {
  suite(() => {
    const { now, tick } = clock();
    return { store: unstorageStore(createStorage({ driver: fsDriver({ base: directory() }) }), { now }), tick };
  }, "swap");
});

test("unstorage: what others keep there, and what others wrote under a name, does no harm", async () => {
  const storage = createStorage({ driver: memoryDriver() });
  await storage.setItem("Others:Things", "theirs");
  await storage.setItemRaw("key=2fone", '{"mine": 1}');
  const store = unstorageStore(storage);
  assert.equal(await store.get("key/one"), '{"mine": 1}');
  assert.deepEqual(await everyName(store, "", 10), ["key/one"]);
});

describe("file", () => {
  suite(() => {
    const { now, tick } = clock();
    const path = directory();
    return { store: fileStore(path, { now }), others: [fileStore(path, { now }), fileStore(path, { now })], tick };
  });

  test("a restart loses nothing, the end of a value neither", async () => {
    const [path, { now, tick }] = [directory(), clock()];
    const first = fileStore(path, { now });
    await first.put("stays", "text");
    await first.put("ends", "text", { expirationTtl: 60 });
    const second = fileStore(path, { now });
    assert.equal(await second.get("stays"), "text");
    assert.equal(await second.get("ends"), "text");
    tick(60);
    const third = fileStore(path, { now });
    assert.equal(await third.get("ends"), null);
    assert.deepEqual(await everyName(third, "", 10), ["stays"]);
  });

  test("only this account can read it", { skip: process.platform === "win32" }, async () => {
    const path = directory();
    await fileStore(path).put("key/one", "digest");
    assert.equal(statSync(path).mode & 0o777, 0o700);
    for (const name of readdirSync(path, { recursive: true })) {
      assert.equal(statSync(join(path, name)).mode & 0o077, 0, name);
    }
  });

  test("reading makes no directory, and an empty one is an empty store", async () => {
    const path = directory();
    assert.equal(await fileStore(path).get("a"), null);
    assert.deepEqual(await fileStore(path).list({ prefix: "", limit: 1 }), { keys: [], list_complete: true });
    assert.throws(() => statSync(path), { code: "ENOENT" });
  });

  test("a file that is no record is an error, not a record that is missing", async () => {
    const path = directory();
    const store = fileStore(path);
    await store.put("one", "text");
    for (const text of ["", "{}", "{}\ntext", '{"name":"two","ends":null}\ntext']) {
      writeFileSync(join(path, "k-one"), text);
      await assert.rejects(store.get("one"), /no record that this store has written/);
      await assert.rejects(store.swap("one", null, "new"), /no record that this store has written/);
    }
    // Whoever mends it, mends it.
    await store.put("one", "text");
    assert.equal(await store.get("one"), "text");
  });

  test("four processes raise one counter and lose no step", async () => {
    const path = directory();
    const children = Array.from({ length: 4 }, () => ended(child(path, "raise", "counter", "100")));
    assert.deepEqual(await Promise.all(children), [0, 0, 0, 0]);
    assert.equal(await fileStore(path).get("counter"), "400");
    assert.deepEqual(readdirSync(join(path, "changes")).filter((name) => !name.startsWith("o-")), []);
  });

  test("a process that is killed in the middle leaves the value before, and no lock that lasts", async (context) => {
    const path = directory();
    const store = fileStore(path);
    await store.put("one", "before");
    const hanging = child(path, "hang", "one");
    context.after(() => hanging.kill("SIGKILL"));
    await new Promise((resolve) => hanging.stdout.once("data", resolve));
    assert.ok(readdirSync(join(path, "changes")).includes("l-k-one"));
    assert.equal(await store.get("one"), "before");
    // Others who want the same record wait for it while it lives, and are there when it dies.
    const raising = Array.from({ length: 3 }, () => ended(child(path, "raise", "two", "20")));
    const waiting = store.swap("one", "before", "after");
    hanging.kill("SIGKILL");
    await ended(hanging);
    assert.equal(await waiting, true);
    assert.equal(await store.get("one"), "after");
    assert.deepEqual(await Promise.all(raising), [0, 0, 0]);
    assert.equal(await store.get("two"), "60");
    // Whoever comes next clears up after the dead.
    await fileStore(path).put("three", "text");
    const left = readdirSync(join(path, "changes"));
    assert.deepEqual(left.filter((name) => !name.startsWith("o-")), []);
    assert.equal(left.length, 2);
  });

  test("processes that are killed at any moment lose no step that was told, and hold up nobody", async () => {
    const path = directory();
    const store = fileStore(path);
    for (let round = 0; round < 8; round++) {
      const running = [child(path, "raise", "counter", "1000"), child(path, "raise", "counter", "1000")];
      const before = Number(await store.get("counter"));
      while (Number(await store.get("counter")) < before + 3 + round) await new Promise((resolve) => setImmediate(resolve));
      running[0].kill("SIGKILL");
      const seen = Number(await store.get("counter"));
      while (Number(await store.get("counter")) < seen + 3) await new Promise((resolve) => setImmediate(resolve));
      running[1].kill("SIGKILL");
      await Promise.all(running.map(ended));
      const last = Number(await store.get("counter"));
      await raise(store, "counter");
      assert.equal(Number(await store.get("counter")), last + 1);
    }
  });

  test("many who find what the dead left behind take it from them one after the other", async () => {
    const path = directory();
    const [changes, dead] = [join(path, "changes"), { pid: 2 ** 22 + 1 }];
    await fileStore(path).put("other", "text");
    const [own] = readdirSync(changes);
    const left = JSON.stringify({ ...JSON.parse(readFileSync(join(changes, own), "utf8")), ...dead });
    for (let round = 1; round <= 4; round++) {
      // A lock, and the claim of one that was killed while it broke it.
      for (const name of ["l-k-counter", `b-k-counter.dead${round}`, `o-dead${round}`, `t-dead${round}-1`]) writeFileSync(join(changes, name), left);
      const children = Array.from({ length: 4 }, () => ended(child(path, "raise", "counter", "10")));
      assert.deepEqual(await Promise.all(children), [0, 0, 0, 0]);
      assert.equal(await fileStore(path).get("counter"), String(round * 40));
    }
    await fileStore(path).put("last", "text");
    assert.deepEqual(readdirSync(changes).filter((name) => !name.startsWith("o-")), []);
  });

  test("a lock that nobody can have made is said by its path", async () => {
    const path = directory();
    const store = fileStore(path);
    await store.put("one", "text");
    writeFileSync(join(path, "changes", "l-k-one"), "");
    await assert.rejects(store.put("one", "new"), /l-k-one is nothing that this store has written/);
    await store.put("two", "text");
  });

  test("a lock of a machine that cannot be asked is not broken", async () => {
    const path = directory();
    await fileStore(path).put("one", "text");
    const [own] = readdirSync(join(path, "changes"));
    const owner = JSON.parse(readFileSync(join(path, "changes", own), "utf8"));
    const lock = join(path, "changes", "l-k-one");
    const lockBy = (changes) => writeFileSync(lock, JSON.stringify({ ...owner, ...changes }));
    const broken = [
      { pid: 2 ** 22 + 1 },
      { began: "1" },
      { boot: "an earlier one", pid: process.pid },
    ];
    for (const changes of process.platform === "linux" ? broken : broken.slice(0, 1)) {
      lockBy(changes);
      assert.equal(await fileStore(path).swap("one", "text", "text"), true, JSON.stringify(changes));
    }
    const kept = [{ boot: "another one", host: "another" }, { processes: "pid:[1]", pid: 2 ** 22 + 1 }];
    for (const changes of process.platform === "linux" ? kept : [{ host: "another" }]) {
      lockBy(changes);
      assert.equal(await fileStore(path, { exclusive: true }).swap("one", "text", "text"), true);
      lockBy(changes);
      let settled = false;
      const swap = fileStore(path).swap("one", "text", "text").finally(() => (settled = true));
      // As long as others change much, one after the other.
      for (let step = 0; step < 40; step++) await raise(fileStore(path), "other");
      assert.equal(settled, false, JSON.stringify(changes));
      rmSync(lock);
      assert.equal(await swap, true);
    }
  });
});

/** A process of its own that works on a file store. */
function child(path, ...task) {
  return spawn(process.execPath, [CHILD, path, ...task], { stdio: ["ignore", "pipe", "inherit"] });
}

/** The exit code of a process, once it has ended. */
async function ended(process) {
  if (process.exitCode === null && process.signalCode === null) await new Promise((resolve) => process.once("exit", resolve));
  return process.exitCode;
}

describe("Redis", () => {
  let redis;
  let clients;
  const settings = () => ({ port: redis.port, host: "127.0.0.1" });
  before(async () => {
    redis = await startRedis();
    const one = await createClient({ socket: settings() }).on("error", () => undefined).connect();
    const other = new Redis({ ...settings(), lazyConnect: true }).on("error", () => undefined);
    await other.connect();
    clients = { "node-redis": (args) => one.sendCommand(args), ioredis: ([name, ...rest]) => other.call(name, ...rest), close() {
      one.destroy();
      other.disconnect();
    } };
  });
  after(async () => {
    clients?.close();
    await redis?.stop();
  });

  /** The time of Redis is not ours to move, so the ends of all values are brought nearer instead. */
  const tick = (command) => async (seconds) => {
    for (const key of await command(["KEYS", "*"])) {
      const left = Number(await command(["PTTL", key]));
      if (left < 0) continue;
      // Nothing here takes half a second: what is left is told to the second.
      await command(["PEXPIRE", key, String(Math.max(0, Math.ceil(left / 1000) - seconds) * 1000)]);
    }
  };

  for (const name of ["node-redis", "ioredis"]) {
    describe(`through ${name}`, () => {
      suite(() => {
        const prefix = `{${name}}:`;
        const command = clients[name];
        const other = clients[name === "ioredis" ? "node-redis" : "ioredis"];
        return { store: redisStore(command, { prefix }), others: [redisStore(other, { prefix })], tick: tick(command) };
      });

      test("a name whose value has ended is forgotten by the list that meets it", async () => {
        const prefix = `forgetting:${name}:`;
        const store = redisStore(clients[name], { prefix });
        await store.put("a", "text", { expirationTtl: 60 });
        await store.put("b", "text");
        await tick(clients[name])(60);
        assert.equal(await clients[name](["ZCARD", `${prefix}names`]), 2);
        assert.deepEqual(await everyName(store, "", 1), ["b"]);
        assert.equal(await clients[name](["ZCARD", `${prefix}names`]), 1);
      });

      test("an error of the client is passed on", async () => {
        const prefix = `broken:${name}:`;
        const store = redisStore(clients[name], { prefix });
        await clients[name](["SET", `${prefix}names`, "no index"]);
        await assert.rejects(store.put("a", "text"), /WRONGTYPE/);
        await assert.rejects(store.swap("a", null, "text"), /WRONGTYPE/);
        await assert.rejects(store.list({ prefix: "", limit: 1 }), /WRONGTYPE/);
        assert.equal(await store.get("a"), null);
      });
    });
  }

  test("answers that are none are errors", async () => {
    await assert.rejects(async () => redisStore(() => 7).get("a"), /no text/);
    await assert.rejects(async () => redisStore(() => "OK").list({ prefix: "", limit: 1 }), /no list/);
    await assert.rejects(async () => redisStore(() => "OK").swap("a", null, "b"), /none to this script/);
    await assert.rejects(async () => redisStore(() => undefined).swap("a", null, "b"), /none to this script/);
  });

  test("a Redis that is killed and started anew has lost nothing", async () => {
    const before = redisStore(clients.ioredis, { prefix: "{restart}:" });
    await before.put("put", "text");
    await before.swap("swapped", null, "first");
    await before.swap("swapped", "first", "second");
    await before.put("ends", "text", { expirationTtl: 3600 });
    await before.put("deleted", "text");
    await before.delete("deleted");
    await redis.restart();
    const client = new Redis(settings());
    try {
      const store = redisStore(([name, ...rest]) => client.call(name, ...rest), { prefix: "{restart}:" });
      assert.deepEqual(await everyName(store, "", 2), ["ends", "put", "swapped"]);
      assert.equal(await store.latest("swapped"), "second");
      const left = Number(await client.call("TTL", "{restart}:record:ends"));
      assert.ok(left > 3500 && left <= 3600, String(left));
    } finally {
      client.disconnect();
    }
  });
});
