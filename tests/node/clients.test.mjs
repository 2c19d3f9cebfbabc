// The records of M2M clients by the library, over a store in memory, and what the inventory and the review make of them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClientAdminError, createClientAdmin, createKeyAdmin, readClientListing } from "edgeward";
import { memoryStore } from "edgeward/store/memory";

const NOW = 1_780_000_000;
const DAY = 86_400;
const CLIENT = { issuer: "https://login.example/", clientId: "export", name: "nightly export", owner: "ada", revoker: "sec" };

async function stage(options = {}) {
  const store = memoryStore();
  let time = NOW;
  const now = () => time * 1000;
  const pass = (seconds) => (time += seconds);
  return { store, now, pass, clients: await createClientAdmin(options, { store, now }) };
}

test("a client is put on record, changed, rotated, and removed", async () => {
  const { clients, store } = await stage();
  const { id, record, made } = await clients.add({ ...CLIENT, secrets: [{ id: "s-1", created: NOW - DAY }] });
  assert.deepEqual([made, record.id, record.noted, record.secrets], [true, id, NOW, [{ id: "s-1", created: NOW - DAY, noted: NOW }]]);
  assert.equal((await clients.update(id, { owner: "bob", organization: "org_1" })).owner, "bob");
  await clients.addSecret(id, { id: "s-2", hint: "…x9f", expires: "90d" });
  const { secrets } = await clients.revokeSecret(id, { secret: "s-1", by: "bob" });
  assert.deepEqual(secrets.map(({ revoked }) => revoked?.by), ["bob", undefined]);
  const shown = await clients.show(id);
  assert.deepEqual([shown.record.secrets, shown.usage], [secrets, { v: 1, precision: 0 }]);
  assert.deepEqual((await clients.list({ limit: 1 })).clients.map((client) => client.id), [id]);
  assert.deepEqual((await clients.remove(id, { by: "bob" })).removal, { at: NOW, by: "bob" });
  assert.deepEqual(Object.keys(JSON.parse(store.get(`client/${id}`)).removal), ["at", "by"]);
});

test("what is not done is told by its code, and no secret is quoted", async () => {
  const { clients } = await stage();
  const secret = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH";
  const refused = async (step, code, status) => {
    const error = await step().then(() => assert.fail("it was done"), (error) => error);
    assert.ok(error instanceof ClientAdminError, String(error));
    assert.deepEqual([error.code, error.status, error.message.includes(secret)], [code, status, false], error.message);
  };
  await refused(() => clients.add({ ...CLIENT, clientSecret: secret }), "body_invalid", 400);
  await refused(() => clients.add({ ...CLIENT, secrets: [{ id: secret }] }), "body_invalid", 400);
  await refused(() => clients.add({ ...CLIENT, owner: undefined }), "body_invalid", 400);
  await refused(() => clients.show("y5McnWS8tSdA7qhJ"), "client_not_found", 404);
  await clients.add(CLIENT);
  await refused(() => clients.add(CLIENT), "client_state_conflict", 409);
  await assert.rejects(createClientAdmin({ reviews: {} }, { store: memoryStore() }), /no option `reviews`/);
  await assert.rejects(createClientAdmin({ review: { maxClientSecretAgeDays: 0 } }, { store: memoryStore() }), /maxClientSecretAgeDays/);
  await assert.rejects(createClientAdmin({}, { store: { get: () => null } }), /takes writes/);
  const broken = await createClientAdmin({}, { store: { ...memoryStore(), latest: () => Promise.reject(new Error("dead")) } });
  await refused(() => broken.add(CLIENT), "store_unavailable", 503);
});

test("an import is the same again and again", async () => {
  const { clients, pass } = await stage();
  const listed = { issuer: CLIENT.issuer, clientId: "export", secrets: [{ id: "s-1", lastUsed: null }] };
  const first = await clients.import(listed);
  pass(DAY);
  const again = await clients.import(JSON.stringify(listed));
  assert.deepEqual([first.made, again.made, again.record], [true, false, first.record]);
  const later = await clients.import({ ...listed, secrets: [{ id: "s-2" }] });
  assert.deepEqual(later.record.secrets.map(({ id, revoked }) => [id, revoked?.by]), [["s-1", "import"], ["s-2", undefined]]);
});

test("a listing of an issuer is read without the secrets in it", async () => {
  const { clients, store } = await stage();
  const text = JSON.stringify([
    { client_id: "a1", name: "export", client_secret: "hush-hush-hush-hush", grant_types: ["client_credentials"] },
    { client_id: "a2", name: "a page", grant_types: ["authorization_code"] },
  ]);
  const listing = readClientListing(text, { from: "auth0", issuer: "https://acme.eu.auth0.com/" });
  assert.deepEqual(listing.clients, [
    { issuer: "https://acme.eu.auth0.com/", clientId: "a1", name: "export", secrets: [{}] },
  ]);
  assert.deepEqual(listing.passed.map(({ entry, clientId, fault }) => [entry, clientId, fault]), [[2, "a2", false]]);
  const { id } = await clients.import(listing.clients[0]);
  assert.ok(!store.get(`client/${id}`).includes("hush"));
  assert.throws(() => readClientListing("hush-hush-hush", { from: "auth0", issuer: "x" }), (error) => !/hush/.test(error.message));
  assert.throws(() => readClientListing("[]", { from: "okta", issuer: "x" }), /`auth0` and `workos`/);
});

test("keys and client secrets stand in one inventory and one review", async () => {
  const { clients, store, now } = await stage({ review: { maxClientSecretAgeDays: 90, departed: ["bob"] } });
  const keys = await createKeyAdmin({ prefix: "acme", environment: "live" }, { store, now });
  const { id: key } = await keys.issue({ organization: "org_1", owner: "ada", revoker: "sec", name: "a key", expires: "90d" });
  const old = await clients.add({ ...CLIENT, secrets: [{ id: "s-1", created: NOW - 91 * DAY, expires: "60d" }] });
  const nobody = await clients.import({ issuer: CLIENT.issuer, clientId: "foreign", secrets: [] });
  const page = await clients.inventory();
  assert.deepEqual(page.lines.map((line) => [line.class, line.id, line.secret]), [["api_key", key, undefined], ["client_secret", old.id, "s-1"]]);
  const { findings, summary, cursor } = await clients.review();
  assert.deepEqual(
    findings.map(({ rule, subject, severity }) => [rule, subject.id, subject.secret, severity]),
    [
      ["client_no_owner", nobody.id, undefined, "high"],
      ["client_secret_past_max_age", old.id, "s-1", "medium"],
      ["client_without_secret", nobody.id, undefined, "info"],
    ],
  );
  assert.deepEqual([summary.keys, summary.clients, summary.clientSecrets, summary.clientsWithFindings, cursor], [1, 2, 1, 2, null]);
  for (const { nhi, csf20, csf11, evidence, blindSpot, advice, ask } of findings) {
    assert.ok(/^NHI\d:2025$/.test(nhi) && csf20.length > 0 && csf11.length > 0 && evidence.words && blindSpot && advice && ask.as);
  }
  // Page by page it is the same.
  const found = [];
  let at = null;
  do {
    const part = await clients.review({ cursor: at, limit: 1 });
    found.push(...part.findings.map(({ rule }) => rule));
    at = part.cursor;
  } while (at !== null);
  assert.deepEqual(found.sort(), findings.map(({ rule }) => rule).sort());
  const csv = [];
  for await (const part of clients.inventoryText()) csv.push(part);
  assert.match(csv.join(""), new RegExp(`^client_secret,${old.id},active,expiring,,ada,.*,s-1,"?https://login.example/"?,export,,\\r$`, "m"));
});
