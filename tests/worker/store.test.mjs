// The store in Cloudflare KV, in workerd, with a real local KV and Durable Object: the cases of all stores, two isolates at
// once, restarts, and every half-way point at which a change can end.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { CASES } from "../support/store-suite.mjs";
import { startGate } from "../support/gate.mjs";
import { until } from "../support/until.mjs";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const [, compatibilityDate] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(path("wrangler.toml"), "utf8"));
const state = mkdtempSync(join(tmpdir(), "edgeward-kv-"));

let script;
let workers;

/** Starts two isolates of the Worker over one namespace and one object, with what an earlier run left. */
async function start() {
  const worker = (name, scriptName) => ({
    name,
    compatibilityDate,
    compatibilityFlags: ["nodejs_compat"],
    modules: [{ type: "ESModule", path: `${name}.js`, contents: script }],
    kvNamespaces: { EDGEWARD_STORE: "edgeward-stores" },
    durableObjects: { WRITER: { className: "Writer", useSQLite: true, ...(scriptName && { scriptName }) } },
    unsafeDirectSockets: [{}],
  });
  const options = { log: new Log(LogLevel.NONE), cf: false, resourcePersistencePath: state, workers: [worker("one"), worker("two", "one")] };
  const runtime = new Miniflare(convertV4MiniflareOptions(options));
  await runtime.ready;
  const urls = await Promise.all(["one", "two"].map((name) => runtime.unsafeGetDirectURL(name)));
  const kv = await runtime.getKVNamespace("EDGEWARD_STORE", "one");
  return { urls, kv, stop: () => runtime.dispose() };
}

/** Has a Worker do something; rejects with what went wrong there. */
async function ask(task, options = {}, isolate = 0) {
  const response = await fetch(workers.urls[isolate], { method: "POST", body: JSON.stringify({ task, ...options }) });
  const { value, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return value;
}
const call = (method, ...args) => ask("store", { method, args });
const object = (method, ...args) => ask("object", { method, args });

before(async () => {
  const bundle = await build({
    entryPoints: [path("tests/support/store-worker.mjs")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2022",
    external: ["node:*", "cloudflare:*"],
  });
  script = bundle.outputFiles[0].text;
  workers = await start();
});

after(async () => {
  await workers?.stop();
  rmSync(state, { recursive: true, force: true });
});

for (const [index, { title, needs, many }] of CASES.entries()) {
  // Nobody moves the time of KV.
  if (needs === "tick") continue;
  test(`through the writer: ${title}`, () => ask("suite", { index }));
  if (needs === undefined && !many) test(`without a writer: ${title}`, () => ask("suite", { index, without: true }));
}

test("without a writer there is no swap to rely on", async () => {
  const { store, alone } = await ask("methods");
  assert.deepEqual(store.sort(), ["delete", "get", "latest", "list", "put", "swap"]);
  assert.deepEqual(alone.sort(), ["delete", "get", "list", "put"]);
});

test("of 200 swaps at once in two isolates one wins, and a counter that both raise loses no step", async () => {
  let from = null;
  for (let round = 0; round < 3; round++) {
    const sides = [0, 1].map((isolate) => ask("contest", { name: "contest", from, count: 100, label: `${round}-${isolate}` }, isolate));
    const winners = (await Promise.all(sides)).flat();
    assert.equal(winners.length, 1);
    [from] = winners;
    assert.equal(await call("latest", "contest"), from);
    assert.equal(await workers.kv.get("contest"), from);
  }
  await Promise.all([0, 1].map((isolate) => ask("raise", { name: "raised", times: 50 }, isolate)));
  assert.equal(await call("latest", "raised"), "100");
  assert.equal(await workers.kv.get("raised"), "100");
});

test("what KV held before there was a writer is what changes build on", async () => {
  await workers.kv.put("earlier", "from before");
  assert.equal(await call("latest", "earlier"), "from before");
  assert.equal(await call("swap", "earlier", null, "new"), false);
  assert.equal(await call("swap", "earlier", "from before", "new"), true);
  assert.equal(await workers.kv.get("earlier"), "new");
});

test("the object knows what was removed, whatever KV still shows", async () => {
  await call("put", "removed", "text");
  await call("delete", "removed");
  await workers.kv.put("removed", "an old copy");
  assert.equal(await call("latest", "removed"), null);
  assert.equal(await call("swap", "removed", "an old copy", "new"), false);
  assert.equal(await call("swap", "removed", null, "new"), true);
});

test("a value ends in the object when it ends in KV", async () => {
  await call("put", "ending", "text", { expirationTtl: 3600 });
  const { keys } = await workers.kv.list({ prefix: "ending" });
  assert.ok(Math.abs(keys[0].expiration - Date.now() / 1000 - 3600) < 60, String(keys[0].expiration));
  assert.equal(await call("latest", "ending"), "text");
  await object("advance", 3600);
  assert.equal(await call("latest", "ending"), null);
  assert.equal(await call("swap", "ending", "text", "late"), false);
  assert.equal(await call("swap", "ending", null, "for good"), true);
  assert.equal((await workers.kv.list({ prefix: "ending" })).keys[0].expiration, undefined);
  await object("advance", -3600);
});

test("what would not fit is refused before anything is changed", async () => {
  await call("put", "large", "before");
  await assert.rejects(call("put", "large", "é".repeat(950_001)), /1900000 bytes at most/);
  await call("put", "large", "é".repeat(950_000));
  assert.equal((await call("latest", "large")).length, 950_000);
  await call("delete", "large");
});

test("a KV that is asked too often is asked again, within bounds", async () => {
  await call("put", "often", "before");
  await object("plan", ["429", "429"]);
  const { pauses: before } = await object("state");
  assert.equal(await call("swap", "often", "before", "after"), true);
  const { pauses, faults } = await object("state");
  assert.equal(pauses.length - before.length, 2);
  assert.ok(pauses.every((milliseconds) => milliseconds > 1000));
  assert.deepEqual(faults, []);
  assert.equal(await workers.kv.get("often"), "after");
  await object("plan", Array(6).fill("429"));
  await assert.rejects(call("swap", "often", "after", "late"), /429/);
  assert.equal(await call("latest", "often"), "after");
  assert.equal(await workers.kv.get("often"), "after");
});

describe("a change that does not come to its end", () => {
  const faults = {
    "KV refuses it": { fault: "refused", shown: "before" },
    "KV takes it and the answer is lost": { fault: "lost answer", shown: "after" },
    "the object ends before KV is asked": { fault: "end before KV", shown: "before" },
    "the object ends when KV has it": { fault: "end of the object", shown: "after" },
  };
  for (const [title, { fault, shown }] of Object.entries(faults)) {
    for (const [before, after] of [["old", "new"], [null, "new"], ["old", null]]) {
      test(`${title}: ${before} to ${after}`, async () => {
        const name = `half-way/${title}/${before}/${after}`;
        if (before !== null) await call("put", name, before);
        await object("plan", [fault]);
        await assert.rejects(call("swap", name, before, after));
        // Nobody who asks for the last value is shown the one that was told to have failed, whatever KV shows.
        assert.equal(await workers.kv.get(name), shown === "before" ? before : after);
        assert.equal(await call("latest", name), before);
        assert.equal(await call("swap", name, after === null ? null : "new", "built on it"), false);
        // The object knows that KV may have it, and when it will see to that; and it does.
        const told = await object("state");
        assert.ok(told.unsure.includes(name));
        assert.ok(told.alarm !== null && told.alarm <= Date.now() + 31_000);
        await object("putRight");
        assert.equal(await workers.kv.get(name), before);
        assert.ok(!(await object("state")).unsure.includes(name));
        assert.equal(await call("swap", name, before, "next"), true);
        assert.equal(await workers.kv.get(name), "next");
      });
    }
  }

  test("the next change does not wait for the alarm", async () => {
    await call("put", "next", "old");
    await object("plan", ["lost answer"]);
    await assert.rejects(call("swap", "next", "old", "failed"));
    assert.equal(await call("swap", "next", "failed", "wrong"), false);
    assert.equal(await call("swap", "next", "old", "right"), true);
    assert.equal(await workers.kv.get("next"), "right");
    await object("putRight");
    assert.equal(await workers.kv.get("next"), "right");
  });

  test("an alarm at which KV fails again sets the next", async () => {
    await call("put", "again", "old");
    await object("plan", ["lost answer", "refused"]);
    await assert.rejects(call("swap", "again", "old", "failed"));
    await object("putRight");
    const told = await object("state");
    assert.deepEqual(told.unsure, ["again"]);
    assert.ok(told.alarm > Date.now());
    await object("putRight");
    assert.deepEqual((await object("state")).unsure, []);
    assert.equal(await workers.kv.get("again"), "old");
  });

  test("the alarm comes by itself", async () => {
    await call("put", "alarm", "old");
    await object("plan", ["lost answer"]);
    await assert.rejects(call("swap", "alarm", "old", "failed"));
    await object("hurry");
    await until(async () => (await workers.kv.get("alarm")) === "old");
    await until(async () => (await object("state")).unsure.length === 0);
  });

  test("a change under way holds up the others of its key alone, and what is not through is not shown", async () => {
    await call("put", "held", "old");
    await object("plan", ["held"]);
    const first = call("swap", "held", "old", "first");
    await until(async () => (await object("state")).unsure.includes("held"));
    const second = call("swap", "held", "old", "second");
    const third = call("swap", "held", "first", "third");
    assert.equal(await call("latest", "held"), "old");
    assert.equal(await call("swap", "free", null, "at once"), true);
    assert.equal(await object("release"), true);
    assert.deepEqual(await Promise.all([first, second, third]), [true, false, true]);
    assert.equal(await workers.kv.get("held"), "third");
  });

  test("a client that goes in the middle of a change holds up nobody", async () => {
    await call("put", "gone", "old");
    await object("plan", ["held"]);
    await ask("abandon", { method: "swap", args: ["gone", "old", "abandoned"] });
    await until(async () => (await object("state")).unsure.includes("gone"));
    const next = call("put", "gone", "next");
    assert.equal(await object("release"), true);
    await next;
    assert.equal(await call("latest", "gone"), "next");
    assert.equal(await workers.kv.get("gone"), "next");
  });
});

test("a restart loses nothing, neither what is through nor what is to be put right", async () => {
  await call("put", "restart/put", "text");
  assert.equal(await call("swap", "restart/swapped", null, "text"), true);
  await call("put", "restart/removed", "text");
  await call("delete", "restart/removed");
  await call("put", "restart/half-way", "old");
  await object("plan", ["lost answer"]);
  await assert.rejects(call("swap", "restart/half-way", "old", "failed"));
  await workers.stop();
  workers = await start();
  assert.equal(await call("latest", "restart/put"), "text");
  assert.equal(await workers.kv.get("restart/put"), "text");
  assert.equal(await call("latest", "restart/swapped"), "text");
  assert.equal(await call("latest", "restart/removed"), null);
  assert.equal(await call("latest", "restart/half-way"), "old");
  await object("putRight");
  assert.equal(await workers.kv.get("restart/half-way"), "old");
  assert.equal(await call("swap", "restart/swapped", "text", "next"), true);
});

test("the Worker of this repository has the writer, and answers without it too", async () => {
  const gate = await startGate();
  try {
    assert.equal((await gate.fetch("/_edgeward/health")).status, 200);
    const writer = await gate.writer();
    assert.equal(await writer.swap("key/one", null, "text"), true);
    assert.equal(await writer.swap("key/one", null, "text"), false);
    assert.equal(await gate.store.get("key/one"), "text");
  } finally {
    await gate.stop();
  }
  const without = await startGate({ durableObjects: {} });
  try {
    assert.equal((await without.fetch("/_edgeward/health")).status, 200);
  } finally {
    await without.stop();
  }
});
