// How much may come, in workerd: the gate's own count, and the rate-limit bindings of the local runtime.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demoKey, demoToken, entriesOf, policy } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

const bulk = demoKey({ rateLimitClass: "bulk" });
const plain = demoKey();
const token = demoToken();
const LIMIT = 3;
const period = 60;

const limits = {
  rules: [
    {
      name: "per-key",
      by: "key",
      limit: LIMIT,
      period,
      binding: "EDGEWARD_LIMIT_KEYS",
      keyClasses: { bulk: { limit: 100, binding: "EDGEWARD_LIMIT_BULK" } },
    },
  ],
  refused: { limit: LIMIT, period, binding: "EDGEWARD_LIMIT_REFUSED" },
};
const limiter = (namespace, limit) => ({ namespace_id: namespace, simple: { limit, period } });

let gate;
before(async () => {
  gate = await startGate({
    entries: entriesOf(bulk, plain),
    documents: { policy: { ...policy, limits } },
    ratelimits: {
      EDGEWARD_LIMIT_KEYS: limiter("1001", LIMIT),
      EDGEWARD_LIMIT_BULK: limiter("1002", 100),
      EDGEWARD_LIMIT_REFUSED: limiter("1003", LIMIT),
    },
    isolates: 2,
  });
});
after(() => gate.stop());

const headers = (credential, address) => ({ authorization: `Bearer ${credential}`, "cf-connecting-ip": address });
const ask = (credential, address, path = "/v1/reports") => gate.fetch(path, { headers: headers(credential, address) });
const askAt = (isolate, credential, address) =>
  fetch(new URL("/_edgeward/verify", gate.urls[isolate]), { headers: headers(credential, address) });
const code = async (answer) => (answer.ok ? (await answer.arrayBuffer(), "allowed") : (await answer.json()).code);

/** Asks so often that one window at least is full, wherever its edge lies. */
async function codes(times, request) {
  const found = [];
  for (let count = 0; count < times; count++) found.push(await code(await request()));
  return found;
}

for (const [what, credential] of [["a token", token], ["a key", plain.key]]) {
  test(`the platform's limiter stops ${what} at its limit`, async () => {
    const found = await codes(2 * LIMIT + 1, () => ask(credential, "192.0.2.1"));
    assert.deepEqual(found.slice(0, LIMIT), Array(LIMIT).fill("allowed"));
    assert.ok(found.includes("rate_limited"), `${found}`);
    const refused = await ask(credential, "192.0.2.1");
    if (refused.status === 429) {
      assert.equal(refused.headers.get("retry-after"), "60");
      assert.equal(refused.headers.get("ratelimit-policy"), `"per-key";q=${LIMIT};w=60`);
    }
    await refused.arrayBuffer();
  });
}

test("a class of keys has a limiter of its own", async () => {
  assert.deepEqual(await codes(4 * LIMIT, () => ask(bulk.key, "192.0.2.1")), Array(4 * LIMIT).fill("allowed"));
});

test("guessed keys use up the budget of their address, here and, after one more, in another isolate", async () => {
  const address = "192.0.2.66";
  const found = await codes(2 * LIMIT + 1, () => ask(demoKey().key, address));
  assert.deepEqual(found.slice(0, LIMIT), Array(LIMIT).fill("key_invalid"));
  assert.ok(found.includes("refused_budget_exhausted"), `${found}`);
  // The other isolate learns of it by its first refusal, unless a new window has begun meanwhile.
  const there = await codes(2 * LIMIT + 2, () => askAt(1, demoKey().key, address));
  assert.ok(there.includes("refused_budget_exhausted"), `${there}`);
  assert.equal(await code(await ask(bulk.key, "192.0.2.67")), "allowed");
  const health = await ask(bulk.key, address, "/_edgeward/health");
  assert.equal(health.status, 200);
  await health.arrayBuffer();
});

test("what an event says of a limit", async () => {
  const lines = await gate.logged((log) => log.some((line) => line.includes('"rate_limited"')));
  const line = lines.find((line) => line.includes('"rate_limited"'));
  const event = JSON.parse(line.slice(line.indexOf("{")));
  assert.deepEqual(event.unmapped.limit, { rule: "per-key", limit: LIMIT, period, retry_after: 60, failure: null });
});
