// What the suite of all hosts is run on, as JSON: credentials that Node's own cryptography made, and what becomes of each.
// It takes a Node that signs with ML-DSA (24.7 or newer), which is no matter of the host under test.
import assert from "node:assert/strict";
import { createPublicKey, createSecretKey } from "node:crypto";
import { readFileSync } from "node:fs";
import {
  ALGORITHMS,
  AUDIENCE,
  NOW,
  apiKey,
  keySet,
  mistyped,
  resigned,
  segment,
  signer,
  tampered,
  tokenPolicy,
} from "../../support/credentials.mjs";

const second = Math.floor(NOW / 1000);

/** The version that the package must say. */
export const [, VERSION] = /\[workspace\.package\]\s+version = "([^"]+)"/.exec(
  readFileSync(new URL("../../../Cargo.toml", import.meta.url), "utf8"),
);

const flipped = (signature) => {
  signature[signature.length >> 1] ^= 1;
  return signature;
};

/** Each algorithm with a policy for it alone, two good tokens, and two whose signature does not hold. */
function algorithms() {
  return Object.keys(ALGORITHMS).map((algorithm) => {
    const issuer = signer(algorithm);
    const stranger = signer(algorithm, { another: true });
    const good = [1, 2].map((number) => issuer.mint({ claims: { jti: `${algorithm}-${number}` } }));
    const bad = [resigned(good[0], flipped), tampered(good[0]), stranger.mint()];
    const payload = "no JSON, and no matter";
    const jws = issuer.sealed({ alg: algorithm, kid: issuer.kid }, payload);
    return { algorithm, policy: tokenPolicy(issuer), kid: issuer.kid, good, bad, jws: { text: jws, payload, bad: resigned(jws, flipped) } };
  });
}

/** Tokens that are refused whatever their signature, each with the reason code. */
function refused() {
  const [es256, rs256] = [signer("ES256"), signer("RS256")];
  const secret = createSecretKey(createPublicKey(rs256.secret).export({ type: "spki", format: "der" }));
  const forged = signer("HS256", { kid: rs256.kid, key: secret });
  const good = es256.mint();
  const [header, payload, signature] = good.split(".");
  const cases = [
    ["expired", es256.mint({ claims: { iat: second - 1200, exp: second - 600 } }), "token_expired"],
    ["not good yet", es256.mint({ claims: { nbf: second + 600 } }), "token_not_yet_valid"],
    ["for another audience", es256.mint({ claims: { aud: "https://other.example" } }), "audience_mismatch"],
    ["without an audience", es256.mint({ claims: { aud: undefined } }), "claim_missing"],
    ["of another issuer", es256.mint({ claims: { iss: "https://other.example" } }), "issuer_unknown"],
    ["with `none`", `${segment({ alg: "none", kid: es256.kid })}.${payload}.`, "algorithm_not_allowed"],
    ["with `nOnE` and a signature", `${segment({ alg: "nOnE", kid: es256.kid })}.${payload}.${signature}`, "algorithm_not_allowed"],
    ["of a key that nobody knows", es256.mint({ header: { kid: "other" } }), "signing_key_unknown"],
    ["by the key of another algorithm", es256.mint({ header: { kid: rs256.kid } }), "signing_key_unknown"],
    ["with the public key as a secret", forged.mint(), "algorithm_not_allowed"],
    ["with a key in its header", es256.mint({ header: { kid: "other", jwk: es256.jwk } }), "signing_key_unknown"],
    ["with a member twice", es256.sealed({ alg: "ES256", kid: es256.kid }, `{"iss":"a","iss":"b"}`), "payload_invalid"],
    ["of two segments", `${header}.${payload}`, "token_malformed"],
    ["with padding", `${good}=`, "token_malformed"],
    ["that is too large", es256.mint({ claims: { more: "x".repeat(20_000) } }), "token_too_large"],
    ["that is none", "no token", "token_malformed"],
    ["that is empty", "", "token_malformed"],
  ];
  return { policy: tokenPolicy([es256, rs256]), good, cases: cases.map(([name, token, code]) => ({ name, token, code })) };
}

/** What is said of a key to whoever shows it. */
const TOLD = ["key_environment_mismatch"];

/** API keys with their records, and why each is refused that is: outside many are one, and the audit event has the cause. */
function keys() {
  const form = { prefix: "acme", environment: "live" };
  const [good, revoked, guessed] = [
    apiKey(),
    apiKey({ record: { revocation: { at: second - 60, by: "security@example.com", reason: "key_compromise" } } }),
    apiKey(),
  ];
  const cases = [
    ["that is mistyped", mistyped(good.key), "key_check_mismatch"],
    ["with another secret", apiKey({ id: guessed.id }).key, "key_secret_mismatch"],
    ["that nobody issued", apiKey().key, "key_unknown"],
    ["that was revoked", revoked.key, "key_revoked"],
    ["of another environment", apiKey({ environment: "test" }).key, "key_environment_mismatch"],
    ["that is none", "no key", "key_malformed"],
  ];
  return {
    form,
    records: [good, revoked, guessed].map(({ storeKey, record }) => [storeKey, JSON.stringify(record)]),
    good: { key: good.key, id: good.id, organization: good.record.organization },
    cases: cases.map(([name, key, cause]) => ({ name, key, cause, code: TOLD.includes(cause) ? cause : "key_invalid" })),
  };
}

const large = JSON.parse(readFileSync(new URL("../../vectors/rsa-8192.json", import.meta.url), "utf8"));

/** Everything, with the clock at `now`. */
export function makeVectors() {
  const all = algorithms();
  assert.equal(all.length, 18, "the vectors are made by a Node that signs with ML-DSA: 24.7 or newer");
  const es256 = signer("ES256");
  return {
    version: VERSION,
    now: NOW,
    audience: AUDIENCE,
    algorithms: all,
    tokens: refused(),
    keys: keys(),
    large: { ...large, bad: resigned(large.jws, flipped) },
    inspected: { token: es256.mint(), jwks: keySet(es256), other: keySet(signer("ES256", { another: true })) },
  };
}
