// Every algorithm in workerd, whose native cryptography is another one than Node's: the same tokens, the same answers.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { ALGORITHMS, ISSUER, keySet, resigned, signer, tampered, tokenPolicy } from "../support/credentials.mjs";
import { startGate } from "../support/gate.mjs";

const SHARING = "https://sharing.example";
const signers = Object.keys(ALGORITHMS).map((algorithm) => signer(algorithm));
const symmetric = signers.filter(({ algorithm }) => algorithm.startsWith("HS"));
const asymmetric = signers.filter((one) => !symmetric.includes(one));

const issuers = [
  ...tokenPolicy(asymmetric, { jwks: undefined }).issuers,
  ...tokenPolicy(symmetric, { issuer: SHARING }).issuers,
];

let gate;
before(async () => {
  gate = await startGate({ documents: { policy: { issuers }, snapshots: { [ISSUER]: keySet(...asymmetric) } } });
});
after(() => gate.stop());

async function outcome(token) {
  const answer = await gate.fetch("/_edgeward/verify", { headers: { authorization: `Bearer ${token}` } });
  const verdict = await answer.json();
  return verdict.ok ? verdict.algorithm : verdict.code;
}

for (const one of signers) {
  test(`${one.algorithm}: good, tampered, cut and foreign tokens`, async () => {
    const claims = symmetric.includes(one) ? { iss: SHARING } : {};
    const minted = { claims, now: Date.now() };
    const good = one.mint(minted);
    const foreign = signer(one.algorithm, { another: true }).mint(minted);
    const changed = (change) => outcome(resigned(good, change));
    // Twice, since the first check of a key imports it.
    assert.equal(await outcome(good), one.algorithm);
    assert.equal(await outcome(good), one.algorithm);
    for (const refused of [
      outcome(tampered(good)),
      outcome(foreign),
      changed((signature) => signature.subarray(0, -1)),
      changed(() => Buffer.alloc(0)),
      changed((signature) => Buffer.concat([signature, Buffer.alloc(1)])),
      changed((signature) => Buffer.concat([Buffer.alloc(1), signature])),
      changed((signature) => Buffer.alloc(signature.length)),
      changed((signature) => Buffer.alloc(signature.length, 255)),
    ]) {
      assert.equal(await refused, "signature_invalid");
    }
  });
}

test("an ECDSA signature may have a high s, and a PSS salt is as long as the hash", async () => {
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const es256 = signers.find(({ algorithm }) => algorithm === "ES256");
  const other = resigned(es256.mint({ now: Date.now() }), (signature) => {
    const s = order - BigInt(`0x${signature.toString("hex", 32)}`);
    return Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]);
  });
  assert.equal(await outcome(other), "ES256");
  const ps256 = signers.find(({ algorithm }) => algorithm === "PS256");
  const input = ps256.mint({ now: Date.now() }).split(".").slice(0, 2).join(".");
  for (const [salt, expected] of [[32, "PS256"], [0, "signature_invalid"], [20, "signature_invalid"]]) {
    assert.equal(await outcome(`${input}.${ps256.sign(input, salt).toString("base64url")}`), expected);
  }
});
