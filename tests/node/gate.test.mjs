// The gate as a library: a request in, a verdict and an audit event out.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "edgeward";
import { keeping } from "../support/audit-schema.mjs";
import { NOW, apiKey, countingStore, mistyped, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const key = apiKey();
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] },
  routes: [
    { methods: ["GET", "HEAD"], path: "/v1/reports", classes: ["m2m_token", "api_key"], scopes: ["reports:read"] },
    { methods: ["POST"], path: "/v1/reports/:id", classes: ["m2m_token", "api_key"], scopes: ["reports:write"] },
    { methods: ["GET"], path: "/v1/exports/*", classes: ["m2m_token"] },
    { methods: ["GET"], path: "/v1/secret", classes: ["m2m_token"], scopes: ["admin"] },
  ],
};

/** A gate with its events. */
async function gated(options = {}, change = {}) {
  const events = [];
  const store = countingStore(key);
  const gate = await createGate(
    { ...policy, ...change },
    { store, now: () => NOW, audit: keeping(events), ...options },
  );
  return { gate, events, store };
}

const outcome = (verdict) => verdict.ok || verdict.code;
const bearer = (credential) => ({ authorization: `Bearer ${credential}` });
const reports = (headers, more = {}) => ({ method: "GET", url: "/v1/reports", headers, ...more });

test("a request comes as a Request or as an object with headers of any shape", async () => {
  const { gate } = await gated();
  const token = issuer.mint();
  const authorization = `Bearer ${token}`;
  for (const [what, request] of Object.entries({
    "a Request": new Request("https://api.example/v1/reports?page=2#top", { headers: { authorization } }),
    "Node's headers": reports({ authorization, accept: "*/*", "set-cookie": ["a", "b"], "x-none": undefined }),
    "a list of one": reports({ authorization: [authorization] }),
    "another case": reports({ AUTHORIZATION: authorization }),
    "a number among them": reports({ authorization, "content-length": 0 }),
    "Headers": reports(new Headers({ authorization })),
    "pairs": reports([["Authorization", authorization]]),
    "a map": reports(new Map([["authorization", authorization]])),
    "no prototype": reports(Object.assign(Object.create(null), { authorization })),
    "a full URL": reports({ authorization }, { url: "https://api.example:8443/v1/reports" }),
  })) {
    const verdict = gate.check(request);
    assert.ok(!(verdict instanceof Promise), what);
    assert.equal(outcome(verdict), true, what);
    assert.equal(verdict.class, "m2m_token");
  }
});

test("each request gets the status and the code that its credential earns", async () => {
  const { gate } = await gated();
  const token = issuer.mint();
  for (const [what, request, code, status] of [
    ["a token", reports(bearer(token)), true],
    ["a key as a bearer", reports(bearer(key.key)), true],
    ["a key in its own header", reports({ "x-api-key": key.key }), true],
    ["another scheme beside it", reports({ "x-api-key": key.key, authorization: "Basic eDp5" }), true],
    ["nothing", reports({}), "credential_missing", 401],
    ["both", reports({ ...bearer(token), "x-api-key": key.key }), "credential_ambiguous", 400],
    ["twice the same", reports([["authorization", `Bearer ${token}`], ["Authorization", `Bearer ${token}`]]), "credential_ambiguous", 400],
    ["a list", reports({ authorization: [`Bearer ${token}`, `Bearer ${token}`] }), "credential_ambiguous", 400],
    ["joined by a comma", reports({ authorization: `Bearer ${token}, Bearer ${token}` }), "credential_ambiguous", 400],
    ["an empty bearer", reports({ authorization: "Bearer " }), "credential_malformed", 400],
    ["a bearer with a space in it", reports({ authorization: `Bearer ${token} x` }), "credential_malformed", 400],
    ["a bearer with a lone surrogate", reports({ authorization: "Bearer \ud800.a.b" }), "credential_malformed", 400],
    ["neither", reports(bearer("opaque")), "credential_unrecognized", 401],
    ["a token in the header of keys", reports({ "x-api-key": token }), "credential_unrecognized", 401],
    ["a token in the query", reports({}, { url: `/v1/reports?access_token=${token}` }), "credential_in_query", 400],
    ["a key in the query", reports(bearer(token), { url: `/v1/reports?x=${key.key}` }), "credential_in_query", 400],
    ["tampered", reports(bearer(tampered(token))), "signature_invalid", 401],
    ["mistyped", reports(bearer(mistyped(key.key))), "key_invalid", 401],
    ["no such route", reports(bearer(token), { url: "/v2/reports" }), "route_unknown", 403],
    ["no such method", reports(bearer(token), { method: "DELETE" }), "route_unknown", 403],
    ["a method in small letters", reports(bearer(token), { method: "get" }), "route_unknown", 403],
    ["dot segments", reports(bearer(token), { url: "/v1/x/../reports" }), "path_ambiguous", 400],
    ["an escaped letter", reports(bearer(token), { url: "/v1/%72eports" }), "path_ambiguous", 400],
    ["the rest of a path", reports(bearer(token), { url: "/v1/exports/2031/05" }), true],
    ["a class that the route does not take", reports(bearer(key.key), { url: "/v1/exports/2031" }), "class_not_accepted", 403],
    ["a scope that the token lacks", reports(bearer(token), { url: "/v1/secret" }), "scope_insufficient", 403],
    ["a scope that the key lacks", reports(bearer(key.key), { url: "/v1/reports/7", method: "POST" }), "scope_insufficient", 403],
    ["a scope that the token has", reports(bearer(token), { url: "/v1/reports/7", method: "POST" }), true],
  ]) {
    const verdict = gate.check(request);
    assert.equal(outcome(verdict), code, what);
    if (code !== true) assert.equal(verdict.status, status, what);
  }
});

// The core reads the path from after the first `://`, wherever that stands (src/gate/request.rs).
test("the route is that of the path, whatever the query holds", async () => {
  const { gate } = await gated();
  for (const url of ["/v1/secret?next=https://api.example/v1/reports", "https://api.example?x=/v1/reports", "/v1/secret?a=://b/v1/reports"]) {
    assert.notEqual(outcome(gate.check(reports(bearer(issuer.mint()), { url }))), true, url);
  }
});

test("the address is the one that the host vouches for", async () => {
  const bound = apiKey({ record: { allowedCidrs: ["192.0.2.0/24"] } });
  const { gate } = await gated({ store: countingStore(bound), address: (request) => request.headers.get("x-real-ip") });
  const url = "https://api.example/v1/reports";
  const from = (ip) => new Request(url, { headers: { ...bearer(bound.key), ...(ip && { "x-real-ip": ip }) } });
  assert.equal(outcome(gate.check(from("192.0.2.1"))), true);
  assert.equal(outcome(gate.check(from("192.0.3.1"))), "address_not_allowed");
  assert.equal(outcome(gate.check(from())), "address_not_allowed");
  assert.equal(outcome(gate.check(reports(bearer(bound.key), { ip: "192.0.2.1" }))), true);
  // A header is no address unless the host says so.
  assert.equal(outcome(gate.check(reports({ ...bearer(bound.key), "x-real-ip": "192.0.2.1" }))), "address_not_allowed");
});

test("where the host fails to say the address or the certificate, nobody can tell", async (context) => {
  const complaints = context.mock.method(console, "error", () => {}).mock;
  const asked = (name) => ({ [name]: (request) => request.headers.get("x-of-host").trim() });
  const url = "https://api.example/v1/reports";
  for (const name of ["address", "certificate"]) {
    const { gate, events } = await gated({ ...asked(name), origin: () => assert.fail("it was forwarded") });
    const request = () => new Request(url, { headers: bearer(key.key) });
    assert.equal(outcome(await gate.check(request())), "host_failed");
    const answer = await gate.fetch(request());
    assert.deepEqual([answer.status, (await answer.json()).code], [503, "host_failed"]);
    const told = events.map((event) => [event.status, event.status_code, event.status_detail, event.http_request.http_method]);
    assert.deepEqual(told, Array(2).fill(["Undecided", "host_failed", `\`${name}\` failed`, "GET"]));
  }
  assert.equal(complaints.callCount(), 4);
});

test("every decision is audited once, and says who, where and why", async () => {
  const { gate, events } = await gated();
  gate.check(reports(bearer(issuer.mint()), { ip: "192.0.2.1" }));
  gate.check(reports(bearer(key.key)));
  gate.check(reports({}));
  gate.check(reports(bearer(issuer.mint({ claims: { exp: 1 } }))));
  gate.check({ method: "GET", url: "/v2", headers: {} });
  const told = events.map((event) => [
    event.status,
    event.status_code,
    event.unmapped.class,
    event.unmapped.route,
    event.user.uid,
    event.unmapped.credential_id,
  ]);
  assert.deepEqual(told, [
    ["Success", "allowed", "m2m_token", "/v1/reports", "app-1", "token-1"],
    ["Success", "allowed", "api_key", "/v1/reports", "ada@example.com", key.id],
    ["Failure", "credential_missing", null, "/v1/reports", undefined, null],
    ["Failure", "token_expired", "m2m_token", "/v1/reports", "app-1", "token-1"],
    ["Failure", "route_unknown", null, null, undefined, null],
  ]);
  for (const event of events) {
    assert.equal(event.class_uid, 3002);
    assert.equal(event.time, NOW);
    assert.match(event.metadata.uid, /^[0-9a-f]{32}$/);
  }
  assert.equal(new Set(events.map((event) => event.metadata.uid)).size, events.length);
  assert.equal(events[0].src_endpoint.ip, "192.0.2.1");
  assert.deepEqual(
    [events[0].unmapped.issuer, events[0].unmapped.kid, events[0].unmapped.algorithm],
    ["https://issuer.example", "ES256-1", "ES256"],
  );
});

test("the audit event says what the client does not learn", async () => {
  const revoked = apiKey({ record: { revocation: { at: 1, by: "security", reason: "key_compromise" } } });
  const { gate, events } = await gated({ store: countingStore(key, revoked) });
  for (const one of [revoked.key, apiKey().key, apiKey({ id: key.id }).key, mistyped(key.key)]) {
    assert.equal(outcome(gate.check(reports(bearer(one)))), "key_invalid");
  }
  const codes = events.map((event) => event.status_code);
  assert.deepEqual(codes, ["key_revoked", "key_unknown", "key_secret_mismatch", "key_check_mismatch"]);
});

test("no audit event holds anything of a credential", async () => {
  const { gate, events } = await gated();
  const token = issuer.mint();
  const secrets = [key.key, key.secret, ...token.split(".")];
  for (const one of [token, key.key, mistyped(key.key), tampered(token), apiKey({ id: key.id, secret: key.secret }).key]) {
    gate.check(reports(bearer(one)));
    gate.check(reports({ "x-api-key": one }));
    gate.check(reports({ authorization: one }));
    gate.check(reports({ authorization: `Bearer ${one} ${one}` }));
    gate.check(reports({ authorization: `Basic ${one}` }));
    gate.check(reports({ "user-agent": one, cookie: one }));
    gate.check(reports({}, { url: `/v1/reports?access_token=${one}` }));
    gate.check(reports({}, { url: `/v1/${one}` }));
    gate.check(reports(bearer(one), { url: `/v1/exports/${one}` }));
  }
  assert.equal(events.length, 45);
  for (const event of events) {
    const line = JSON.stringify(event);
    for (const secret of secrets) assert.ok(!line.includes(secret), line);
  }
});

test("a sink that fails changes no answer, whether it throws at once or later", async (context) => {
  const complaints = context.mock.method(console, "error", () => {}).mock;
  for (const audit of [
    () => {
      throw new Error("injected");
    },
    () => {
      throw undefined;
    },
    async () => {
      throw new Error("injected");
    },
    () => ({ then: (_, reject) => reject("injected") }),
  ]) {
    const { gate } = await gated({ audit });
    assert.equal(outcome(gate.check(reports(bearer(issuer.mint())))), true);
    assert.equal(outcome(gate.check(reports({}))), "credential_missing");
    // Rejections are told of once the promises have run.
    await new Promise(setImmediate);
  }
  assert.equal(complaints.callCount(), 8);
  for (const { arguments: words } of complaints.calls) assert.match(words[0], /the audit sink failed/);
});

test("without a sink, each decision is one line of JSON on the console", async (context) => {
  const { log } = context.mock.method(console, "log", () => {}) && console;
  const { gate } = await gated({ audit: undefined });
  gate.check(reports(bearer(issuer.mint())));
  assert.equal(log.mock.callCount(), 1);
  const [line] = log.mock.calls[0].arguments;
  assert.ok(!line.includes("\n"));
  assert.equal(JSON.parse(line).status_code, "allowed");
});

test("a store that takes its time makes a promise, and one that fails makes 503", async () => {
  const { store } = await gated();
  const slow = await gated({ store: { get: async (at) => store.get(at) } });
  const promised = slow.gate.check(reports(bearer(key.key)));
  assert.ok(promised instanceof Promise);
  assert.equal(outcome(await promised), true);
  // A token needs no store.
  assert.ok(!(slow.gate.check(reports(bearer(issuer.mint()))) instanceof Promise));
  const failing = await gated({ store: { get: () => Promise.reject(new Error("the words of the store")) } });
  const verdict = await failing.gate.check(reports(bearer(key.key)));
  assert.deepEqual([verdict.code, verdict.status, verdict.challenge], ["store_unavailable", 503, null]);
  assert.ok(!JSON.stringify(verdict).includes("words of the store"));
  assert.deepEqual([failing.events[0].status, failing.events[0].status_detail], ["Undecided", "the words of the store"]);
});

test("a denied route or class costs the store nothing", async () => {
  const { gate, store } = await gated();
  gate.check(reports(bearer(key.key), { url: "/v2" }));
  gate.check(reports(bearer(key.key), { url: "/v1/exports/1" }));
  gate.check(reports({ ...bearer(key.key), "x-api-key": key.key }));
  gate.check(reports({}, { url: `/v1/reports?api_key=${mistyped(key.key)}` }));
  gate.check(reports(bearer(mistyped(key.key))));
  assert.deepEqual(store.reads, []);
});
