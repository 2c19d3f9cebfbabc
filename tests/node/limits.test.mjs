// How much may come: limits that the gate counts itself, and limiters that it is lent, good and bad ones.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "edgeward";
import { NOW, apiKey, countingStore, mistyped, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const key = apiKey();
const route = { methods: ["GET"], path: "/v1/reports", classes: ["m2m_token", "api_key"], scopes: ["reports:read"] };

async function limited(limits, options = {}) {
  const events = [];
  const store = countingStore(key);
  const policy = { ...tokenPolicy(issuer), apiKeys: { prefix: "acme", environment: "live" }, routes: [route], limits };
  const address = (request) => request.headers.get("x-address");
  const gate = await createGate(policy, { store, address, now: () => NOW, audit: (event) => void events.push(event), ...options });
  const ask = (credential, { address = "192.0.2.1", path = "/_edgeward/verify" } = {}) =>
    gate.fetch(new Request(`https://api.example${path}`, { headers: { authorization: `Bearer ${credential}`, "x-address": address } }));
  return { gate, events, store, ask };
}

const token = issuer.mint();
const byKey = (more = {}) => ({ rules: [{ name: "per-key", by: "key", limit: 2, period: 60, ...more }] });
const bound = (more = {}) => byKey({ binding: "EDGEWARD_LIMIT_KEYS", ...more });
const code = async (answer) => (answer.ok ? answer.status : (await answer.json()).code);

test("what is over the limit is answered 429, with when to try again and what the limit is", async () => {
  const { gate, ask } = await limited(byKey());
  const first = await ask(token);
  assert.equal(first.status, 200);
  assert.equal(first.headers.get("ratelimit-policy"), '"per-key";q=2;w=60');
  assert.equal(first.headers.get("ratelimit"), '"per-key";r=1;t=51');
  await ask(token);
  const third = await ask(token);
  assert.equal(third.status, 429);
  assert.equal(third.headers.get("retry-after"), "51");
  assert.equal((await third.json()).code, "rate_limited");
  const verdict = gate.check({ method: "GET", url: "/v1/reports", headers: { authorization: `Bearer ${token}` } });
  assert.ok(!(verdict instanceof Promise), "the gate's own count waits for nothing");
  assert.deepEqual([verdict.status, verdict.retryAfter], [429, 51]);
  assert.equal((await ask(key.key)).status, 200);
});

test("the budget for refused credentials is asked before the store", async () => {
  const { ask, store } = await limited({ refused: { limit: 2, period: 60 } });
  const guess = () => ask(apiKey().key);
  assert.deepEqual([await code(await guess()), await code(await guess())], ["key_invalid", "key_invalid"]);
  assert.equal(store.reads.length, 2);
  const refused = await guess();
  assert.equal(refused.headers.get("retry-after"), "51");
  assert.equal(await code(refused), "refused_budget_exhausted");
  assert.equal(await code(await ask(key.key)), "refused_budget_exhausted");
  assert.equal(store.reads.length, 2);
  assert.equal((await ask(key.key, { address: "192.0.2.2" })).status, 200);
});

test("a limiter that was lent is asked with a digest, as a method of its own", async () => {
  const asked = [];
  class Counting {
    #left = 1;
    limit(options) {
      asked.push(options);
      return Promise.resolve({ success: this.#left-- > 0 });
    }
  }
  const { ask } = await limited(bound(), { limiters: { EDGEWARD_LIMIT_KEYS: new Counting() } });
  const first = await ask(key.key);
  assert.deepEqual([first.status, first.headers.get("ratelimit-policy"), first.headers.get("ratelimit")], [200, '"per-key";q=2;w=60', null]);
  assert.equal(await code(await ask(key.key)), "rate_limited");
  assert.equal(asked.length, 2);
  for (const options of asked) {
    assert.deepEqual(Object.keys(options), ["key"]);
    assert.match(options.key, /^[0-9a-f]{32}$/);
    assert.equal(options.key, asked[0].key);
  }
});

for (const [what, limit] of [
  ["throws", () => { throw new Error("broken"); }],
  ["rejects", () => Promise.reject(new Error("broken"))],
  ["answers something else", () => Promise.resolve({ success: "yes" })],
  ["answers nothing", () => undefined],
  ["does not answer", () => new Promise(() => undefined)],
]) {
  test(`a limiter that ${what} refuses with 503, unless the rule lets through`, async () => {
    const limiters = { EDGEWARD_LIMIT_KEYS: { limit } };
    const strict = await limited(bound(), { limiters });
    const answer = await strict.ask(token);
    assert.deepEqual([answer.status, await code(answer)], [503, "limiter_unavailable"]);
    assert.match(strict.events[0].unmapped.limit.failure, /^the limiter `EDGEWARD_LIMIT_KEYS`: ./);
    const open = await limited(bound({ whenUnavailable: "allow" }), { limiters });
    assert.equal((await open.ask(token)).status, 200);
    assert.match(open.events[0].unmapped.limit.failure, /^the limiter `EDGEWARD_LIMIT_KEYS`: ./);
    // For the budget the gate's own count stands.
    const refused = await limited({ refused: { limit: 1, period: 60, binding: "EDGEWARD_LIMIT_KEYS" } }, { limiters });
    assert.equal(await code(await refused.ask(mistyped(key.key))), "key_invalid");
    assert.equal(await code(await refused.ask(key.key)), "refused_budget_exhausted");
  });
}

test("an address that spent its budget at another instance is refused here after one more", async () => {
  const spent = new Map();
  const shared = {
    async limit({ key }) {
      const count = spent.get(key) ?? 0;
      if (count < 2) spent.set(key, count + 1);
      return { success: count < 2 };
    },
  };
  const options = { limiters: { EDGEWARD_LIMIT_REFUSED: shared } };
  const limits = { refused: { limit: 2, period: 60, binding: "EDGEWARD_LIMIT_REFUSED" } };
  const [here, there] = [await limited(limits, options), await limited(limits, options)];
  for (let count = 0; count < 2; count++) assert.equal(await code(await here.ask(apiKey().key)), "key_invalid");
  assert.equal(await code(await here.ask(apiKey().key)), "refused_budget_exhausted");
  assert.equal(await code(await there.ask(apiKey().key)), "key_invalid");
  assert.equal(await code(await there.ask(key.key)), "refused_budget_exhausted");
  assert.equal((await there.ask(key.key, { address: "192.0.2.2" })).status, 200);
});

test("limiters that are missing or none are found at creation", async () => {
  await assert.rejects(limited(bound()), /the policy names limiters that were not lent: EDGEWARD_LIMIT_KEYS/);
  await assert.rejects(limited(bound(), { limiters: { other: { limit() {} } } }), /not lent: EDGEWARD_LIMIT_KEYS/);
  await assert.rejects(limited(bound({ binding: "toString" }), { limiters: {} }), /not lent: toString/);
  for (const limiters of [{ EDGEWARD_LIMIT_KEYS: {} }, { EDGEWARD_LIMIT_KEYS: null }, null, "none"]) {
    await assert.rejects(limited(bound(), { limiters }), TypeError);
  }
  await assert.rejects(limited({ rules: [{ name: "a", by: "key", limit: 0, period: 60 }] }), /\/limits\/rules\/0\/limit/);
});
