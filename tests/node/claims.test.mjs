// What JavaScript sees of a token is what the core checked: the claims are the signed text, read by `JSON.parse`. And the
// deny list, as a program sets it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, createJwtVerifier } from "edgeward";
import { keeping } from "../support/audit-schema.mjs";
import { ISSUER, NOW, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("HS256");
const second = Math.floor(NOW / 1000);
const make = (change, more) => createJwtVerifier({ ...tokenPolicy(issuer, change), ...more }, { now: () => NOW });
const verifier = await make();

/** A token whose payload is this text put before the usual claims. */
function before(text) {
  const [, payload] = issuer.mint().split(".");
  const usual = Buffer.from(payload, "base64url").toString();
  return issuer.sealed({ alg: "HS256", kid: "HS256-1", typ: "JWT" }, usual.replace("{", `{${text},`));
}

const signed = (token) => JSON.parse(Buffer.from(token.split(".")[1], "base64url"));

test("claims are the signed payload as JavaScript reads it, and the core read the same", async () => {
  const reading = await make({ organizationClaim: "/__proto__/org", clientClaim: "/n/a~1b", scopeClaim: "/\u{1f600}" });
  const token = before(
    '"__proto__":{"org":"org-7","admin":true},"n":{"a/b":"client-\\ud83d\\ude00"},"\\ud83d\\ude00":["a","b"],' +
      '"zero":-0,"one":1.0,"big":9007199254740991,"small":5e-324,"none":1e-400,"third":0.3333333333333333148296,' +
      '"\\u0061\\u0000":"\\u2028\\u0000"',
  );
  const verdict = await reading.verify(token);
  assert.equal(verdict.ok, true);
  assert.deepEqual(verdict.claims, signed(token));
  assert.equal(verdict.organization, Object.getOwnPropertyDescriptor(verdict.claims, "__proto__").value.org);
  assert.equal(verdict.clientId, verdict.claims.n["a/b"]);
  assert.deepEqual(verdict.scopes, verdict.claims["\u{1f600}"]);
  assert.ok(Object.is(verdict.claims.zero, -0));
  assert.equal(verdict.claims.big, Number.MAX_SAFE_INTEGER);
  // A member called `__proto__` is a member, and nobody's prototype.
  assert.equal(Object.getPrototypeOf(verdict.claims), Object.prototype);
  assert.equal(verdict.claims.admin, undefined);
  assert.equal({}.admin, undefined);
});

test("what JavaScript and others would read in two ways is refused", async () => {
  for (const text of [
    '"exp":1',
    '"\\u0065xp":9999999999',
    '"__proto__":1,"__proto__":2',
    '"x":9007199254740993',
    '"x":1e400',
    '"x":"\\ud800"',
    '"\\udc00":1',
    `"x":${"[".repeat(5000)}${"]".repeat(5000)}`,
  ]) {
    assert.doesNotThrow(() => signed(before(text)), text);
    assert.equal((await verifier.verify(before(text))).code, "payload_invalid", text.slice(0, 40));
  }
});

test("a payload of a megabyte comes through whole", async () => {
  const token = before(`"x":"${"x".repeat(1_000_000)}"`);
  assert.equal((await verifier.verify(token)).code, "token_too_large");
  const verdict = await (await make({}, { maxTokenBytes: 2_000_000 })).verify(token);
  assert.equal(verdict.claims.x.length, 1_000_000);
});

test("a preset judges the shape of its provider's tokens", async () => {
  const verifier = await make({ preset: "clerk", issuer: "https://clerk.acme.example", algorithms: ["HS256"], audience: "mch_api" });
  const claims = { iss: "https://clerk.acme.example", aud: ["mch_api"], sub: "mch_job", scopes: "mch_api" };
  const header = { typ: "JWT", cat: "cl_B7d4PD333AAA" };
  const verdict = await verifier.verify(issuer.mint({ claims, header }));
  assert.deepEqual([verdict.ok, verdict.clientId, verdict.scopes], [true, "mch_job", ["mch_api"]]);
  assert.equal((await verifier.verify(issuer.mint({ claims: { ...claims, sub: "user_1" }, header }))).code, "claim_mismatch");
  assert.equal((await verifier.verify(issuer.mint({ claims }))).code, "typ_not_accepted");
});

test("a deny list comes with the policy, and another takes its place at once", async () => {
  const token = issuer.mint();
  const verifier = await make({}, { deny: [{ organization: "org-1" }] });
  const denied = {
    ok: false,
    class: "m2m_token",
    code: "token_invalid",
    status: 401,
    title: "The token is not valid",
    detail: "Ask the issuer for a new token.",
    challenge: 'Bearer error="invalid_token", error_description="The token is not valid"',
  };
  assert.deepEqual(await verifier.verify(token), denied);
  verifier.setDenyList([]);
  assert.equal((await verifier.verify(token)).ok, true);
  for (const entry of [{ jti: "token-1" }, { client: "client-1" }, { subject: "app-1" }]) {
    verifier.setDenyList(JSON.stringify([{ ...entry, issuer: ISSUER, until: second }]));
    assert.deepEqual(verifier.verifySync(token), denied);
    assert.equal(verifier.verifySync(token, { now: NOW + 1000 }).ok, true, "past `until`");
  }
});

test("a list that is wrong is thrown, and the one before stays in force", async () => {
  const verifier = await make({}, { deny: [{ organization: "org-1" }] });
  for (const [list, words] of [
    [[{ organization: "org-2" }, { jti: "t" }], /\/1: name the issuer/],
    [[{ organization: "org-2", until: NOW }], /\/0: `until` is a time in seconds/],
    [{ organization: "org-2" }, /the document: invalid type: map/],
    ["[", /the document: not JSON/],
    [undefined, /^the deny list: an object, or JSON text$/],
  ]) {
    assert.throws(() => verifier.setDenyList(list), (error) => words.test(error.message), JSON.stringify(list));
    assert.equal(verifier.verifySync(issuer.mint()).code, "token_invalid");
  }
});

test("a gate takes a deny list too, and its audit event says why", async () => {
  const events = [];
  const policy = {
    ...tokenPolicy(issuer),
    routes: [{ methods: ["GET"], path: "/", classes: ["m2m_token"] }],
  };
  const gate = await createGate(policy, { now: () => NOW, audit: keeping(events) });
  const request = { method: "GET", url: "/", headers: { authorization: `Bearer ${issuer.mint()}` } };
  assert.equal((await gate.check(request)).ok, true);
  gate.setDenyList([{ client: "client-1", issuer: ISSUER }]);
  assert.equal((await gate.check(request)).code, "token_invalid");
  assert.equal(events.at(-1).status_code, "token_revoked");
  assert.equal(events.at(-1).status_detail, "the deny list names the client");
});
