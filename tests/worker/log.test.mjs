// What the Worker writes: one line for each decision, and nothing of a credential in any line.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { apiKey, mistyped, tampered } from "../support/credentials.mjs";
import { watched } from "../support/audit-schema.mjs";
import { demoKey, demoToken, entriesOf, second } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

const good = demoKey();
const revoked = demoKey({ revocation: { at: second - 60, by: "security@acme.example", reason: "unused" } });
const unreadable = demoKey({ later: true });
const unknown = demoKey();

let gate;
before(async () => {
  gate = await startGate({ entries: entriesOf(good, revoked, unreadable) });
});
after(() => gate.stop());

/** The audit events among the lines. */
function events(log) {
  return log.flatMap((line) => {
    const start = line.indexOf('{"');
    try {
      const event = JSON.parse(line.slice(start));
      return event.class_uid === 3002 ? [watched(event)] : [];
    } catch {
      return [];
    }
  });
}

test("every decision leaves one line that says who, where, why and how", async () => {
  const token = demoToken({ claims: { jti: "token-7" } });
  const from = events(gate.log).length;
  const requests = [
    ["/v1/reports", { authorization: `Bearer ${token}`, "cf-connecting-ip": "192.0.2.7" }, "allowed"],
    ["/v1/reports", { "x-api-key": good.key }, "allowed"],
    ["/v1/reports", { authorization: `Bearer ${revoked.key}` }, "key_revoked"],
    ["/v1/reports", { authorization: `Bearer ${unknown.key}` }, "key_unknown"],
    ["/v1/reports", { authorization: `Bearer ${apiKey({ prefix: "demo", id: good.id }).key}` }, "key_secret_mismatch"],
    ["/v1/reports", { authorization: `Bearer ${mistyped(good.key)}` }, "key_check_mismatch"],
    ["/v1/reports", { authorization: `Bearer ${unreadable.key}` }, "record_unreadable"],
    ["/v1/reports", {}, "credential_missing"],
    ["/_edgeward/verify", { authorization: `Bearer ${token}` }, "allowed"],
    ["/_edgeward/other", {}, "endpoint_unknown"],
    ["/v2", {}, "route_unknown"],
    // Not a decision.
    ["/_edgeward/health", {}, null],
  ];
  const ids = [];
  for (const [path, headers] of requests) {
    const answer = await gate.fetch(path, { headers });
    const echoed = answer.headers.get("edgeward-request-id") ?? (await answer.json()).headers?.["edgeward-request-id"];
    ids.push(echoed ?? null);
  }
  const expected = requests.filter(([, , code]) => code !== null);
  await gate.logged((log) => events(log).length - from >= expected.length);
  const told = events(gate.log).slice(from);
  assert.deepEqual(told.map((event) => event.status_code), expected.map(([, , code]) => code));
  assert.deepEqual(told.map((event) => event.metadata.uid), ids.filter((id) => id !== null));
  const [ofToken, ofKey, ofRevoked] = told;
  assert.deepEqual(
    [ofToken.unmapped.class, ofToken.unmapped.credential_id, ofToken.unmapped.issuer, ofToken.unmapped.kid, ofToken.unmapped.algorithm],
    ["m2m_token", "token-7", "https://issuer.demo.example", "demo-1", "ES256"],
  );
  assert.deepEqual([ofToken.user.uid, ofToken.user.org.uid, ofToken.src_endpoint.ip], ["app_reports", "org_acme", "192.0.2.7"]);
  assert.deepEqual([ofKey.unmapped.class, ofKey.unmapped.credential_id, ofKey.user.uid], ["api_key", good.id, "ada@example.com"]);
  assert.deepEqual([ofRevoked.unmapped.credential_id, ofRevoked.unmapped.route], [revoked.id, "/v1/reports"]);
});

test("no line holds a credential, a segment of one, or its secret", async () => {
  const tokens = [demoToken(), demoToken({ claims: { exp: second - 1 } }), tampered(demoToken(), { sub: "x" })];
  const keys = [good, revoked, unreadable, unknown];
  const credentials = [...tokens, ...keys.map(({ key }) => key), ...keys.map(({ key }) => mistyped(key))];
  const from = events(gate.log).length;
  let decisions = 0;
  for (const credential of credentials) {
    for (const [path, headers] of [
      ["/v1/reports", { authorization: `Bearer ${credential}` }],
      ["/v1/reports", { "x-api-key": credential }],
      ["/v1/reports", { authorization: credential }],
      ["/v1/reports", { authorization: `Bearer ${credential} ${credential}` }],
      ["/v1/reports", { authorization: `Bearer ${credential}, ${credential}` }],
      ["/v1/reports", { authorization: `Bearer ${credential}x` }],
      ["/v1/reports", { "user-agent": credential, cookie: `session=${credential}` }],
      [`/v1/reports/${credential}`, { authorization: `Bearer ${credential}` }],
      [`/_edgeward/${credential}`, {}],
      [`/v1/reports?access_token=${credential}`, {}],
      [`/v1/reports?q=${credential}`, { "x-api-key": good.key }],
      ["/_edgeward/verify", { authorization: `Bearer ${credential}` }],
    ]) {
      await (await gate.fetch(path, { headers })).arrayBuffer();
      decisions += 1;
    }
  }
  await gate.logged((log) => events(log).length - from >= decisions);
  assert.equal(events(gate.log).length - from, decisions);
  // The payload and the header of a token are public in form; the log has no business with them all the same.
  const parts = new Set([...credentials, ...tokens.flatMap((token) => token.split(".")), ...keys.map(({ secret }) => secret)]);
  // The simulator writes a line of its own for each request, with its path: that is not the Worker's.
  const lines = gate.log.filter((line) => !/^\[mf:info\] (GET|HEAD|POST) \//.test(line));
  assert.ok(lines.length >= decisions);
  for (const line of lines) {
    for (const part of parts) assert.ok(!line.includes(part), `a line of the log holds a part of a credential: ${line.slice(0, 80)}`);
  }
});
