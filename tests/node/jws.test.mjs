// The signature of a JWS and nothing else: what was signed, or a denial.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { verifyJws } from "edgeward";
import { CompactSign, compactVerify, importJWK } from "jose";
import { ALGORITHMS, NOW, keySet, segment, signer } from "../support/credentials.mjs";

const issuer = signer("ES256");
const keys = keySet(issuer);
const options = { algorithms: ["ES256"] };
const sealed = (payload, header = {}) => issuer.sealed({ alg: "ES256", kid: issuer.kid, ...header }, payload);

for (const signatures of ["native", "wasm"]) {
  for (const algorithm of Object.keys(ALGORITHMS)) {
    test(`${algorithm}: any payload comes back byte by byte, signatures: ${signatures}`, async () => {
      const one = signer(algorithm);
      for (const payload of [Buffer.alloc(0), Buffer.from([0, 255, 10]), Buffer.from("{}"), Buffer.from("no JSON: \u{1f600}")]) {
        const header = { alg: algorithm, kid: one.kid, typ: "x", more: { a: [1] } };
        const jws = await verifyJws(one.sealed(header, payload), keySet(one), { algorithms: [algorithm] }, { signatures });
        assert.deepEqual(jws, { ok: true, header, payload: new Uint8Array(payload), kid: one.kid, algorithm });
      }
    });
  }
}

test("what jose signs holds here, and what holds here holds for jose", async () => {
  const key = await importJWK(issuer.jwk, "ES256");
  const made = await new CompactSign(Buffer.from("hello")).setProtectedHeader({ alg: "ES256", kid: issuer.kid }).sign(issuer.secret);
  assert.equal(Buffer.from((await verifyJws(made, keys, options)).payload).toString(), "hello");
  assert.equal(Buffer.from((await compactVerify(sealed("hello"), key)).payload).toString(), "hello");
});

test("a bad one is denied for its reason, and nothing is thrown", async () => {
  const good = sealed("hello");
  const [header, , signature] = good.split(".");
  for (const [jws, code] of [
    [`${header}.${segment("hellp")}.${signature}`, "signature_invalid"],
    [`${good}=`, "token_malformed"],
    [`${good} `, "token_malformed"],
    [`${header}..${signature}`, "signature_invalid"],
    [sealed("hello", { kid: "other" }), "signing_key_unknown"],
    [sealed("hello", { alg: "none" }), "algorithm_not_allowed"],
    [sealed("hello", { alg: "HS256" }), "algorithm_not_allowed"],
    [sealed("hello", { crit: ["b64"], b64: false }), "crit_not_understood"],
    [sealed("hello", { b64: false }), "token_form_unsupported"],
    [sealed("hello", { cty: "JWT" }), "token_form_unsupported"],
    [sealed("x".repeat(20_000)), "token_too_large"],
    ["", "token_malformed"],
    [undefined, "token_malformed"],
    [{}, "token_malformed"],
  ]) {
    const verdict = await verifyJws(jws, keys, options);
    assert.equal(verdict.ok, false);
    assert.equal(verdict.code, code, String(jws).slice(0, 60));
    assert.equal("payload" in verdict, false);
  }
  assert.equal((await verifyJws(sealed("x".repeat(20_000)), keys, { ...options, maxBytes: 40_000 })).payload.length, 20_000);
});

test("a key set that was changed is another one, at the very next call", async () => {
  const changing = { keys: [...keys.keys] };
  const jws = sealed("hello");
  assert.equal((await verifyJws(jws, changing, options)).ok, true);
  changing.keys[0] = signer("ES256", { another: true }).jwk;
  assert.equal((await verifyJws(jws, changing, options)).code, "signature_invalid");
  changing.keys[0] = keys.keys[0];
  assert.equal((await verifyJws(jws, changing, options)).ok, true);
  assert.equal((await verifyJws(jws, changing, { algorithms: ["ES384", "ES256"] })).ok, true);
});

test("more key sets than are kept ready are all good, while others wait", async () => {
  const waiting = [];
  for (let number = 0; number < 40; number++) {
    const kid = `k-${number}`;
    const jwk = { ...issuer.jwk, kid };
    waiting.push(verifyJws(sealed(kid, { kid }), { keys: [jwk] }, options, globalThis));
    waiting.push(verifyJws(sealed(kid, { kid }), { keys: [jwk] }, options));
  }
  for (const [place, jws] of (await Promise.all(waiting)).entries()) {
    assert.equal(Buffer.from(jws.payload).toString(), `k-${place >> 1}`);
  }
});

test("a snapshot is trusted as long as it is good", async () => {
  const fetchedAt = NOW / 1000;
  const digest = `sha-256:${createHash("sha256").update(JSON.stringify(sorted(keys.keys))).digest("hex")}`;
  const snapshot = { keys: keys.keys, source: "https://issuer.example/jwks", fetchedAt, maxAge: 60, digest };
  const at = (now) => verifyJws(sealed("hello"), snapshot, options, { now: () => now });
  assert.equal((await at(NOW + 60_999)).ok, true);
  const stale = await at(NOW + 61_000);
  assert.deepEqual([stale.code, stale.status], ["key_set_stale", 503]);
});

/** The same value with the members of each object in the order of their names, as the digest has it. */
function sorted(value) {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])]));
}

test("what a program gets wrong is thrown", () => {
  const jws = sealed("hello");
  for (const [jwks, wrong] of [
    [keys, undefined],
    [keys, {}],
    [keys, { algorithms: [] }],
    [keys, { algorithms: "ES256" }],
    [keys, { algorithms: ["none"] }],
    [keys, { algorithms: ["ES256", "HS256"] }],
    [keys, { algorithms: ["RS256"] }],
    [keys, { ...options, maxBytes: 0 }],
    [keys, { ...options, maxBytes: 1e9 }],
    [keys, { ...options, keys: [] }],
    [{ keys: [] }, options],
    [{}, options],
    [undefined, options],
    ["{", options],
    [`${JSON.stringify(keys)},"algorithms":["HS256"]`, options],
    [{ keys: [{ kty: "oct", k: "AA" }, ...keys.keys] }, options],
  ]) {
    assert.throws(() => verifyJws(jws, jwks, wrong), Error, JSON.stringify([jwks, wrong]));
  }
});
