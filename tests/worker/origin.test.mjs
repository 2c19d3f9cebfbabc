// What stands behind the gate in the demo says what it was sent.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { demoToken } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

let gate;
before(async () => {
  gate = await startGate();
});
after(() => gate.stop());

const authorization = `Bearer ${demoToken({ claims: { scope: "reports:read reports:write" } })}`;

test("method, URL, headers and body are told", async () => {
  const answer = await gate.fetch("/v1/reports?limit=1", {
    method: "POST",
    headers: { authorization, "x-name": "value" },
    body: "é",
  });
  assert.equal(answer.status, 200);
  const echo = await answer.json();
  assert.equal(echo.method, "POST");
  assert.match(echo.url, /\/v1\/reports\?limit=1$/);
  assert.equal(echo.headers["x-name"], "value");
  assert.equal(echo.body, "é");
});

test("a body past the limit is cut, and none is null", async () => {
  const long = await gate.fetch("/v1/reports", { method: "POST", headers: { authorization }, body: "a".repeat(100_000) });
  assert.match((await long.json()).body, /^a{65536}… \(more than 65536 bytes\)$/);
  const none = await gate.fetch("/v1/reports", { headers: { authorization } });
  assert.equal((await none.json()).body, null);
});
