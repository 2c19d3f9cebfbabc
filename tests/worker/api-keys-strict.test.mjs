// Strict mode in workerd: an administrator ends a key in one isolate, and another one, which would use what it knows of the
// key for an hour, refuses it within the age of the signed deny list.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, before, test } from "node:test";
import { ISSUER, signer, tokenPolicy } from "../support/credentials.mjs";
import { startGate } from "../support/gate.mjs";

const MAX_AGE = 60;
const issuer = signer("ES256");
const signing = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: "deny-1" };
const { d, ...published } = signing;
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live", cacheSeconds: 3600 },
  admin: { issuer: ISSUER },
  denySnapshot: { maxAge: MAX_AGE, jwks: { keys: [published] } },
  routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["api_key"], scopes: ["reports:read"] }],
};

let gate;
before(async () => {
  gate = await startGate({
    documents: { policy, snapshots: {} },
    bindings: { EDGEWARD_DENY_SIGNING_KEY: JSON.stringify(signing) },
    isolates: 3,
    clock: true,
    origin: `export default { fetch: () => new Response("reached") };`,
  });
  // Where nobody has signed a list yet, nobody is let in.
  await gate.scheduled(0);
});
after(() => gate?.stop());

const credential = () => {
  const now = Date.now();
  return issuer.mint({ claims: { scope: "edgeward:write", exp: Math.floor(now / 1000) + 1_000_000 }, now });
};

/** The status of an answer and what it says, from an isolate whose clock is put ahead by some seconds. */
async function ask(path, { bearer, method = "GET", body, isolate = 0, ahead } = {}) {
  const headers = { authorization: `Bearer ${bearer}`, ...(ahead !== undefined && { "clock-ahead": String(ahead) }) };
  const answer = await fetch(new URL(path, gate.urls[isolate]), { method, headers, body: body && JSON.stringify(body) });
  const text = await answer.text();
  return { status: answer.status, told: text === "reached" ? text : JSON.parse(text) };
}

async function opens(key, isolate, ahead) {
  const { told } = await ask("/v1/reports", { bearer: key, isolate, ahead });
  return told === "reached" ? told : told.code;
}

async function issued() {
  const body = { organization: "org_acme", owner: "ada", revoker: "security", name: "nightly", scopes: ["reports:read"] };
  const { status, told } = await ask("/_edgeward/admin/keys", { bearer: credential(), method: "POST", body });
  assert.equal(status, 201, JSON.stringify(told));
  return told;
}

/** What the signed list holds of keys. */
async function denied() {
  const [, payload] = (await gate.store.get("deny/snapshot")).split(".");
  return JSON.parse(Buffer.from(payload, "base64url")).entries.map(({ key }) => key);
}

test("what is revoked by an administrator, or by whoever holds it, is refused everywhere within the age of the list", async () => {
  const { told: health } = await ask("/_edgeward/health");
  assert.equal(health.apiKeys.revocationBound.seconds, MAX_AGE);
  const [revoked, found, kept] = [await issued(), await issued(), await issued()];
  for (const isolate of [0, 1]) {
    for (const { key } of [revoked, found, kept]) assert.equal(await opens(key, isolate, 0), "reached");
  }
  const body = { reason: "key_compromise" };
  const path = `/_edgeward/admin/keys/${revoked.id}/revoke`;
  assert.equal((await ask(path, { bearer: credential(), method: "POST", body })).status, 200);
  assert.equal((await ask("/_edgeward/revoke", { bearer: found.key, method: "POST" })).status, 200);
  assert.deepEqual((await denied()).sort(), [revoked.id, found.id].sort());
  for (const { key } of [revoked, found]) assert.equal(await opens(key, 0), "key_invalid");
  // The other one has a list from before, and facts that would do for an hour.
  for (const { key } of [revoked, found, kept]) assert.equal(await opens(key, 1), "reached");
  // Time passes, and the list is signed again as the clock has it.
  await opens(kept.key, 0, MAX_AGE - 10);
  await gate.scheduled(0);
  for (const { key } of [revoked, found]) assert.equal(await opens(key, 1, MAX_AGE), "key_invalid");
  assert.equal(await opens(kept.key, 1), "reached");
});

test("where nobody signs any more, everybody is told that it cannot be told", async () => {
  const { key } = await issued();
  // By the clock of the last list.
  assert.equal(await opens(key, 2, MAX_AGE - 10), "reached");
  const { status, told } = await ask("/v1/reports", { bearer: key, isolate: 2, ahead: 10 * MAX_AGE });
  assert.deepEqual([status, told.code], [503, "deny_snapshot_stale"]);
});
