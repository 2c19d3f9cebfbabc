// What a gate would make of a request that nobody sends: the verdict and the headers of a gate that gets it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate, previewRequest } from "edgeward";
import { NOW, apiKey, countingStore, keySet, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const issued = apiKey();
const { key, record: stored } = issued;
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] },
  origin: "https://origin.example",
  routes: [
    { methods: ["GET"], path: "/v1/reports", classes: ["m2m_token", "api_key"], scopes: ["reports:read"] },
    { methods: ["POST"], path: "/v1/reports/:id", classes: ["m2m_token"], scopes: ["reports:write"], organization: { oneOf: ["org-1"] } },
    { methods: ["GET"], path: "/v1/secret", classes: ["m2m_token"], scopes: { anyOf: ["admin"] } },
  ],
};
const url = "https://api.example/v1/reports";
const now = NOW;

/** What a gate of this policy does: the request as its origin gets it, or its answer. */
async function inProduction(request) {
  const seen = [];
  const origin = async (forwarded) => (seen.push(forwarded), new Response("origin"));
  const gate = await createGate(policy, { store: countingStore(issued), now: () => now, audit: () => undefined, origin });
  const verdict = await gate.check({ ip: undefined, ...request });
  const response = await gate.fetch(new Request(request.url, { method: request.method, headers: request.headers }));
  gate.free();
  return { verdict, response, seen: seen[0] };
}

test("the verdict, the headers and the answer are those of a gate", async () => {
  const token = issuer.mint();
  for (const [method, path, credential] of [
    ["GET", "/v1/reports", token],
    ["GET", "/v1/reports", key],
    ["POST", "/v1/reports/42", token],
    ["GET", "/v1/secret", token],
    ["GET", "/v1/reports", tampered(token)],
    ["GET", "/v1/nothing", token],
    ["GET", "/v1/reports", "opaque"],
  ]) {
    const request = { method, url: `https://api.example${path}`, headers: { authorization: `Bearer ${credential}`, "edgeward-subject": "admin" } };
    const preview = previewRequest(policy, request, { record: stored, now });
    const { verdict, response, seen } = await inProduction(request);
    const what = `${method} ${path} ${verdict.code ?? ""}`;
    assert.deepEqual({ ...preview.verdict, cache: undefined }, { ...verdict, cache: undefined }, what);
    if (verdict.ok) {
      assert.equal(preview.outcome.action, "forward", what);
      const told = preview.outcome.set.filter(([name]) => name !== "edgeward-request-id");
      assert.deepEqual(told.map(([name]) => [name, seen.headers.get(name)]), told, what);
      assert.ok(told.length >= 5 && preview.outcome.removed.includes("authorization"));
      assert.equal(seen.headers.get("authorization"), null);
    } else {
      assert.equal(preview.outcome.action, "respond", what);
      assert.equal(preview.outcome.status, response.status, what);
      assert.equal(JSON.parse(preview.outcome.body).code, (await response.json()).code);
      const challenge = preview.outcome.headers.find(([name]) => name === "www-authenticate")?.[1] ?? null;
      assert.equal(challenge, response.headers.get("www-authenticate"), what);
    }
    const text = JSON.stringify(preview);
    assert.ok(![token, key].some((secret) => text.includes(secret.slice(-12))), "what is secret is not repeated");
  }
});

test("a credential is handed over apart, and the options stand in for what is elsewhere", () => {
  const token = issuer.mint();
  const request = { method: "GET", url, credential: token };
  assert.deepEqual(previewRequest(policy, request, { now }).credential, { class: "m2m_token", from: "authorization" });
  const asKey = { ...request, credential: key, in: "x-api-key" };
  assert.equal(previewRequest(policy, asKey, { now }).waitsFor, "store");
  const said = previewRequest(JSON.stringify(policy), asKey, { now, record: JSON.stringify(stored) });
  assert.deepEqual([said.verdict.ok, said.credential.from, said.waitsFor], [true, "x-api-key", null]);
  // What a verdict shows of a record can be handed over again.
  const again = previewRequest(policy, asKey, { now, record: said.verdict.record });
  assert.equal(again.verdict.ok, true);
  assert.ok(again.notes.some((note) => note.includes("supposed")));

  const [{ jwks, ...elsewhere }] = policy.issuers;
  const remote = { ...policy, issuers: [{ ...elsewhere, jwksUri: "https://keys.example/" }] };
  assert.deepEqual([previewRequest(remote, request, { now }).waitsFor, previewRequest(remote, request, { now }).verdict], ["key_set", null]);
  assert.equal(previewRequest(remote, request, { now, jwks: keySet(issuer) }).verdict.ok, true);
  assert.equal(typeof previewRequest(remote, request, { now, jwks: {} }).keysObjection, "string");
});

test("routes say why, and have a request that is theirs", () => {
  const { routes, route } = previewRequest(policy, { method: "POST", url }, { now });
  assert.equal(route, null);
  assert.deepEqual(routes.map(({ pattern }) => pattern), policy.routes.map(({ path }) => path));
  assert.deepEqual(routes[1].organization, { oneOf: ["org-1"] });
  assert.deepEqual(routes[2].scopes, { allOf: [], anyOf: ["admin"] });
  assert.match(routes[0].why, /not the method/);
  for (const [place, { example }] of routes.entries()) {
    assert.equal(previewRequest(policy, { method: example.method, url: example.path }, { now }).route, place);
  }
});

test("what cannot be used is refused in words", () => {
  const request = { method: "GET", url };
  assert.throws(() => previewRequest({ ...policy, routes: [], prefix: "x" }, request), ({ name, faults }) => {
    assert.deepEqual([name, faults.map(({ pointer }) => pointer)], ["PolicyError", ["/routes", "/prefix"]]);
    return true;
  });
  assert.throws(() => previewRequest(policy, { ...request, credentials: "s3cret" }), { message: "a request has no `credentials` here" });
  assert.throws(() => previewRequest(policy, { url }), { message: "`method` of a request is a string" });
  assert.throws(() => previewRequest(policy, null), TypeError);
  assert.throws(() => previewRequest(policy, request, { polcy: 1 }), TypeError);
  assert.throws(() => previewRequest(policy, request, { record: "[]" }), /the record: no JSON object/);
  assert.throws(() => previewRequest(policy, request, { jwks: "{" }), /the key set: not JSON/);
});
