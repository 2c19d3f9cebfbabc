// Routes through the built package: patterns, what they ask, and requests of two readings.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, lint } from "edgeward";
import { NOW, apiKey, countingStore, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const key = apiKey();
const both = ["m2m_token", "api_key"];
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] },
  hosts: ["api.example"],
  routes: [
    { methods: ["GET"], path: "/v1/admin", classes: both, scopes: ["admin"] },
    { methods: ["GET"], path: "/v1/reports/:year(\\d{4}){-:month(\\d\\d)}?", classes: both },
    { methods: ["GET"], path: "/orgs/:org/*", classes: both, organization: { path: "org" } },
    { methods: ["GET"], path: "/any", classes: both, scopes: { anyOf: ["reports:read", "other"] } },
    { methods: ["GET"], path: "/none", classes: both, scopes: { allOf: ["reports:read"], anyOf: ["x", "y"] } },
    { methods: ["GET"], path: "/bound", classes: ["m2m_token"], senderConstraint: "required" },
    { methods: ["GET"], path: "/v1/a*", classes: both },
  ],
};
const gate = await createGate(policy, { store: countingStore(key), now: () => NOW, audit: () => {} });
const organization = "org-1";
const authorization = `Bearer ${issuer.mint({ claims: { org_id: organization, scope: "reports:read" } })}`;

const codeOf = async (url, { method = "GET", headers = {} } = {}) => {
  const verdict = await gate.check({ method, url, headers: { host: "api.example", authorization, ...headers } });
  return verdict.ok || verdict.code;
};

test("patterns take what the URL Pattern standard says", async () => {
  for (const [path, expected] of [
    ["/v1/reports/2026", true],
    ["/v1/reports/2026-11", true],
    ["/v1/reports/2026-1", "route_unknown"],
    ["/v1/reports/26", "route_unknown"],
    ["/v1/abc/d", true],
    [`/orgs/${organization}/keys/7`, true],
    [`/orgs/${organization}`, "route_unknown"],
  ]) {
    assert.equal(await codeOf(path), expected, path);
  }
});

test("a route asks for scopes, an organization and a sender", async () => {
  assert.equal(await codeOf("/orgs/another/keys"), "organization_mismatch");
  assert.equal(await codeOf("/any"), true);
  assert.equal(await codeOf("/none"), "scope_insufficient");
  assert.equal(await codeOf("/bound"), "sender_constraint_missing");
  const verdict = await gate.check({ method: "GET", url: "/none", headers: { host: "api.example", authorization } });
  assert.match(verdict.challenge, /scope="reports:read x y"$/);
  const allowed = await gate.check({ method: "GET", url: "/any", headers: { host: "api.example", authorization } });
  assert.equal(allowed.sender, null);
});

test("what could be read in two ways is refused", async () => {
  for (const [url, more, expected] of [
    ["/v1/adMIN", {}, "path_ambiguous"],
    ["/v1/admin/", {}, "path_ambiguous"],
    ["/v1/admin%3Bx", {}, "path_ambiguous"],
    ["/v1/x/..%3B/admin", {}, "path_ambiguous"],
    ["/v1/%61dmin", {}, "path_ambiguous"],
    ["/v1/abc", { headers: { host: "other.example" } }, "host_not_served"],
    ["https://other.example/v1/abc", {}, "request_ambiguous"],
    ["https://user@api.example/v1/abc", {}, "request_ambiguous"],
    ["/v1/abc", { method: "TRACE" }, "request_ambiguous"],
    ["/v1/abc", { headers: { x_api_key: "y" } }, "request_ambiguous"],
    ["/v1/abc", { headers: { "content-length": "7", "transfer-encoding": "chunked" } }, "request_ambiguous"],
    ["/v1/abc", { headers: { "content-length": ["7", "8"] } }, "request_ambiguous"],
  ]) {
    assert.equal(await codeOf(url, more), expected, `${url} ${JSON.stringify(more)}`);
  }
});

test("what a route cannot mean throws, with the place", async () => {
  const wrong = { ...policy, routes: [{ methods: ["GET"], path: "/a/(?=b)", classes: both, organization: { path: "org" } }] };
  await assert.rejects(createGate(wrong, { store: countingStore(key) }), /\/routes\/0\/path/);
});

test("lint finds routes that no request reaches", async () => {
  const routes = [
    { methods: ["GET"], path: "/v1/*", classes: ["m2m_token"], scopes: ["a"] },
    { methods: ["GET"], path: "/v1/admin", classes: ["m2m_token"], scopes: ["admin"] },
  ];
  const findings = await lint({ ...policy, routes });
  assert.deepEqual(
    findings.filter((one) => one.rule === "route_shadowed").map((one) => [one.pointer, one.nhi]),
    [["/routes/1/path", "NHI5:2025"]],
  );
});

test("in a router that Express has mounted, the whole path is judged and not the rest of it", async () => {
  // As Express hands a request to what is mounted at /v1: `url` is what follows.
  const check = async (url, originalUrl) => {
    const verdict = await gate.check({ method: "GET", url, originalUrl, headers: { host: "api.example", authorization } });
    return verdict.ok || verdict.code;
  };
  assert.equal(await codeOf("/any"), true);
  assert.equal(await check("/any", "/v1/any"), true, "another route");
  assert.equal(await check("/any", "/v2/any"), "route_unknown");
  assert.equal(await check("/none", "/any"), true);
  assert.equal(await check("/any", "/v1/admin"), "scope_insufficient");
  assert.throws(() => gate.check({ method: "GET", url: "/any", originalUrl: 7, headers: {} }), TypeError);
});
