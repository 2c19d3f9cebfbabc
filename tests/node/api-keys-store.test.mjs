// What a store may do to a check of API keys: it is not asked where nothing could come of it, and whatever it answers, the
// verdict is one that the facts support.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mock, test } from "node:test";
import { createApiKeyChecker } from "edgeward";
import { NOW, apiKey, countingStore, keyCheck, mistyped } from "../support/credentials.mjs";

const FORM = { prefix: "acme", environment: "live" };

/** The same numbers in every run. */
function seeded(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  return { below: (end) => Math.floor(next() * end), pick: (list) => list[Math.floor(next() * list.length)] };
}

test("a key that cannot be good costs no read, whatever it is sealed with", async () => {
  const [current, previous, foreign] = Array.from({ length: 3 }, () => randomBytes(32));
  for (const [what, seals, held] of [
    ["no seal", undefined, [undefined]],
    ["one seal", [current], [current]],
    ["a previous seal", [current, previous], [current, previous]],
  ]) {
    const good = held.map((seal) => apiKey({ seal }));
    const store = countingStore(...good);
    const keys = await createApiKeyChecker({ ...FORM, seals }, { store, now: () => NOW });
    const bad = good.flatMap(({ key, id, secret }) => [
      mistyped(key),
      // The right check for another text, and a check of every other kind for this one.
      key.slice(0, -6) + keyCheck(`acme_live_${id}_${secret}x`, held[0]),
      ...[undefined, current, previous, foreign]
        .filter((seal) => !held.includes(seal))
        .map((seal) => apiKey({ id, secret, seal }).key),
      ...held.flatMap((seal) => [
        apiKey({ prefix: "other", id, secret, seal }).key,
        apiKey({ prefix: "acmee", id, secret, seal }).key,
        apiKey({ environment: "test", id, secret, seal }).key,
        apiKey({ environment: "prod", id, secret, seal }).key,
        apiKey({ id: id.slice(1), secret, seal }).key,
        apiKey({ id, secret: `${secret}0`, seal }).key,
        apiKey({ id, secret: `${secret.slice(1)}-`, seal }).key,
      ]),
      ...Array.from(key, (letter, place) => `${key.slice(0, place)}${letter === "x" ? "y" : "x"}${key.slice(place + 1)}`),
      key.toUpperCase(),
      key.slice(1),
      `${key}${key}`,
    ]);
    for (const key of bad) {
      const verdict = keys.check(key);
      assert.deepEqual([verdict.ok, verdict.status], [false, 401], `${what}: ${key}`);
    }
    assert.deepEqual(store.reads, [], what);
    // The count counts, and each seal is good.
    for (const { key } of good) assert.equal(keys.check(key).ok, true, what);
    assert.deepEqual(store.reads, good.map(({ storeKey }) => storeKey));
    // What follows behind the checks is a note that our own key of the other environment came here, never its record.
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(store.reads.slice(good.length).filter((name) => !name.startsWith("usage/")), []);
  }
});

const TIMEOUT = 100;
const [FRESH, STALE] = [10_000, 30_000];
const CHAOS = { ...FORM, cacheSeconds: 10, maxStaleSeconds: 20, usageInterval: 0, store: { timeout: TIMEOUT, cacheSeconds: 0 } };
/** Answers that say nothing of the record, and those that there is one which nobody here can read. */
const [CANNOT_TELL, UNREADABLE] = ["cannot tell", "unreadable"];
const HUGE = 5 * 1024 * 1024;

/** A store that answers as chance will have it, and knows what it has told of each key. */
function chaos(seed, clock) {
  const chance = seeded(seed);
  const shelf = new Map();
  const later = (milliseconds, value) =>
    Promise.resolve().then(() => {
      clock.now += milliseconds;
      return value;
    });
  const huge = (text) => `${text.slice(0, -1)},"metadata":{"x":"${"x".repeat(HUGE)}"}}`;
  /** How it may answer, each with what is told by it: a record, null for "there is none", or nothing. */
  const ways = {
    right: ({ text, record }) => [text, record],
    promised: ({ text, record }) => [Promise.resolve(text), record],
    bytes: ({ text, record }) => [new TextEncoder().encode(text), record],
    slow: ({ text, record }) => [later(TIMEOUT, text), record],
    thenable: ({ text, record }) => [{ then: (resolve) => resolve(text) }, record],
    before: ({ before }) => [JSON.stringify(before), before],
    "too slow": ({ text }) => [later(TIMEOUT + 1, text), CANNOT_TELL],
    never() {
      queueMicrotask(() => mock.timers.tick(TIMEOUT));
      return [new Promise(() => undefined), CANNOT_TELL];
    },
    rejects: () => [Promise.reject(new Error("words of the store")), CANNOT_TELL],
    "rejects with nothing": () => [Promise.reject(), CANNOT_TELL],
    throws() {
      throw new Error("words of the store");
    },
    number: () => [7, CANNOT_TELL],
    object: ({ record }) => [record, CANNOT_TELL],
    buffer: ({ text }) => [Promise.resolve(new TextEncoder().encode(text).buffer), CANNOT_TELL],
    garbage: () => ["\u0000<html>", UNREADABLE],
    empty: () => ["", UNREADABLE],
    half: ({ text }) => [text.slice(0, chance.below(text.length)), UNREADABLE],
    newer: ({ record }) => [JSON.stringify({ ...record, v: 2 }), UNREADABLE],
    stricter: ({ record }) => [JSON.stringify({ ...record, onlyOnSundays: true }), UNREADABLE],
    nothing: () => [undefined, null],
    null: () => [Promise.resolve(null), null],
    another: () => [JSON.stringify(apiKey({ record: { owner: "eve@example.com" } }).record), null],
    huge: ({ text, record }) => (chance.below(3) === 0 ? [huge(text), record] : [text, record]),
  };
  const names = Object.keys(ways);
  /** Of each question: the way it was answered, what that told, and when it was asked. */
  const told = [];
  return {
    names,
    told,
    chance,
    well: false,
    put(key, record, before = record) {
      shelf.set(key.storeKey, { text: JSON.stringify(record), record, before });
    },
    get(name) {
      const kept = shelf.get(name);
      const [way, asked] = [this.well || chance.below(3) > 0 ? "right" : chance.pick(names), clock.now];
      told.push({ way, asked, facts: CANNOT_TELL });
      const [answer, facts] = ways[way](kept);
      told.at(-1).facts = facts;
      return answer;
    },
  };
}

/** Whether a record lets its key through at this moment. */
const good = (record, now) =>
  record.revocation === undefined && record.disabled !== true && !(record.expires <= Math.floor(now / 1000));

for (const seed of [1, 2, 3, 4, 5]) {
  test(`whatever the store answers, no verdict says more than is known (${seed})`, async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    const unhandled = [];
    const onUnhandled = (reason) => unhandled.push(reason);
    process.on("unhandledRejection", onUnhandled);
    try {
      const clock = { now: NOW };
      const store = chaos(seed, clock);
      const { chance } = store;
      const checker = await createApiKeyChecker(CHAOS, { store, now: () => clock.now });
      const fresh = () => {
        const key = apiKey();
        store.put(key, key.record);
        // `known` is what the store has told last, and `ended` whether it ever told of a revocation.
        return { key, record: key.record, known: undefined, ended: false };
      };
      const held = Array.from({ length: 6 }, fresh);
      const seen = { ok: 0, no: 0, undecided: 0, kept: 0, stale: 0 };
      const ways = new Set();
      for (let step = 0; step < 1_500; step++) {
        clock.now += chance.pick([0, 1, 500, 3_000, 8_000, 15_000]);
        const place = chance.below(held.length);
        let one = held[place];
        if (chance.below(12) === 0) {
          const before = one.record;
          const second = Math.floor(clock.now / 1000);
          const revocation = { at: second, by: "security@example.com", reason: "key_compromise" };
          one.record = chance.pick([
            { ...before, disabled: true },
            { ...before, disabled: false },
            { ...before, expires: second + 20 },
            { ...before, expires: undefined },
            { ...before, revocation },
          ]);
          if (before.revocation !== undefined) {
            one = held[place] = fresh();
          } else {
            store.put(one.key, one.record, before);
          }
        }
        const began = clock.now;
        const questions = store.told.length;
        const verdict = await checker.check(one.key.key);
        const answers = store.told.slice(questions);
        assert.ok(answers.length <= 1, "a check asks once at most");
        const [answer] = answers;
        const what = `step ${step}: ${JSON.stringify(verdict)} after ${JSON.stringify(answer)?.slice(0, 600)}`;
        if (answer !== undefined) ways.add(answer.way);
        assert.ok(!JSON.stringify(verdict).includes("words of the store"), what);
        assert.ok(["ok", "no", "undecided"].includes(outcome(verdict)), what);
        const { known } = one;
        const age = known === undefined ? Infinity : clock.now - known.asked;
        if (answer === undefined) {
          // What was not asked for is known, and young.
          assert.ok(known !== undefined && began - known.asked < FRESH, what);
          assert.equal(outcome(verdict), good(known.facts, clock.now) && !one.ended ? "ok" : "no", what);
          seen.kept++;
        } else if (answer.facts === UNREADABLE) {
          // It may be a record that a newer version wrote to end the key: what was known before is of no more use.
          assert.equal(outcome(verdict), "undecided", what);
          one.known = undefined;
        } else if (answer.facts === CANNOT_TELL) {
          if (outcome(verdict) !== "undecided") {
            if (one.ended) {
              assert.equal(outcome(verdict), "no", what);
            } else {
              assert.ok(age < STALE, what);
              assert.equal(outcome(verdict), good(known.facts, clock.now) ? "ok" : "no", what);
            }
            seen.stale++;
          }
        } else if (answer.facts === null) {
          assert.equal(outcome(verdict), "no", what);
          one.known = undefined;
        } else {
          one.known = answer;
          one.ended ||= answer.facts.revocation !== undefined;
          // A revocation is final, whatever is shown later.
          assert.equal(outcome(verdict), good(answer.facts, clock.now) && !one.ended ? "ok" : "no", what);
        }
        seen[outcome(verdict)]++;
      }
      // Chance has shown all that it can do, and nothing of the above was vacuous.
      assert.deepEqual(store.names.filter((way) => !ways.has(way)), []);
      for (const [kind, count] of Object.entries(seen)) assert.ok(count > 20, `${kind}: ${count}`);
      assert.deepEqual(unhandled, []);
      // The checker is as good as before.
      store.well = true;
      clock.now += 60_000;
      for (const { key, record } of [...held, fresh()]) {
        const verdict = await checker.check(key.key);
        assert.equal(verdict.ok, good(record, clock.now), JSON.stringify(verdict));
      }
    } finally {
      process.off("unhandledRejection", onUnhandled);
      mock.timers.reset();
    }
  });
}

/** A verdict in one word; a problem of another kind is none of these. */
function outcome({ ok, status, code }) {
  if (ok) return "ok";
  if (status === 401) return "no";
  return status === 503 && ["store_unavailable", "record_unreadable"].includes(code) ? "undecided" : `${status} ${code}`;
}

test("many checks at once over such a store: none is let through that was never good", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const clock = { now: NOW };
    const store = chaos(7, clock);
    const checker = await createApiKeyChecker(CHAOS, { store, now: () => clock.now });
    const keys = Array.from({ length: 40 }, (_, place) => {
      const revocation = { at: 1, by: "security@example.com", reason: "unused" };
      const key = apiKey({ record: [{}, { disabled: true }, { revocation }, { expires: 1 }][place % 4] });
      store.put(key, key.record);
      return { key, isGood: place % 4 === 0 };
    });
    let let_through = 0;
    for (let round = 0; round < 40; round++) {
      clock.now += 11_000;
      const verdicts = await Promise.all(keys.map(async ({ key }) => checker.check(key.key)));
      for (const [place, verdict] of verdicts.entries()) {
        const { key, isGood } = keys[place];
        assert.match(outcome(verdict), isGood ? /^(ok|no|undecided)$/ : /^(no|undecided)$/);
        if (!verdict.ok) continue;
        let_through++;
        // Its own record, and nobody else's.
        assert.deepEqual([verdict.credentialId, verdict.subject], [key.id, "ada@example.com"]);
      }
    }
    assert.ok(let_through > 100, String(let_through));
  } finally {
    mock.timers.reset();
  }
});
