// Tokens about which a real authorization server is asked, through the built package: opaque ones and JWTs, revoked ones,
// and a server that is down.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { createGate, createJwtVerifier } from "edgeward";
import { SignJWT, exportJWK, generateKeyPair } from "jose";
import { keeping } from "../support/audit-schema.mjs";
import { API, CLIENT, startAuthorizationServer } from "../support/authorization-server.mjs";

let server;
before(async () => (server = await startAuthorizationServer()));
after(() => server.stop());

const CACHE_SECONDS = 20;

/** A clock that the test moves; the tokens are minted by the machine's. */
function movingClock() {
  let ahead = 0;
  return { now: () => Date.now() + ahead, forward: (seconds) => (ahead += seconds * 1000) };
}

const issuerPolicy = (method = "client_secret_basic", more = {}, introspection = {}) => ({
  issuer: server.issuer,
  audience: "https://api.example",
  ...more,
  introspection: {
    endpoint: server.endpoint,
    clientId: API[method].id,
    authentication: method,
    cacheSeconds: CACHE_SECONDS,
    ...introspection,
  },
});

const secrets = (method = "client_secret_basic") => ({ [server.issuer]: API[method].secret });

function verifierOf(policy, { method, ...host } = {}) {
  return createJwtVerifier({ issuers: [policy] }, { introspectionSecrets: secrets(method), ...host });
}

for (const method of Object.keys(API)) {
  test(`an opaque token is asked about once, by ${method}`, async () => {
    const verifier = await verifierOf(issuerPolicy(method), { method });
    const token = await server.mint();
    const before = server.asked();
    const verdict = await verifier.verify(token, { scopes: ["reports:read"] });
    assert.equal(verdict.ok, true, JSON.stringify(verdict));
    assert.equal(verdict.clientId, CLIENT.id);
    assert.equal(verdict.claims.active, true);
    assert.equal((await verifier.verify(token)).ok, true);
    assert.equal(verifier.verifySync(token).ok, true, "from what is kept");
    assert.equal(server.asked(), before + 1);
    assert.equal((await verifier.verify(token, { scopes: ["admin"] })).code, "scope_insufficient");
  });
}

test("a token that was revoked is refused when the answer about it is over, and not later", async () => {
  const clock = movingClock();
  const verifier = await verifierOf(issuerPolicy(), { now: clock.now });
  const token = await server.mint();
  assert.equal((await verifier.verify(token)).ok, true);
  assert.equal((await server.revoke(token)).status, 200);
  assert.equal((await verifier.verify(token)).ok, true, "within the stated bound");
  clock.forward(CACHE_SECONDS);
  const verdict = await verifier.verify(token);
  assert.deepEqual([verdict.code, verdict.status], ["token_invalid", 401]);
});

test("a token that the server does not know is refused", async () => {
  const verifier = await verifierOf(issuerPolicy());
  for (const token of ["unknown", "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"]) {
    assert.equal((await verifier.verify(token)).code, "token_invalid");
  }
});

test("an outage is told from a refusal, what is kept is good meanwhile, and it is over when it is over", async () => {
  const clock = movingClock();
  const verifier = await verifierOf(issuerPolicy(), { now: clock.now });
  const [kept, other] = [await server.mint(), await server.mint()];
  assert.equal((await verifier.verify(kept)).ok, true);
  server.setDown(true);
  try {
    assert.equal((await verifier.verify(kept)).ok, true);
    for (const token of [other, other, "unknown"]) {
      const verdict = await verifier.verify(token);
      assert.deepEqual([verdict.code, verdict.status, verdict.challenge], ["introspection_unavailable", 503, null]);
    }
    clock.forward(CACHE_SECONDS);
    assert.equal((await verifier.verify(kept)).code, "introspection_unavailable");
  } finally {
    server.setDown(false);
  }
  assert.equal((await verifier.verify(kept)).ok, true);
  assert.equal((await verifier.verify(other)).ok, true);
});

test("a secret that is wrong is this API's fault, and no token's", async () => {
  const verifier = await verifierOf(issuerPolicy(), { introspectionSecrets: { [server.issuer]: "wrong" } });
  const verdict = await verifier.verify(await server.mint());
  assert.deepEqual([verdict.code, verdict.status], ["introspection_unavailable", 503]);
});

test("a check that may wait for nothing cannot tell", async () => {
  const verifier = await verifierOf(issuerPolicy());
  const verdict = verifier.verifySync(await server.mint());
  assert.deepEqual([verdict.code, verdict.status], ["introspection_unavailable", 503]);
});

test("a JWT is verified by its key, and asked about where the policy says so", async () => {
  const keys = { algorithms: ["RS256"], typ: "at+jwt", jwks: await server.jwks() };
  const clock = movingClock();
  const local = await verifierOf(issuerPolicy(undefined, keys));
  const asking = await verifierOf(issuerPolicy(undefined, keys, { tokens: "all" }), { now: clock.now });
  const token = await server.mint("jwt");
  const before = server.asked();
  assert.equal((await local.verify(token)).ok, true);
  assert.equal(server.asked(), before);
  const [head, payload, signature] = token.split(".");
  const forged = `${head}.${payload}.${signature.slice(0, -2)}AA`;
  assert.equal((await asking.verify(forged)).code, "signature_invalid");
  assert.equal(server.asked(), before, "nobody is asked about what does not hold here");
  // This server refuses to be asked about JWTs: that is no word about the token.
  assert.equal((await asking.verify(token)).code, "introspection_unavailable");
  assert.equal(server.asked(), before + 1);

  // One that keeps its JWTs: it says of this one what its opaque twin is told of it.
  let revoked = false;
  const fetch = async () => Response.json(revoked ? { active: false } : { active: true, client_id: CLIENT.id, token_type: "Bearer" });
  const told = await verifierOf(issuerPolicy(undefined, keys, { tokens: "all" }), { now: clock.now, fetch });
  assert.equal((await told.verify(token)).ok, true);
  revoked = true;
  assert.equal((await told.verify(token)).ok, true, "within the stated bound");
  clock.forward(CACHE_SECONDS);
  assert.equal((await told.verify(token)).code, "token_invalid");
  assert.equal((await local.verify(token)).ok, true, "where nobody is asked it is good to its end");
});

test("an opaque token that is bound to its sender needs the proof", async () => {
  const { privateKey, publicKey } = await generateKeyPair("ES256");
  const jwk = await exportJWK(publicKey);
  const proof = (htm, htu, more = {}) =>
    new SignJWT({ jti: crypto.randomUUID(), htm, htu, iat: Math.floor(Date.now() / 1000), ...more })
      .setProtectedHeader({ alg: "ES256", typ: "dpop+jwt", jwk })
      .sign(privateKey);
  const token = await server.mint("opaque", { dpop: await proof("POST", `${server.issuer}/token`) });
  const verifier = await verifierOf(issuerPolicy());
  assert.equal((await verifier.verify(token)).code, "sender_proof_missing");
  const [method, url] = ["GET", "https://api.example/v1/reports"];
  const ath = createHash("sha256").update(token).digest("base64url");
  assert.equal((await verifier.verify(token, { dpop: { proof: await proof(method, url, { ath }), method, url } })).ok, true);
});

test("the gate takes an opaque token for an M2M token, and a key for a key", async () => {
  const policy = {
    issuers: [issuerPolicy()],
    apiKeys: { prefix: "acme", environment: "live" },
    routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token"], scopes: ["reports:read"] }],
  };
  const events = [];
  const gate = await createGate(policy, {
    introspectionSecrets: JSON.stringify(secrets()),
    store: { get: () => null },
    audit: keeping(events),
  });
  const token = await server.mint();
  const check = (credential) =>
    gate.check(new Request("https://api.example/v1/reports", { headers: { authorization: `Bearer ${credential}` } }));
  const verdict = await check(token);
  assert.deepEqual([verdict.ok, verdict.class], [true, "m2m_token"]);
  const key = await check("acme_live_x_y");
  assert.deepEqual([key.code, key.class], ["class_not_accepted", "api_key"]);
  const shown = JSON.stringify(events);
  assert.ok(!shown.includes(token) && !shown.includes(API.client_secret_basic.secret));
  // Nor where the host that was lent puts all of it into its error.
  const loose = await createGate(policy, {
    introspectionSecrets: secrets(),
    store: { get: () => null },
    audit: keeping(events),
    fetch: async (url, request) => {
      throw new Error(`${url} ${JSON.stringify(request)}`);
    },
  });
  const request = new Request("https://api.example/v1/reports", { headers: { authorization: `Bearer ${token}` } });
  assert.equal((await loose.check(request)).code, "introspection_unavailable");
  assert.ok(!JSON.stringify(events).includes(token) && !JSON.stringify(events).includes("Basic "));
  const same = { ...policy, issuers: [issuerPolicy(undefined, {}, { tokenPrefix: "acme_at_" })] };
  await assert.rejects(
    createGate(same, { introspectionSecrets: secrets(), store: { get: () => null } }),
    /\/issuers\/0\/introspection\/tokenPrefix: .* API key/,
  );
});

test("the server's answer is bounded in bytes and time, and redirects are not followed", async () => {
  const sent = [];
  const answers = (answer) => verifierOf(issuerPolicy(), {
    fetch: async (url, request) => {
      sent.push({ url, ...request });
      return answer(request);
    },
  });
  const code = async (answer) => (await (await answers(answer)).verify("t")).code;
  const active = JSON.stringify({ active: false });
  assert.equal(await code(() => new Response(active)), "token_invalid");
  const { url, method, redirect, signal } = sent[0];
  assert.deepEqual([url, method, redirect, signal instanceof AbortSignal], [server.endpoint, "POST", "manual", true]);
  assert.equal(await code(() => new Response(null, { status: 302, headers: { location: "https://evil.example" } })), "introspection_unavailable");
  const before = server.asked();
  const moved = await verifierOf(issuerPolicy(undefined, {}, { endpoint: server.moved }));
  assert.equal((await moved.verify(await server.mint())).code, "introspection_unavailable");
  assert.equal(server.asked(), before, "the secret went no further");
  assert.equal(await code(() => Promise.reject(new Error("refused"))), "introspection_unavailable");
  assert.equal(await code(() => undefined), "introspection_unavailable");
  // What was lent may be the platform's own, which is a method of nothing else, or a method that needs its object.
  const own = globalThis.fetch;
  globalThis.fetch = function (...request) {
    assert.ok(this === undefined || this === globalThis, "Illegal invocation");
    return own(...request);
  };
  try {
    const verifier = await verifierOf(issuerPolicy(), { fetch: globalThis.fetch });
    assert.equal((await verifier.verify("unknown")).code, "token_invalid");
  } finally {
    globalThis.fetch = own;
  }
  const lent = { answer: active, async fetch() { return new Response(this.answer); }, introspectionSecrets: secrets() };
  const byMethod = await createJwtVerifier({ issuers: [issuerPolicy()] }, lent);
  assert.equal((await byMethod.verify("t")).code, "token_invalid");
  assert.equal(await code(() => new Response("x".repeat(100_000))), "introspection_unavailable");
  let pulled = 0;
  const endless = new ReadableStream({ pull: (controller) => controller.enqueue(new Uint8Array(++pulled && 10_000)) });
  assert.equal(await code(() => new Response(endless)), "introspection_unavailable");
  assert.ok(pulled < 20, `${pulled} pieces were read`);
});

test("a server that does not answer in time, or begins and does not end, has not answered", async () => {
  const policy = issuerPolicy(undefined, {}, { timeout: 100 });
  let signal;
  const never = (_, request) => {
    ({ signal } = request);
    return new Promise(() => {});
  };
  const begun = () => new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }));
  for (const fetch of [never, begun]) {
    const verdict = await (await verifierOf(policy, { fetch })).verify("t");
    assert.deepEqual([verdict.code, verdict.status], ["introspection_unavailable", 503]);
  }
  assert.equal(signal.aborted, true, "the platform is told, too");
});

test("many at once get each their own answer", async () => {
  const verifier = await verifierOf(issuerPolicy());
  const good = await Promise.all(Array.from({ length: 10 }, () => server.mint()));
  const tokens = good.flatMap((token) => [token, token, `${token}x`]);
  const verdicts = await Promise.all(tokens.map((token) => verifier.verify(token)));
  assert.deepEqual(verdicts.map(({ ok }) => ok), good.flatMap(() => [true, true, false]));
});

test("a refresh token, which some servers call active, is no access token", async () => {
  const answer = { active: true, client_id: CLIENT.id, iss: server.issuer, aud: "https://api.example", exp: 9_999_999_999 };
  const verifier = await verifierOf(issuerPolicy(), { fetch: async () => Response.json(answer) });
  assert.equal((await verifier.verify("t")).code, "claim_missing");
});

test("what a program gets wrong is thrown", async () => {
  const policy = { issuers: [issuerPolicy()] };
  for (const host of [{}, { introspectionSecrets: 1 }, { introspectionSecrets: { [server.issuer]: 1 } }, { introspectionSecrets: "[" }, { introspectionSecrets: { "https://other.example": "x" } }]) {
    await assert.rejects(createJwtVerifier(policy, host), Error, JSON.stringify(host));
  }
  await assert.rejects(verifierOf(issuerPolicy(), { fetch: 1 }), TypeError);
});
