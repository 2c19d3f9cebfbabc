// Key sets that are fetched, through the built package: an issuer on this machine with every kind of trouble, and a clock
// that the tests own.
import assert from "node:assert/strict";
import crypto from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGate, createJwtVerifier } from "edgeward";
import { keeping } from "../support/audit-schema.mjs";
import { signingKey, startAuthorizationServer } from "../support/authorization-server.mjs";
import { withoutNodeModules } from "../support/backends.mjs";
import { ALGORITHMS, AUDIENCE, NOW, keySet, segment, signer, tampered } from "../support/credentials.mjs";
import { startIssuer } from "../support/issuer-server.mjs";
import { until } from "../support/until.mjs";

/** How the tests have a set kept; in seconds, the time-out in milliseconds. */
const KEPT = { maxAge: 60, staleWhileRevalidate: 30, maxStale: 300, cooldown: 10, timeout: 200 };
const [one, two, three] = ["one", "two", "three"].map((kid) => signer("ES256", { kid, another: true }));

/** A clock that the test moves. */
function movingClock(start = () => NOW) {
  let ahead = 0;
  return { now: () => start() + ahead, forward: (seconds) => (ahead += seconds * 1000) };
}

/** A store in memory; `changed` replaces some of its methods. */
function memoryStore(changed = {}) {
  const entries = new Map();
  const puts = [];
  return {
    entries,
    puts,
    get: (key) => entries.get(key) ?? null,
    put(key, value, options) {
      puts.push({ key, options });
      entries.set(key, value);
    },
    ...changed,
  };
}

/** An issuer with these signers' keys, a clock, and what makes verifiers for it. It stops when the test ends. */
async function scene(context, signers = [one], options = {}) {
  const issuer = await startIssuer(keySet(...signers), options);
  context.after(() => issuer.stop());
  const clock = movingClock();
  const work = [];
  const policy = ({ keySet: kept, ...rest } = {}) => ({
    issuer: issuer.issuer,
    audience: AUDIENCE,
    algorithms: ["ES256"],
    jwksUri: issuer.jwksUri,
    keySet: { ...KEPT, ...kept },
    ...rest,
  });
  const host = (more) => ({ now: clock.now, waitUntil: (promise) => work.push(promise), ...more });
  return {
    issuer,
    clock,
    /** What was to be done behind a request. */
    work,
    policy,
    host,
    verifier: (change, more) => createJwtVerifier({ issuers: [policy(change)] }, host(more)),
    /** Until nothing is going on behind a request. */
    async settled() {
      while (work.length > 0) await work.shift();
    },
    mint: (signer = one, { claims = {}, ...rest } = {}) =>
      signer.mint({ claims: { iss: issuer.issuer, ...claims }, now: clock.now(), ...rest }),
  };
}

/** The code of a verdict, or true. */
const outcome = async (verdict) => ((verdict) => verdict.ok || verdict.code)(await verdict);
/** A verdict that is there at once. */
function atOnce(verdict) {
  assert.ok(!(verdict instanceof Promise), "it waited");
  return verdict.ok || verdict.code;
}
const failure = (verifier) => verifier.keySets()[0].failure;

test("every asymmetric algorithm with keys that are fetched, whoever checks the signature", async (context) => {
  const signers = Object.keys(ALGORITHMS).filter((name) => !name.startsWith("HS")).map((name) => signer(name));
  const { issuer, verifier, mint } = await scene(context, signers);
  const algorithms = signers.map(({ algorithm }) => algorithm);
  const backends = {
    native: await verifier({ algorithms }),
    web: await withoutNodeModules(() => verifier({ algorithms })),
    wasm: await verifier({ algorithms }, { signatures: "wasm" }),
  };
  for (const [backend, verifier] of Object.entries(backends)) {
    for (const one of signers) {
      const token = mint(one);
      assert.equal(await outcome(verifier.verify(token)), true, `${one.algorithm}, ${backend}`);
      assert.equal(await outcome(verifier.verify(tampered(token))), "signature_invalid", `${one.algorithm}, ${backend}`);
    }
  }
  assert.equal(issuer.asked.keys, Object.keys(backends).length, "once for each verifier");
});

for (const [discovery, metadata] of [
  ["openid-configuration", "/.well-known/openid-configuration"],
  ["oauth-authorization-server", "/.well-known/oauth-authorization-server"],
]) {
  for (const path of ["", "/realms/main"]) {
    test(`keys are found by ${discovery} of an issuer ${path === "" ? "without" : "with"} a path`, async (context) => {
      const { issuer, verifier, mint } = await scene(context, [one], { path });
      const urls = [];
      const fetch = (url, request) => (urls.push(url), globalThis.fetch(url, request));
      const found = await verifier({ jwksUri: undefined, discovery }, { fetch });
      assert.equal(await outcome(found.verify(mint())), true, failure(found));
      assert.equal(atOnce(found.verify(mint())), true);
      const origin = new URL(issuer.issuer).origin;
      const expected = discovery === "openid-configuration" ? `${origin}${path}${metadata}` : `${origin}${metadata}${path}`;
      assert.deepEqual(urls, [expected, issuer.jwksUri]);
      assert.equal(found.keySets()[0].source, issuer.jwksUri);
    });
  }
}

test("metadata of another issuer, or that point to where no trust comes from, are not followed", async (context) => {
  const { issuer, verifier, mint } = await scene(context);
  for (const [metadata, words] of [
    [{ issuer: `${issuer.issuer}/` }, /another issuer/],
    [{ issuer: issuer.issuer.replace("127.0.0.1", "localhost") }, /another issuer/],
    [{ jwks_uri: "http://keys.example/jwks" }, /`jwks_uri`: `https`/],
    [{ jwks_uri: "https://user:secret@keys.example/jwks" }, /`jwks_uri`/],
    [{ jwks_uri: undefined }, /no `jwks_uri`/],
  ]) {
    issuer.says(metadata);
    const found = await verifier({ jwksUri: undefined, discovery: "openid-configuration" });
    const verdict = await found.verify(mint());
    assert.deepEqual([verdict.code, verdict.status], ["key_set_unavailable", 503]);
    assert.match(failure(found), words);
  }
  assert.equal(issuer.asked.keys, 0);
});

test("requests that come at one time make one fetch, and all are answered by it", async (context) => {
  const { issuer, verifier, mint } = await scene(context);
  issuer.answers("held");
  const cold = await verifier();
  const verdicts = Array.from({ length: 50 }, (_, number) => cold.verify(mint(one, { claims: { jti: `t${number}` } })));
  await until(() => issuer.asked.keys > 0, "the issuer is asked");
  issuer.release();
  for (const verdict of verdicts) assert.equal(await outcome(verdict), true);
  assert.equal(issuer.asked.keys, 1);
});

test("requests that come at one time are all told at the time-out of an issuer that never answers", async (context) => {
  const { issuer, verifier, mint } = await scene(context);
  issuer.answers("never");
  const cold = await verifier();
  const verdicts = await Promise.all(Array.from({ length: 50 }, () => cold.verify(mint())));
  assert.deepEqual(new Set(verdicts.map(({ code }) => code)), new Set(["key_set_unavailable"]));
  assert.equal(issuer.asked.keys, 1);
});

test("a stale set is used at once, and fetched again behind the request", async (context) => {
  const { issuer, verifier, clock, mint, work, settled } = await scene(context);
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint())), true);
  clock.forward(KEPT.maxAge - 1);
  assert.equal(atOnce(tokens.verify(mint())), true);
  await settled();
  assert.equal(issuer.asked.keys, 1, "a fresh one is left alone");
  clock.forward(1);
  issuer.answers("held");
  for (let request = 0; request < 20; request++) assert.equal(atOnce(tokens.verify(mint())), true);
  assert.equal(work.length, 1, "one is enough");
  assert.ok(work[0] instanceof Promise);
  await until(() => issuer.asked.keys === 2, "the issuer is asked");
  assert.equal(atOnce(tokens.verify(mint())), true, "while the issuer thinks");
  assert.equal(tokens.keySets()[0].phase, "stale");
  issuer.release();
  await settled();
  assert.equal(tokens.keySets()[0].phase, "fresh");
  assert.equal(atOnce(tokens.verify(mint())), true);
});

test("past that time a request waits for the issuer, and a key that was withdrawn is refused", async (context) => {
  const { issuer, verifier, clock, mint } = await scene(context, [one, two]);
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint(one))), true);
  issuer.publish(keySet(two));
  clock.forward(KEPT.maxAge + KEPT.staleWhileRevalidate);
  assert.equal(await outcome(tokens.verify(mint(one))), "signing_key_unknown");
  assert.equal(atOnce(tokens.verify(mint(two))), true);
  assert.equal(issuer.asked.keys, 2);
});

test("what an issuer says of its set's age can shorten it, and an entity tag spares the keys", async (context) => {
  const { issuer, verifier, clock, mint, settled } = await scene(context);
  issuer.publish(keySet(one), { "cache-control": "max-age=40, stale-while-revalidate=5", etag: '"1"' });
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint())), true);
  const [{ fetchedAt }] = tokens.keySets();
  clock.forward(39);
  assert.equal(tokens.keySets()[0].phase, "fresh");
  clock.forward(1);
  assert.equal(tokens.keySets()[0].phase, "stale");
  assert.equal(atOnce(tokens.verify(mint())), true);
  await settled();
  assert.equal(issuer.revalidated(), 1);
  const [status] = tokens.keySets();
  assert.deepEqual([status.phase, status.fetchedAt, status.failure], ["fresh", fetchedAt + 40, null]);
  // The answer 304 is as good as the set: it ages from there.
  clock.forward(45);
  assert.equal(tokens.keySets()[0].phase, "ifError");
  issuer.publish(keySet(two), { etag: '"2"' });
  assert.equal(await outcome(tokens.verify(mint(two))), true);
  assert.equal(await outcome(tokens.verify(mint(one))), "signing_key_unknown");
});

test("a key that is not known yet is asked for once in a cooldown", async (context) => {
  const { issuer, verifier, clock, mint } = await scene(context);
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint())), true);
  const verdict = tokens.verify(mint(two));
  assert.equal(atOnce(verdict), "signing_key_unknown");
  assert.equal(verdict.status, 401);
  assert.equal(issuer.asked.keys, 1, "the issuer was asked a moment ago");
  clock.forward(KEPT.cooldown);
  issuer.publish(keySet(one, two));
  assert.equal(await outcome(tokens.verify(mint(two))), true);
  assert.equal(issuer.asked.keys, 2);
  issuer.publish(keySet(one, two, three));
  assert.equal(atOnce(tokens.verify(mint(three))), "signing_key_unknown");
  clock.forward(KEPT.cooldown);
  assert.equal(await outcome(tokens.verify(mint(three))), true);
  assert.equal(issuer.asked.keys, 3);
});

test("a hundred thousand keys that nobody has cost a fetch for each cooldown", async (context) => {
  const { issuer, verifier, clock, mint } = await scene(context);
  const tokens = await verifier({ keySet: { maxAge: 600 } });
  assert.equal(await outcome(tokens.verify(mint())), true);
  const token = mint();
  const rest = token.slice(token.indexOf("."));
  const [count, step] = [100_000, 0.001];
  for (let number = 0; number < count; number++) {
    clock.forward(step);
    const flood = `${segment({ alg: "ES256", kid: `nobody-${number}`, typ: "at+jwt" })}${rest}`;
    const verdict = tokens.verify(flood);
    const { code } = verdict instanceof Promise ? await verdict : verdict;
    if (code !== "signing_key_unknown") assert.fail(`${number}: ${code}`);
  }
  const cooldowns = (count * step) / KEPT.cooldown;
  assert.ok(issuer.asked.keys <= 1 + cooldowns, `${issuer.asked.keys} fetches in ${cooldowns} cooldowns`);
  assert.equal(await outcome(tokens.verify(mint())), true);
});

test("an outage: the set is good to its end, then it cannot be told, and then all is well again", async (context) => {
  const { issuer, verifier, clock, mint, settled } = await scene(context);
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint())), true);
  await issuer.goDown();
  clock.forward(KEPT.maxAge);
  assert.equal(atOnce(tokens.verify(mint())), true);
  await settled();
  assert.notEqual(failure(tokens), null);
  // While it is asked behind requests, no request waits.
  let age = KEPT.maxAge;
  for (; age + KEPT.cooldown < KEPT.maxAge + KEPT.maxStale; age += KEPT.cooldown) {
    clock.forward(KEPT.cooldown);
    assert.equal(atOnce(tokens.verify(mint())), true, `at ${age} s`);
    await settled();
  }
  assert.equal(tokens.keySets()[0].phase, "ifError");
  assert.equal(await outcome(tokens.verify(mint(two))), "key_set_unavailable", "it may be a new key: nobody can tell");
  clock.forward(KEPT.maxAge + KEPT.maxStale - age);
  const verdict = await tokens.verify(mint());
  assert.deepEqual([verdict.code, verdict.status, verdict.challenge], ["key_set_stale", 503, null]);
  assert.equal(atOnce(tokens.verifySync(mint())), "key_set_stale");

  await issuer.comeUp();
  clock.forward(KEPT.cooldown);
  assert.equal(await outcome(tokens.verify(mint())), true);
  assert.equal(failure(tokens), null);
});

test("an outage that nobody noticed: the first request asks, and goes on with the set at hand", async (context) => {
  const { issuer, verifier, clock, mint, settled } = await scene(context);
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint())), true);
  issuer.answers("error");
  clock.forward(KEPT.maxAge + KEPT.maxStale - 1);
  const first = tokens.verify(mint());
  assert.ok(first instanceof Promise);
  assert.equal(await outcome(first), true);
  assert.equal(atOnce(tokens.verify(mint())), true, "it is known by now");
  await settled();
  assert.equal(issuer.asked.keys, 2);
});

test("a removed key goes out of the host's hands, and one that stays is not imported again", async (context) => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc");
  const { createPublicKey } = crypto;
  const imported = [];
  crypto.createPublicKey = (...input) => {
    const key = createPublicKey(...input);
    imported.push(new WeakRef(key));
    return key;
  };
  context.after(() => (crypto.createPublicKey = createPublicKey));
  const { issuer, verifier, clock, mint, settled } = await scene(context, [one, two]);
  const tokens = await verifier();
  for (const signer of [one, two]) assert.equal(await outcome(tokens.verify(mint(signer))), true);
  assert.equal(imported.length, 2);
  issuer.publish(keySet(two, three));
  clock.forward(KEPT.maxAge);
  assert.equal(atOnce(tokens.verify(mint(two))), true);
  await settled();
  const [ofOne, ofTwo] = imported;
  await until(() => (collect(), ofOne.deref() === undefined), "the withdrawn key is collected");
  assert.notEqual(ofTwo.deref(), undefined);
  assert.equal(atOnce(tokens.verify(mint(two))), true);
  assert.equal(imported.length, 2);
  assert.equal(await outcome(tokens.verify(mint(three))), true);
  assert.equal(await outcome(tokens.verify(mint(one))), "signing_key_unknown");
});

test("a check that stands for another time makes no set older or younger", async (context) => {
  const { clock, issuer, verifier, mint, settled } = await scene(context);
  const tokens = await verifier();
  const token = mint();
  assert.equal(await outcome(tokens.verify(token)), true);
  await settled();
  const before = tokens.keySets();
  assert.equal(await outcome(tokens.verify(token, { now: clock.now() + 10 * 365 * 86_400_000 })), "token_expired");
  assert.equal(await outcome(tokens.verify(token, { now: 0 })), "token_issued_in_future");
  await settled();
  assert.deepEqual(tokens.keySets(), before);
  assert.equal(await outcome(tokens.verify(token)), true);
  assert.equal(issuer.asked.keys, 1);
});

test("a check that waits for nothing cannot tell at first, and can when the set is there", async (context) => {
  const { issuer, verifier, mint, work, settled } = await scene(context);
  const tokens = await verifier();
  const verdict = tokens.verifySync(mint());
  assert.deepEqual([verdict.code, verdict.status], ["key_set_unavailable", 503]);
  assert.equal(work.length, 1, "the set is fetched behind it");
  await settled();
  assert.equal(atOnce(tokens.verifySync(mint())), true);
  assert.equal(issuer.asked.keys, 1);
});

for (const [way, words] of [
  ["redirect", /status 302/],
  ["error", /status 500/],
  ["garbage", /not JSON/],
  ["empty", /no key in the set/],
  ["many", /10001 keys, at most 64/],
  ["heavy", /longer than 524288 bytes/],
  ["endless", /longer than 524288 bytes/],
  ["never", /./],
  ["reset", /./],
  ["cut", /./],
]) {
  test(`an issuer that answers with trouble (${way}) is told from a bad token, and left alone for a while`, async (context) => {
    const { issuer, verifier, clock, mint, settled } = await scene(context);
    issuer.answers(way);
    const tokens = await verifier();
    const verdict = await tokens.verify(mint());
    assert.deepEqual([verdict.code, verdict.status], ["key_set_unavailable", 503]);
    assert.match(failure(tokens), words);
    const again = await tokens.verify(mint());
    assert.equal(again.code, "key_set_unavailable");
    assert.deepEqual(issuer.asked, { keys: 1, metadata: 0, elsewhere: 0 });
    // And none of it takes a good set away.
    issuer.answers("well");
    clock.forward(KEPT.cooldown);
    assert.equal(await outcome(tokens.verify(mint())), true);
    issuer.answers(way);
    clock.forward(KEPT.maxAge);
    assert.equal(atOnce(tokens.verify(mint())), true);
    await settled();
    assert.match(failure(tokens), words);
    assert.equal(atOnce(tokens.verify(mint())), true);
    assert.equal(issuer.asked.keys, 3);
  });
}

test("a set with hostile and unknown keys is survived by the good ones", async (context) => {
  const { issuer, verifier, mint } = await scene(context);
  const { d } = two.secret.export({ format: "jwk" });
  issuer.publish({
    keys: [
      null,
      7,
      { kty: "XYZ", kid: "of the future" },
      { kty: "RSA", kid: "incomplete" },
      { ...two.jwk, d },
      three.jwk,
      three.jwk,
      one.jwk,
    ],
  });
  const tokens = await verifier();
  assert.equal(await outcome(tokens.verify(mint(one))), true, failure(tokens));
  assert.equal(await outcome(tokens.verify(mint(two))), "signing_key_unusable");
  assert.equal(await outcome(tokens.verify(mint(three))), "signing_key_ambiguous");
});

test("verifiers share what was fetched by a store: one fetch for both", async (context) => {
  const { issuer, verifier, clock, mint, settled } = await scene(context);
  const store = memoryStore();
  const [first, second] = [await verifier({}, { store }), await verifier({}, { store })];
  assert.equal(await outcome(first.verify(mint())), true);
  await settled();
  assert.equal(store.puts.length, 1);
  const [{ key, options }] = store.puts;
  assert.match(key, /^jwks\/[0-9a-f]{64}$/);
  assert.deepEqual(options, { expirationTtl: KEPT.maxAge + KEPT.maxStale });
  const entry = JSON.parse(store.entries.get(key));
  assert.deepEqual(entry.keys, [one.jwk]);
  assert.deepEqual([entry.issuer, entry.source, entry.fetchedAt, entry.maxAge], [issuer.issuer, issuer.jwksUri, Math.floor(NOW / 1000), KEPT.maxAge]);
  clock.forward(1);
  assert.equal(await outcome(second.verify(mint())), true);
  assert.deepEqual([first.keySets()[0].tier, second.keySets()[0].tier], ["issuer", "store"]);
  assert.equal(issuer.asked.keys, 1);
  // The clock of the set goes on from when it was fetched.
  clock.forward(KEPT.maxAge - 1);
  assert.equal(second.keySets()[0].phase, "stale");
  assert.equal(atOnce(second.verify(mint())), true);
  await settled();
  assert.equal(issuer.asked.keys, 2);
  assert.equal(atOnce(first.verify(mint())), true);
  await settled();
  assert.equal(issuer.asked.keys, 2, "the other one takes it from the store");
  assert.equal(first.keySets()[0].tier, "store");
});

test("an entry of the store that is no such set is passed over", async (context) => {
  const { issuer, verifier, mint, settled } = await scene(context);
  const store = memoryStore();
  const writer = await verifier({}, { store });
  await writer.refresh();
  const [[key, good]] = [...store.entries];
  const entry = JSON.parse(good);
  const seconds = Math.floor(NOW / 1000);
  for (const [what, bad] of Object.entries({
    "no JSON": "{",
    "of another issuer": JSON.stringify({ ...entry, issuer: "https://other.example" }),
    "with other keys": JSON.stringify({ ...entry, keys: keySet(two).keys }),
    "a bare key set": JSON.stringify(keySet(two)),
    "over": JSON.stringify({ ...entry, fetchedAt: seconds - KEPT.maxAge - KEPT.maxStale }),
    "of the future": JSON.stringify({ ...entry, fetchedAt: seconds + 3600 }),
    "bytes": new Uint8Array([0xff, 0xfe]),
    "a number": 7,
  })) {
    store.entries.set(key, bad);
    const before = issuer.asked.keys;
    const tokens = await verifier({}, { store });
    assert.equal(await outcome(tokens.verify(mint(one))), true, what);
    assert.equal(await outcome(tokens.verify(mint(two))), "signing_key_unknown", what);
    assert.equal(issuer.asked.keys, before + 1, what);
    await settled();
  }
  store.entries.set(key, Buffer.from(good));
  const before = issuer.asked.keys;
  assert.equal(await outcome((await verifier({}, { store })).verify(mint(one))), true);
  assert.equal(issuer.asked.keys, before, "a store may answer with bytes");
});

test("a store that takes nothing, throws, or never answers costs a fetch and no verdict", async (context) => {
  const { issuer, verifier, mint, settled } = await scene(context);
  const never = () => new Promise(() => undefined);
  const fails = () => Promise.reject(new Error("the store is down"));
  const throws = () => {
    throw new Error("the store is broken");
  };
  for (const [what, store] of Object.entries({
    "without put": memoryStore({ put: undefined }),
    "get throws": memoryStore({ get: throws }),
    "get fails": memoryStore({ get: fails }),
    "put throws": memoryStore({ put: throws }),
    "put fails": memoryStore({ put: fails }),
    "put fails by a value": memoryStore({ put: () => Promise.reject(undefined) }),
    "all fails": { get: fails, put: fails },
    "a promise of its own": { get: () => ({ then: (resolve) => resolve(null) }), put: () => ({ then: (resolve) => resolve() }) },
    "get never answers": memoryStore({ get: never }),
  })) {
    const before = issuer.asked.keys;
    const tokens = await verifier({}, { store });
    assert.equal(await outcome(tokens.verify(mint())), true, what);
    assert.equal(atOnce(tokens.verify(mint())), true, what);
    await settled();
    assert.equal(atOnce(tokens.verify(mint())), true, what);
    assert.equal(issuer.asked.keys, before + 1, what);
  }
  // One that never takes what it is given holds up what goes on behind requests, and no request.
  const tokens = await verifier({}, { store: memoryStore({ put: never }) });
  assert.equal(await outcome(tokens.verify(mint())), true);
  for (let request = 0; request < 5; request++) assert.equal(atOnce(tokens.verify(mint())), true);
});

test("a refresh by the clock fills the store, so that no request waits", async (context) => {
  const { issuer, verifier, clock, mint } = await scene(context);
  const store = memoryStore();
  const tokens = await verifier({}, { store });
  const [status] = await tokens.refresh();
  assert.deepEqual([status.phase, status.tier, status.keys], ["fresh", "issuer", 1]);
  assert.deepEqual(tokens.keySets(), [status]);
  assert.equal(store.puts.length, 1);
  assert.equal(atOnce(tokens.verify(mint())), true);
  await tokens.refresh();
  assert.equal(issuer.asked.keys, 1, "it was asked a moment ago");
  clock.forward(KEPT.cooldown);
  await tokens.refresh();
  assert.equal(issuer.asked.keys, 2, "whatever is at hand");
  await issuer.goDown();
  clock.forward(KEPT.cooldown);
  const [failed] = await tokens.refresh();
  assert.equal(typeof failed.failure, "string");
  assert.equal(failed.phase, "fresh");
});

test("what is known of a set has the members that the types promise", async (context) => {
  const types = readFileSync(new URL("../../npm/types/issuers.d.ts", import.meta.url), "utf8");
  const [, body] = /export interface KeySetStatus \{([^}]*)\}/.exec(types);
  const members = [...body.matchAll(/^ {2}(\w+): (.+);$/gm)].map(([, name, type]) => [name, type]);
  assert.equal(members.length, 8);
  const { issuer, verifier, clock, mint, settled } = await scene(context);
  const tokens = await verifier();
  const holds = (status) => {
    assert.deepEqual(Object.keys(status).sort(), members.map(([name]) => name).sort());
    for (const [name, type] of members) {
      const value = status[name];
      const kinds = type.split(" | ").map((kind) => (kind.startsWith('"') ? JSON.parse(kind) : kind));
      const fits = kinds.some((kind) => kind === value || kind === typeof value || (kind === "null" && value === null));
      assert.ok(fits, `${name}: ${value} is none of ${type}`);
    }
    return status.phase;
  };
  assert.equal(holds(tokens.keySets()[0]), "none");
  assert.equal(holds((await tokens.refresh())[0]), "fresh");
  issuer.answers("reset");
  const phases = [];
  for (const seconds of [KEPT.maxAge, KEPT.staleWhileRevalidate, KEPT.maxStale]) {
    clock.forward(seconds);
    phases.push(holds(tokens.keySets()[0]));
    await tokens.verify(mint());
    await settled();
    holds(tokens.keySets()[0]);
  }
  assert.deepEqual(phases, ["stale", "ifError", "over"]);
  clock.forward(-10_000);
  assert.equal(holds(tokens.keySets()[0]), "ahead");
});

test("a snapshot to start with serves until the first fetch, and when the issuer is down", async (context) => {
  const { issuer, verifier, clock, policy, host, mint, settled } = await scene(context, [one]);
  const digest = (keys) => {
    const sorted = (value) => Array.isArray(value) ? value.map(sorted) : value instanceof Object ? Object.fromEntries(Object.keys(value).sort().map((name) => [name, sorted(value[name])])) : value;
    return `sha-256:${crypto.createHash("sha256").update(JSON.stringify(sorted(keys))).digest("hex")}`;
  };
  const { keys } = keySet(two);
  const snapshot = { keys, source: issuer.jwksUri, fetchedAt: Math.floor(NOW / 1000), maxAge: 3600, digest: digest(keys) };
  const tokens = await verifier({ jwks: snapshot });
  assert.equal(atOnce(tokens.verify(mint(two))), true);
  assert.equal(tokens.keySets()[0].tier, "snapshot");
  assert.equal(issuer.asked.keys, 0);
  clock.forward(KEPT.maxAge);
  assert.equal(atOnce(tokens.verify(mint(two))), true);
  await settled();
  assert.equal(atOnce(tokens.verify(mint(one))), true);
  assert.equal(await outcome(tokens.verify(mint(two))), "signing_key_unknown");
  await issuer.goDown();
  const gate = await createGate({ issuers: [policy()] }, { ...host(), audit() {}, snapshots: { [issuer.issuer]: snapshot } });
  clock.forward(1800);
  const headers = { authorization: `Bearer ${mint(two)}` };
  const answer = await gate.fetch(new Request("https://gate.example/_edgeward/verify", { headers }));
  assert.deepEqual([(await answer.json()).ok, gate.keySets()[0].phase], [true, "ifError"]);
  clock.forward(3600 - KEPT.maxAge - 1800 + KEPT.maxStale);
  const late = await gate.fetch(new Request("https://gate.example/_edgeward/verify", { headers: { authorization: `Bearer ${mint(two)}` } }));
  assert.equal((await late.json()).code, "key_set_stale");
});

test("the gate's Worker refreshes by the clock, and tells the outage from a bad token", async (context) => {
  const { issuer, policy, host, clock, mint } = await scene(context);
  const events = [];
  const routes = [{ methods: ["GET"], path: "/v1", classes: ["m2m_token"] }];
  const gate = await createGate({ issuers: [policy()], routes }, { ...host(), audit: keeping(events) });
  const { scheduled } = gate.worker();
  const check = (token) => gate.check({ method: "GET", url: "/v1", headers: { authorization: `Bearer ${token}` } });
  assert.equal(gate.keySets()[0].phase, "none");
  assert.equal(await scheduled(), undefined);
  assert.equal(gate.keySets()[0].phase, "fresh");
  assert.equal(atOnce(check(mint())), true);
  assert.equal(atOnce(check(tampered(mint()))), "signature_invalid");
  await issuer.goDown();
  clock.forward(KEPT.maxAge + KEPT.maxStale);
  assert.equal(await scheduled(), undefined, "it does not throw");
  assert.equal(await outcome(check(mint())), "key_set_stale");
  assert.deepEqual(events.map(({ status_code: code }) => code), ["allowed", "signature_invalid", "key_set_stale"]);
  assert.equal((await gate.refresh()).length, 1);
});

test("what is lent is asked as the platform's own, and one that fails changes no verdict", async (context) => {
  const { issuer, verifier, clock, mint, settled } = await scene(context);
  const sent = [];
  const fetch = async (url, request) => (sent.push({ url, ...request }), globalThis.fetch(url, request));
  const tokens = await verifier({}, { fetch });
  assert.equal(await outcome(tokens.verify(mint())), true);
  const [{ url, method, redirect, signal, headers, body }] = sent;
  assert.deepEqual([url, method, redirect, body], [issuer.jwksUri, "GET", "manual", undefined]);
  assert.ok(signal instanceof AbortSignal);
  assert.deepEqual(headers, [["accept", "application/jwk-set+json, application/json"]]);
  for (const fetch of [() => undefined, () => 7, () => Promise.reject(new Error("no")), () => Promise.resolve({}), () => { throw new Error("no"); }]) {
    const tokens = await verifier({}, { fetch });
    assert.equal(await outcome(tokens.verify(mint())), "key_set_unavailable");
    assert.equal(typeof failure(tokens), "string");
  }
  const failing = await verifier({}, { waitUntil() { throw new Error("not here"); } });
  assert.equal(await outcome(failing.verify(mint())), true);
  clock.forward(KEPT.maxAge);
  assert.equal(atOnce(failing.verify(mint())), true);
  await until(() => failing.keySets()[0].phase === "fresh", "the refresh goes on all the same");
  await settled();
});

for (const discovery of ["openid-configuration", "oauth-authorization-server"]) {
  test(`a real issuer rotates its keys: new tokens work at once, old ones as long as promised (${discovery})`, async (context) => {
    const server = await startAuthorizationServer();
    context.after(() => server.stop());
    // The server mints by the machine's clock.
    const clock = movingClock(Date.now);
    const work = [];
    const settled = async () => {
      while (work.length > 0) await work.shift();
    };
    const policy = { issuer: server.issuer, audience: AUDIENCE, algorithms: ["RS256"], typ: "at+jwt", discovery, keySet: KEPT };
    const tokens = await createJwtVerifier({ issuers: [policy] }, { now: clock.now, waitUntil: (promise) => work.push(promise) });
    const [before, after] = [signingKey("before"), signingKey("after")];
    server.rotate(before);
    const old = await server.mint("jwt");
    const verdict = await tokens.verify(old);
    assert.deepEqual([verdict.ok, verdict.kid], [true, "before"], JSON.stringify(verdict));

    // The new key is published, and the set is fetched again before anything is signed with it.
    server.rotate(before, after);
    clock.forward(KEPT.maxAge);
    assert.equal(atOnce(tokens.verify(old)), true);
    await settled();
    assert.equal(server.fetched(), 2);
    server.rotate(after, before);
    const next = await server.mint("jwt");
    assert.equal(atOnce(tokens.verify(next)), true, "nobody is asked");
    assert.equal(atOnce(tokens.verify(old)), true);

    // The old one is gone: it vouches until the set was fetched again, and no longer than promised.
    server.rotate(after);
    clock.forward(KEPT.maxAge);
    assert.equal(atOnce(tokens.verify(old)), true);
    await settled();
    assert.equal(atOnce(tokens.verify(old)), "signing_key_unknown");
    assert.equal(atOnce(tokens.verify(next)), true);

    // In a hurry: signed with a key that was never published before.
    clock.forward(KEPT.cooldown);
    server.rotate(signingKey("hurried"), after);
    const fetched = server.fetched();
    assert.equal(await outcome(tokens.verify(await server.mint("jwt"))), true);
    assert.equal(server.fetched(), fetched + 1);
  });
}

test("what a program gets wrong is thrown", async (context) => {
  const { issuer, verifier, policy } = await scene(context);
  for (const lent of [{ fetch: 1 }, { fetch: null }, { waitUntil: 1 }, { waitUntil: {} }, { store: { put() {} } }, { store: { get() {}, put: 1 } }]) {
    await assert.rejects(verifier({}, lent), TypeError, JSON.stringify(lent));
    await assert.rejects(createGate({ issuers: [policy()] }, lent), TypeError, JSON.stringify(lent));
  }
  await assert.rejects(verifier({}, { store: { get() {}, put: "kv" } }), /^TypeError: `put` of `store` is a function, where it has one$/);
  for (const [change, words] of [
    [{ discovery: "openid-configuration" }, /\/issuers\/0\/discovery: the metadata and `jwksUri` both say/],
    [{ jwksUri: "http://keys.example/jwks" }, /\/issuers\/0\/jwksUri: `https`/],
    [{ jwksUri: `${issuer.issuer}/{tenant}` }, /\/issuers\/0\/jwksUri: the issuer is no template/],
    [{ jwks: keySet(one) }, /\/issuers\/0\/jwks: .*a bare key set does not age/],
    [{ algorithms: ["HS256"] }, /\/issuers\/0\/algorithms: secrets are never fetched/],
    [{ keySet: { maxAge: 29 } }, /\/issuers\/0\/keySet\/maxAge: from 30 to 86400 seconds/],
    [{ keySet: { timeout: 99 } }, /\/issuers\/0\/keySet\/timeout: from 100 to 10000 milliseconds/],
    [{ keySet: { ttl: 60 } }, /unknown field `ttl`/],
  ]) {
    await assert.rejects(verifier(change), words);
  }
  assert.deepEqual(issuer.asked, { keys: 0, metadata: 0, elsewhere: 0 });
});
