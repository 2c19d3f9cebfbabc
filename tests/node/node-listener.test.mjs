// `gateListener` in a service of one's own: what it takes from the connection, and what it does with answers that lie.
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { after, test } from "node:test";
import { Hono } from "hono";
import { createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { guard } from "edgeward/hono";
import { gateListener } from "edgeward/node";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";
import { exchange } from "../support/raw.mjs";
import { until } from "../support/until.mjs";

const issuer = signer("ES256");
const authorization = `Bearer ${issuer.mint()}`;
const policy = { ...tokenPolicy(issuer), tlsEndsAhead: true, routes: [{ methods: ["GET", "HEAD", "POST"], path: "/v1/*", classes: ["m2m_token"] }] };
const servers = [];
after(() => servers.forEach((server) => (server.closeAllConnections(), server.close())));

async function serve(listener) {
  const server = createServer(listener).on("checkContinue", listener.checkContinue).on("clientError", listener.clientError);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  servers.push(server);
  return server.address().port;
}

const ask = (port, path = "/v1/a", options = {}) =>
  new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, path, agent: false, headers: { authorization }, ...options }, async (answer) => {
      try {
        resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(await answer.toArray()).toString() });
      } catch (error) {
        reject(error);
      }
    });
    sent.on("error", reject).end(options.body);
  });

test("the gate is told the address of the connection, unless it was lent another way to know it", async () => {
  const seen = [];
  const audit = (event) => void seen.push(event.src_endpoint?.ip);
  const origin = async () => new Response("fine");
  for (const options of [{}, { address: () => "192.0.2.7" }, { address: () => undefined }]) {
    const port = await serve(gateListener(await createGate(policy, { now: () => NOW, audit, origin, ...options })));
    assert.equal((await ask(port)).body, "fine");
  }
  assert.deepEqual(seen, ["127.0.0.1", "192.0.2.7", undefined]);
});

test("what was required does the same as what was imported, each over the other's gate", async () => {
  const require = createRequire(import.meta.url);
  const required = require("edgeward/node").gateListener;
  const seen = [];
  const origin = async (request) => (seen.push(request.headers.get("authorization")), new Response("fine"));
  const options = { now: () => NOW, audit: () => undefined, origin };
  const twice = `GET /v1/a HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nAuthorization: Bearer x\r\nConnection: close\r\n\r\n`;
  for (const gate of [await createGate(policy, options), await require("edgeward").createGate(policy, options)]) {
    for (const listener of [gateListener(gate), required(gate)]) {
      const port = await serve(listener);
      assert.equal((await ask(port)).body, "fine");
      assert.match(await exchange(port, Buffer.from(twice)), /"code":"credential_ambiguous"/);
    }
  }
  assert.deepEqual(seen, [null, null, null, null]);
});

test("an answer that is not as long as it says breaks off, and one that need not have a body has none", async () => {
  const answers = {
    "/v1/short": () => new Response("12345", { headers: { "content-length": "10" } }),
    "/v1/long": () => new Response("1234567890", { headers: { "content-length": "5" } }),
    "/v1/none": () => new Response(null, { headers: { "content-length": "5" } }),
    "/v1/odd": () => new Response("12345", { headers: { "content-length": "five" } }),
    "/v1/empty": () => new Response(null, { status: 204, headers: { "content-length": "5" } }),
    "/v1/head": () => new Response("12345", { headers: { "content-length": "5" } }),
    "/v1/throws": () => {
      throw new Error("the origin is away");
    },
  };
  const origin = async (request) => answers[new URL(request.url).pathname]();
  const port = await serve(gateListener(await createGate(policy, { now: () => NOW, audit: () => undefined, origin })));
  for (const path of ["/v1/short", "/v1/long", "/v1/none", "/v1/odd"]) await assert.rejects(ask(port, path), path);
  const empty = await ask(port, "/v1/empty");
  assert.deepEqual([empty.status, empty.headers["content-length"], empty.body], [204, undefined, ""]);
  const head = await ask(port, "/v1/head", { method: "HEAD" });
  assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, "5", ""]);
  assert.equal((await ask(port, "/v1/throws")).status, 502);
});

test("a target that no URL says as it was written goes nowhere", async () => {
  const seen = [];
  const origin = async (request) => (seen.push(new URL(request.url).pathname), new Response("fine"));
  const gate = await createGate(policy, { now: () => NOW, audit: () => undefined, origin });
  const port = await serve(gateListener(gate));
  const line = (target) => Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`);
  for (const target of ['/v1/a"b', "/v1/a<b", "/v1/{id}", "/v1/a?x=#b", "/v1/../v1/a", "/v1\\a", "*", "//a/v1/a", "http://a@a/v1/a", "ftp://a/v1/a"]) {
    const answer = await exchange(port, line(target));
    assert.match(answer, /^HTTP\/1\.1 40[03] [\s\S]*"code":/, `${target} ${answer}`);
  }
  assert.deepEqual(seen, []);
  for (const target of ["/v1/a%22b", "/v1/a?x=<b>", "http://a/v1/a", "http://A:80/v1/a"]) await exchange(port, line(target));
  assert.deepEqual(seen, ["/v1/a%22b", "/v1/a", "/v1/a", "/v1/a"]);
});

test("requests of one connection are handled one after the other, and no more once it has ended", async () => {
  const seen = [];
  const waiting = [];
  let left = 0;
  const origin = (request) => {
    seen.push(new URL(request.url).pathname);
    request.signal.addEventListener("abort", () => (left += 1));
    return new Promise((resolve) => waiting.push(() => resolve(new Response(`answer ${waiting.length}`))));
  };
  const gate = await createGate(policy, { now: () => NOW, audit: () => undefined, origin });
  const port = await serve(gateListener(gate));
  const dial = (count) => {
    const one = { answered: "", closed: false, socket: connect(port, "127.0.0.1") };
    one.socket.setEncoding("latin1").on("data", (data) => (one.answered += data)).on("error", () => undefined).on("close", () => (one.closed = true));
    const requests = Array.from({ length: count }, (_, place) => `GET /v1/${place} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\n\r\n`);
    one.socket.write(requests.join(""));
    return one;
  };
  const turns = async () => {
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
  };
  const client = dial(3);
  for (const count of [1, 2]) {
    await until(() => waiting.length === count, `request ${count} is handled`);
    await turns();
    assert.equal(waiting.length, count);
    if (count === 1) waiting[0]();
  }
  assert.match(client.answered, /^HTTP\/1\.1 200 OK[^]*answer 1/);
  client.socket.destroy();
  await until(() => left === 1, "the origin is told that the client left");
  await turns();
  assert.deepEqual(seen, ["/v1/0", "/v1/1"]);
  // Whoever sends on and on without an answer is let go.
  const greedy = dial(1000);
  await until(() => greedy.closed, "the connection is ended");
  assert.equal(greedy.answered, "");
  assert.ok(seen.length <= 3, seen.join());
  waiting.forEach((answer) => answer());
});

test("a target that no Request says reaches no handler behind the listener, which would see another one", async () => {
  const seen = [];
  const events = [];
  const routes = [{ methods: ["GET", "POST"], path: "/v1/*", classes: ["m2m_token"] }];
  const gate = await createGate({ ...policy, routes }, { now: () => NOW, audit: (event) => void events.push(event.status_code) });
  const keep = (request) => (seen.push(new URL(request.url).pathname), new Response("handled"));
  const app = new Hono().use(guard(gate)).all("*", (c) => keep(c.req.raw));
  const asking = async (request) => {
    const verdict = await gate.check(request);
    return verdict.ok ? keep(request) : Response.json({ code: verdict.code }, { status: verdict.status });
  };
  for (const fetch of [withGate(gate, keep), (request) => app.fetch(request), asking]) {
    const port = await serve(gateListener({ fetch }));
    for (const line of ['GET /v1/a"b', "POST /v1/{id}", "GET /v1/a#b", "GET /v1/a?x=#b", "GET http://a/v1/a#b", "GET http://a?/v1/a", "GET http://a"]) {
      const answer = await exchange(port, Buffer.from(`${line} HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`));
      assert.match(answer, /^HTTP\/1\.1 400 /, line);
      // Node's own parser refuses some.
      if (answer.includes("application/")) assert.match(answer, /"code":"path_ambiguous"/, line);
    }
    assert.match(await exchange(port, Buffer.from(`GET /v1/a HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`)), /handled/);
  }
  assert.deepEqual(seen, ["/v1/a", "/v1/a", "/v1/a"]);
  assert.deepEqual([...new Set(events)].sort(), ["allowed", "path_ambiguous"]);
});

test("a body that nobody reads does not hold up its answer, and what fails is answered closed", async () => {
  const gate = await createGate(policy, { now: () => NOW, audit: () => undefined, origin: async () => new Response("unread") });
  const port = await serve(gateListener(gate));
  const body = Buffer.alloc(1 << 20, 1);
  const agent = { headers: { authorization, "content-length": body.length }, method: "POST", body };
  assert.equal((await ask(port, "/v1/a", agent)).body, "unread");
  // A URL by which the client would come by TLS is a claim.
  const told = await exchange(port, Buffer.from(`GET https://a/v1/a HTTP/1.1\r\nHost: a\r\nAuthorization: ${authorization}\r\nConnection: close\r\n\r\n`));
  assert.match(told, /^HTTP\/1\.1 200 /);
  const failing = await serve(gateListener({ fetch: async () => Promise.reject(new Error("of no gate")) }));
  const failed = await ask(failing);
  assert.deepEqual([failed.status, failed.headers.connection, JSON.parse(failed.body).type], [503, "close", "about:blank"]);
  assert.throws(() => gateListener({}), TypeError);
  assert.throws(() => gateListener(gate, { closing: true }), TypeError);
});
