// Strict mode through the package: who signs deny lists, who reads them, and what becomes of a request where there is none.
import assert from "node:assert/strict";
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { createApiKeyChecker, createGate, createJwtVerifier } from "edgeward";
import { NOW, apiKey, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const key = apiKey();
const signing = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: "deny-1" };
const { d, ...published } = signing;
const denySnapshot = { maxAge: 60, jwks: { keys: [published] } };
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  routes: [{ methods: ["GET"], path: "/", classes: ["m2m_token", "api_key"] }],
  denySnapshot,
};

/** A store that others share, and a clock. */
function world() {
  const values = new Map([[key.storeKey ?? `key/${key.id}`, JSON.stringify(key.record)]]);
  const clock = { now: NOW };
  const store = {
    get: async (name) => values.get(name) ?? null,
    put: async (name, value) => void values.set(name, value),
    delete: async (name) => void values.delete(name),
  };
  const gate = (options = {}, changed = {}) =>
    createGate({ ...policy, ...changed }, { store, now: () => clock.now, audit: () => undefined, ...options });
  return { values, clock, store, gate };
}

const ask = async (gate, credential) => {
  const verdict = await gate.check({ method: "GET", url: "/", headers: { authorization: `Bearer ${credential}` } });
  return verdict.ok || verdict.code;
};

/** A list that is signed by Node, and not by the core. */
function signedByNode(payload, jwk = signing, header = { alg: "EdDSA", typ: "edgeward-deny+jwt", kid: "deny-1" }) {
  const input = [header, payload].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  const privateKey = createPrivateKey({ key: jwk, format: "jwk" });
  return `${input}.${sign(null, Buffer.from(input), privateKey).toString("base64url")}`;
}

test("what one process denies, another refuses, and each class by its own entries", async () => {
  const { gate, values } = world();
  const publisher = await gate({ denySigningKey: signing });
  await publisher.refresh();
  const verifier = await gate();
  assert.deepEqual([await ask(verifier, issuer.mint()), await ask(verifier, key.key)], [true, true]);
  const { issuedAt, entries } = await publisher.deny([{ key: key.id }]);
  assert.deepEqual([issuedAt, entries], [Math.floor(NOW / 1000), 1]);
  assert.equal(await ask(publisher, key.key), "key_invalid", "in the process that denied it, at once");
  const another = await gate();
  assert.deepEqual([await ask(another, issuer.mint()), await ask(another, key.key)], [true, "key_invalid"]);
  // An API key that was revoked stays on the list for a month.
  const payload = JSON.parse(Buffer.from(values.get("deny/snapshot").split(".")[1], "base64url"));
  assert.deepEqual(payload.entries, [{ key: key.id, until: issuedAt + 30 * 86_400 }]);
  assert.equal((await publisher.undeny([{ key: key.id }])).entries, 0);
});

test("past its age the answer is 503, and the truth mends it", async () => {
  const { gate, clock, values } = world();
  values.set("deny/snapshot", signedByNode({ iat: Math.floor(NOW / 1000), entries: [] }));
  const verifier = await gate({ waitUntil: () => undefined });
  assert.equal(await ask(verifier, key.key), true);
  assert.equal(verifier.denySnapshot().phase, "fresh");
  clock.now += 60_000;
  const verdict = await verifier.check({ method: "GET", url: "/", headers: { authorization: `Bearer ${key.key}` } });
  assert.deepEqual([verdict.code, verdict.status, verdict.challenge], ["deny_snapshot_stale", 503, null]);
  assert.equal(verifier.denySnapshot().phase, "over");
  values.set("deny/snapshot", signedByNode({ iat: Math.floor(clock.now / 1000), entries: [{ organization: "org-1" }] }));
  clock.now += 1_100;
  assert.equal(await ask(verifier, key.key), "key_invalid");
});

test("what is no list of a trusted key is none", async () => {
  const iat = Math.floor(NOW / 1000);
  const stranger = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: "deny-1" };
  const good = signedByNode({ iat, entries: [] });
  for (const text of [
    signedByNode({ iat, entries: [] }, stranger),
    signedByNode({ iat, entries: [] }, signing, { alg: "EdDSA", typ: "JWT", kid: "deny-1" }),
    signedByNode({ iat: iat + 60, entries: [] }),
    good.slice(0, -10),
    "garbage",
    "",
  ]) {
    const { gate, values, clock } = world();
    values.set("deny/snapshot", text);
    for (const signatures of ["native", "wasm"]) {
      assert.equal(await ask(await gate({ signatures }), key.key), "deny_snapshot_unavailable", text);
    }
    if (text !== "" && !text.startsWith("garbage")) continue;
    // Whoever publishes overwrites nothing that is not understood, and says so.
    const publisher = await gate({ denySigningKey: JSON.stringify(signing) });
    await assert.rejects(publisher.deny([{ key: key.id }]), /^Error: what the store has under `deny\/snapshot`/);
    assert.equal(values.get("deny/snapshot"), text);
    assert.match(publisher.denySnapshot().publishFailure, /not to be trusted/);
    clock.now += 1_000;
  }
});

test("a verifier of tokens alone has strict mode too, and one that may not wait cannot tell", async () => {
  const { store, values, clock } = world();
  values.set("deny/snapshot", signedByNode({ iat: Math.floor(NOW / 1000), entries: [{ organization: "org-2" }] }));
  const lent = { store, now: () => clock.now, waitUntil: () => undefined };
  const verifier = await createJwtVerifier({ ...tokenPolicy(issuer), denySnapshot }, lent);
  assert.equal(verifier.verifySync(issuer.mint()).code, "deny_snapshot_unavailable");
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal((await verifier.verify(issuer.mint())).ok, true);
  assert.equal(verifier.verifySync(issuer.mint()).ok, true);
  assert.equal(verifier.denySnapshot().entries, 1);
  assert.equal((await createJwtVerifier(tokenPolicy(issuer))).denySnapshot(), null);
});

test("a key that could not sign lists that are trusted here is refused, and never shown", async () => {
  const { gate } = world();
  const other = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
  for (const [denySigningKey, changed, words] of [
    [{ ...other, kid: "deny-1" }, {}, /\/denySnapshot\/jwks: the key that was handed over/],
    [{ ...signing, x: other.x }, {}, /`x` is not the public key of `d`/],
    [published, {}, /`d` is not that of a private Ed25519 key/],
    ["not JSON", {}, /no JSON object/],
    [signing, { denySnapshot: undefined }, /\/denySnapshot: a key was handed over/],
    [undefined, { denySnapshot: { ...denySnapshot, maxAge: 5 } }, /\/denySnapshot\/maxAge: from 10 to 3600/],
    [undefined, { denySnapshot: { ...denySnapshot, jwks: { keys: [signing] } } }, /private or symmetric key/],
    [undefined, { denySnapshot: { ...denySnapshot, minAge: 1 } }, /unknown field `minAge`/],
  ]) {
    await assert.rejects(gate(denySigningKey === undefined ? {} : { denySigningKey }, changed), (error) => {
      assert.match(error.message, words);
      assert.ok(!error.message.includes(d) && !error.message.includes(other.d));
      return true;
    });
  }
  const verifier = await gate();
  await assert.rejects(verifier.deny([{ key: "k" }]), /no key was handed over that signs deny lists/);
  const loose = await gate({}, { denySnapshot: undefined });
  await assert.rejects(loose.deny([{ key: "k" }]), /the policy has no `denySnapshot`/);
  await assert.rejects(async () => verifier.deny([{ jti: "t" }]), /name the issuer/);
  assert.equal(loose.denySnapshot(), null);
});

test("a checker of keys alone holds them against the same lists", async () => {
  const { values, store, clock } = world();
  const form = { prefix: "acme", environment: "live", denySnapshot };
  const options = { store, now: () => clock.now, waitUntil: () => undefined };
  const strict = async () => createApiKeyChecker(form, options);
  const asked = async (checker) => {
    const verdict = await checker.check(key.key);
    return verdict.ok || verdict.code;
  };
  assert.equal(await asked(await strict()), "deny_snapshot_unavailable");
  values.set("deny/snapshot", signedByNode({ iat: Math.floor(NOW / 1000), entries: [] }));
  const checker = await strict();
  assert.equal(await asked(checker), true);
  clock.now += 60_000;
  assert.equal(await asked(checker), "deny_snapshot_stale");
  values.set("deny/snapshot", signedByNode({ iat: Math.floor(clock.now / 1000), entries: [{ key: key.id }] }));
  clock.now += 1_100;
  assert.equal(await asked(checker), "key_invalid");

  const listed = await createApiKeyChecker({ prefix: "acme", environment: "live", deny: [{ organization: "org-1" }] }, options);
  assert.equal(await asked(listed), "key_invalid");
  await assert.rejects(createApiKeyChecker({ ...form, denySnapshot: { maxAge: 5, jwks: { keys: [published] } } }, options), /\/denySnapshot\/maxAge/);
});
