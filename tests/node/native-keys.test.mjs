// Keys in the platform's cryptography: imported once, for one verifier, and gone with their key set.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { after, beforeEach, test } from "node:test";
import { coreTraps } from "../support/core-traps.mjs";
import { AUDIENCE, ISSUER, NOW, keySet, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

// After the traps, which have to be there when the core is started.
const { createJwtVerifier } = await import("edgeward");
const { withoutNodeModules } = await import("../support/backends.mjs");
const { memory } = await import("../support/memory.mjs");

const [one, two] = ["one", "two"].map((kid) => signer("ES256", { kid, another: true }));
const { subtle } = globalThis.crypto;
const own = { createPublicKey: crypto.createPublicKey, importKey: subtle.importKey };

/** What was imported since the test began, and how much of it is still there. */
const imports = { count: 0, there: 0 };
const collected = new FinalizationRegistry((ofTest) => void (ofTest === imports.test && imports.there--));
const seen = (key) => {
  imports.count++;
  imports.there++;
  collected.register(key, imports.test);
  return key;
};
crypto.createPublicKey = (...given) => seen(own.createPublicKey(...given));
subtle.importKey = async (...given) => seen(await own.importKey.apply(subtle, given));
beforeEach(() => void Object.assign(imports, { count: 0, there: 0, test: (imports.test ?? 0) + 1 }));
after(() => void (Object.assign(crypto, { createPublicKey: own.createPublicKey }), (subtle.importKey = own.importKey)));

const turn = () => new Promise((resolve) => setImmediate(resolve));
/** How many keys are there when the collector has done what it can. */
async function there(expected) {
  for (let round = 0; round < 20; round++) {
    memory();
    await turn();
    if (imports.there <= expected) break;
  }
  return imports.there;
}

const BACKENDS = {
  native: (policy, host) => createJwtVerifier(policy, { now: () => NOW, ...host }),
  web: (policy, host) => withoutNodeModules(() => createJwtVerifier(policy, { now: () => NOW, ...host })),
};

for (const [backend, create] of Object.entries(BACKENDS)) {
  test(`${backend}: a key is imported once for two thousand tokens`, async () => {
    const verifier = await create(tokenPolicy(one));
    for (let made = 0; made < 2000; made++) {
      assert.equal((await verifier.verify(one.mint({ claims: { jti: `${made}` } }))).ok, true);
    }
    assert.equal((await verifier.verify(tampered(one.mint()))).code, "signature_invalid");
    assert.equal(imports.count, 1);
  });

  test(`${backend}: two verifiers have each their own, and neither imports the other's`, async () => {
    const [ofOne, ofTwo] = [await create(tokenPolicy(one)), await create(tokenPolicy(two))];
    for (let time = 0; time < 3; time++) {
      assert.equal((await ofOne.verify(one.mint({ claims: { jti: `${time}` } }))).ok, true);
      assert.equal((await ofTwo.verify(two.mint({ claims: { jti: `${time}` } }))).ok, true);
      assert.notEqual((await ofOne.verify(two.mint())).ok, true);
    }
    assert.equal(imports.count, 2);
    ofOne.free();
    assert.equal(await there(1), 1);
    assert.equal((await ofTwo.verify(two.mint({ claims: { jti: "last" } }))).ok, true);
    assert.equal(imports.count, 2);
  });

  test(`${backend}: a verifier that is freed drops its keys, whoever still holds it`, async () => {
    const verifiers = [];
    for (let made = 0; made < 10; made++) {
      const verifier = await create(tokenPolicy(one));
      assert.equal((await verifier.verify(one.mint())).ok, true);
      verifiers.push(verifier);
    }
    assert.equal(await there(10), 10);
    for (const verifier of verifiers) verifier.free();
    assert.equal(await there(0), 0);
    assert.throws(() => verifiers[9].verify(one.mint()), { name: "Freed" });
  });

  test(`${backend}: a verifier that is dropped drops its keys`, async () => {
    const once = async () => void (await (await create(tokenPolicy(one))).verify(one.mint()));
    for (let made = 0; made < 20; made++) await once();
    assert.equal(imports.count, 20);
    // The engine may remember the last ones a while longer.
    assert.ok((await there(0)) <= 2);
  });

  test(`${backend}: a key that leaves its key set is dropped, and one that stays is not imported again`, async () => {
    let clock = NOW;
    const work = [];
    let published = keySet(one, two);
    const remote = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: "https://issuer.example/jwks" };
    const verifier = await create(
      { issuers: [{ ...remote, keySet: { maxAge: 60, staleWhileRevalidate: 30, maxStale: 60, cooldown: 10 } }] },
      { now: () => clock, waitUntil: (promise) => work.push(promise), fetch: async () => Response.json(published) },
    );
    const mint = (issuer, jti) => issuer.mint({ claims: { jti }, now: clock });
    const ok = async (issuer, jti) => (await verifier.verify(mint(issuer, jti))).ok;
    assert.deepEqual([await ok(one, "1"), await ok(two, "2")], [true, true]);
    assert.equal(imports.count, 2);
    published = keySet(two);
    clock += 70_000;
    assert.equal(await ok(two, "3"), true);
    await Promise.all(work);
    assert.deepEqual([await ok(one, "4"), await ok(two, "5")], [false, true]);
    assert.equal(await there(1), 1);
    clock += 70_000;
    assert.equal(await ok(two, "6"), true);
    await Promise.all(work);
    assert.equal(await ok(two, "7"), true);
    // A set that is fetched brings keys of its own: never more than one each time.
    assert.ok(imports.count <= 4, `${imports.count} imports`);
    assert.equal(await there(1), 1);
  });

  test(`${backend}: after a failure of the core a key is imported once more, and the old one is dropped`, async () => {
    const said = console.error;
    console.error = () => {};
    try {
      const verifier = await create(tokenPolicy(one));
      assert.equal((await verifier.verify(one.mint())).ok, true);
      coreTraps.once("tokenverifier_verifyPresented");
      assert.equal((await verifier.verify(one.mint())).code, "host_failed");
      for (let time = 0; time < 5; time++) assert.equal((await verifier.verify(one.mint({ claims: { jti: `${time}` } }))).ok, true);
      assert.equal(imports.count, 2);
      assert.equal(await there(1), 1);
      verifier.free();
      assert.equal(await there(0), 0);
      assert.throws(() => verifier.verify(one.mint()), { name: "Freed" });
    } finally {
      console.error = said;
    }
  });
}

test("what was freed before the core failed stays freed, and what is freed afterwards is let go where it is", async () => {
  const said = console.error;
  console.error = () => {};
  try {
    const make = () => BACKENDS.native(tokenPolicy(one));
    const [freed, left, used] = [await make(), await make(), await make()];
    freed.free();
    coreTraps.once("tokenverifier_verifyPresented");
    assert.equal(used.verify(one.mint()).code, "host_failed");
    const { instances } = coreTraps;
    const before = instances.at(-1).freed;
    // It was never made in this instance, and the one that it was made in is not called again.
    left.free();
    assert.equal(instances.at(-1).freed, before);
    assert.throws(() => freed.verify(one.mint()), { name: "Freed" });
    assert.throws(() => left.verify(one.mint()), { name: "Freed" });
    assert.equal(used.verify(one.mint()).ok, true);
    used.free();
    assert.equal(instances.at(-1).freed, before + 1);
    for (const { calledAfter } of instances) assert.deepEqual(calledAfter, []);
  } finally {
    console.error = said;
  }
});

test("web: of many requests at once one imports the key, and none waits for another's promise", async () => {
  const verifier = await BACKENDS.web(tokenPolicy(one));
  const tokens = Array.from({ length: 300 }, (_, number) => one.mint({ claims: { jti: `${number}` } }));
  // However long that takes here.
  const { now } = Date;
  const moment = now();
  Date.now = () => moment;
  const verdicts = tokens.map((token, number) => verifier.verify(number % 10 === 9 ? tampered(token) : token));
  Date.now = now;
  // The first imports it; the core itself checks for the others, at once.
  assert.deepEqual(verdicts.filter((verdict) => verdict instanceof Promise), [verdicts[0]]);
  const codes = await Promise.all(verdicts.map(async (verdict) => (await verdict).code ?? "ok"));
  assert.deepEqual(codes, tokens.map((_, number) => (number % 10 === 9 ? "signature_invalid" : "ok")));
  assert.equal(imports.count, 1);
  const { verify } = subtle;
  let checked = 0;
  subtle.verify = (...given) => (checked++, verify.apply(subtle, given));
  try {
    assert.equal((await verifier.verify(one.mint({ claims: { jti: "next" } }))).ok, true);
  } finally {
    subtle.verify = verify;
  }
  assert.equal(checked, 1);
});

test("web: an import that never ends keeps nobody from importing the key a moment later", async () => {
  const verifier = await BACKENDS.web(tokenPolicy(one));
  const { importKey } = subtle;
  let asked = 0;
  subtle.importKey = () => (asked++, new Promise(() => {}));
  const { now } = Date;
  try {
    // Its request ends, and nobody hears of it again.
    void verifier.verify(one.mint());
    await turn();
    assert.equal((await verifier.verify(one.mint({ claims: { jti: "b" } }))).ok, true);
    assert.equal(asked, 1);
    subtle.importKey = importKey;
    const moved = now() + 5001;
    Date.now = () => moved;
    assert.equal((await verifier.verify(one.mint({ claims: { jti: "c" } }))).ok, true);
    assert.equal(imports.count, 1);
  } finally {
    subtle.importKey = importKey;
    Date.now = now;
  }
});
