// Requests that are made to be read in two ways, sent as bytes to workerd with the gate in it, in front of an origin that
// keeps the bytes it gets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { demoToken, policy } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";
import { exchange, rawOrigin } from "../support/raw.mjs";
import { attack } from "../support/smuggling.mjs";

test("every attempt is refused or passed on harmlessly", async () => {
  const origin = await rawOrigin();
  const routes = [{ methods: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"], path: "/v1/a", classes: ["m2m_token"] }];
  const gate = await startGate({
    documents: { policy: { ...policy, tlsEndsAhead: true, routes } },
    serviceBindings: { ORIGIN: { external: { address: `127.0.0.1:${origin.port}`, http: {} } } },
  });
  try {
    const token = demoToken();
    const port = Number(new URL(gate.urls[0]).port);
    const { wrong, attempts, passed } = await attack(token, (bytes) => exchange(port, bytes), origin.seen);
    assert.deepEqual(wrong, []);
    assert.ok(attempts >= 60, `${attempts} attempts`);
    assert.ok(passed >= 25, `${passed} reached the origin`);
  } finally {
    await gate.stop();
    await origin.stop();
  }
});
