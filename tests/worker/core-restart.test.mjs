// After the core failed in workerd: the next request works, and those that waited are not harmed.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demoKey, demoToken, entriesOf, policy } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

const OTHERS = 100;
const keys = Array.from({ length: OTHERS }, () => demoKey());
const token = demoToken();

let gate;
before(async () => {
  gate = await startGate({ entries: entriesOf(...keys), failing: true, documents: { policy: { ...policy, metrics: { public: true } } } });
});
after(() => gate.stop());

const get = (credential, headers = {}) => gate.fetch("/v1/reports", { headers: { authorization: `Bearer ${credential}`, ...headers } });
const restarts = async () => (await (await gate.fetch("/_edgeward/health")).json()).restarts;

for (const how of ["trap", "stack"]) {
  test(`the request that met it is 503, and the next one works: ${how}`, async () => {
    const before = await restarts();
    assert.equal((await get(token)).status, 200);
    const failed = await get(token, { "core-fails": "gate_handle", "core-fails-how": how });
    assert.equal(failed.status, 503);
    assert.equal((await failed.json()).code, "host_failed");
    const next = await get(token);
    assert.equal(next.status, 200);
    assert.equal(await restarts(), before + 1);
  });
}

test("a hundred that wait are not harmed", async () => {
  const before = await restarts();
  const answers = keys.map(({ key }) => get(key, { "core-waits-for": String(OTHERS) }));
  const failed = await get(token, { "core-fails": "gate_handle", "core-waits-for": String(OTHERS) });
  assert.equal(failed.status, 503);
  assert.ok(Number(failed.headers.get("waited")) > OTHERS / 2, `${failed.headers.get("waited")} waited`);
  assert.equal(failed.headers.get("called"), "", "a failed instance was called again");
  const statuses = await Promise.all(answers.map(async (answer) => (await answer).status));
  assert.deepEqual(statuses, keys.map(() => 200));
  assert.equal(await restarts(), before + 1);
});

test("hundreds of failures in a row leave a Worker that works", async () => {
  const before = await restarts();
  for (let round = 0; round < 300; round++) {
    assert.equal((await get(token, { "core-fails": "gate_handle" })).status, 503);
  }
  assert.equal((await get(token)).status, 200);
  assert.equal((await get(keys[0].key)).status, 200);
  assert.equal(await restarts(), before + 300);
});

test("the log says that it happened, and nothing of a request", async () => {
  const words = "edgeward: the core failed and is started anew:";
  const log = await gate.logged((lines) => lines.some((line) => line.includes(words)));
  assert.ok(log.some((line) => line.includes(words)));
  for (const secret of [token, ...keys.map(({ secret }) => secret)]) assert.ok(!log.some((line) => line.includes(secret)));
});
