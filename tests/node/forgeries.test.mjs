// What an attacker would make of a token: each attempt is what it says, by Node's own cryptography, and is refused by the
// verifier as production refuses it. And what else the report says of keys and secrets.
import assert from "node:assert/strict";
import { createHash, createHmac, createPublicKey, verify } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { createJwtVerifier, forgeries, inspect, lifecycle } from "edgeward";
import { ALGORITHMS, NOW, apiKey, keySet, segment, signer, tokenPolicy } from "../support/credentials.mjs";
import { ROOT } from "../support/typescript.mjs";

const read = (part) => JSON.parse(Buffer.from(part, "base64url"));
const named = (made) => Object.fromEntries(made.map((forgery) => [forgery.forgery, forgery]));

/** The steps at which each ends, as documented. */
const page = readFileSync(join(ROOT, "docs/inspect-rules.md"), "utf8").split("## What an attacker")[1].split("\n## ")[0];
const ENDS = Object.fromEntries(
  [...page.matchAll(/^\| `(\w+)` \|.*\| ((?:`\w+`(?:, )?)+) \| [^|]* \|$/gm)].map(([, name, steps]) => [name, steps.match(/\w+/g)]),
);

for (const algorithm of Object.keys(ALGORITHMS)) {
  test(`every forgery of a token by ${algorithm} is refused at its step, as in production`, async () => {
    const one = signer(algorithm);
    const policy = tokenPolicy(one);
    const token = one.mint();
    const verifier = await createJwtVerifier(policy, { now: () => NOW });
    assert.equal((await verifier.verify(token)).ok, true);
    const made = forgeries(token, { policy, now: NOW });
    assert.ok(made.length >= Object.keys(ENDS).length - 3, `${made.length}`);
    for (const { forgery, token: forged, at, verdict, step } of made) {
      assert.ok(verdict !== null, `${forgery} is let through`);
      assert.ok(ENDS[forgery].includes(step), `${forgery} ends at ${step}`);
      assert.equal(at, forgery === "expired" ? Math.floor(NOW / 1000) * 1000 + 600_000 : NOW);
      if (forged !== null) {
        assert.ok(!forged.includes(token.split(".")[2]), forgery);
        assert.equal((await verifier.verify(forged)).code, verdict.code, forgery);
      }
    }
    verifier.free();
  });
}

test("the public key as a secret is that which everybody has", () => {
  for (const algorithm of Object.keys(ALGORITHMS).filter((name) => !name.startsWith("HS"))) {
    const one = signer(algorithm);
    const made = named(forgeries(one.mint(), { jwks: keySet(one), now: NOW }));
    const mac = (secret, input) => createHmac("sha256", secret).update(input).digest("base64url");
    const [header, payload, signature] = made.hmac_confusion.token.split(".");
    assert.equal(read(header).alg, "HS256");
    const pem = createPublicKey(one.secret).export({ type: "spki", format: "pem" });
    assert.equal(signature, mac(pem, `${header}.${payload}`), algorithm);
    const [head, body, other] = made.hmac_confusion_jwk.token.split(".");
    const { kid, use, alg, ...members } = one.jwk;
    const defining = one.jwk.kty === "AKP" ? { alg, ...members } : members;
    assert.equal(other, mac(JSON.stringify(Object.fromEntries(Object.entries(defining).sort())), `${head}.${body}`), algorithm);
  }
});

test("what is signed with a key of its own holds under that key", () => {
  const one = signer("ES256");
  const { embedded_key: { token } } = named(forgeries(one.mint(), { policy: tokenPolicy(one), now: NOW }));
  const [header, payload, signature] = token.split(".");
  const key = createPublicKey({ key: read(header).jwk, format: "jwk" });
  assert.ok(verify("sha256", Buffer.from(`${header}.${payload}`), { key, dsaEncoding: "ieee-p1363" }, Buffer.from(signature, "base64url")));
  assert.equal(read(payload).sub, "admin");
});

test("what cannot be forged is not, and a mistake of the caller is thrown", () => {
  for (const nothing of ["", "x", "a.b.c", apiKey().key, null, 1]) assert.deepEqual(forgeries(nothing, { now: NOW }), []);
  assert.throws(() => forgeries("a.b.c", { polcy: {} }), TypeError);
  assert.throws(() => forgeries("a.b.c", { policy: { isuers: [] } }), { name: "PolicyError" });
  assert.throws(() => forgeries("a.b.c", { jwks: "{" }), /the key set/);
  assert.throws(() => forgeries("a.b.c", { now: NaN }), /`now`/);
});

test("large tokens and odd claims are forged in a bounded time", () => {
  const one = signer("ES256");
  const odd = { "\u202e\u0000": "<script>alert(1)</script>", sub: ["x"], deep: Array(5_000).fill({ a: "\u2028" }) };
  const made = forgeries(one.mint({ claims: odd }), { jwks: keySet(one), now: NOW });
  assert.ok(made.length > 20 && made.every(({ verdict }) => verdict !== null));
  assert.deepEqual(forgeries(one.mint({ claims: { fill: "x".repeat(1 << 20) } }), { now: NOW }), []);
});

test("of an API key the record is shown, and no more of its secret than the beginning of the digest", () => {
  const { key: text } = apiKey();
  const report = inspect(text, { now: NOW });
  const { start, end } = report.key.spans.secret;
  const digest = createHash("sha256").update(text.slice(start, end)).digest("hex");
  assert.equal(report.key.record.digest, `sha-256:${digest.slice(0, 8)}…`);
  assert.deepEqual(Object.keys(report.key.record), report.key.sections.map(({ member }) => member));
  assert.equal(report.key.entropyBits, Math.floor(32 * Math.log2(62)));
  assert.match(report.key.checkWords, /CRC-32/);
  const told = JSON.stringify(report);
  assert.ok(!told.includes(text.slice(start, end)) && !told.includes(digest.slice(0, 9)));
});

test("well-known secrets are tried, and the one that is found is not named", () => {
  const tried = (token) => {
    const { token: told, lint } = inspect(token, { now: NOW });
    return [told.secretsTried, told.secretFound, lint.some(({ rule }) => rule === "secret_known")];
  };
  const header = segment({ alg: "HS256", typ: "at+jwt" });
  const by = (secret) => `${header}.${segment({ exp: 1 })}.${createHmac("sha256", secret).update(`${header}.${segment({ exp: 1 })}`).digest("base64url")}`;
  const [count, place] = tried(by("keyboard cat"));
  assert.ok(count > 60 && place < count);
  assert.deepEqual(tried(by("keyboard cat")), [count, place, true]);
  assert.ok(!JSON.stringify(inspect(by("keyboard cat"), { now: NOW })).includes("keyboard"));
  assert.deepEqual(tried(by(Buffer.from("c2VjcmV0", "base64")))[2], true);
  assert.deepEqual(tried(signer("HS256").mint()), [count, null, false]);
  assert.deepEqual(tried(signer("ES256").mint()), [null, null, false]);
});

test("a key set is linted by itself", () => {
  const one = signer("ES256");
  assert.deepEqual(inspect("", { jwks: keySet(one), now: NOW }).lint, []);
  const careless = { keys: [one.secret.export({ format: "jwk" }), signer("HS256").jwk, { ...one.jwk, kid: "' OR 1=1 --" }] };
  const found = inspect("", { jwks: careless, now: NOW }).lint.map(({ rule, place, pointer }) => [rule, place, pointer]);
  for (const rule of [["key_private", "keys", "/keys/0"], ["keys_mixed", "keys", "/keys"], ["secret_handed_over", "keys", "/keys/1"], ["kid_characters", "keys", "/keys/2/kid"]]) {
    assert.ok(found.some((one) => JSON.stringify(one) === JSON.stringify(rule)), `${rule}`);
  }
});

test("the two classes are put side by side", () => {
  const lines = lifecycle();
  assert.ok(lines.length >= 8);
  for (const line of lines) {
    assert.deepEqual(Object.keys(line), ["question", "standing", "expiring", "section"]);
    assert.ok(Object.values(line).every((text) => typeof text === "string" && text !== ""));
  }
});
