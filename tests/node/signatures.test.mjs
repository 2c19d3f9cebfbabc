// One answer, whoever checks the signature: Node's own cryptography, the Web Cryptography API, or the core.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { verifyJws } from "edgeward";
import { BACKENDS, onEveryBackend, withoutNodeModules } from "../support/backends.mjs";
import { ALGORITHMS, resigned, segment, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

/** Each case on each backend, with and without a promise: `expected` is a reason code, or true for allowed. */
async function expectAlike(policy, cases) {
  // Two verifiers of each backend: one that has seen a token does not check its signature again.
  const [waiting, atOnce] = [await onEveryBackend(policy), await onEveryBackend(policy)];
  for (const [name, token, expected] of cases) {
    const answers = [];
    for (const backend of Object.keys(waiting)) {
      const [later, now] = [await waiting[backend].verify(token), atOnce[backend].verifySync(token)];
      answers.push([backend, later], [`${backend}, at once`, now]);
    }
    for (const [backend, verdict] of answers) {
      assert.equal(verdict.ok || verdict.code, expected, `${name}: ${backend}`);
      assert.deepEqual(verdict, answers[0][1], `${name}: ${backend}`);
    }
  }
}

const flipped = (place) => (signature) => {
  const changed = Buffer.from(signature);
  changed[place < 0 ? changed.length + place : place] ^= 1;
  return changed;
};

for (const algorithm of Object.keys(ALGORITHMS)) {
  test(`${algorithm}: good, tampered, cut and foreign tokens get one answer from every backend`, async () => {
    const issuer = signer(algorithm);
    const good = issuer.mint();
    const foreign = signer(algorithm, { another: true }).mint();
    const bad = (name, change) => [name, resigned(good, change), "signature_invalid"];
    await expectAlike(tokenPolicy(issuer), [
      ["good", good, true],
      ["another good one", issuer.mint({ claims: { jti: "token-2" } }), true],
      ["another payload", tampered(good), "signature_invalid"],
      ["another header", issuer.mint({ header: { typ: "JWT" } }).replace(/^[^.]+/, good.split(".")[0]), "signature_invalid"],
      ["another key", foreign, "signature_invalid"],
      bad("one byte less", (signature) => signature.subarray(0, -1)),
      bad("half of it", (signature) => signature.subarray(0, signature.length / 2)),
      bad("none", () => Buffer.alloc(0)),
      bad("one byte more", (signature) => Buffer.concat([signature, Buffer.alloc(1)])),
      bad("a zero byte before it", (signature) => Buffer.concat([Buffer.alloc(1), signature])),
      bad("a bit of its first byte", flipped(0)),
      bad("a bit of its last byte", flipped(-1)),
      bad("zeros", (signature) => Buffer.alloc(signature.length)),
      bad("ones", (signature) => Buffer.alloc(signature.length, 255)),
    ]);
  });
}

/** The curves: the order of each, and the hash that JOSE pairs with it. */
const CURVES = {
  ES256: [0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n, "sha256"],
  ES256K: [0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n, "sha256"],
  ES384: [0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n, "sha384"],
  ES512: [
    0x1fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409n,
    "sha512",
  ],
};

for (const [algorithm, [order, hash]] of Object.entries(CURVES)) {
  test(`${algorithm}: a signature is two numbers of the curve's length, within its order, and may have a high s`, async () => {
    const issuer = signer(algorithm);
    const good = issuer.mint();
    const number = (part) => BigInt(`0x${part.toString("hex")}`);
    const [input] = good.split(/\.(?=[^.]*$)/);
    const der = crypto.sign(hash, Buffer.from(input), issuer.secret);
    const remade = (change) =>
      resigned(good, (signature) => {
        const half = signature.length / 2;
        const bytes = (number) => Buffer.from(number.toString(16).padStart(2 * half, "0"), "hex");
        const [r, s] = change(number(signature.subarray(0, half)), number(signature.subarray(half)));
        return Buffer.concat([bytes(r), bytes(s)]);
      });
    await expectAlike(tokenPolicy(issuer), [
      ["the lower s", remade((r, s) => [r, s < order - s ? s : order - s]), true],
      ["the higher s", remade((r, s) => [r, s < order - s ? order - s : s]), true],
      ["the form of certificates", `${input}.${segment(der)}`, "signature_invalid"],
      ["r is 0", remade((_, s) => [0n, s]), "signature_invalid"],
      ["s is 0", remade((r) => [r, 0n]), "signature_invalid"],
      ["both are 0", remade(() => [0n, 0n]), "signature_invalid"],
      ["r is the order", remade((_, s) => [order, s]), "signature_invalid"],
      ["s is the order", remade((r) => [r, order]), "signature_invalid"],
      ["swapped", remade((r, s) => [s, r]), "signature_invalid"],
    ]);
  });
}

test("the examples of ML-DSA hold on every backend, and nothing near them", async () => {
  const { examples } = JSON.parse(readFileSync(new URL("../vectors/rfc9964.json", import.meta.url), "utf8"));
  assert.equal(examples.length, 3);
  for (const { jwk, jws } of examples) {
    const options = { algorithms: [jwk.alg] };
    const backends = { native: {}, web: { hidden: true }, wasm: { signatures: "wasm" } };
    for (const [backend, { hidden, ...host }] of Object.entries(backends)) {
      const verify = (text) => {
        const check = () => verifyJws(text, { keys: [jwk] }, options, host);
        return hidden ? withoutNodeModules(check) : check();
      };
      const verdict = await verify(jws);
      assert.deepEqual([verdict.ok, verdict.algorithm], [true, jwk.alg], backend);
      for (const place of [0, 1000, -1]) assert.equal((await verify(resigned(jws, flipped(place)))).code, "signature_invalid", backend);
    }
  }
});

test("an RSA-PSS signature has a salt as long as the hash", async () => {
  const issuer = signer("PS256");
  const input = issuer.mint().split(".").slice(0, 2).join(".");
  const salted = (length) => `${input}.${segment(issuer.sign(input, length))}`;
  await expectAlike(tokenPolicy(issuer), [
    ["as long", salted(32), true],
    ["none", salted(0), "signature_invalid"],
    ["shorter", salted(20), "signature_invalid"],
    ["longer", salted(64), "signature_invalid"],
    ["the longest", salted(crypto.constants.RSA_PSS_SALTLEN_MAX_SIGN), "signature_invalid"],
  ]);
});

test("the schemes of RSA do not stand in for each other, nor do their hashes", async () => {
  const issuers = ["RS256", "RS384", "PS256", "PS384"].map((algorithm) => signer(algorithm));
  const cases = issuers.flatMap((issuer) => {
    const [header, payload] = issuer.mint().split(".");
    const input = `${header}.${payload}`;
    return issuers.map((other) => [
      `${issuer.algorithm} signed as ${other.algorithm}`,
      `${input}.${segment(other.sign(input))}`,
      issuer === other || "signature_invalid",
    ]);
  });
  await expectAlike(tokenPolicy(issuers), cases);
});

test("EdDSA and Ed25519 are two names of one algorithm", async () => {
  const [polymorphic, specified] = [signer("EdDSA"), signer("Ed25519")];
  const { jwk } = polymorphic;
  for (const alg of ["EdDSA", "Ed25519", undefined]) {
    await expectAlike(
      tokenPolicy([polymorphic, specified], { jwks: { keys: [{ ...jwk, kid: undefined, alg }] } }),
      [polymorphic, specified].map((issuer) => [issuer.algorithm, issuer.mint({ header: { kid: undefined } }), true]),
    );
  }
});

test("a key of another algorithm, or of another issuer's set, vouches for nothing", async () => {
  const [es256, rs256] = [signer("ES256"), signer("RS256")];
  await expectAlike(tokenPolicy([es256, rs256]), [
    ["by its id", es256.mint(), true],
    ["an unknown id", es256.mint({ header: { kid: "other" } }), "signing_key_unknown"],
    ["the id of the other key", es256.mint({ header: { kid: rs256.kid } }), "signing_key_unknown"],
    ["without an id, the one that fits", es256.mint({ header: { kid: undefined } }), true],
    ["another name of the algorithm", es256.mint({ header: { alg: "RS256" } }), "signing_key_unknown"],
    ["none", es256.mint({ header: { alg: "none" } }), "algorithm_not_allowed"],
    ["none, and no signature", es256.mint({ header: { alg: "None" } }).replace(/[^.]+$/, ""), "algorithm_not_allowed"],
    ["a symmetric one", signer("HS256").mint({ header: { kid: rs256.kid } }), "algorithm_not_allowed"],
  ]);
});

test("a public key that passes for a secret verifies nothing", async () => {
  const rs256 = signer("RS256");
  const pem = crypto.createPublicKey(rs256.secret).export({ type: "spki", format: "pem" });
  const forged = signer("HS256", { kid: rs256.kid, key: crypto.createSecretKey(Buffer.from(pem)) });
  await expectAlike(tokenPolicy(rs256), [["forged", forged.mint(), "algorithm_not_allowed"]]);
});

test("each backend is the one that was asked for", async (context) => {
  for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA"]) {
    const issuer = signer(algorithm);
    for (const [name, { create }] of Object.entries(BACKENDS)) {
      const counters = [BACKENDS.native, BACKENDS.web].map(({ checkedBy }) => context.mock.method(...checkedBy).mock);
      const verifier = await create(tokenPolicy(issuer));
      assert.equal((await verifier.verify(issuer.mint())).ok, true);
      const calls = counters.map((counter) => counter.callCount());
      assert.deepEqual(calls, { native: [1, 0], web: [0, 1], wasm: [0, 0] }[name], `${algorithm}: ${name}`);
      // Without a promise, the Web Cryptography API is of no use and the core answers.
      assert.equal(verifier.verifySync(issuer.mint({ claims: { jti: "token-2" } })).ok, true);
      assert.deepEqual(
        counters.map((counter) => counter.callCount()),
        { native: [2, 0], web: [0, 1], wasm: [0, 0] }[name],
        `${algorithm}: ${name}, at once`,
      );
      context.mock.restoreAll();
    }
  }
});

test("Node answers without a promise, and the Web Cryptography API with one", async () => {
  for (const algorithm of ["HS256", "RS256", "PS256", "ES256", "EdDSA"]) {
    const issuer = signer(algorithm);
    const { native, web, wasm } = await onEveryBackend(tokenPolicy(issuer));
    assert.ok(!(native.verify(issuer.mint()) instanceof Promise), algorithm);
    assert.ok(!(wasm.verify(issuer.mint()) instanceof Promise), algorithm);
    const promised = web.verify(issuer.mint());
    // What is a matter of HMAC needs no host.
    assert.equal(promised instanceof Promise, algorithm !== "HS256", algorithm);
    assert.equal((await promised).ok, true);
  }
});

test("a native check that fails costs time and changes no verdict", async (context) => {
  const issuer = signer("ES256");
  const [good, bad] = [issuer.mint(), tampered(issuer.mint())];
  for (const name of ["native", "web"]) {
    const { create, checkedBy } = BACKENDS[name];
    const failures = {
      throws: () => {
        throw new Error("injected");
      },
      rejects: () => Promise.reject(new Error("injected")),
      "answers with no boolean": () => "true",
    };
    for (const [how, failure] of Object.entries(failures)) {
      context.mock.method(...checkedBy, failure);
      const verifier = await create(tokenPolicy(issuer));
      assert.equal((await verifier.verify(good)).ok, true, `${name} ${how}`);
      assert.equal((await verifier.verify(bad)).code, "signature_invalid", `${name} ${how}`);
      context.mock.restoreAll();
    }
  }
});

test("many tokens at once, each with its own answer", async () => {
  const issuer = signer("ES256");
  for (const verifier of Object.values(await onEveryBackend(tokenPolicy(issuer)))) {
    const answers = Array.from({ length: 60 }, (_, place) => {
      const token = issuer.mint({ claims: { sub: `app-${place}` } });
      return verifier.verify(place % 3 === 0 ? tampered(token) : token);
    });
    for (const [place, verdict] of (await Promise.all(answers)).entries()) {
      if (place % 3 === 0) assert.equal(verdict.code, "signature_invalid");
      else assert.equal(verdict.subject, `app-${place}`);
    }
  }
});
