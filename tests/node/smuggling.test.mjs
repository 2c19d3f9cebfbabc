// Requests that are made to be read in two ways, sent as bytes to a server of Node's with the gate in it, in front of an
// origin that keeps the bytes it gets.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createGate } from "edgeward";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";
import { gateServer } from "../support/gate-server.mjs";
import { exchange, messages, rawOrigin } from "../support/raw.mjs";
import { attack, harm } from "../support/smuggling.mjs";

const issuer = signer("ES256");
const token = issuer.mint({ claims: { sub: "app_reports" } });

test("every attempt is refused or passed on harmlessly", async () => {
  const origin = await rawOrigin();
  const gate = await createGate(
    {
      ...tokenPolicy(issuer),
      credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] },
      tlsEndsAhead: true,
      origin: origin.url,
      routes: [{ methods: ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"], path: "/v1/a", classes: ["m2m_token"] }],
    },
    { now: () => NOW, audit: () => undefined },
  );
  const server = await gateServer(gate);
  try {
    const { wrong, attempts, passed } = await attack(token, (bytes) => exchange(server.port, bytes), origin.seen);
    assert.deepEqual(wrong, []);
    assert.ok(attempts >= 60, `${attempts} attempts`);
    assert.ok(passed >= 25, `${passed} reached the origin`);
  } finally {
    await server.stop();
    await origin.stop();
  }
});

test("the judge of attempts sees what is harmful", () => {
  const whole = (...headers) =>
    ["edgeward-class: m2m_token", "edgeward-subject: app_reports", "edgeward-organization: ", "edgeward-credential-id: c", "edgeward-scopes: ", "edgeward-request-id: r", "host: o", ...headers];
  const judged = (line, headers, body = "") => {
    const { found, rest } = messages(Buffer.from(`${line}\r\n${headers.join("\r\n")}\r\n\r\n${body}`, "latin1"));
    return { faults: found.flatMap((message) => harm(message, "the-token")), found, rest };
  };
  assert.deepEqual(judged("GET /v1/a HTTP/1.1", whole()).faults, []);
  for (const [line, headers] of [
    ["GET /smuggled HTTP/1.1", whole()],
    ["PUT /v1/a HTTP/1.1", whole()],
    ["GET /v1/a HTTP/1.1", whole("edgeward-subject: forged")],
    ["GET /v1/a HTTP/1.1", whole("edgeward_subject: app_reports")],
    ["GET /v1/a HTTP/1.1", whole("x: forged")],
    ["GET /v1/a HTTP/1.1", whole("authorization: Bearer the-token")],
    ["GET /v1/a HTTP/1.1", whole("upgrade: h2c")],
    ["GET /v1/a HTTP/1.1", whole().slice(1)],
    ["POST /v1/a HTTP/1.1", whole("content-length: 0", "content-length: 0")],
    ["POST /v1/a HTTP/1.1", whole("host: p")],
  ]) {
    assert.notDeepEqual(judged(line, headers).faults, [], `${line} ${headers.at(-1)}`);
  }
  // A request behind the end of another is one of its own.
  const two = judged("POST /v1/a HTTP/1.1", whole("content-length: 1"), "xGET /smuggled HTTP/1.1\r\n\r\n");
  assert.equal(two.found.length, 2);
  assert.notDeepEqual(two.faults, []);
});
