// The Worker as it is deployed, in workerd, with a real KV: who gets through, who does not, and what is said about it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { after, before, test } from "node:test";
import { mistyped, tampered } from "../support/credentials.mjs";
import { demoKey, demoToken, entriesOf, second } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

const keys = {
  good: demoKey({ owner: "reports@acme.example" }),
  writing: demoKey({ scopes: ["reports:read", "reports:write"] }),
  expired: demoKey({ expires: second - 60 }),
  early: demoKey({ notBefore: second + 3600 }),
  disabled: demoKey({ disabled: true }),
  revoked: demoKey({ revocation: { at: second - 60, by: "security@acme.example", reason: "key_compromise" } }),
  rotating: demoKey({ rotation: { replacedBy: "AAAAAAAAAAAAAAAA", overlapUntil: second + 3600 } }),
  superseded: demoKey({ rotation: { replacedBy: "AAAAAAAAAAAAAAAA", overlapUntil: second - 60 } }),
  staging: demoKey({}, { environment: "test" }),
  misfiled: demoKey({ environment: "test" }),
  bound: demoKey({ allowedCidrs: ["192.0.2.0/24"] }),
  unowned: demoKey({ owner: undefined }),
  unreadable: demoKey({ later: "a restriction that this version does not know" }),
};
const unknown = demoKey();
const guessed = demoKey({}, { id: keys.good.id });
const token = demoToken();

// An origin that tells of a body of any size, and of itself that it was reached.
const origin = `
  let reached = 0;
  const hex = (bytes) => [...new Uint8Array(bytes)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  export default {
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (pathname === "/v1/exports/moved") return Response.redirect("https://api.example/v1/exports/other", 302);
      if (pathname === "/v1/exports/failing") throw new Error("the origin's own words");
      const body = await request.arrayBuffer();
      const headers = Object.fromEntries(request.headers);
      const digest = hex(await crypto.subtle.digest("SHA-256", body));
      const told = { reached: ++reached, method: request.method, url: request.url, headers, bytes: body.byteLength, digest };
      return new Response(request.method === "HEAD" ? null : JSON.stringify(told), { headers: { "x-origin": "reached" } });
    },
  };
`;

let gate;
before(async () => {
  gate = await startGate({ entries: entriesOf(...Object.values(keys)), origin, clock: true });
});
after(() => gate.stop());

const bearer = (credential) => ({ authorization: `Bearer ${credential}` });
const get = (headers, path = "/v1/reports", init = {}) => gate.fetch(path, { redirect: "manual", headers, ...init });

/** The headers that say who it is. */
function identity(headers) {
  const { "edgeward-request-id": id, ...rest } = Object.fromEntries(
    Object.entries(headers).filter(([name]) => /^edgeward[-_]/.test(name)),
  );
  assert.match(id, /^[0-9a-f]{32}$/);
  return rest;
}

const OF_TOKEN = {
  "edgeward-class": "m2m_token",
  "edgeward-subject": "app_reports",
  "edgeward-organization": "org_acme",
  "edgeward-credential-id": "app_reports",
  "edgeward-scopes": "reports:read",
};
const OF_KEY = {
  "edgeward-class": "api_key",
  "edgeward-subject": "reports@acme.example",
  "edgeward-organization": "org_acme",
  "edgeward-credential-id": keys.good.id,
  "edgeward-scopes": "reports:read",
};

for (const [what, headers, expected] of [
  ["a good token", bearer(token), OF_TOKEN],
  ["a good key as a bearer", bearer(keys.good.key), OF_KEY],
  ["a good key in its own header", { "x-api-key": keys.good.key }, OF_KEY],
]) {
  test(`${what}: the origin learns who it is and nothing of the credential`, async () => {
    const forged = { "edgeward-subject": "admin", edgeward_class: "admin", "Edgeward-Extra": "admin", "x-kept": "kept" };
    const answer = await get({ ...headers, ...forged }, "/v1/reports?page=2");
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("x-origin"), "reached");
    const told = await answer.json();
    assert.equal(told.method, "GET");
    assert.match(told.url, /\/v1\/reports\?page=2$/);
    assert.deepEqual(identity(told.headers), expected);
    assert.equal(told.headers["x-kept"], "kept");
    for (const part of [...token.split("."), keys.good.key, keys.good.secret, "admin"]) {
      assert.ok(!JSON.stringify(told.headers).includes(part));
    }
  });
}

const INVALID = /^Bearer error="invalid_token", error_description="[^"]+"$/;
const INSUFFICIENT = /^Bearer error="insufficient_scope", error_description="[^"]+"(, scope="reports:write")?$/;
const MALFORMED = /^Bearer error="invalid_request", error_description="[^"]+"$/;
const hour = 3600;

/** Each with the headers, the status, the code and the challenge of the answer, and what differs from a plain GET. */
const REFUSED = [
  ["nothing", {}, 401, "credential_missing", "Bearer"],
  ["another scheme", { authorization: "Basic eDp5" }, 401, "credential_missing", "Bearer"],
  ["a bearer of no known form", bearer("opaque"), 401, "credential_unrecognized", INVALID],
  ["no bearer after the word", { authorization: "Bearer" }, 400, "credential_malformed", MALFORMED],
  ["an expired token", bearer(demoToken({ claims: { iat: second - 2 * hour, exp: second - hour } })), 401, "token_expired", INVALID],
  ["a tampered token", bearer(tampered(token, { sub: "admin" })), 401, "signature_invalid", INVALID],
  ["a cut token", bearer(token.slice(0, -2)), 401, "signature_invalid", INVALID],
  ["another audience", bearer(demoToken({ claims: { aud: "https://other.example" } })), 401, "audience_mismatch", INVALID],
  ["another issuer", bearer(demoToken({ claims: { iss: "https://other.example" } })), 401, "issuer_unknown", INVALID],
  ["an unknown kid", bearer(demoToken({ header: { kid: "demo-9" } })), 401, "signing_key_unknown", INVALID],
  ["no algorithm", bearer(demoToken({ header: { alg: "none" } })), 401, "algorithm_not_allowed", INVALID],
  ["another type", bearer(demoToken({ header: { typ: "JWT" } })), 401, "typ_not_accepted", INVALID],
  ["a token of tomorrow", bearer(demoToken({ claims: { nbf: second + hour } })), 401, "token_not_yet_valid", INVALID],
  ["a token that lives too long", bearer(demoToken({ claims: { exp: second + 2 * hour } })), 401, "token_lifetime_too_long", INVALID],
  ["a large token", bearer(demoToken({ claims: { filler: "x".repeat(20_000) } })), 401, "token_too_large", INVALID],
  ["a revoked key", bearer(keys.revoked.key), 401, "key_invalid", INVALID],
  ["an unknown key", bearer(unknown.key), 401, "key_invalid", INVALID],
  ["a known id with another secret", bearer(guessed.key), 401, "key_invalid", INVALID],
  ["a key with a wrong check", bearer(mistyped(keys.good.key)), 401, "key_invalid", INVALID],
  ["a key that nobody answers for", bearer(keys.unowned.key), 401, "key_invalid", INVALID],
  ["an expired key", bearer(keys.expired.key), 401, "key_expired", INVALID],
  ["a key of tomorrow", bearer(keys.early.key), 401, "key_not_yet_valid", INVALID],
  ["a disabled key", bearer(keys.disabled.key), 401, "key_disabled", INVALID],
  ["a superseded key", bearer(keys.superseded.key), 401, "key_superseded", INVALID],
  ["a key of the test environment", bearer(keys.staging.key), 401, "key_environment_mismatch", INVALID],
  ["a record of the test environment", bearer(keys.misfiled.key), 401, "key_environment_mismatch", INVALID],
  ["a key from another address", { ...bearer(keys.bound.key), "cf-connecting-ip": "192.0.3.1" }, 403, "address_not_allowed", INSUFFICIENT],
  ["a key from no known address", bearer(keys.bound.key), 403, "address_not_allowed", INSUFFICIENT],
  ["a record that cannot be read", bearer(keys.unreadable.key), 503, "record_unreadable", null],
  ["both at once", { ...bearer(token), "x-api-key": keys.good.key }, 400, "credential_ambiguous", MALFORMED],
  ["a token in the header of keys", { "x-api-key": token }, 401, "credential_unrecognized", INVALID],
  ["a token in the query", {}, 400, "credential_in_query", MALFORMED, { path: `/v1/reports?access_token=${token}` }],
  ["a key in the query beside a good token", bearer(token), 400, "credential_in_query", MALFORMED, { path: `/v1/reports?x=${keys.good.key}` }],
  ["no such path", bearer(token), 403, "route_unknown", null, { path: "/v2/anything" }],
  ["no such method", bearer(token), 403, "route_unknown", null, { method: "DELETE" }],
  ["an escaped path", bearer(token), 400, "path_ambiguous", null, { path: "/v1/%72eports" }],
  ["a class that the route does not take", bearer(keys.good.key), 403, "class_not_accepted", INSUFFICIENT, { path: "/v1/exports/1" }],
  ["a scope that the key lacks", bearer(keys.good.key), 403, "scope_insufficient", INSUFFICIENT, { method: "POST", body: "{}" }],
  ["a scope that the token lacks", bearer(token), 403, "scope_insufficient", INSUFFICIENT, { method: "POST", body: "{}" }],
  ["no such endpoint", bearer(token), 404, "endpoint_unknown", null, { path: "/_edgeward/admin" }],
  ["verify by another method", bearer(token), 405, "method_not_allowed", null, { path: "/_edgeward/verify", method: "POST", body: "" }],
];

for (const [what, headers, status, code, challenge, { path, ...init } = {}] of REFUSED) {
  test(`${what}: ${status} ${code}`, async () => {
    const answer = await get(headers, path, init);
    const problem = await answer.json();
    assert.deepEqual([answer.status, problem.status, problem.code], [status, status, code]);
    assert.equal(problem.type, `urn:edgeward:reason:${code}`);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("x-origin"), null);
    assert.match(problem.requestId, /^[0-9a-f]{32}$/);
    assert.equal(answer.headers.get("edgeward-request-id"), problem.requestId);
    const told = answer.headers.get("www-authenticate");
    if (challenge instanceof RegExp) assert.match(told, challenge);
    else assert.equal(told, challenge);
  });
}

test("a key in its overlap and a key from its own addresses are good", async () => {
  const rotating = await get(bearer(keys.rotating.key));
  assert.equal((await rotating.json()).headers["edgeward-credential-id"], keys.rotating.id);
  const bound = await get({ ...bearer(keys.bound.key), "cf-connecting-ip": "192.0.2.7" });
  assert.equal((await bound.json()).headers["edgeward-credential-id"], keys.bound.id);
});

test("the verdict itself: for a token, for a key, for what is refused", async () => {
  const verify = (headers, method = "GET") => get(headers, "/_edgeward/verify", { method });
  const ofToken = await verify(bearer(token));
  assert.equal(ofToken.status, 200);
  assert.deepEqual(identity(Object.fromEntries(ofToken.headers)), OF_TOKEN);
  const verdict = await ofToken.json();
  assert.deepEqual([verdict.ok, verdict.class, verdict.kid, verdict.claims.sub], [true, "m2m_token", "demo-1", "app_reports"]);
  const ofKey = await verify(bearer(keys.good.key));
  assert.deepEqual(identity(Object.fromEntries(ofKey.headers)), OF_KEY);
  const text = await ofKey.text();
  assert.equal(JSON.parse(text).record.owner, "reports@acme.example");
  assert.ok(!text.includes("digest") && !text.includes(keys.good.secret));
  const refused = await verify(bearer(keys.revoked.key));
  assert.deepEqual([refused.status, (await refused.json()).code], [401, "key_invalid"]);
  const head = await verify(bearer(token), "HEAD");
  assert.deepEqual([head.status, await head.text()], [200, ""]);
  assert.deepEqual(identity(Object.fromEntries(head.headers)), OF_TOKEN);
});

test("health needs no credential and says which version it is", async () => {
  const answer = await get({}, "/_edgeward/health");
  assert.equal(answer.status, 200);
  const { status, version } = await answer.json();
  assert.equal(status, "pass");
  assert.match(version, /^\d+\.\d+\.\d+/);
});

test("a body of a megabyte reaches the origin as it was sent", async () => {
  const body = randomBytes(1024 * 1024);
  const answer = await get({ ...bearer(keys.writing.key), "content-type": "application/octet-stream" }, "/v1/reports", {
    method: "POST",
    body,
  });
  const told = await answer.json();
  assert.deepEqual([told.method, told.bytes], ["POST", body.length]);
  assert.equal(told.digest, createHash("sha256").update(body).digest("hex"));
  assert.equal(told.headers["content-type"], "application/octet-stream");
});

test("HEAD reaches the origin, and a refused one has the headers of a refusal and no body", async () => {
  const good = await get(bearer(token), "/v1/reports", { method: "HEAD" });
  assert.deepEqual([good.status, good.headers.get("x-origin"), await good.text()], [200, "reached", ""]);
  const refused = await get({}, "/v1/reports", { method: "HEAD" });
  assert.deepEqual([refused.status, refused.headers.get("www-authenticate"), await refused.text()], [401, "Bearer", ""]);
});

test("a redirect of the origin is passed on, and a failing origin is 502 in the gate's words", async () => {
  const moved = await get(bearer(token), "/v1/exports/moved");
  assert.deepEqual([moved.status, moved.headers.get("location")], [302, "https://api.example/v1/exports/other"]);
  const failing = await get(bearer(token), "/v1/exports/failing");
  const problem = await failing.text();
  assert.deepEqual([failing.status, JSON.parse(problem).code], [502, "origin_unavailable"]);
  assert.ok(!problem.includes("own words"));
});

test("fifty mixed requests at once, each with its own answer and its own identity", async () => {
  const clients = Array.from({ length: 10 }, (_, place) => demoToken({ claims: { sub: `app_${place}` } }));
  const own = Array.from({ length: 10 }, (_, place) => demoKey({ owner: `owner_${place}` }));
  for (const { storeKey, record } of own) await gate.store.put(storeKey, JSON.stringify(record));
  const requests = Array.from({ length: 50 }, (_, place) => {
    const which = Math.floor(place / 5);
    return [
      [bearer(clients[which]), 200, `app_${which}`],
      [bearer(own[which].key), 200, `owner_${which}`],
      [bearer(tampered(clients[which], { sub: "admin" })), 401, "signature_invalid"],
      [bearer(mistyped(own[which].key)), 401, "key_invalid"],
      [{}, 401, "credential_missing"],
    ][place % 5];
  });
  const answers = await Promise.all(
    requests.map(async ([headers]) => {
      const answer = await get(headers);
      const told = await answer.json();
      return [answer.status, told.code ?? told.headers["edgeward-subject"]];
    }),
  );
  assert.deepEqual(answers, requests.map(([, status, told]) => [status, told]));
});

test("a key that is revoked between two requests is refused once its record has had its time", async () => {
  const key = demoKey();
  await gate.store.put(key.storeKey, JSON.stringify(key.record));
  assert.equal((await get(bearer(key.key))).status, 200);
  const revocation = { at: second, by: "security@acme.example", reason: "key_compromise" };
  await gate.store.put(key.storeKey, JSON.stringify({ ...key.record, revocation }));
  const refused = await get({ ...bearer(key.key), "clock-ahead": "15" });
  assert.deepEqual([refused.status, (await refused.json()).code], [401, "key_invalid"]);
  await gate.store.delete(key.storeKey);
  assert.equal((await get(bearer(key.key))).status, 401);
});
