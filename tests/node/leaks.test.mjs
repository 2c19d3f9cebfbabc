// A report of leaked keys, from a Request with a body to a record that is revoked.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { createGate } from "edgeward";
import { keeping } from "../support/audit-schema.mjs";
import { NOW, apiKey, countingStore } from "../support/credentials.mjs";

const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const list = {
  public_keys: [{ key_identifier: "k1", key: publicKey.export({ type: "spki", format: "pem" }), is_current: true }],
};
const KEYS_URL = "https://keys.example/list";

/** A gate over a store that takes writes, and what was asked of the sender. */
async function gated(key) {
  const [events, asked] = [[], []];
  const store = countingStore(key);
  store.put = async (name, value) => void store.entries.set(name, value);
  store.delete = async (name) => void store.entries.delete(name);
  const fetch = async (url, request) => {
    asked.push([url, new Headers(request.headers).get("user-agent"), request.redirect]);
    return Response.json(list);
  };
  const policy = {
    apiKeys: { prefix: "acme", environment: "live" },
    routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["api_key"] }],
    leaks: { keysUrl: KEYS_URL },
  };
  const origin = () => new Response("reached");
  const audit = keeping(events);
  const gate = await createGate(policy, { store, fetch, origin, now: () => NOW, audit });
  return { gate, events, store, asked };
}

function report(body, { signature = sign("sha256", Buffer.from(body), privateKey).toString("base64"), method = "POST" } = {}) {
  const headers = { "github-public-key-identifier": "k1", "github-public-key-signature": signature };
  return new Request("https://api.example/_edgeward/leaks", { method, headers, body });
}

const entries = (...tokens) =>
  JSON.stringify(tokens.map((token) => ({ token, type: "acme_key", url: "https://git.example/a", source: "commit" })));

test("a signed report revokes a key, and each key has an event", async () => {
  const key = apiKey();
  const { gate, events, store, asked } = await gated(key);
  const use = () =>
    gate.fetch(new Request("https://api.example/v1/reports", { headers: { authorization: `Bearer ${key.key}` } }));
  assert.equal((await use()).status, 200);
  events.length = 0;

  const body = entries(key.key, "acme_something", key.key);
  const answer = await gate.fetch(report(body));
  assert.equal(answer.status, 200);
  const hash = (token) => createHash("sha256").update(token).digest("hex");
  assert.deepEqual(await answer.json(), [
    { token_hash: hash(key.key), token_type: "acme_key", label: "true_positive" },
    { token_hash: hash("acme_something"), token_type: "acme_key", label: "false_positive" },
    { token_hash: hash(key.key), token_type: "acme_key", label: "true_positive" },
  ]);
  assert.deepEqual(
    events.map(({ class_uid, unmapped }) => [class_uid, unmapped.credential_id, unmapped.action]),
    [
      [2004, key.id, "revoked"],
      [2004, key.id, "already_revoked"],
    ],
  );
  assert.ok(!JSON.stringify(events).includes(key.secret));
  const { revocation } = JSON.parse(store.entries.get(key.storeKey));
  assert.deepEqual(revocation, { at: Math.floor(NOW / 1000), by: "github-secret-scanning", reason: "key_compromise" });
  assert.equal(asked.length, 1);
  const [url, agent, redirect] = asked[0];
  assert.deepEqual([url, redirect], [KEYS_URL, "manual"]);
  assert.match(agent, /^edgeward\//);

  assert.equal((await use()).status, 401);
  const again = await gate.fetch(report(body));
  assert.deepEqual([again.status, (await again.json()).code], [409, "report_replayed"]);
});

test("a report that is forged, too long, or not posted changes nothing", async () => {
  const key = apiKey();
  const { gate, store } = await gated(key);
  const before = store.entries.get(key.storeKey);
  const body = entries(key.key);
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const raw = sign("sha256", Buffer.from(body), { key: privateKey, dsaEncoding: "ieee-p1363" }).toString("base64");
  for (const [request, status, code] of [
    [report(body, { signature: sign("sha256", Buffer.from(body), stranger).toString("base64") }), 401, "report_signature_invalid"],
    [report(body, { signature: raw }), 401, "report_signature_invalid"],
    [report(body, { method: "PUT" }), 405, "method_not_allowed"],
    [report(`${" ".repeat(1024 * 1024)}${body}`), 413, "body_too_large"],
  ]) {
    const answer = await gate.fetch(request);
    assert.deepEqual([answer.status, (await answer.json()).code], [status, code]);
  }
  assert.equal(store.entries.get(key.storeKey), before);
});

test("a key over plain HTTP is refused and marked", async () => {
  const key = apiKey();
  const { gate, events, store } = await gated(key);
  const headers = { authorization: `Bearer ${key.key}` };
  const answer = await gate.fetch(new Request("http://api.example/v1/reports", { headers }));
  assert.deepEqual([answer.status, (await answer.json()).code], [403, "credential_exposed"]);
  assert.deepEqual([events[0].unmapped.credential_id, events[0].user.uid], [key.id, "ada@example.com"]);
  assert.equal(JSON.parse(store.entries.get(`usage/${key.id}`)).exposed.place, "plain_http");
  const local = await gate.fetch(new Request("http://localhost:8787/v1/reports", { headers }));
  assert.equal(local.status, 200);
});
