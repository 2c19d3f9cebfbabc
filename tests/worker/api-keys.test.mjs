// The life of API keys over the admin endpoints, in workerd with a real KV and a real Durable Object: who may, what is
// answered, what is on record of it, what two isolates do to each other, and what a restart leaves.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ISSUER, keyCheck, signer, tokenPolicy } from "../support/credentials.mjs";
import { startGate } from "../support/gate.mjs";
import { until } from "../support/until.mjs";

const BOOTSTRAP = "bootstrap-secret-of-thirty-two-or-more";
const SEALS = ["the seal of now, which is long enough", "the seal of before, which is long too"];
const FOREIGN = "old_0123456789abcdefghijklmnop";
const OTHER = "https://other.example";
const PERIOD = 15;
const INTERVAL = 1800;

const issuer = signer("ES256");
const otherIssuer = signer("ES256", { kid: "other", another: true });
const [ours] = tokenPolicy(issuer).issuers;
const policy = {
  issuers: [ours, { ...tokenPolicy(otherIssuer).issuers[0], issuer: OTHER }],
  apiKeys: {
    prefix: "acme",
    environment: "live",
    foreignKeys: { prefixes: ["old_"] },
    cacheSeconds: PERIOD,
    usageInterval: INTERVAL,
  },
  admin: { issuer: ISSUER },
  routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token", "api_key"], scopes: ["reports:read"] }],
};
const state = mkdtempSync(join(tmpdir(), "edgeward-api-keys-"));
const origin = `export default { fetch: () => new Response("reached") };`;

let gate;
const start = () =>
  startGate({
    documents: { policy, snapshots: {} },
    bindings: { EDGEWARD_BOOTSTRAP_SECRET: BOOTSTRAP, EDGEWARD_SEALS: JSON.stringify(SEALS) },
    isolates: 2,
    clock: true,
    origin,
    state,
  });
before(async () => {
  gate = await start();
});
after(async () => {
  await gate?.stop();
  rmSync(state, { recursive: true, force: true });
});

/** A token that outlives every clock of these tests. */
function token(scope, { by = issuer, ...claims } = {}) {
  const now = Date.now();
  const usual = { scope, client_id: "ops-1", sub: "ops-1", exp: Math.floor(now / 1000) + 1_000_000 };
  return by.mint({ claims: { ...usual, ...claims }, now });
}
const reader = () => token("edgeward:read", { client_id: "watch-1", sub: "watch-1" });
const writer = () => token("edgeward:write");

/** Asks an isolate, whose clock is put ahead by some seconds, or left as it is. */
function ask(path, { credential, method = "GET", body, isolate = 0, ahead } = {}) {
  const headers = {
    ...(credential !== undefined && { authorization: `Bearer ${credential}` }),
    ...(ahead !== undefined && { "clock-ahead": String(ahead) }),
  };
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  return fetch(new URL(path, gate.urls[isolate]), { method, headers, body: text });
}
const keys = (path, options) => ask(`/_edgeward/admin/keys${path}`, options);
const post = (path, options) => keys(path, { method: "POST", ...options });

/** What an answer says, in full. */
async function told(answer, status) {
  const document = await answer.json();
  assert.equal(answer.status, status, JSON.stringify(document));
  assert.equal(answer.headers.get("cache-control"), "no-store");
  const kind = status < 300 ? "application/json" : "application/problem+json";
  assert.equal(answer.headers.get("content-type"), kind);
  return document;
}

/** Whether a key opens the door: the status, and the code where it does not. */
async function opens(key, isolate = 0, ahead) {
  const answer = await ask("/v1/reports", { credential: key, isolate, ahead });
  const text = await answer.text();
  return answer.status === 200 ? text : JSON.parse(text).code;
}

/** The audit events of an answer, so many of them, in the order in which they were written. */
async function events(answer, count) {
  const id = answer.headers.get("edgeward-request-id");
  const found = () =>
    gate.log
      .filter((line) => line.includes(id) && line.includes('"class_uid"'))
      .map((line) => JSON.parse(line.slice(line.indexOf("{"))));
  await gate.logged(() => found().length >= count);
  assert.equal(found().length, count, JSON.stringify(found()));
  return found();
}

/** The two events of something that an administrator did: that they were let in, and what came of it. */
async function onRecord(answer, { who = "ops-1", activity, id, code = "done", bootstrap = false }) {
  const [decision, change] = await events(answer, 2);
  assert.deepEqual([decision.class_uid, decision.status_code, decision.user.uid], [3002, "allowed", who]);
  assert.deepEqual([change.class_uid, change.activity_name, change.status_code], [3004, activity, code]);
  assert.deepEqual([change.actor.user.uid, change.entity.uid], [who, id]);
  assert.equal(change.unmapped.class, bootstrap ? null : "m2m_token");
  assert.equal(change.unmapped.issuer, bootstrap ? null : ISSUER);
  return change;
}

const NEW = { organization: "org_acme", owner: "reports@acme.example", revoker: "security@acme.example", name: "nightly", scopes: ["reports:read"] };

async function issued(change = {}, options = { credential: writer() }) {
  return told(await post("", { ...options, body: { ...NEW, ...change } }), 201);
}

let first;

test("before there is an administrator, the bootstrap secret issues a key that works", async () => {
  assert.equal((await told(await keys("", {}), 401)).code, "credential_missing");
  assert.equal((await told(await keys("", { credential: `${BOOTSTRAP}x` }), 401)).code, "credential_unrecognized");
  const answer = await post("", { credential: BOOTSTRAP, body: NEW });
  first = await told(answer, 201);
  assert.match(first.key, /^acme_live_[0-9A-Za-z]{16}_[0-9A-Za-z]{38}$/);
  // Sealed with the first of the seals, as the words of the contract have it.
  assert.equal(first.key.slice(-6), keyCheck(first.key.slice(0, -6), SEALS[0]));
  assert.deepEqual([first.record.id, first.record.owner, first.record.digest], [first.id, NEW.owner, undefined]);
  await onRecord(answer, { who: "bootstrap", activity: "Create", id: first.id, bootstrap: true });
  for (const isolate of [0, 1]) assert.equal(await opens(first.key, isolate), "reached");
  const stored = JSON.parse(await gate.store.get(`key/${first.id}`));
  const secret = first.key.slice(-38, -6);
  assert.equal(stored.digest, `sha-256:${createHash("sha256").update(secret).digest("hex")}`);
});

test("from the first administrator on the bootstrap secret is of no use, in no isolate", async () => {
  const answer = await keys("", { credential: reader(), isolate: 1 });
  assert.deepEqual((await told(answer, 200)).keys.map(({ id }) => id), [first.id]);
  await onRecord(answer, { who: "watch-1", activity: "Read", id: "all" });
  const { by, issuer: named } = JSON.parse(await gate.store.get("admin/first"));
  assert.deepEqual([by, named], ["watch-1", ISSUER]);
  for (const isolate of [0, 1]) {
    for (const [method, path] of [["GET", ""], ["POST", ""], ["POST", `/${first.id}/revoke`]]) {
      const refused = await keys(path, { credential: BOOTSTRAP, method, isolate, body: method === "POST" ? NEW : undefined });
      assert.equal((await told(refused, 401)).code, "credential_unrecognized");
      assert.equal((await events(refused, 1))[0].status_code, "bootstrap_closed");
    }
  }
});

test("whoever may not is told what they lack, and nothing is done", async () => {
  const elsewhere = token("edgeward:read edgeward:write", { by: otherIssuer, iss: OTHER });
  const before = (await gate.store.list({ prefix: "key/" })).keys.length;
  for (const [what, credential, status, code, scope] of [
    ["nobody", undefined, 401, "credential_missing"],
    ["an API key", first.key, 403, "class_not_accepted"],
    ["a token without the scope", token("reports:read"), 403, "scope_insufficient", "edgeward:write"],
    ["a token that may only look", reader(), 403, "scope_insufficient", "edgeward:write"],
    ["a token of another issuer", elsewhere, 403, "scope_insufficient"],
  ]) {
    const answer = await post("", { credential, body: NEW });
    assert.equal((await told(answer, status)).code, code, what);
    const challenge = answer.headers.get("www-authenticate");
    assert.equal(/scope="(.*)"/.exec(challenge)?.[1], scope, what);
    assert.equal((await events(answer, 1))[0].status_code, code);
  }
  const looking = await keys("", { credential: token("reports:read") });
  await told(looking, 403);
  assert.match(looking.headers.get("www-authenticate"), /scope="edgeward:read"/);
  assert.equal((await gate.store.list({ prefix: "key/" })).keys.length, before);
});

test("a key is shown, changed, switched off and on, and ended", async () => {
  const { id, key } = await issued({ expires: "90d", metadata: { ticket: 7 } });
  const path = `/${id}`;
  const credential = writer();
  const shown = await keys(path, { credential: reader() });
  const { record, usage } = await told(shown, 200);
  assert.deepEqual([record.id, record.metadata, usage.lastUsed], [id, { ticket: 7 }, undefined]);
  await onRecord(shown, { who: "watch-1", activity: "Read", id });
  assert.equal(await opens(key), "reached");

  const narrowed = await keys(path, { credential, method: "PATCH", body: { scopes: ["reports:write"], name: "renamed" } });
  assert.deepEqual((await told(narrowed, 200)).record.scopes, ["reports:write"]);
  const change = await onRecord(narrowed, { activity: "Update", id });
  assert.deepEqual([change.entity.name, change.unmapped.scopes], ["renamed", ["reports:write"]]);
  assert.equal(await opens(key), "scope_insufficient");
  await told(await keys(path, { credential, method: "PATCH", body: { scopes: ["reports:read"] } }), 200);

  for (const [step, activity, opened] of [["disable", "Disable", "key_disabled"], ["enable", "Enable", "reached"]]) {
    const answer = await post(`${path}/${step}`, { credential });
    assert.equal((await told(answer, 200)).record.disabled, step === "disable");
    await onRecord(answer, { activity, id });
    assert.equal(await opens(key), opened);
  }

  const revoked = await post(`${path}/revoke`, { credential, body: { reason: "privilege_withdrawn" } });
  const { revocation } = (await told(revoked, 200)).record;
  assert.deepEqual([revocation.by, revocation.reason], ["ops-1", "privilege_withdrawn"]);
  const end = await onRecord(revoked, { activity: "Revoke", id });
  assert.equal(end.unmapped.revocation_reason, "privilege_withdrawn");
  assert.equal(await opens(key), "key_invalid");
  const late = await post(`${path}/enable`, { credential });
  assert.equal((await told(late, 409)).code, "key_state_conflict");
  await onRecord(late, { activity: "Enable", id, code: "key_state_conflict" });
});

test("what is asked for badly is said, and what is not there is not found", async () => {
  const credential = writer();
  for (const [options, path, status, code, words] of [
    [{ method: "POST", body: "{" }, "", 400, "body_invalid", /the body is/],
    [{ method: "POST", body: { ...NEW, scopes: ["a", 7] } }, "", 400, "body_invalid", /scopes\[1\]/],
    [{ method: "POST", body: { ...NEW, by: "eve" } }, "", 400, "body_invalid", /unknown field `by`/],
    [{ method: "POST", body: { ...NEW, name: "x".repeat(70_000) } }, "", 413, "body_too_large"],
    [{}, "?limit=101", 400, "body_invalid", /limit/],
    [{}, "/AAAAAAAAAAAAAAAA", 404, "key_not_found"],
    [{ method: "POST", body: { reason: "unused" } }, "/..%2fadmin%2ffirst/revoke", 404, "key_not_found"],
    [{ method: "DELETE" }, `/${first.id}`, 405, "method_not_allowed"],
    [{}, "/x/y", 404, "endpoint_unknown"],
  ]) {
    const problem = await told(await keys(path, { credential, ...options }), status);
    assert.equal(problem.code, code);
    if (words) assert.match(problem.detail, words);
  }
});

test("a rotation leaves both keys good for the overlap, by the clock of each isolate", async () => {
  const old = await issued();
  const answer = await post(`/${old.id}/rotate`, { credential: writer(), body: { overlap: "1h" } });
  const heir = await told(answer, 201);
  assert.equal(heir.record.rotation.replaces, old.id);
  const change = await onRecord(answer, { activity: "Create", id: heir.id });
  assert.equal(change.comment, `in the place of ${old.id}`);
  assert.deepEqual([await opens(old.key, 1), await opens(heir.key, 1)], ["reached", "reached"]);
  assert.equal(await opens(old.key, 1, 3590), "reached");
  assert.deepEqual([await opens(old.key, 1, 3601), await opens(heir.key, 1)], ["key_superseded", "reached"]);
  await opens(heir.key, 1, 0);
  const again = await post(`/${old.id}/rotate`, { credential: writer(), body: {} });
  assert.equal((await told(again, 409)).code, "key_state_conflict");
});

test("of two rotations at once in two isolates one wins, and no record is left that nobody has the secret of", async () => {
  for (let round = 0; round < 5; round++) {
    const old = await issued();
    const known = async () => (await gate.store.list({ prefix: "key/" })).keys.map(({ name }) => name.slice(4));
    const before = await known();
    const answers = await Promise.all(
      [0, 1].map((isolate) => post(`/${old.id}/rotate`, { credential: writer(), body: { overlap: "1h" }, isolate })),
    );
    const [won, lost] = answers.sort((one, other) => one.status - other.status);
    const heir = await told(won, 201);
    const { code } = await told(lost, 409);
    assert.ok(["key_state_conflict", "write_conflict"].includes(code), code);
    assert.deepEqual((await known()).filter((id) => !before.includes(id)), [heir.id]);
    assert.equal(JSON.parse(await gate.store.get(`key/${old.id}`)).rotation.replacedBy, heir.id);
    assert.equal(await opens(heir.key), "reached");
  }
});

test("changes of one key from two isolates at once are all kept", async () => {
  const { id } = await issued();
  const answers = await Promise.all(
    [{ name: "another" }, { owner: "bo@acme.example" }, { scopes: ["x"] }, { rateLimitClass: "slow" }].map((body, place) =>
      keys(`/${id}`, { method: "PATCH", credential: writer(), body, isolate: place % 2 }),
    ),
  );
  for (const answer of answers) await told(answer, 200);
  const { record } = await told(await keys(`/${id}`, { credential: reader() }), 200);
  assert.deepEqual([record.name, record.owner, record.scopes, record.rateLimitClass], ["another", "bo@acme.example", ["x"], "slow"]);
});

test("whoever holds a key ends it, and it cannot be ended twice", async () => {
  const { id, key } = await issued();
  const end = (credential) => ask("/_edgeward/revoke", { method: "POST", credential });
  const guessed = key.slice(0, -6 - 32) + first.key.slice(-6 - 32, -6);
  assert.equal((await told(await end(guessed + keyCheck(guessed, SEALS[0])), 401)).code, "key_invalid");
  assert.equal(await opens(key), "reached");
  const answer = await end(key);
  assert.deepEqual(await told(answer, 200), { revoked: true });
  const [decision, change] = await events(answer, 2);
  assert.deepEqual([decision.unmapped.credential_id, change.activity_name, change.entity.uid], [id, "Revoke", id]);
  assert.equal(change.comment, "by whoever holds the key");
  assert.equal(await opens(key), "key_invalid");
  const { revocation } = JSON.parse(await gate.store.get(`key/${id}`));
  assert.deepEqual([revocation.by, revocation.reason], ["holder", "key_compromise"]);
  assert.equal((await told(await end(key), 401)).code, "key_invalid");
});

test("a key of another form is imported by its digest, and lives as the others do", async () => {
  const digest = `sha-256:${createHash("sha256").update(FOREIGN).digest("hex")}`;
  assert.equal(await opens(FOREIGN), "key_invalid");
  const body = { ...NEW, digest };
  const answer = await post("/import", { credential: writer(), body });
  const { id, record, key } = await told(answer, 201);
  assert.deepEqual([record.imported, key], [true, undefined]);
  await onRecord(answer, { activity: "Create", id });
  assert.equal(await opens(FOREIGN), "reached");
  assert.equal((await told(await post("/import", { credential: writer(), body }), 409)).code, "key_state_conflict");
  await told(await post(`/${id}/revoke`, { credential: writer(), body: { reason: "superseded" } }), 200);
  assert.equal(await opens(FOREIGN), "key_invalid");
});

test("a key of the previous seal is good, and one of no seal of ours is not read at all", async () => {
  const { id, key } = await issued();
  const covered = key.slice(0, -6);
  assert.equal(await opens(covered + keyCheck(covered, SEALS[1])), "reached");
  for (const seal of [undefined, "a seal that somebody else has made up"]) {
    const answer = await ask("/v1/reports", { credential: covered + keyCheck(covered, seal) });
    assert.equal((await told(answer, 401)).code, "key_invalid");
    assert.equal((await events(answer, 1))[0].status_code, "key_check_mismatch");
  }
  await told(await post(`/${id}/revoke`, { credential: writer(), body: { reason: "unused" } }), 200);
});

test("a revocation holds at once where it was made, and elsewhere within the bound that health states", async () => {
  const health = await (await ask("/_edgeward/health")).json();
  const { seconds, terms } = health.apiKeys.revocationBound;
  assert.equal(seconds, PERIOD + 30 + 60);
  assert.deepEqual(terms, { isolate: PERIOD, storeCache: 30, storePropagation: 60, seconds });
  const { id, key } = await issued();
  for (const isolate of [0, 1]) assert.equal(await opens(key, isolate, 0), "reached");
  await told(await post(`/${id}/revoke`, { credential: writer(), body: { reason: "key_compromise" } }), 200);
  assert.equal(await opens(key, 0), "key_invalid");
  // The other one has its record yet, and may: this is what the bound is about. The local KV itself is never behind.
  assert.equal(await opens(key, 1), "reached");
  assert.equal(await opens(key, 1, PERIOD), "key_invalid");
  assert.equal(await opens(key, 1, 0), "key_invalid");
});

test("the use of a key is noted once in an interval, by whichever isolate, and how exactly is said", async () => {
  const { id, key } = await issued();
  const noted = async () => JSON.parse((await gate.store.get(`usage/${id}`)) ?? "{}");
  const began = Math.floor(Date.now() / 1000);
  assert.equal(await opens(key, 0, 0), "reached");
  await until(async () => (await noted()).lastUsed !== undefined, "the first use is noted");
  const { lastUsed, precision, exercised } = await noted();
  assert.ok(lastUsed >= began && lastUsed <= began + 30, String(lastUsed - began));
  assert.deepEqual([precision, exercised], [INTERVAL, { "reports:read": lastUsed }]);
  for (let ahead = 100; ahead < INTERVAL - 100; ahead += 100) {
    for (const isolate of [0, 1]) assert.equal(await opens(key, isolate, ahead), "reached");
  }
  // Had one of these been noted, the next would not be due yet.
  assert.equal(await opens(key, 1, INTERVAL + 60), "reached");
  await until(async () => (await noted()).lastUsed > lastUsed, "the use of the next interval is noted");
  const next = (await noted()).lastUsed - lastUsed;
  assert.ok(next >= INTERVAL && next < INTERVAL + 120, String(next));
  const { usage } = await told(await keys(`/${id}`, { credential: reader() }), 200);
  assert.deepEqual(usage, await noted());
  for (const isolate of [0, 1]) await opens(key, isolate, 0);
});

test("a restart loses nothing", async () => {
  const rotated = await issued();
  const heir = await told(await post(`/${rotated.id}/rotate`, { credential: writer(), body: { overlap: "1h" } }), 201);
  const switched = await issued();
  await told(await post(`/${switched.id}/disable`, { credential: writer() }), 200);
  const ended = await issued();
  await told(await post(`/${ended.id}/revoke`, { credential: writer(), body: { reason: "unused" } }), 200);
  const everything = async () => {
    const all = [];
    let cursor;
    do {
      const query = `?limit=3${cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`}`;
      const page = await told(await keys(query, { credential: reader() }), 200);
      assert.ok(page.keys.length <= 3);
      all.push(...page.keys);
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    return all;
  };
  const before = await everything();
  assert.equal(new Set(before.map(({ id }) => id)).size, before.length);
  const notes = (await gate.store.list({ prefix: "usage/" })).keys.map(({ name }) => name);
  await gate.stop();
  gate = await start();
  assert.deepEqual(await everything(), before);
  assert.deepEqual((await gate.store.list({ prefix: "usage/" })).keys.map(({ name }) => name), notes);
  for (const [{ key }, word] of [
    [first, "reached"],
    [rotated, "reached"],
    [heir, "reached"],
    [switched, "key_disabled"],
    [ended, "key_invalid"],
  ]) {
    assert.equal(await opens(key), word);
  }
  // Nor does it open the way in again, and changes go on where they were.
  assert.equal((await told(await keys("", { credential: BOOTSTRAP }), 401)).code, "credential_unrecognized");
  await told(await post(`/${switched.id}/enable`, { credential: writer() }), 200);
  assert.equal(await opens(switched.key), "reached");
});

test("nothing of all this is in the log that is a secret", async () => {
  const secrets = [BOOTSTRAP, FOREIGN, ...SEALS, first.key.slice(-38), "sha-256:", "eyJ"];
  for (const line of gate.log) for (const secret of secrets) assert.ok(!line.includes(secret), line);
});
