// The signed assertion, from a gate to its origin and over real connections: what the origin learns, and what it refuses.
import assert from "node:assert/strict";
import { createPublicKey, verify } from "node:crypto";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createGate, createOriginCheck, lint } from "edgeward";
import { apiKey, countingStore, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

const now = Date.now();
const issuer = signer("ES256");
const key = apiKey({ now });
const signing = signer("EdDSA", { kid: "a1", another: true });
const next = signer("ES256", { kid: "a2", another: true });
const privateKey = ({ secret, kid }) => ({ ...secret.export({ format: "jwk" }), kid });
const assertionKeys = [privateKey(signing), privateKey(next)];

const GATE = "https://api.example";
const ORIGIN = "https://origin.example";
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  routes: [{ methods: ["GET", "HEAD", "POST"], path: "/v1/*", classes: ["m2m_token", "api_key"] }],
  assertion: { issuer: GATE, audience: ORIGIN },
};
const quiet = { audit: () => undefined };

/** A server on this machine, and what closes it. */
async function serve(answer) {
  const server = createServer(answer);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

let origin;
let gate;
let check;
const seen = [];

before(async () => {
  // The origin: a server of Node's that hands its own request over.
  origin = await serve(async (request, response) => {
    const verdict = await check.check(request);
    seen.push({ headers: request.headers, verdict });
    response.writeHead(verdict.ok ? 200 : verdict.status, { "content-type": "application/json" });
    response.end(JSON.stringify(verdict));
  });
  const core = await createGate({ ...policy, origin: origin.url }, { store: countingStore(key), assertionKeys, ...quiet });
  gate = await serve(async (request, response) => {
    const { method, headers } = request;
    const answer = await core.fetch(new Request(new URL(request.url, gate.url), { method, headers }));
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  check = await createOriginCheck({ issuer: GATE, audience: ORIGIN, jwksUri: `${gate.url}/.well-known/jwks.json` });
});
after(() => {
  gate.stop();
  origin.stop();
});

const bearer = (credential) => ({ authorization: `Bearer ${credential}` });
const ask = async (base, path, headers, init = {}) => {
  const answer = await fetch(`${base}${path}`, { headers, ...init });
  return { status: answer.status, verdict: await answer.json() };
};

test("the origin learns who it is of either class, and never sees the credential", async () => {
  const token = issuer.mint({ now });
  for (const [credential, expected] of [
    [token, { class: "m2m_token", subject: "app-1", clientId: "client-1", organization: "org-1" }],
    [key.key, { class: "api_key", subject: "ada@example.com", clientId: null, credentialId: key.id, organization: "org-1" }],
  ]) {
    const { status, verdict } = await ask(gate.url, "/v1/reports?page=2", bearer(credential));
    assert.equal(status, 200);
    for (const [member, value] of Object.entries(expected)) assert.equal(verdict[member], value, member);
    assert.equal(verdict.issuer, GATE);
    assert.equal(verdict.kid, "a1");
    assert.ok(verdict.scopes.includes("reports:read"));
    assert.equal(verdict.claims.exp - verdict.claims.iat, 30);
    assert.equal(verdict.claims.htu, `${gate.url}/v1/reports`);
    const { headers } = seen.at(-1);
    assert.equal(headers.authorization, undefined);
    assert.equal(verdict.claims.jti, headers["edgeward-request-id"]);
    const said = JSON.stringify(seen.at(-1));
    assert.ok(!said.includes(key.secret) && !said.includes(token.split(".")[2]));
  }
});

test("a router that Express has mounted sees the rest of the path, and the assertion is for the whole", async () => {
  await ask(gate.url, "/v1/reports?page=2", bearer(key.key));
  const { headers } = seen.at(-1);
  const mounted = (originalUrl) => check.check({ method: "GET", url: "/reports?page=2", originalUrl, headers });
  assert.equal((await mounted("/v1/reports?page=2")).credentialId, key.id);
  assert.equal((await mounted("/v2/reports?page=2")).code, "assertion_request_mismatch");
  assert.equal((await mounted(undefined)).code, "assertion_request_mismatch");
});

test("the signature is anybody's to check", async () => {
  await ask(gate.url, "/v1/reports", bearer(issuer.mint({ now })));
  const [header, payload, signature] = seen.at(-1).headers["edgeward-assertion"].split(".");
  const { keys } = await (await fetch(`${gate.url}/.well-known/jwks.json`)).json();
  const { kid } = JSON.parse(Buffer.from(header, "base64url"));
  const published = createPublicKey({ key: keys.find((one) => one.kid === kid), format: "jwk" });
  assert.ok(verify(null, Buffer.from(`${header}.${payload}`), published, Buffer.from(signature, "base64url")));
});

test("a request past the gate, with a made-up assertion or another's, is refused", async () => {
  assert.deepEqual(await ask(origin.url, "/v1/reports", bearer(issuer.mint({ now }))).then(({ status, verdict }) => [status, verdict.code]), [
    401,
    "assertion_missing",
  ]);
  await ask(gate.url, "/v1/reports", bearer(key.key));
  const good = seen.at(-1).headers["edgeward-assertion"];
  const outcome = async (assertion, path = "/v1/reports", init = {}) =>
    (await ask(origin.url, path, { "edgeward-assertion": assertion }, init)).verdict.code;
  assert.equal(await outcome(good), undefined);
  assert.equal(await outcome(good, "/v1/other"), "assertion_request_mismatch");
  assert.equal(await outcome(good, "/v1/reports", { method: "POST" }), "assertion_request_mismatch");
  assert.equal(await outcome(tampered(good, { scope: "admin" })), "signature_invalid");
  assert.equal(await outcome(`${good}, ${good}`), "assertion_ambiguous");
  assert.equal(await outcome(issuer.mint({ now })), "issuer_unknown");
});

test("an assertion that a client sends through the gate is not what arrives", async () => {
  await ask(gate.url, "/v1/reports", bearer(key.key));
  const good = seen.at(-1).headers["edgeward-assertion"];
  const { verdict } = await ask(gate.url, "/v1/reports", { ...bearer(issuer.mint({ now })), "edgeward-assertion": good });
  assert.equal(verdict.class, "m2m_token");
  assert.notEqual(seen.at(-1).headers["edgeward-assertion"], good);
});

test("the key set is public, may be kept, and has nothing private in it", async () => {
  for (const method of ["GET", "HEAD"]) {
    const answer = await fetch(`${gate.url}/.well-known/jwks.json`, { method });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers.get("content-type"), "application/jwk-set+json");
    assert.equal(answer.headers.get("cache-control"), "public, max-age=300");
    const body = await answer.text();
    if (method === "HEAD") assert.equal(body, "");
    else assert.deepEqual(JSON.parse(body).keys, [{ ...signing.jwk }, { ...next.jwk }]);
  }
  assert.equal((await fetch(`${gate.url}/.well-known/jwks.json`, { method: "POST" })).status, 405);
});

/** The headers of one request, as a gate with these keys sends it on. */
async function sent(keys, change = {}) {
  let request;
  const gate = await createGate(
    { ...policy, ...change },
    { store: countingStore(key), assertionKeys: keys, origin: (one) => ((request = one), new Response()), ...quiet },
  );
  await gate.fetch(new Request("https://api.example/v1/a", { headers: bearer(key.key) }));
  return request;
}

for (const one of [signing, next]) {
  test(`${one.algorithm}: with the keys at hand it is judged at once, by the platform and by the core alike`, async () => {
    const request = await sent(JSON.stringify([privateKey(one)]));
    for (const signatures of ["native", "wasm"]) {
      const check = await createOriginCheck({ issuer: GATE, audience: ORIGIN, jwks: { keys: [one.jwk] } }, { signatures });
      // The first check of a key imports it.
      for (let time = 0; time < 2; time++) {
        const verdict = check.check(request);
        assert.ok(!(verdict instanceof Promise));
        assert.equal(verdict.ok && verdict.class, "api_key");
      }
      assert.equal(check.check(new Request("https://api.example/v1/b", request)).code, "assertion_request_mismatch");
    }
  });
}

test("an origin that knows the public name holds the whole URL against it", async () => {
  const request = await sent([privateKey(signing)]);
  const jwks = { keys: [signing.jwk] };
  const of = (publicOrigin) => createOriginCheck({ issuer: GATE, audience: ORIGIN, jwks, publicOrigin });
  const arrived = { method: "GET", url: "/v1/a", headers: request.headers };
  assert.equal((await of("https://api.example")).check(arrived).ok, true);
  assert.equal((await of("https://other.example")).check(arrived).code, "assertion_request_mismatch");
});

test("what is missing or wrong is said when gate and check are made, and no key is quoted", async () => {
  const refused = (keys, change = {}) => {
    const made = createGate({ ...policy, ...change }, { store: countingStore(), assertionKeys: keys });
    return made.then(assert.fail, ({ message }) => message);
  };
  assert.match(await refused(undefined), /\/assertion: no key was handed over/);
  assert.match(await refused(""), /\/assertion: no key was handed over/);
  assert.match(await refused(assertionKeys, { assertion: undefined }), /\/assertion: keys were handed over/);
  assert.match(await refused(assertionKeys, { assertion: { ...policy.assertion, lifetime: 1 } }), /\/assertion\/lifetime/);
  const { d, ...half } = privateKey(signing);
  for (const [keys, words] of [
    [[half], /key 0: `d`/],
    [privateKey(signing), /no JSON array/],
    ["[", /no JSON array/],
    [[privateKey(signing), privateKey(signing)], /key 1 has the `kid` of a key before it/],
    [[{ ...privateKey(signing), x: signing.jwk.x.replace(/^./, "_") }], /public key of `d`/],
    [[privateKey(signing), { ...privateKey(next), use: "enc" }], /key 1: `use`/],
  ]) {
    const message = await refused(keys);
    assert.match(message, words);
    for (const { secret } of [signing, next]) assert.ok(!message.includes(secret.export({ format: "jwk" }).d), message);
  }
  assert.ok(d.length > 0);
  await assert.rejects(createOriginCheck({ issuer: GATE, audience: ORIGIN }), /\/jwks: no keys/);
  await assert.rejects(createOriginCheck({ issuer: GATE, audience: ORIGIN, jwks: { keys: [privateKey(signing)] } }), /\/jwks/);
  await assert.rejects(createOriginCheck({ issuer: GATE, audience: ORIGIN, jwksUri: "http://api.example/" }), /\/jwksUri/);
  await assert.rejects(createOriginCheck({ issuer: GATE, audience: ORIGIN, scopes: [] }), /\/scopes: unknown field/);
  // Lint judges a policy without its secrets.
  assert.deepEqual(lint(policy), lint({ ...policy, assertion: undefined }));
  assert.throws(() => lint({ ...policy, assertion: { issuer: GATE } }), /missing field `audience`/);
});

test("a check of what is no request is a mistake of the caller", async () => {
  const check = await createOriginCheck({ issuer: GATE, audience: ORIGIN, jwks: { keys: [signing.jwk] } });
  for (const request of [undefined, null, "GET /", {}, { method: "GET", url: "/" }]) assert.throws(() => check.check(request), TypeError);
  assert.equal(check.check({ method: "GET", url: "/", headers: {} }).code, "assertion_missing");
  assert.deepEqual(check.keySets(), []);
  assert.deepEqual(await check.refresh(), []);
});
