// A token that was seen before: looked at anew in all that can change, and told of by the same object.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { coreTraps } from "../support/core-traps.mjs";
import { ISSUER, NOW, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

const { coreRestarts, createJwtVerifier } = await import("edgeward");

const issuer = signer("ES256");

test("its verdict is one frozen object, whole and unlike that of any other token", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const tokens = ["a", "b"].map((jti) => issuer.mint({ claims: { jti, nested: { list: [1, { deep: true }] } } }));
  const first = tokens.map((token) => verifier.verifySync(token));
  const known = tokens.map((token) => verifier.verifySync(token));
  for (const [which, token] of tokens.entries()) {
    assert.equal(verifier.verifySync(token), known[which]);
    assert.equal(await verifier.verify(token), known[which]);
    assert.deepEqual(known[which], { ...first[which], cache: "hit" });
    assert.equal(first[which].cache, "miss");
  }
  const [{ claims, scopes }] = known;
  for (const part of [known[0], claims, claims.nested, claims.nested.list, claims.nested.list[1], scopes]) assert.ok(Object.isFrozen(part));
  assert.notEqual(known[0].credentialId, known[1].credentialId);
  assert.equal(verifier.verifySync(tampered(tokens[0])).code, "signature_invalid");
});

test("whatever ends it ends it at once", async () => {
  let now = NOW;
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => now });
  const token = issuer.mint();
  for (let time = 0; time < 3; time++) assert.ok(verifier.verifySync(token).ok);
  assert.equal(verifier.verifySync(token, { scopes: ["reports:delete"] }).code, "scope_insufficient");
  assert.ok(verifier.verifySync(token, { scopes: ["reports:read"] }).ok);
  verifier.setDenyList([{ issuer: ISSUER, subject: "app-1" }]);
  assert.equal(verifier.verifySync(token).ok, false);
  verifier.setDenyList([]);
  assert.ok(verifier.verifySync(token).ok);
  assert.equal(verifier.verifySync(token, { now: NOW + 3_600_000 }).code, "token_expired");
  now += 3_600_000;
  assert.equal(verifier.verifySync(token).code, "token_expired");
  now = NOW;
  assert.ok(verifier.verifySync(token).ok);
});

test("after the core was started anew, no number of before is taken for one of then", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const [one, other] = ["one", "other"].map((sub) => issuer.mint({ claims: { sub } }));
  for (let time = 0; time < 3; time++) assert.equal(verifier.verifySync(one).subject, "one");
  const before = coreRestarts();
  const { error } = console;
  console.error = () => {};
  coreTraps.once("tokenverifier_verifyPresented");
  assert.equal(verifier.verifySync(one).code, "host_failed");
  console.error = error;
  assert.equal(coreRestarts(), before + 1);
  for (let time = 0; time < 3; time++) assert.equal(verifier.verifySync(other).subject, "other");
  for (let time = 0; time < 3; time++) assert.equal(verifier.verifySync(one).subject, "one");
});

test("thousands of tokens that are known, and memory that grows under them, mix nothing up", async () => {
  const verifier = await createJwtVerifier({ ...tokenPolicy(signer("HS256")), maxTokenBytes: 300_000 }, { now: () => NOW });
  const hmac = signer("HS256");
  const tokens = Array.from({ length: 3000 }, (_, at) => hmac.mint({ claims: { sub: `app-${at}`, padding: "x".repeat(2000) } }));
  for (let time = 0; time < 2; time++) {
    for (const [at, token] of tokens.entries()) assert.equal(verifier.verifySync(token).subject, `app-${at}`);
    const large = hmac.mint({ claims: { sub: "large", padding: randomBytes(90_000).toString("hex") } });
    for (let again = 0; again < 3; again++) assert.equal(verifier.verifySync(large).subject, "large");
  }
  for (const text of ["\u{1F511}".repeat(9000), "\ud800", "é".repeat(16_000)]) assert.equal(verifier.verifySync(text).ok, false);
  assert.equal(verifier.verifySync(tokens[7]).subject, "app-7");
});

for (const [algorithm, count] of [["ES256", 1500], ["ES384", 300], ["ES512", 300], ["ES256K", 600]]) {
  test(`every signature of ${algorithm} reaches the platform as it is, however short its numbers are`, async () => {
    const one = signer(algorithm);
    const verifier = await createJwtVerifier(tokenPolicy(one), { now: () => NOW });
    for (let jti = 0; jti < count; jti++) assert.ok(verifier.verifySync(one.mint({ claims: { jti: `${jti}` } })).ok);
    for (const change of [(signature) => signature.fill(0), (signature) => signature.reverse()]) {
      const bytes = Buffer.from(one.mint().split(".")[2], "base64url");
      const forged = one.mint().replace(/[^.]*$/, change(bytes).toString("base64url"));
      assert.equal(verifier.verifySync(forged).code, "signature_invalid");
    }
  });
}
