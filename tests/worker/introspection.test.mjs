// Opaque tokens inside workerd, about which a real authorization server is asked: its secret comes from a binding, and the
// server is down for a while.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { API, CLIENT, startAuthorizationServer } from "../support/authorization-server.mjs";
import { startGate } from "../support/gate.mjs";

const AUDIENCE = "https://api.example";
const { id, secret } = API.client_secret_basic;

let server;
const gates = [];
before(async () => (server = await startAuthorizationServer()));
after(async () => {
  await Promise.all(gates.map((gate) => gate.stop()));
  await server.stop();
});

async function gateOf({ introspection = {}, secrets = { [server.issuer]: secret }, ...issuer } = {}) {
  const policy = {
    issuers: [
      {
        issuer: server.issuer,
        audience: AUDIENCE,
        ...issuer,
        introspection: { endpoint: server.endpoint, clientId: id, ...introspection },
      },
    ],
    routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token"], scopes: ["reports:read"] }],
  };
  const bindings = { EDGEWARD_INTROSPECTION_SECRETS: JSON.stringify(secrets) };
  const gate = await startGate({ documents: { policy, snapshots: {} }, bindings });
  gates.push(gate);
  const get = async (path, token) => {
    const answer = await gate.fetch(path, { headers: { authorization: `Bearer ${token}` } });
    return { status: answer.status, ...(await answer.json()) };
  };
  return { gate, verify: (token) => get("/_edgeward/verify", token), reports: (token) => get("/v1/reports", token) };
}

test("an opaque token is asked about once, and the origin learns who it is", async () => {
  const { gate, verify, reports } = await gateOf();
  const token = await server.mint();
  const before = server.asked();
  const { status, headers } = await reports(token);
  assert.equal(status, 200);
  assert.deepEqual([headers["edgeward-class"], headers["edgeward-credential-id"]], ["m2m_token", CLIENT.id]);
  assert.equal(headers.authorization, undefined);
  const verdict = await verify(token);
  assert.deepEqual([verdict.ok, verdict.class, verdict.issuer], [true, "m2m_token", server.issuer]);
  assert.equal(server.asked(), before + 1);
  assert.deepEqual(await verify("unknown").then(({ status, code }) => [status, code]), [401, "token_invalid"]);
  const lines = await gate.logged((log) => log.filter((line) => line.includes("token_inactive")).length > 0);
  const shown = lines.join("\n");
  assert.ok(!shown.includes(token) && !shown.includes(secret) && !shown.includes("Basic "));
});

test("an outage is 503 and no refusal, and what is known is good meanwhile", async () => {
  const { verify } = await gateOf({ introspection: { cacheSeconds: 300 } });
  const [known, other] = [await server.mint(), await server.mint()];
  assert.equal((await verify(known)).ok, true);
  server.setDown(true);
  try {
    assert.equal((await verify(known)).ok, true);
    for (const token of [other, "unknown"]) {
      const verdict = await verify(token);
      assert.deepEqual([verdict.status, verdict.code], [503, "introspection_unavailable"]);
    }
  } finally {
    server.setDown(false);
  }
  assert.equal((await verify(other)).ok, true, "a failure is not kept");
});

test("where nothing is kept, what was revoked is refused at once", async () => {
  const { verify } = await gateOf({ introspection: { cacheSeconds: 0 } });
  const token = await server.mint();
  assert.equal((await verify(token)).ok, true);
  await server.revoke(token);
  assert.deepEqual(await verify(token).then(({ status, code }) => [status, code]), [401, "token_invalid"]);
});

test("a redirect is not followed, and a secret that is wrong is no token's fault", async () => {
  const token = await server.mint();
  const moved = await gateOf({ introspection: { endpoint: server.moved } });
  const before = server.asked();
  assert.equal((await moved.verify(token)).code, "introspection_unavailable");
  assert.equal(server.asked(), before, "the secret went no further");
  const wrong = await gateOf({ secrets: { [server.issuer]: "wrong" } });
  assert.deepEqual(await wrong.verify(token).then(({ status, code }) => [status, code]), [503, "introspection_unavailable"]);
});

test("forty at once, each with its own answer", async () => {
  const { verify } = await gateOf();
  const good = await Promise.all(Array.from({ length: 10 }, () => server.mint()));
  const tokens = good.flatMap((token) => [token, token, token, `${token}x`]);
  const verdicts = await Promise.all(tokens.map((token) => verify(token)));
  assert.deepEqual(verdicts.map(({ ok = false }) => ok), good.flatMap(() => [true, true, true, false]));
});
