// The signed assertion in workerd: the deployed Worker signs it with its secret, and what stands behind it can check it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { createOriginCheck } from "edgeward";
import { signer } from "../support/credentials.mjs";
import { demoKey, demoToken, entriesOf, policy } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

const ISSUER = "https://gate.example";
const AUDIENCE = "https://origin.example";
const signing = signer("EdDSA", { kid: "a1", another: true });
const next = signer("ES256", { kid: "a2", another: true });
const privateKey = ({ secret, kid }) => ({ ...secret.export({ format: "jwk" }), kid });
const secrets = [signing, next].map((one) => privateKey(one).d);
const key = demoKey();

let gate;
let check;
before(async () => {
  gate = await startGate({
    entries: entriesOf(key),
    documents: { policy: { ...policy, assertion: { issuer: ISSUER, audience: AUDIENCE, lifetime: 60 } } },
    bindings: { EDGEWARD_ASSERTION_KEYS: JSON.stringify([privateKey(signing), privateKey(next)]) },
  });
  const jwks = await (await gate.fetch("/.well-known/jwks.json")).json();
  check = await createOriginCheck({ issuer: ISSUER, audience: AUDIENCE, jwks, publicOrigin: ISSUER });
});
after(() => gate.stop());

const bearer = (credential) => ({ authorization: `Bearer ${credential}` });

test("what the demo origin was sent holds, of either class", async () => {
  for (const [credential, expected] of [
    [demoToken(), ["m2m_token", "app_reports", null]],
    [key.key, ["api_key", null, key.id]],
  ]) {
    const answer = await gate.fetch("/v1/reports?page=2", { headers: bearer(credential) });
    assert.equal(answer.status, 200);
    const { method, url, headers } = await answer.json();
    const verdict = await check.check({ method, url, headers });
    assert.ok(verdict.ok, verdict.code);
    assert.equal(verdict.class, expected[0]);
    assert.equal(verdict.clientId, expected[1]);
    if (expected[2] !== null) assert.equal(verdict.credentialId, expected[2]);
    assert.equal(verdict.organization, "org_acme");
    assert.equal(verdict.claims.htu, "https://gate.example/v1/reports");
    assert.ok(verdict.claims.exp - verdict.claims.iat <= 60);
    assert.equal((await check.check({ method: "POST", url, headers })).code, "assertion_request_mismatch");
    assert.ok(!JSON.stringify(headers).includes(credential.slice(-20)));
  }
});

test("the key set is public, and the secret is nowhere in what the Worker says", async () => {
  const answer = await gate.fetch("/.well-known/jwks.json");
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.get("cache-control"), "public, max-age=300");
  const { keys } = await answer.json();
  assert.deepEqual(keys, [signing.jwk, next.jwk]);
  assert.equal((await gate.fetch("/.well-known/jwks.json", { method: "HEAD" })).status, 200);
  assert.equal((await gate.fetch("/.well-known/jwks.json", { method: "DELETE" })).status, 405);
  const said = JSON.stringify(gate.log);
  for (const secret of secrets) assert.ok(!said.includes(secret));
});

test("an assertion of a client's own does not reach the origin", async () => {
  const answer = await gate.fetch("/v1/reports", { headers: { ...bearer(key.key), "edgeward-assertion": "e30.e30.AA" } });
  const { method, url, headers } = await answer.json();
  assert.equal((await check.check({ method, url, headers })).class, "api_key");
});
