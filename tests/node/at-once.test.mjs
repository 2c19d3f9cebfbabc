// What waits for nothing is answered without a promise, and what may wait for nothing never waits.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKeyChecker, createGate, createJwtVerifier, createKeyAdmin, createOriginCheck, verifyJws } from "edgeward";
import { memoryStore } from "edgeward/store/memory";
import { BACKENDS } from "../support/backends.mjs";
import { ALGORITHMS, AUDIENCE, ISSUER, NOW, keySet, segment, signer, tampered, tokenPolicy } from "../support/credentials.mjs";
import { memory } from "../support/memory.mjs";

const now = () => NOW;
const form = { prefix: "acme", environment: "live" };
const one = signer("ES256");

/** True, or the code of a verdict that is there at once. */
function atOnce(verdict) {
  assert.ok(!(verdict instanceof Promise), "it waited");
  return verdict.ok || verdict.code;
}

for (const algorithm of Object.keys(ALGORITHMS)) {
  test(`${algorithm}: local keys answer at once in Node, by the platform and by the core, good or bad`, async () => {
    const issuer = signer(algorithm);
    for (const backend of ["native", "wasm"]) {
      const verifier = await BACKENDS[backend].create(tokenPolicy(issuer));
      const token = issuer.mint();
      assert.equal(atOnce(verifier.verify(token)), true);
      assert.equal(atOnce(verifier.verify(token)), true, "from the cache");
      assert.equal(atOnce(verifier.verify(tampered(token))), "signature_invalid");
    }
  });

  test(`${algorithm}: verifySync answers where the platform has promises alone`, async () => {
    const issuer = signer(algorithm);
    const verifier = await BACKENDS.web.create(tokenPolicy(issuer));
    const token = issuer.mint();
    assert.equal(atOnce(verifier.verifySync(tampered(token))), "signature_invalid");
    assert.equal(atOnce(verifier.verifySync(token)), true);
  });
}

test("an API key of a store that answers at once is answered at once, known, unknown and of another form", async () => {
  const store = memoryStore({ now });
  const admin = await createKeyAdmin(form, { store, now });
  const issued = await admin.issue({ organization: "org_1", owner: "ada", revoker: "security", name: "nightly export" });
  const checker = await createApiKeyChecker(form, { store, now });
  assert.equal(atOnce(checker.check(issued.key)), true);
  assert.equal(checker.check(issued.key).cache, "hit");
  assert.equal(atOnce(checker.check("acme_live_no")), "key_invalid");
  await admin.revoke(issued.id, { by: "security", reason: "unused" });
  const another = await createApiKeyChecker(form, { store, now });
  assert.equal(atOnce(another.check(issued.key)), "key_invalid");
});

test("a key that an instance knows is answered at once, though the store would take its time", async () => {
  const store = memoryStore({ now });
  const admin = await createKeyAdmin(form, { store, now });
  const { key } = await admin.issue({ organization: "org_1", owner: "ada", revoker: "security", name: "nightly export" });
  const checker = await createApiKeyChecker({ ...form, usageInterval: 0 }, { store: { get: async (name) => store.get(name) }, now });
  const first = checker.check(key);
  assert.ok(first instanceof Promise);
  assert.equal((await first).ok, true);
  assert.equal(atOnce(checker.check(key)), true);
});

test("a gate decides at once about what it can tell, and so do an origin and a signature alone", async () => {
  const routes = [{ methods: ["GET"], path: "/v1/*", classes: ["m2m_token"] }];
  const gate = await createGate({ ...tokenPolicy(one), routes }, { now, audit: () => {} });
  const of = (headers, path = "/v1/a") => ({ method: "GET", url: `https://api.example${path}`, headers });
  assert.equal(atOnce(gate.check(of({ authorization: `Bearer ${one.mint()}` }))), true);
  assert.equal(atOnce(gate.check(of({}))), "credential_missing");
  assert.equal(atOnce(gate.check(of({}, "/elsewhere"))), "route_unknown");
  const check = await createOriginCheck({ issuer: ISSUER, audience: AUDIENCE, jwks: keySet(one) }, { now });
  assert.equal(atOnce(check.check(of({}))), "assertion_missing");
  assert.equal(atOnce(verifyJws(one.mint(), keySet(one), { algorithms: ["ES256"] }, { now })), true);
});

/** A verifier of tokens whose keys are fetched. */
const remote = (host) =>
  createJwtVerifier(
    { issuers: [{ issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: "https://issuer.example/jwks" }] },
    { now, ...host },
  );

test("verifySync with keys that are fetched: cannot tell until they are there, and then tells at once", async () => {
  let fetched = 0;
  const verifier = await remote({ fetch: async () => (fetched++, Response.json(keySet(one))) });
  const cannot = verifier.verifySync(one.mint());
  assert.ok(!(cannot instanceof Promise));
  assert.deepEqual([cannot.ok, cannot.status, cannot.code], [false, 503, "key_set_unavailable"]);
  await verifier.refresh();
  assert.ok(fetched >= 1);
  assert.equal(atOnce(verifier.verifySync(one.mint())), true);
  assert.equal(atOnce(verifier.verify(one.mint({ claims: { jti: "b" } }))), true);
  // A key that nobody has heard of would have to be asked for.
  const unknown = signer("ES256", { kid: "unknown", another: true }).mint();
  assert.ok(!verifier.verifySync(unknown).ok);
});

test("verifySync with an opaque token: its server would have to be asked, 503", async () => {
  const introspection = { endpoint: "https://issuer.example/introspect", clientId: "api" };
  const policy = { issuers: [{ issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwks: keySet(one), introspection }] };
  let asked = 0;
  const host = { now, introspectionSecrets: { [ISSUER]: "secret" }, fetch: async () => (asked++, Response.json({ active: false })) };
  const verifier = await createJwtVerifier(policy, host);
  const verdict = verifier.verifySync("opaque-token");
  assert.ok(!(verdict instanceof Promise));
  assert.deepEqual([verdict.ok, verdict.status, asked], [false, 503, 0]);
  assert.equal(atOnce(verifier.verifySync(one.mint())), true);
});

test("a hundred thousand tokens and as many unknown keys leave the memory of the core as it was", async () => {
  const shared = signer("HS256");
  const local = await createJwtVerifier(tokenPolicy(shared), { now });
  const fetching = await remote({ fetch: async () => Response.json(keySet(one)) });
  await fetching.refresh();
  const [, payload, signature] = one.mint().split(".");
  const rounds = (from, to) => {
    for (let number = from; number < to; number++) {
      assert.equal(atOnce(local.verify(shared.mint({ claims: { jti: `token-${number}` } }))), true);
      const header = segment({ alg: "ES256", typ: "at+jwt", kid: `kid-${number}` });
      assert.equal(fetching.verifySync(`${header}.${payload}.${signature}`).ok, false);
    }
  };
  rounds(0, 20_000);
  const before = memory();
  rounds(20_000, 120_000);
  const after = memory();
  // Until what is freed and what is needed have found into each other the core grows a little, and then no more. One
  // allocation left behind by each credential would be three megabytes.
  assert.ok(after.core - before.core <= 768 * 1024, `the core grew by ${after.core - before.core} bytes`);
  assert.ok(after.program - before.program < 2_000_000, `the program grew by ${after.program - before.program} bytes`);
});
