// The edges of Ed25519, where libraries disagree (whether a cofactor is multiplied in, which spellings of a point and of
// a number are taken): here every backend draws the same line.
import assert from "node:assert/strict";
import { test } from "node:test";
import { onEveryBackend } from "../support/backends.mjs";
import { AUDIENCE, ISSUER, NOW, segment, tokenPolicy } from "../support/credentials.mjs";
import { L, TORSION, challenge, encode, little, multiple, number, scalar, sum } from "../support/ed25519.mjs";

const SECRET = 0x1234567890abcdefn;
const NONCE = 0xfedcba0987654321n;

const policyOf = (key) =>
  tokenPolicy({ algorithm: "EdDSA", jwk: { kty: "OKP", crv: "Ed25519", x: segment(key), kid: "k" } });

function inputOf(jti) {
  const claims = { iss: ISSUER, aud: AUDIENCE, exp: NOW / 1000 + 600, jti };
  claims.exp = Math.floor(claims.exp);
  return `${segment({ alg: "EdDSA", kid: "k" })}.${segment(claims)}`;
}

async function expectAlike(key, cases) {
  const verifiers = Object.entries(await onEveryBackend(policyOf(key)));
  for (const [name, input, signature, expected] of cases) {
    for (const [backend, verifier] of verifiers) {
      const token = `${input}.${segment(signature)}`;
      for (const verdict of [await verifier.verify(token), verifier.verifySync(token)]) {
        assert.equal(verdict.ok || verdict.code, expected, `${name}: ${backend}`);
      }
    }
  }
}

const signed = (r, s) => Buffer.concat([r, little(s)]);

test("a signature made by the definition is good, and its number has one spelling", async () => {
  const key = encode(multiple(SECRET));
  const [input, r] = [inputOf("plain"), encode(multiple(NONCE))];
  const s = scalar(NONCE + challenge(r, key, input) * SECRET);
  await expectAlike(key, [
    ["plain", input, signed(r, s), true],
    ["the number plus the order", input, signed(r, s + L), "signature_invalid"],
    ["the number plus twice the order", input, signed(r, s + 2n * L), "signature_invalid"],
    ["the highest bits set", input, signed(r, s | (7n << 253n)), "signature_invalid"],
    ["the sign of the point turned", input, signed(little(number(r) ^ (1n << 255n)), s), "signature_invalid"],
    ["no point", input, signed(little(2n), s), "signature_invalid"],
  ]);
});

// Node refuses a nonce of small order of late, as the Web Cryptography API asks of it, and did not before; other
// hosts, and the core, take it. Only the core can make one rule of it, before any backend is asked.
test("a nonce has one spelling", async () => {
  const key = encode(multiple(SECRET));
  const input = inputOf("identity");
  for (const [name, r] of [["unreduced", little(2n ** 255n - 18n)], ["signed", little(1n | (1n << 255n))]]) {
    await expectAlike(key, [[name, input, signed(r, scalar(challenge(r, key, input) * SECRET)), "signature_invalid"]]);
  }
});

test("no cofactor is multiplied in: a part of small order counts, in the nonce as in the key", async () => {
  const plain = encode(multiple(SECRET));
  const mixedNonce = encode(sum(multiple(NONCE), TORSION));
  const input = inputOf("nonce");
  await expectAlike(plain, [
    ["nonce", input, signed(mixedNonce, scalar(NONCE + challenge(mixedNonce, plain, input) * SECRET)), "signature_invalid"],
  ]);
  // A key with a part of small order: what it adds vanishes where its factor is a multiple of 8.
  const mixedKey = encode(sum(multiple(SECRET), TORSION));
  const r = encode(multiple(NONCE));
  const found = new Map();
  for (let count = 0; found.size < 2; count++) {
    const tried = inputOf(`key-${count}`);
    const factor = challenge(r, mixedKey, tried);
    const vanishes = factor % 8n === 0n;
    if (!found.has(vanishes)) found.set(vanishes, [tried, signed(r, scalar(NONCE + factor * SECRET))]);
  }
  await expectAlike(mixedKey, [
    ["key, vanishing", ...found.get(true), true],
    ["key, not vanishing", ...found.get(false), "signature_invalid"],
  ]);
});

test("a key of small order is refused before any backend sees it", async () => {
  for (let factor = 0n; factor < 8n; factor++) {
    await assert.rejects(onEveryBackend(policyOf(encode(multiple(factor, TORSION)))), /an Ed25519 key of small order/);
  }
});
