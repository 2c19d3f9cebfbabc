// The requests that every way through the gate has to judge alike: the library, the Worker as a proxy, and the proxies that
// ask it. Data alone; tests/support/suite.mjs sends them.
import { mistyped, tampered } from "../support/credentials.mjs";
import { demoKey, demoToken, policy as demoPolicy, second } from "../support/demo.mjs";

const BOTH = ["m2m_token", "api_key"];

/** The policy of the suite: the demo's, with routes of every kind. */
export const policy = {
  ...demoPolicy,
  routes: [
    { methods: ["GET", "HEAD"], path: "/v1/reports", classes: BOTH, scopes: ["reports:read"] },
    { methods: ["GET", "HEAD"], path: "/v1/reports/:id", classes: BOTH, scopes: ["reports:read"] },
    { methods: ["POST", "PUT"], path: "/v1/reports", classes: BOTH, scopes: ["reports:write"] },
    { methods: ["GET"], path: "/v1/exports/*", classes: ["m2m_token"], scopes: ["reports:read"] },
    { methods: ["GET"], path: "/v1/keys-only", classes: ["api_key"], scopes: ["reports:read"] },
    { methods: ["GET"], path: "/v1/secret", classes: BOTH, scopes: ["admin"] },
  ],
};

export const keys = {
  good: demoKey({ owner: "reports@acme.example" }),
  writing: demoKey({ owner: "writer@acme.example", scopes: ["reports:read", "reports:write"] }),
  odd: demoKey({ owner: "Zoë %", organization: "org acme" }),
  expired: demoKey({ expires: second - 60 }),
  early: demoKey({ notBefore: second + 3600 }),
  disabled: demoKey({ disabled: true }),
  revoked: demoKey({ revocation: { at: second - 60, by: "security@acme.example", reason: "key_compromise" } }),
  rotating: demoKey({ owner: "rotating@acme.example", rotation: { replacedBy: "AAAAAAAAAAAAAAAA", overlapUntil: second + 3600 } }),
  superseded: demoKey({ rotation: { replacedBy: "AAAAAAAAAAAAAAAA", overlapUntil: second - 60 } }),
  staging: demoKey({}, { environment: "test" }),
  misfiled: demoKey({ environment: "test" }),
  bound: demoKey({ allowedCidrs: ["203.0.113.0/24"] }),
  unowned: demoKey({ owner: undefined }),
  unreadable: demoKey({ later: "a restriction that this version does not know" }),
};
const unknown = demoKey();
const guessed = demoKey({}, { id: keys.good.id });

const hour = 3600;
export const tokens = {
  good: demoToken(),
  writing: demoToken({ claims: { scope: "reports:read reports:write", sub: "app_writer", client_id: "app_writer" } }),
  homeless: demoToken({ claims: { org_id: undefined } }),
};

const BEARER = (credential) => [["Authorization", `Bearer ${credential}`]];
const X_API_KEY = (key) => [["X-API-Key", key]];

const OF_TOKEN = { class: "m2m_token", subject: "app_reports", organization: "org_acme", "credential-id": "app_reports", scopes: "reports:read" };
const OF_WRITER = { ...OF_TOKEN, subject: "app_writer", "credential-id": "app_writer", scopes: "reports:read reports:write" };
const ofKey = (name, more = {}) => ({
  class: "api_key",
  subject: keys[name].record.owner,
  organization: "org_acme",
  "credential-id": keys[name].id,
  scopes: keys[name].record.scopes.join(" "),
  ...more,
});

/** What each code is answered with. */
export const STATUS = {
  allowed: 200,
  ...Object.fromEntries(
    ["credential_ambiguous", "credential_malformed", "credential_in_query", "path_ambiguous", "header_reserved", "request_ambiguous"].map((code) => [code, 400]),
  ),
  ...Object.fromEntries(
    ["route_unknown", "class_not_accepted", "scope_insufficient", "address_not_allowed", "credential_exposed"].map((code) => [code, 403]),
  ),
  record_unreadable: 503,
};

/**
 * One for each request: `name`, `method`, `path` (as it stands on the line), `headers`, `body`, the `code` that it gets
 * ("allowed" among them), `by` way where the code is another there, `identity` where it is allowed, and `mayStop`, where a
 * proxy may refuse such a request by itself. Of "own" it is known that an endpoint of the gate's answers, of "stopped" that
 * the origin does not.
 */
export const requests = [];
const add = (name, code, { method = "GET", path = "/v1/reports", headers = [], identity = OF_TOKEN, by = {}, ...more } = {}) =>
  requests.push({ name, code, method, path, headers, identity, by, ...more });

// Credentials, each wherever it may stand.
for (const [name, token, code] of [
  ["a good token", tokens.good, "allowed"],
  ["an expired token", demoToken({ claims: { iat: second - 2 * hour, exp: second - hour } }), "token_expired"],
  ["a tampered token", tampered(tokens.good, { sub: "admin" }), "signature_invalid"],
  ["a cut token", tokens.good.slice(0, -2), "signature_invalid"],
  ["a token without its signature", tokens.good.replace(/[^.]+$/, ""), "signature_invalid"],
  ["a token for another audience", demoToken({ claims: { aud: "https://other.example" } }), "audience_mismatch"],
  ["a token of another issuer", demoToken({ claims: { iss: "https://other.example" } }), "issuer_unknown"],
  ["a token of an unknown key", demoToken({ header: { kid: "demo-9" } }), "signing_key_unknown"],
  ["a token without an algorithm", demoToken({ header: { alg: "none" } }), "algorithm_not_allowed"],
  ["a token of another algorithm", demoToken({ header: { alg: "HS256" } }), "algorithm_not_allowed"],
  ["a token of another type", demoToken({ header: { typ: "JWT" } }), "typ_not_accepted"],
  ["a token of tomorrow", demoToken({ claims: { nbf: second + hour } }), "token_not_yet_valid"],
  ["a token that lives too long", demoToken({ claims: { exp: second + 2 * hour } }), "token_lifetime_too_long"],
  ["a token without an end", demoToken({ claims: { exp: undefined } }), "claim_missing"],
  ["a token without scopes", demoToken({ claims: { scope: undefined } }), "scope_insufficient"],
  ["what is no token", "a.b.c", "token_malformed"],
]) {
  add(name, code, { headers: BEARER(token) });
  add(`${name} in the header of keys`, "credential_unrecognized", { headers: X_API_KEY(token) });
}
add("a token of no organization", "allowed", { headers: BEARER(tokens.homeless), identity: { ...OF_TOKEN, organization: "" } });

for (const [name, key, code, identity] of [
  ["a good key", keys.good.key, "allowed", ofKey("good")],
  ["a writing key", keys.writing.key, "allowed", ofKey("writing")],
  ["a key whose owner is no plain text", keys.odd.key, "allowed", ofKey("odd", { subject: "Zo%C3%AB%20%25", organization: "org%20acme" })],
  ["a key in rotation", keys.rotating.key, "allowed", ofKey("rotating")],
  ["an expired key", keys.expired.key, "key_expired"],
  ["an early key", keys.early.key, "key_not_yet_valid"],
  ["a disabled key", keys.disabled.key, "key_disabled"],
  ["a revoked key", keys.revoked.key, "key_invalid"],
  ["a superseded key", keys.superseded.key, "key_superseded"],
  ["a key of staging", keys.staging.key, "key_environment_mismatch"],
  ["a misfiled key", keys.misfiled.key, "key_environment_mismatch"],
  ["a key of nobody", keys.unowned.key, "key_invalid"],
  ["a key whose record is not understood", keys.unreadable.key, "record_unreadable"],
  ["a key for other addresses", keys.bound.key, "address_not_allowed"],
  ["an unknown key", unknown.key, "key_invalid"],
  ["a guessed secret", guessed.key, "key_invalid"],
  ["a mistyped key", mistyped(keys.good.key), "key_invalid"],
]) {
  add(`${name} as a bearer`, code, { headers: BEARER(key), identity });
  add(`${name} in its own header`, code, { headers: X_API_KEY(key), identity });
}

// How a credential is carried.
for (const [name, headers, code, identity] of [
  ["nothing", [], "credential_missing"],
  ["another scheme", [["Authorization", "Basic eDp5"]], "credential_missing"],
  ["a scheme alone", [["Authorization", "Bearer"]], "credential_malformed"],
  ["a bearer of no known form", BEARER("opaque"), "credential_unrecognized"],
  ["a bearer with a space in it", BEARER(`${tokens.good} x`), "credential_malformed"],
  ["a scheme in small letters", [["authorization", `bearer ${tokens.good}`]], "allowed", OF_TOKEN],
  ["a scheme in capitals", [["AUTHORIZATION", `BEARER ${tokens.good}`]], "allowed", OF_TOKEN],
  ["a key beside another scheme", [["Authorization", "Basic eDp5"], ...X_API_KEY(keys.good.key)], "allowed", ofKey("good")],
  ["both classes", [...BEARER(tokens.good), ...X_API_KEY(keys.good.key)], "credential_ambiguous"],
  ["both headers with one key", [...BEARER(keys.good.key), ...X_API_KEY(keys.good.key)], "credential_ambiguous"],
  ["both headers, one of them wrong", [...BEARER(tokens.good), ...X_API_KEY("x")], "credential_ambiguous"],
  ["two keys", [...X_API_KEY(keys.good.key), ...X_API_KEY(keys.good.key)], "credential_ambiguous"],
  ["two keys, one of them wrong", [...X_API_KEY(keys.good.key), ...X_API_KEY(unknown.key)], "credential_ambiguous"],
  ["two keys in one header", X_API_KEY(`${keys.good.key}, ${keys.good.key}`), "credential_ambiguous"],
  ["two tokens in one header", BEARER(`${tokens.good}, Bearer ${tokens.good}`), "credential_ambiguous"],
  ["a token as if it were bound", [["Authorization", `DPoP ${tokens.good}`]], "sender_proof_missing"],
  ["a key under the scheme DPoP", [["Authorization", `DPoP ${keys.good.key}`]], "credential_unrecognized"],
  ["a key in a header of another name", [["X-Auth-Key", keys.good.key]], "credential_missing"],
  ["a key in a cookie", [["Cookie", `key=${keys.good.key}`]], "credential_missing"],
]) {
  add(name, code, { headers, identity });
}
add("two authorizations", "credential_ambiguous", { headers: [...BEARER(tokens.good), ...BEARER(tokens.good)], mayStop: true });

// Routes: for each path what a reading token, a writing token and a reading key get there.
for (const [method, path, ...codes] of [
  ["HEAD", "/v1/reports", "allowed", "allowed", "allowed"],
  ["GET", "/v1/reports/7", "allowed", "allowed", "allowed"],
  ["GET", "/v1/reports/caf%C3%A9", "allowed", "allowed", "allowed"],
  ["GET", "/v1/reports/a,b:c@d!$&'()*+=~", "allowed", "allowed", "allowed"],
  ["POST", "/v1/reports", "scope_insufficient", "allowed", "scope_insufficient"],
  ["PUT", "/v1/reports", "scope_insufficient", "allowed", "scope_insufficient"],
  ["DELETE", "/v1/reports", "route_unknown", "route_unknown", "route_unknown"],
  ["PATCH", "/v1/reports", "route_unknown", "route_unknown", "route_unknown"],
  ["OPTIONS", "/v1/reports", "route_unknown", "route_unknown", "route_unknown"],
  ["POST", "/v1/reports/7", "route_unknown", "route_unknown", "route_unknown"],
  ["GET", "/v1/exports/2031/05", "allowed", "allowed", "class_not_accepted"],
  ["GET", "/v1/exports/", "allowed", "allowed", "class_not_accepted"],
  ["HEAD", "/v1/exports/2031", "route_unknown", "route_unknown", "route_unknown"],
  ["GET", "/v1/keys-only", "class_not_accepted", "class_not_accepted", "allowed"],
  ["GET", "/v1/secret", "scope_insufficient", "scope_insufficient", "scope_insufficient"],
  ["GET", "/v1/reports/", "route_unknown", "route_unknown", "route_unknown"],
  ["GET", "/V1/reports", "route_unknown", "route_unknown", "route_unknown"],
  ["GET", "/v2/reports", "route_unknown", "route_unknown", "route_unknown"],
  ["GET", "/", "route_unknown", "route_unknown", "route_unknown"],
]) {
  for (const [place, [who, headers, identity]] of [
    ["a reading token", BEARER(tokens.good), OF_TOKEN],
    ["a writing token", BEARER(tokens.writing), OF_WRITER],
    ["a reading key", X_API_KEY(keys.good.key), ofKey("good")],
  ].entries()) {
    add(`${who}: ${method} ${path}`, codes[place], { method, path, headers, identity });
  }
}
add("an unknown route without a credential", "route_unknown", { path: "/v2" });
add("a preflight of a browser", "route_unknown", {
  method: "OPTIONS",
  headers: [["Origin", "https://app.example"], ["Access-Control-Request-Method", "GET"]],
});

// Paths that can be read in two ways.
for (const [path, by] of [
  ["/v1/secret/../reports"],
  ["/v1/secret/%2e%2e/reports"],
  ["/v1/./reports"],
  ["/v1/%2e/reports"],
  ["/v1/exports/../secret"],
  ["/v1/exports/%2e%2e/%2e%2e/v1/reports"],
  ["/v1/exports/..%2freports"],
  ["/v1/exports/%2e%2e%2freports"],
  ["/../../v1/reports"],
  ["/v1\\reports"],
  ["/v1/secret\\..\\reports"],
  ["/v1//reports"],
  ["//v1/reports"],
  ["/v1/exports//x"],
  ["/v1/reports;x=1"],
  ["/v1/exports/..;/secret"],
  ["/v1/%72eports"],
  ["/v1/reports%2f7"],
  ["/v1/exports/%5c"],
  ["/v1/exports/%00"],
  ["/v1/exports/%0a"],
  ["/v1/exports/%252e%252e"],
  ["/v1/exports/%c0%af"],
  ["/v1/exports/%ff"],
  ["/v1/exports/%"],
  ["/v1/exports/%zz"],
  // The Worker's URL ends before it, and so does what it forwards. Caddy escapes it, for the gate and for the origin.
  ["/v1/reports#x", { worker: "allowed", caddy: "route_unknown" }],
  ["/v1/reports#/../secret", { worker: "allowed" }],
  ["/v1/secret#/../reports", { worker: "scope_insufficient" }],
  ["/../health"],
  ["/v1/../../../health"],
  ["/../../_edgeward/health"],
]) {
  add(`the path ${path}`, "path_ambiguous", { path, headers: BEARER(tokens.good), by, mayStop: true });
  add(`the path ${path}, without a credential`, by?.worker ? "stopped" : "path_ambiguous", { path, mayStop: true });
}
const noPath = { method: "OPTIONS", path: "*", headers: BEARER(tokens.good), mayStop: true };
add("no path", "path_ambiguous", { ...noPath, by: { caddy: "stopped", worker: "stopped" } });

// The gate's own endpoints are its clients' where it forwards or stands before a handler, and nobody's behind a proxy that asks it.
for (const [path, alone] of [["/_edgeward/health", "own"], ["/_edgeward/verify", "stopped"], ["/_edgeward/verify/v1/reports", "stopped"]]) {
  add(`an endpoint of the gate's, ${path}`, "route_unknown", { path, headers: BEARER(tokens.good), by: { worker: "own", guard: "own", serve: "own" } });
  add(`an endpoint of the gate's, ${path}, without a credential`, "route_unknown", { path, by: { worker: alone, guard: alone, serve: alone } });
}

// Queries.
for (const [query, code] of [
  ["page=2&next=/v1/secret", "allowed"],
  ["next=https://other.example/v1/secret", "allowed"],
  ["a=b,%20c", "allowed"],
  ["q=acme_live_reports", "allowed"],
  ["", "allowed"],
  ["?", "allowed"],
  [`access_token=${tokens.good}`, "credential_in_query"],
  ["ACCESS_TOKEN=x", "credential_in_query"],
  ["x=1&api_key=x", "credential_in_query"],
  [`k=${keys.bound.key}`, "credential_in_query"],
  [`${keys.bound.key}`, "credential_in_query"],
]) {
  add(`the query ?${query}`, code, { path: `/v1/reports?${query}`, headers: BEARER(tokens.good) });
}

// Headers that only the gate may set. Where it forwards, it takes them out; where it does not, it refuses them.
const reserved = { nginx: "header_reserved", caddy: "header_reserved", haproxy: "header_reserved", envoy: "header_reserved" };
for (const name of ["Edgeward-Subject", "edgeward-class", "EDGEWARD-SCOPES", "edgeward-request-id", "edgeward-extra", "Edgeward-Status"]) {
  add(`a forged ${name}`, "allowed", { headers: [...BEARER(tokens.good), [name, "admin"]], by: reserved });
  add(`a forged ${name} alone`, "credential_missing", { headers: [[name, "admin"]], by: reserved });
}
// nginx drops a header with an underscore before anybody sees it.
for (const name of ["edgeward_class", "Edgeward_Anything"]) {
  add(`a forged ${name}`, "allowed", { headers: [...BEARER(tokens.good), [name, "admin"]], by: { ...reserved, nginx: "allowed" } });
}

// Headers with which a proxy tells of a request, in the hands of a client: each asks for another one than is meant.
for (const [name, value] of [
  ["X-Original-URL", "http://127.0.0.1/v1/reports"],
  ["X-Original-URI", "/v1/reports"],
  ["X-Forwarded-Uri", "/v1/reports"],
  ["X-Forwarded-Path", "/v1/reports"],
  ["X-Envoy-Original-Path", "/v1/reports"],
  ["X-Forwarded-Host", "127.0.0.1/v1/reports?"],
  ["X-Forwarded-Prefix", "/v1/reports"],
  ["X-Rewrite-URL", "/v1/reports"],
]) {
  add(`a secret with a forged ${name}`, "scope_insufficient", { path: "/v1/secret", headers: [...BEARER(tokens.good), [name, value]] });
  add(`a report with a forged ${name}`, "allowed", { headers: [...BEARER(tokens.good), [name, value.replace("reports", "secret")]] });
}
for (const name of ["X-Original-Method", "X-Forwarded-Method", "X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]) {
  add(`a forged ${name} on what needs more`, "scope_insufficient", { method: "POST", headers: [...BEARER(tokens.good), [name, "GET"]] });
  add(`a forged ${name} on what does not`, "allowed", { headers: [...BEARER(tokens.good), [name, "DELETE"]] });
}
// nginx drops a header with an underscore before anybody sees it, and the Worker takes it out.
for (const name of ["X_HTTP_Method_Override", "x_http_method", "x_original_url", "X-Rewrite_URL"]) {
  const refused = "request_ambiguous";
  add(`a forged ${name}`, "allowed", { headers: [...BEARER(tokens.good), [name, "DELETE"]], by: { caddy: refused, haproxy: refused, envoy: refused } });
}
add("a key for other addresses, with a forged address", "address_not_allowed", {
  headers: [...X_API_KEY(keys.bound.key), ["X-Forwarded-For", "203.0.113.7"], ["X-Real-IP", "203.0.113.7"]],
});
for (const proto of ["https", "ftp"]) {
  add(`a forged X-Forwarded-Proto: ${proto}`, "allowed", { headers: [...BEARER(tokens.good), ["X-Forwarded-Proto", proto]] });
}

// Over plain HTTP from another machine, anybody on the way could read it.
add("a token over plain HTTP", "credential_exposed", { headers: [["Host", "api.example"], ...BEARER(tokens.good)] });
add("a key over plain HTTP", "credential_exposed", { headers: [["Host", "api.example"], ...X_API_KEY(keys.disabled.key)] });
add("nothing over plain HTTP", "credential_missing", { headers: [["Host", "api.example"]] });

// Bodies are the origin's alone.
const body = "x".repeat(100_000);
add("a body", "allowed", { method: "POST", headers: BEARER(tokens.writing), identity: OF_WRITER, body });
add("a body of who may not", "scope_insufficient", { method: "POST", headers: BEARER(tokens.good), body });
add("a body of nobody", "credential_missing", { method: "POST", body: `access_token=${tokens.good}` });
add("an empty body", "allowed", { method: "POST", headers: [...BEARER(tokens.writing), ["Content-Length", "0"]], identity: OF_WRITER });

// An upgrade is judged as any other request.
const upgrade = [
  ["Connection", "Upgrade"],
  ["Upgrade", "websocket"],
  ["Sec-WebSocket-Version", "13"],
  ["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="],
];
add("an upgrade without a credential", "credential_missing", { headers: upgrade });
add("an upgrade of who may", "allowed", { headers: [...upgrade, ...BEARER(tokens.good)] });
add("an upgrade of who may not", "class_not_accepted", { path: "/v1/exports/live", headers: [...upgrade, ...X_API_KEY(keys.good.key)] });
