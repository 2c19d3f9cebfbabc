// API keys through the package: what a store may answer, what each record means, and what spares the store a read.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { createApiKeyChecker } from "edgeward";
import { NOW, apiKey, countingStore, crc32, keyCheck, mistyped } from "../support/credentials.mjs";

const FORM = { prefix: "acme", environment: "live" };
const second = Math.floor(NOW / 1000);
const good = apiKey();
const store = countingStore(good);
const checker = await createApiKeyChecker(FORM, { store, now: () => NOW });

const outcome = (verdict) => verdict.ok || verdict.code;

/** A checker whose store gives this answer to every read. */
const withAnswer = (get) => createApiKeyChecker(FORM, { store: { get }, now: () => NOW });

/** The verdict on a key with this record. */
async function judged(record, options, form = FORM) {
  const key = apiKey({ record, environment: form.environment });
  const judge = await createApiKeyChecker(form, { store: countingStore(key), now: () => NOW });
  return judge.check(key.key, options);
}

test("the helper follows the published figures", () => {
  // Those of the catalogue of CRCs and of the core's own tests, which were computed in another language.
  assert.equal(crc32(Buffer.from("123456789")), 0xcbf43926);
  const covered = "acme_live_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7";
  assert.equal(keyCheck(covered), "3Rc3Nv");
  assert.equal(keyCheck(covered, Buffer.from([...Array(32).keys()])), "r55Azp");
});

test("an allowed key is told of in full, and nothing of its secret", () => {
  const verdict = checker.check(good.key);
  const { digest, ...shown } = good.record;
  assert.deepEqual(verdict, {
    ok: true,
    class: "api_key",
    cache: "miss",
    subject: "ada@example.com",
    organization: "org-1",
    clientId: null,
    credentialId: good.id,
    scopes: ["reports:read"],
    expires: null,
    issuer: null,
    kid: null,
    algorithm: null,
    sender: null,
    record: { ...shown, id: good.id, disabled: false, allowedCidrs: [], metadata: {} },
  });
  const told = JSON.stringify(verdict);
  assert.ok(!told.includes(good.secret) && !told.includes(digest.slice(8)));
});

test("a store may answer with text, with bytes, at once or later", async () => {
  const text = JSON.stringify(good.record);
  const bytes = new TextEncoder().encode(text);
  const padded = new Uint8Array([1, ...bytes, 2]).subarray(1, -1);
  const answers = {
    text,
    bytes,
    "a buffer": Buffer.from(text),
    "a part of a buffer": padded,
    "a promise of text": Promise.resolve(text),
    "a promise of bytes": Promise.resolve(bytes),
    "a promise of a promise": Promise.resolve(Promise.resolve(text)),
    "a thenable": { then: (resolve) => resolve(text) },
    "a thenable that takes its time": { then: (resolve) => setImmediate(resolve, text) },
    "a promise of its own class": new (class extends Promise {})((resolve) => resolve(text)),
  };
  for (const [what, answer] of Object.entries(answers)) {
    const keys = await withAnswer(() => answer);
    const verdict = keys.check(good.key);
    assert.equal(verdict instanceof Promise, typeof answer.then === "function", what);
    assert.equal(outcome(await verdict), true, what);
  }
});

test("a store is called as a method, with the place of the record", async () => {
  const asked = [];
  class Shelf {
    #text = JSON.stringify(good.record);
    async get(...key) {
      asked.push(key);
      return this.#text;
    }
  }
  for (const [policy, options] of [[{}, [{ cacheTtl: 30 }]], [{ cacheSeconds: 0 }, []], [{ cacheSeconds: 60 }, [{ cacheTtl: 60 }]]]) {
    const form = { ...FORM, store: policy, usageInterval: 0 };
    const keys = await createApiKeyChecker(form, { store: new Shelf(), now: () => NOW });
    assert.equal(outcome(await keys.check(good.key)), true);
    assert.deepEqual(asked.splice(0), [[`key/${good.id}`, ...options]]);
  }
});

test("no record is a no, and no answer is no answer", async () => {
  const text = JSON.stringify(good.record);
  const thrown = (error) => () => {
    throw error;
  };
  for (const [what, get, code, status] of [
    ["null", () => null, "key_invalid", 401],
    ["undefined", () => undefined, "key_invalid", 401],
    ["a promise of null", async () => null, "key_invalid", 401],
    ["throws", thrown(new Error("secret words")), "store_unavailable", 503],
    ["throws no error", thrown("secret words"), "store_unavailable", 503],
    ["throws nothing", thrown(undefined), "store_unavailable", 503],
    ["throws null", thrown(null), "store_unavailable", 503],
    ["rejects", () => Promise.reject(new Error("secret words")), "store_unavailable", 503],
    ["rejects with nothing", () => Promise.reject(), "store_unavailable", 503],
    ["a thenable that throws", () => ({ then: thrown(new Error("secret words")) }), "store_unavailable", 503],
    ["a thenable that rejects", () => ({ then: (_, reject) => reject("secret words") }), "store_unavailable", 503],
    ["what cannot be asked for then", () => Object.defineProperty({}, "then", { get: thrown(new Error("x")) }), "store_unavailable", 503],
    ["a record as an object", () => good.record, "store_unavailable", 503],
    ["a number", () => 7, "store_unavailable", 503],
    ["false", () => false, "store_unavailable", 503],
    ["a symbol", () => Symbol("x"), "store_unavailable", 503],
    ["other bytes", () => new TextEncoder().encode(text).buffer, "store_unavailable", 503],
    ["empty text", () => "", "record_unreadable", 503],
    ["no JSON", () => "<html>", "record_unreadable", 503],
    ["half of it", () => text.slice(0, -10), "record_unreadable", 503],
    ["null as JSON", () => "null", "record_unreadable", 503],
    ["no UTF-8", () => new Uint8Array([0x7b, 0xff, 0x7d]), "record_unreadable", 503],
    ["another version", () => JSON.stringify({ ...good.record, v: 2 }), "record_unreadable", 503],
    ["an unknown member", () => JSON.stringify({ ...good.record, onlyOnSundays: true }), "record_unreadable", 503],
    ["a member twice", () => text.replace("{", '{"v":1,'), "record_unreadable", 503],
  ]) {
    const verdict = await (await withAnswer(get)).check(good.key);
    assert.deepEqual([verdict.ok, verdict.code, verdict.status, verdict.class], [false, code, status, "api_key"], what);
    // What cannot be told is no challenge, and what the store said is not for a client.
    assert.equal(verdict.challenge === null, status === 503, what);
    assert.ok(!JSON.stringify(verdict).includes("secret words"), what);
  }
});

test("unknown, wrong, revoked and unowned keys look alike outside", async () => {
  const stranger = apiKey();
  const sameId = apiKey({ id: good.id });
  const revocation = { at: second - 5, by: "security@example.com", reason: "key_compromise" };
  const verdicts = [
    checker.check(stranger.key),
    checker.check(sameId.key),
    checker.check(mistyped(good.key)),
    checker.check("acme_live_x"),
    await judged({ revocation }),
    await judged({ owner: undefined }),
    await judged({ revoker: " " }),
  ];
  for (const verdict of verdicts) assert.deepEqual(verdict, verdicts[0]);
  assert.deepEqual([verdicts[0].code, verdicts[0].status], ["key_invalid", 401]);
});

test("a key that cannot be good costs the store nothing", async () => {
  const reads = countingStore(good);
  const keys = await createApiKeyChecker(FORM, { store: reads, now: () => NOW });
  const swapped = good.key.replace(/_([^_])([^_])/, "_$2$1");
  const other = apiKey({ prefix: "other" });
  const staging = apiKey({ environment: "test" });
  const sealed = apiKey({ seal: randomBytes(32) });
  for (const [key, code] of [
    [mistyped(good.key), "key_invalid"],
    [good.key.replace(good.secret, good.secret.toLowerCase()), "key_invalid"],
    [swapped, "key_invalid"],
    [good.key.slice(0, -1), "key_invalid"],
    [`${good.key}0`, "key_invalid"],
    [` ${good.key}`, "key_invalid"],
    [`${good.key}\0`, "key_invalid"],
    [other.key, "key_invalid"],
    [sealed.key, "key_invalid"],
    [staging.key, "key_environment_mismatch"],
    ["acme_live_", "key_invalid"],
    ["", "key_invalid"],
    ["acme_live_" + "é".repeat(25), "key_invalid"],
    [`acme_live_${good.id.slice(0, 14)}🗝️_${good.secret}000000`, "key_invalid"],
    ["\ud800", "key_invalid"],
    ["acme_live_".repeat(1024 * 1024), "key_invalid"],
    [undefined, "key_invalid"],
    [null, "key_invalid"],
    [{ toString: () => good.key }, "key_invalid"],
    [new String(good.key), "key_invalid"],
    [[good.key], "key_invalid"],
    [Symbol("key"), "key_invalid"],
  ]) {
    assert.equal(outcome(keys.check(key)), code, String(typeof key === "symbol" ? "symbol" : key).slice(0, 80));
  }
  assert.deepEqual(reads.reads, []);
  // The count counts.
  assert.equal(outcome(keys.check(good.key)), true);
  assert.equal(reads.reads.length, 1);
});

test("every single mistyped character is caught without a read", async () => {
  const reads = countingStore(good);
  const keys = await createApiKeyChecker(FORM, { store: reads, now: () => NOW });
  for (let place = 0; place < good.key.length; place++) {
    const letter = good.key[place] === "x" ? "y" : "x";
    assert.equal(keys.check(good.key.slice(0, place) + letter + good.key.slice(place + 1)).ok, false, String(place));
  }
  assert.deepEqual(reads.reads, []);
});

test("sealed keys: the current and the previous seal are good, and no other check is", async () => {
  const [current, previous, foreign] = [randomBytes(32), "previous seal of exactly 40 characters!!", randomBytes(32)];
  const keys = [apiKey({ seal: current }), apiKey({ seal: previous }), apiKey({ seal: foreign }), apiKey()];
  const reads = countingStore(...keys);
  const sealed = await createApiKeyChecker({ ...FORM, seals: [current, previous] }, { store: reads, now: () => NOW });
  assert.deepEqual(keys.map(({ key }) => outcome(sealed.check(key))), [true, true, "key_invalid", "key_invalid"]);
  assert.equal(reads.reads.length, 2);
});

test("the record is held against the clock, the environment and the address", async () => {
  const rotation = (overlapUntil) => ({ rotation: { replacedBy: apiKey().id, overlapUntil } });
  for (const [record, options, expected] of [
    [{ expires: second + 1 }, undefined, true],
    [{ expires: second }, undefined, "key_expired"],
    [{ notBefore: second }, undefined, true],
    [{ notBefore: second + 1 }, undefined, "key_not_yet_valid"],
    [{ notBefore: second + 1 }, { now: NOW + 1000 }, true],
    [{ expires: second + 1 }, { now: NOW + 1000 }, "key_expired"],
    [{ disabled: true }, undefined, "key_disabled"],
    [rotation(second + 1), undefined, true],
    [rotation(second), undefined, "key_superseded"],
    [rotation(undefined), undefined, "key_superseded"],
    [{ environment: "test" }, undefined, "key_environment_mismatch"],
    [{ allowedCidrs: ["192.0.2.0/24"] }, { ip: "192.0.2.9" }, true],
    [{ allowedCidrs: ["192.0.2.0/24"] }, { ip: "::ffff:192.0.2.9" }, true],
    [{ allowedCidrs: ["192.0.2.0/24"] }, { ip: "192.0.3.9" }, "address_not_allowed"],
    [{ allowedCidrs: ["192.0.2.0/24"] }, { ip: "192.0.2.9, 192.0.3.9" }, "address_not_allowed"],
    [{ allowedCidrs: ["192.0.2.0/24"] }, { ip: null }, "address_not_allowed"],
    [{ allowedCidrs: ["192.0.2.0/24"] }, undefined, "address_not_allowed"],
    [{ allowedCidrs: ["2001:db8::/32"] }, { ip: "2001:db8::1" }, true],
    [{}, { ip: "not an address" }, true],
    [{}, { scopes: ["reports:read"] }, true],
    [{}, { scopes: ["reports:read", "reports:write"] }, "scope_insufficient"],
    [{ scopes: [] }, { scopes: [] }, true],
    // A key that is refused for itself is not asked for scopes.
    [{ disabled: true }, { scopes: ["reports:write"] }, "key_disabled"],
  ]) {
    assert.equal(outcome(await judged(record, options)), expected, JSON.stringify([record, options]));
  }
  assert.equal(outcome(await judged({}, undefined, { ...FORM, environment: "test" })), true);
});

test("a change in the store holds from the next check on, or once what is kept has had its time", async () => {
  for (const cacheSeconds of [0, 1, 15]) {
    const key = apiKey();
    const shelf = countingStore(key);
    let now = NOW;
    const keys = await createApiKeyChecker({ ...FORM, cacheSeconds }, { store: shelf, now: () => now });
    assert.equal(outcome(keys.check(key.key)), true);
    for (const [change, before, code] of [
      [() => shelf.entries.set(key.storeKey, JSON.stringify({ ...key.record, disabled: true })), true, "key_disabled"],
      [() => shelf.entries.delete(key.storeKey), "key_disabled", "key_invalid"],
    ]) {
      change();
      now += Math.max(cacheSeconds * 1000 - 1, 0);
      if (cacheSeconds > 0) assert.equal(outcome(keys.check(key.key)), before);
      now += 1;
      assert.equal(outcome(keys.check(key.key)), code);
    }
  }
});

test("many keys at once, each with its own answer, whenever the store answers it", async () => {
  const keys = Array.from({ length: 50 }, (_, place) => apiKey({ record: { owner: `owner-${place}` } }));
  const shelf = countingStore(...keys);
  const waiting = [];
  const get = (key) => new Promise((resolve) => waiting.push(() => resolve(shelf.get(key))));
  const slow = await createApiKeyChecker(FORM, { store: { get }, now: () => NOW });
  const answers = keys.map(({ key }) => slow.check(key));
  assert.equal(waiting.length, 50);
  for (const answer of waiting.reverse()) answer();
  const owners = (await Promise.all(answers)).map(({ subject }) => subject);
  assert.deepEqual(owners, keys.map((_, place) => `owner-${place}`));
});

test("an option that is unknown or of another type is a mistake of the program, and is thrown", () => {
  const before = store.reads.length;
  for (const [options, words] of [
    [{ scope: ["x"] }, /no option `scope`, it has `scopes`, `now`, `ip`/],
    [{ address: "192.0.2.1" }, /no option `address`/],
    [{ ip: 7 }, /`ip` is an address as a string/],
    [{ ip: ["192.0.2.1"] }, /`ip` is an address as a string/],
    [{ scopes: "reports:read" }, /`scopes` is an array of strings/],
  ]) {
    assert.throws(() => checker.check(good.key, options), words);
  }
  assert.equal(store.reads.length, before);
});
