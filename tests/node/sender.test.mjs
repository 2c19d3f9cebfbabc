// Tokens that are bound to their sender, through the built package, with proofs that `jose` makes.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { createGate, createJwtVerifier } from "edgeward";
import { SignJWT, calculateJwkThumbprint, exportJWK, generateKeyPair } from "jose";
import { keeping } from "../support/audit-schema.mjs";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";

const URL_OF_REPORTS = "https://api.example/v1/reports";
const issuer = signer("ES256");
const sender = await generateKeyPair("ES256");
const jwk = await exportJWK(sender.publicKey);
const token = issuer.mint({ claims: { cnf: { jkt: await calculateJwkThumbprint(jwk) } } });
const hash = (text, encoding) => createHash("sha256").update(text).digest(encoding);

let made = 0;
function proof(claims = {}, header = {}) {
  const usual = { jti: `p-${++made}`, htm: "GET", htu: URL_OF_REPORTS, iat: Math.floor(NOW / 1000), ath: hash(token, "base64url") };
  return new SignJWT({ ...usual, ...claims }).setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk, ...header }).sign(sender.privateKey);
}

const sent = (proof, more = {}) => ({ dpop: { proof, method: "GET", url: URL_OF_REPORTS, ...more } });

for (const signatures of ["native", "wasm"]) {
  test(`a bound token is good once with its proof, signatures: ${signatures}`, async () => {
    const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW, signatures });
    const good = await proof();
    assert.equal((await verifier.verify(token)).code, "sender_proof_missing");
    assert.equal((await verifier.verify(token, sent(good))).ok, true);
    assert.equal((await verifier.verify(token, sent(good))).code, "sender_proof_replayed");
    assert.equal(verifier.verifySync(token, sent(await proof())).ok, true);
    for (const [claims, header, code] of [
      [{ htm: "POST" }, {}, "sender_proof_method_mismatch"],
      [{ htu: "https://api.example/v1" }, {}, "sender_proof_target_mismatch"],
      [{ ath: hash("another", "base64url") }, {}, "sender_proof_token_mismatch"],
      [{ iat: NOW / 1000 - 61 }, {}, "sender_proof_stale"],
      [{ iat: NOW / 1000 + 6 }, {}, "sender_proof_in_future"],
      [{}, { typ: "JWT" }, "sender_proof_malformed"],
    ]) {
      const verdict = await verifier.verify(token, sent(await proof(claims, header)));
      assert.equal(verdict.code, code);
      assert.match(verdict.challenge, /^DPoP error="invalid_dpop_proof", .*algs=".*ES256/);
    }
    const nonce = await verifier.verify(token, sent(await proof(), { nonce: "n-1" }));
    assert.match(nonce.challenge, /^DPoP error="use_dpop_nonce"/);
    assert.equal((await verifier.verify(token, sent(await proof({ nonce: "n-1" }), { nonce: "n-1" }))).ok, true);
  });
}

test("a certificate is handed over as its DER or as any host writes its thumbprint", async () => {
  const der = Buffer.from("what a host hands over as the DER of a certificate");
  const bound = issuer.mint({ claims: { cnf: { "x5t#S256": hash(der, "base64url") } } });
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const colons = hash(der, "hex").toUpperCase().match(/../g).join(":");
  for (const certificate of [der, new Uint8Array(der), hash(der, "base64url"), hash(der, "hex"), colons]) {
    assert.equal((await verifier.verify(bound, { certificate })).ok, true, String(certificate));
  }
  assert.equal((await verifier.verify(bound, { certificate: null })).code, "sender_certificate_missing");
  assert.equal((await verifier.verify(bound, { certificate: hash("x", "hex") })).code, "sender_certificate_mismatch");
});

test("what a program gets wrong is thrown, and never taken for no proof", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  for (const options of [
    { dpop: "eyJ" },
    { dpop: [] },
    { dpop: {} },
    sent(1),
    sent("x", { method: undefined }),
    sent("x", { nonce: 1 }),
    sent("x", { uri: "x" }),
    { certificate: "no thumbprint" },
    { certificate: 1 },
    { certificate: {} },
  ]) {
    assert.throws(() => verifier.verify(token, options), Error, JSON.stringify(options));
  }
});

test("the gate takes a bound token under its scheme, and a certificate from its host alone", async () => {
  const policy = {
    ...tokenPolicy(issuer),
    routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token"] }],
  };
  const events = [];
  const gate = await createGate(policy, {
    now: () => NOW,
    audit: keeping(events),
    certificate: (request) => request.headers.get("x-set-by-the-test"),
  });
  const request = (headers) => new Request(URL_OF_REPORTS, { headers });
  const good = await proof();
  assert.equal((await gate.check(request({ authorization: `DPoP ${token}`, dpop: good }))).ok, true);
  assert.equal((await gate.check(request({ authorization: `DPoP ${token}`, dpop: good }))).code, "sender_proof_replayed");
  assert.equal((await gate.check(request({ authorization: `Bearer ${token}`, dpop: await proof() }))).code, "sender_proof_missing");
  const answer = await gate.fetch(request({ authorization: `DPoP ${token}` }));
  assert.equal(answer.status, 401);
  assert.match(answer.headers.get("www-authenticate"), /^DPoP error="invalid_token"/);
  const bound = issuer.mint({ claims: { cnf: { "x5t#S256": hash("der", "base64url") } } });
  const authorization = `Bearer ${bound}`;
  assert.equal((await gate.check(request({ authorization, "x-set-by-the-test": hash("der", "hex") }))).ok, true);
  assert.equal((await gate.check(request({ authorization }))).code, "sender_certificate_missing");
  assert.equal((await gate.check({ method: "GET", url: "/v1/reports", headers: { authorization }, certificate: hash("der", "hex") })).ok, true);
  assert.equal(events.length, 7);
  assert.ok(!JSON.stringify(events).includes(good.slice(-20)));
});

test("what Cloudflare reports of the connection is taken by itself", async () => {
  const policy = { ...tokenPolicy(issuer), routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token"] }] };
  const gate = await createGate(policy, { now: () => NOW, audit: () => {} });
  const bound = issuer.mint({ claims: { cnf: { "x5t#S256": hash("der", "base64url") } } });
  const headers = { authorization: `Bearer ${bound}` };
  const connected = (tlsClientAuth) => Object.assign(new Request(URL_OF_REPORTS, { headers }), { cf: { tlsClientAuth } });
  const code = async (tlsClientAuth) => (await gate.check(connected(tlsClientAuth))).code;
  assert.equal((await gate.check(connected({ certFingerprintSHA256: hash("der", "hex") }))).ok, true);
  assert.equal(await code({ certFingerprintSHA256: hash("another", "hex") }), "sender_certificate_mismatch");
  // Without a certificate the member is there and empty.
  assert.equal(await code({ certFingerprintSHA256: "" }), "sender_certificate_missing");
  assert.equal(await code(undefined), "sender_certificate_missing");
});
