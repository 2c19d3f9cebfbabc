// What stands behind the gate in the demo says what it was sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startGate } from "../support/gate.mjs";

let gate;
before(async () => {
  gate = await startGate({ entries: { "demo/greeting": "hello" } });
});
after(() => gate.stop());

test("a request reaches the origin through the gate, and the core runs on the way", async () => {
  const answer = await gate.fetch("/v1/things?limit=1", {
    method: "POST",
    headers: { "x-name": "value" },
    body: "é",
  });
  assert.equal(answer.status, 200);
  const echo = await answer.json();
  assert.equal(echo.method, "POST");
  assert.match(echo.url, /\/v1\/things\?limit=1$/);
  assert.equal(echo.headers["x-name"], "value");
  assert.equal(echo.headers["edgeward-demo"], "hello");
  assert.match(echo.headers["edgeward-version"], /^\d+\.\d+\.\d+$/);
  assert.equal(echo.body, "é");
});

test("a body past the limit is cut, and none is null", async () => {
  const long = await gate.fetch("/", { method: "POST", body: "a".repeat(100_000) });
  assert.match((await long.json()).body, /^a{65536}… \(more than 65536 bytes\)$/);
  const none = await gate.fetch("/");
  assert.equal((await none.json()).body, null);
});
