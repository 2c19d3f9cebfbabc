// Somebody tries keys at random, a million of them: the store hears nothing of it, and nothing grows.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { test } from "node:test";
import { createApiKeyChecker, createGate } from "edgeward";
import { NOW, apiKey, countingStore } from "../support/credentials.mjs";
import { memory } from "../support/memory.mjs";

const BASE62 = Buffer.from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
const seal = randomBytes(32);
const FORM = { prefix: "acme", environment: "live" };
const MiB = 1024 * 1024;

/** So many keys of the right form that nobody issued, made up anew each time. */
function* madeUp(count) {
  const size = 16 + 32 + 6;
  for (let left = count; left > 0; left -= 10_000) {
    const letters = randomBytes(10_000 * size).map((byte) => BASE62[byte % 62]);
    const text = Buffer.from(letters.buffer).toString("latin1");
    for (let place = 0; place < Math.min(left, 10_000); place++) {
      const at = place * size;
      yield `acme_live_${text.slice(at, at + 16)}_${text.slice(at + 16, at + size)}`;
    }
  }
}

/** Gives every key to a check, and measures the memory after a tenth of them and at the end. */
function flood(keys, count, check) {
  let done = 0;
  let early;
  for (const key of keys) {
    const verdict = check(key);
    if (verdict.ok !== false || verdict.code !== "key_invalid") assert.fail(JSON.stringify(verdict));
    if (++done === count / 10) early = memory();
  }
  assert.equal(done, count);
  const late = memory();
  assert.equal(late.core, early.core, "the memory of the core grows");
  assert.ok(late.program < early.program + 8 * MiB, `${early.program} bytes became ${late.program}`);
}

test("a million made-up keys cost no read, no memory, and a few hashes each", async (t) => {
  const good = apiKey({ seal });
  const store = countingStore(good);
  const form = { ...FORM, seals: [seal, randomBytes(32)], usageInterval: 0 };
  const checker = await createApiKeyChecker(form, { store, now: () => NOW });
  flood(madeUp(1_000_000), 1_000_000, (key) => checker.check(key));
  // Those that would be good where keys are not sealed.
  flood(
    (function* () {
      for (let left = 10_000; left > 0; left--) yield apiKey().key;
    })(),
    10_000,
    (key) => checker.check(key),
  );
  assert.deepEqual(store.reads, []);

  const timed = (keys, work) => {
    const began = performance.now();
    for (const key of keys) work(key);
    return ((performance.now() - began) / keys.length) * 1000;
  };
  const keys = [...madeUp(50_000)];
  const rounds = Array.from({ length: 5 }, () => ({
    check: timed(keys, (key) => checker.check(key)),
    hash: timed(keys, (key) => createHash("sha256").update(key).digest()),
  }));
  const best = (what) => Math.min(...rounds.map((round) => round[what]));
  t.diagnostic(`${best("check").toFixed(2)} µs for a check, ${best("hash").toFixed(2)} µs for a SHA-256 by Node`);
  assert.ok(best("check") < 20 * best("hash"), "a wrong check costs more than twenty hashes");

  assert.equal((await checker.check(good.key)).ok, true);
  assert.equal(store.reads.length, 1);
});

test("a hundred thousand of them at the gate cost no read and no memory", async () => {
  const good = apiKey({ seal });
  const store = countingStore(good);
  const policy = {
    apiKeys: FORM,
    metrics: { public: true },
    routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["api_key"], scopes: ["reports:read"] }],
  };
  let events = 0;
  const gate = await createGate(policy, { store, seals: [seal], now: () => NOW, audit: () => void events++ });
  const ask = (key) => gate.check({ method: "GET", url: "/v1/reports", headers: { authorization: `Bearer ${key}` } });
  flood(madeUp(100_000), 100_000, ask);
  assert.deepEqual([store.reads, events], [[], 100_000]);
  const health = await (await gate.fetch(new Request("https://api.example/_edgeward/health"))).json();
  assert.deepEqual(health.apiKeys.cache, { entries: 0, bytes: 0 });
  assert.equal((await ask(good.key)).ok, true);
});
