// What the adapters meet in a server: bodies that were read, handlers that fail, clients that leave, connections.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { connect as http2Connect, createServer as createHttp2Server } from "node:http2";
import { Agent as HttpsAgent, createServer as createHttpsServer, request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { test } from "node:test";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { guard } from "edgeward/hono";
import { expressGuard, fastifyGuard, gateListener, httpGuard } from "edgeward/node";
import { memoryStore } from "edgeward/store/memory";
import { adminPolicy, adminToken } from "../support/admin-gate.mjs";
import { certificate } from "../support/certificate.mjs";
import { apiKey, countingStore, NOW, signer, tokenPolicy } from "../support/credentials.mjs";
import { listening } from "../support/guarded.mjs";
import { exchange } from "../support/raw.mjs";
import { attack } from "../support/smuggling.mjs";
import { send } from "../support/suite.mjs";
import { until } from "../support/until.mjs";

const issuer = signer("ES256");
const token = issuer.mint({ claims: { sub: "app_reports" } });
const bearer = [["Authorization", `Bearer ${token}`]];
const get = { method: "GET", path: "/v1/a", headers: bearer };
const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"];
const routes = [{ methods: METHODS, path: "/v1/*", classes: ["m2m_token"] }];
const gated = (change = {}, options = {}) =>
  createGate({ ...tokenPolicy(issuer), routes, ...change }, { now: () => NOW, audit: () => {}, ...options });

async function serving(handler, work, make = createServer) {
  const server = await listening(make(handler));
  try {
    return await work(server.port);
  } finally {
    await server.stop();
  }
}

/** The servers whose bodies are a stream of Node's; `first` stands in front of the guard. */
const nodeServers = {
  http: (gate) => httpGuard(gate, (_, response) => response.end("handled")),
  express: (gate, first = []) => express().use(...first, expressGuard(gate), (_, response) => response.end("handled")),
};

async function quietly(work) {
  const { error } = console;
  const said = [];
  console.error = (...words) => said.push(words.join(" "));
  try {
    await work(said);
  } finally {
    console.error = error;
  }
}

const step = {
  method: "POST",
  path: "/_edgeward/admin/keys",
  headers: [["Authorization", `Bearer ${adminToken()}`], ["Content-Type", "application/json"]],
};
const asked = JSON.stringify({ organization: "org_acme", owner: "ada@acme.example", revoker: "security@acme.example", name: "nightly", scopes: ["reports:read"], expires: "90d" });

test("the gate's own endpoints read their bodies through every adapter", async () => {
  const gate = () => createGate(adminPolicy(), { store: memoryStore(), audit: () => {} });
  const issue = async (port) => {
    for (const [body, status] of [[asked, 201], ["x".repeat(200_000), 413], ["{", 400]]) {
      const answer = await send(port, { ...step, body }, "-");
      assert.equal(answer.status, status, answer.body);
    }
  };
  for (const make of Object.values(nodeServers)) await serving(make(await gate()), issue);
  const app = fastify();
  app.register(fastifyGuard(await gate()));
  app.post("/other", () => "handled");
  await app.listen({ port: 0, host: "127.0.0.1" });
  await issue(app.server.address().port);
  app.server.closeAllConnections();
  await app.close();
  const url = "http://127.0.0.1/_edgeward/admin/keys";
  const hono = new Hono().use(guard(await gate())).post("*", (c) => c.text("handled"));
  for (const fetch of [withGate(await gate(), () => new Response("handled")), (request) => hono.fetch(request)]) {
    const answer = await fetch(new Request(url, { method: "POST", headers: step.headers, body: asked }));
    assert.equal(answer.status, 201);
  }
});

test("a body that was read before the gate saw it is said to be, and taken for none", async () => {
  const gate = await createGate(adminPolicy(), { store: memoryStore(), audit: () => {} });
  await quietly(async (said) => {
    await serving(nodeServers.express(gate, [express.json()]), async (port) => {
      const answer = await send(port, { ...step, body: asked }, "-");
      const { code, detail } = JSON.parse(answer.body);
      assert.deepEqual([answer.status, code, detail], [400, "body_invalid", "the body did not come in full"]);
    });
    assert.match(said.join("\n"), /the body was read before the gate saw it: put the guard in front of what parses bodies/);
  });
});

test("a handler's body is left to the handler, whole", async () => {
  const gate = await gated();
  const body = "x".repeat(300_000);
  const app = express();
  app.use(expressGuard(gate), express.text({ limit: "1mb", type: "*/*" }));
  app.post("/v1/a", (request, response) => response.end(String(request.body.length)));
  await serving(app, async (port) => {
    const answer = await send(port, { ...get, method: "POST", headers: [...bearer, ["Content-Type", "text/plain"]], body }, "-");
    assert.deepEqual([answer.status, answer.body], [200, "300000"]);
  });
});

test("what a handler throws is the framework's to answer", async () => {
  const gate = await gated();
  const broken = () => {
    throw new Error("of the handler");
  };
  const app = express().use(expressGuard(gate), broken, (error, _, response, next) => (next, response.status(418).end(error.message)));
  await serving(app, async (port) => {
    assert.deepEqual(((answer) => [answer.status, answer.body])(await send(port, get, "-")), [418, "of the handler"]);
  });
  const plugin = fastify();
  plugin.register(fastifyGuard(gate));
  plugin.setErrorHandler((error, _, reply) => reply.code(418).send(error.message));
  plugin.get("/v1/a", async () => broken());
  const answer = await plugin.inject({ url: "/v1/a", headers: { authorization: `Bearer ${token}`, host: "localhost" } });
  assert.deepEqual([answer.statusCode, answer.body], [418, "of the handler"]);
  const hono = new Hono().use(guard(gate)).get("/v1/a", broken).onError((error, c) => c.text(error.message, 418));
  const request = () => new Request("https://api.example/v1/a", { headers: { authorization: `Bearer ${token}` } });
  const told = await hono.fetch(request());
  assert.deepEqual([told.status, await told.text()], [418, "of the handler"]);
  await assert.rejects(withGate(gate, broken)(request()), /of the handler/);
  await assert.rejects(withGate(gate, async () => broken())(request()), /of the handler/);
});

test("where nothing has to be awaited, the next handler is asked before the guard returns", async () => {
  const gate = await gated({ tlsEndsAhead: true });
  const middleware = expressGuard(gate);
  // What takes middleware of this shape, without a framework: Connect and its like.
  await serving((request, response) => {
    let asked = false;
    middleware(request, response, () => {
      asked = true;
      response.end(`${request.edgeward.subject} ${request.headers["edgeward-subject"]}`);
    });
    assert.ok(asked || response.writableEnded);
  }, async (port) => {
    assert.equal((await send(port, get, "-")).body, "app_reports app_reports");
    assert.equal((await send(port, { ...get, headers: [] }, "-")).status, 401);
  });
});

test("a client that leaves while the gate waits is answered by nobody", async () => {
  const key = apiKey({ now: NOW });
  const policy = { apiKeys: { prefix: "acme", environment: "live" }, routes: [{ methods: ["GET"], path: "/v1/a", classes: ["api_key"] }] };
  for (const [name, leaves] of ["http", "express", "fastify"].flatMap((name) => [[name, false], [name, true]])) {
    let [answerStore, handled, closed] = [undefined, 0, 0];
    const events = [];
    const store = { get: () => new Promise((resolve) => (answerStore = () => resolve(JSON.stringify(key.record)))) };
    // What was authenticated would be known to the next, and not be asked for.
    const gate = await createGate(policy, { store, now: () => NOW, audit: (event) => void events.push(event) });
    const handler = (_, response) => response.end(`${(handled += 1)}`);
    const app = fastify();
    app.register(fastifyGuard(gate));
    app.get("/v1/a", () => `${(handled += 1)}`);
    await app.ready();
    const listener = { http: httpGuard(gate, handler), express: express().use(expressGuard(gate), handler), fastify: app.routing }[name];
    const watched = (request, response) => {
      response.on("close", () => (closed += 1));
      listener(request, response);
    };
    await serving(watched, async (port) => {
      const chunks = [];
      const socket = connect(port, "127.0.0.1");
      socket.on("data", (chunk) => chunks.push(chunk));
      socket.write(`GET /v1/a HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer ${key.key}\r\n\r\n`);
      await until(() => answerStore !== undefined, "the store is asked");
      if (leaves) {
        socket.destroy();
        await until(() => closed === 1, "the server sees it leave");
      }
      answerStore();
      await until(() => events.length === 1, "it is decided");
      if (!leaves) await until(() => Buffer.concat(chunks).includes("200 OK"), "it is answered");
      // What would be done for it is done within a turn.
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      assert.equal(handled, leaves ? 0 : 1, `${name}, ${leaves}`);
      socket.destroy();
    });
  }
});

test("an answer that was begun before is broken off, and never completed by the gate", async () => {
  const gate = await gated();
  const begun = (_, response, next) => (response.write("begun"), next());
  await serving(express().use(begun, expressGuard(gate), (_, response) => response.end(" and handled")), async (port) => {
    assert.equal((await send(port, get, "-")).body, "begun and handled");
    await assert.rejects(send(port, { ...get, headers: [] }, "-"), { code: "ECONNRESET" });
  });
});

test("the address is that of the socket, and a header says it where the policy lets it", async () => {
  const [near, far] = ["127.0.0.0/8", "203.0.113.0/24"].map((cidr) => apiKey({ now: NOW, record: { allowedCidrs: [cidr] } }));
  const policy = { apiKeys: { prefix: "acme", environment: "live" }, routes: [{ methods: ["GET"], path: "/v1/a", classes: ["api_key"] }] };
  const trusting = { trustedProxies: { header: "x-forwarded-for", addresses: ["127.0.0.1/32"] } };
  for (const [change, allowed] of [[{}, near], [trusting, far]]) {
    const gate = await createGate({ ...policy, ...change }, { store: countingStore(near, far), now: () => NOW, audit: () => {} });
    const app = fastify({ trustProxy: true });
    app.register(fastifyGuard(gate));
    app.get("/v1/a", () => "handled");
    await app.ready();
    for (const listener of [httpGuard(gate, (_, response) => response.end()), express().use(expressGuard(gate), (_, response) => response.end()), app.routing]) {
      await serving(listener, async (port) => {
        for (const key of [near, far]) {
          const headers = [["X-Forwarded-For", "203.0.113.7"], ["Authorization", `Bearer ${key.key}`]];
          const { status, body } = await send(port, { ...get, headers }, "-");
          assert.equal(status, key === allowed ? 200 : 403, body);
        }
      });
    }
  }
  // Where the platform hands it over beside the request, a function says it.
  const gate = await createGate(policy, { store: countingStore(near), now: () => NOW, audit: () => {} });
  const request = () => new Request("https://api.example/v1/a", { headers: { "x-api-key": near.key, authorization: `Bearer ${near.key}` } });
  const one = () => new Request("https://api.example/v1/a", { headers: { authorization: `Bearer ${near.key}` } });
  assert.equal((await withGate(gate, () => new Response())(request())).status, 403);
  const of = (address) => [
    withGate(gate, (_, verdict, info) => Response.json([verdict.class, info]), { address: (_, info) => address(info.hostname) }),
    (request, info) => new Hono().use(guard(gate, { address: (c) => address(c.env.hostname) })).get("*", (c) => c.json([c.var.edgeward.class, c.env])).fetch(request, info),
  ];
  for (const fetch of of((hostname) => hostname)) {
    const answer = await fetch(one(), { hostname: "127.0.0.1" });
    assert.deepEqual([answer.status, await answer.json()], [200, ["api_key", { hostname: "127.0.0.1" }]]);
    assert.equal((await fetch(one(), { hostname: "192.0.2.1" })).status, 403);
    assert.equal((await fetch(one(), { hostname: undefined })).status, 403);
  }
  await quietly(async () => {
    for (const fetch of of(() => assert.fail("no address"))) {
      assert.equal((await fetch(one(), { hostname: "127.0.0.1" })).status, 503);
    }
  });
});

test("a client certificate is that which the handshake has proven, for guards and for the listener alike", async () => {
  const authority = certificate("authority");
  const [own, client] = ["gate", "client"].map((name) => certificate(name, authority));
  // Of which nobody but the issuer of the token knows.
  const stranger = certificate("stranger");
  const gate = await gated({}, { origin: async () => new Response("mtls") });
  const handler = (request, response) => response.end(request.edgeward.sender);
  const app = express().use(expressGuard(gate), handler);
  const ask = (port, bound, shown, agent = false) =>
    new Promise((resolve, reject) => {
      const { cert, key } = shown ?? {};
      const token = issuer.mint({ claims: { cnf: { "x5t#S256": bound.thumbprint } } });
      const headers = { authorization: `Bearer ${token}`, host: "localhost", connection: "close" };
      const sent = httpsRequest({ port, host: "127.0.0.1", path: "/v1/a", ca: authority.cert, cert, key, agent, headers }, async (answer) => {
        const text = Buffer.concat(await answer.toArray()).toString();
        resolve([answer.statusCode, text.startsWith("{") ? JSON.parse(text).code : text, sent.socket.isSessionReused()]);
      });
      sent.on("error", reject).end();
    });
  const listeners = { http: httpGuard(gate, handler), express: app, listener: gateListener(gate) };
  for (const [name, listener] of Object.entries(listeners)) {
    const served = (options, work) => {
      const { cert, key } = own;
      return serving(listener, work, (listener) => createHttpsServer({ cert, key, ca: authority.cert, requestCert: true, ...options }, listener));
    };
    await served({ rejectUnauthorized: false }, async (port) => {
      for (const shown of [client, stranger]) {
        assert.deepEqual(await ask(port, shown, shown), [200, "mtls", false], name);
        assert.deepEqual((await ask(port, own, shown)).slice(0, 2), [401, "sender_certificate_mismatch"], name);
        assert.deepEqual((await ask(port, shown)).slice(0, 2), [401, "sender_certificate_missing"], name);
        // A session that is taken up again has the certificate that it began with.
        const agent = new HttpsAgent({ maxVersion: "TLSv1.2" });
        assert.deepEqual(await ask(port, shown, shown, agent), [200, "mtls", false], name);
        assert.deepEqual(await ask(port, shown, shown, agent), [200, "mtls", true], name);
      }
    });
    // Whom the server trusts is the server's own to say.
    await served({ rejectUnauthorized: true }, async (port) => {
      assert.deepEqual(await ask(port, client, client), [200, "mtls", false], name);
      await assert.rejects(ask(port, stranger, stranger), name);
    });
    // A server that asks for none knows of none.
    await served({ requestCert: false }, async (port) => {
      assert.deepEqual((await ask(port, client, client)).slice(0, 2), [401, "sender_certificate_missing"], name);
    });
  }
});

test("a target that is a whole URL is read by the gate as by the handlers behind it", async () => {
  const routes = [{ methods: ["GET"], path: "/", classes: ["m2m_token"] }, { methods: ["GET"], path: "/v1/*", classes: ["m2m_token"] }];
  const gate = await gated({ routes });
  const seen = [];
  const handler = (request, response) => (seen.push(request.url), response.end("handled"));
  const app = fastify();
  app.register(fastifyGuard(gate));
  app.get("/v1/a", (request) => (seen.push(request.url), "handled"));
  app.get("/", (request) => (seen.push(request.url), "handled"));
  await app.ready();
  for (const listener of [httpGuard(gate, handler), express().use(expressGuard(gate), handler), app.routing]) {
    await serving(listener, async (port) => {
      const codeOf = async (target, host) => {
        const answer = await exchange(port, Buffer.from(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`));
        return /"code":"([a-z_]+)"/.exec(answer)?.[1] ?? answer.slice(9, 12);
      };
      assert.equal(await codeOf("http://localhost/v1/a", "localhost"), "200");
      // Some look for the path behind the first slash.
      assert.equal(await codeOf("http://localhost?/v1/a", "localhost"), "path_ambiguous");
      // Fastify itself does not read each of these.
      for (const target of ["http://localhost/?x#/v1/a", "/v1/a?x=#"]) assert.match(await codeOf(target, "localhost"), /^(path_ambiguous|400)$/, target);
      assert.equal(await codeOf("http://localhost/v1/a", "other.example"), "request_ambiguous");
      // Whoever says `https:` in plain text does not come by TLS for it.
      for (const target of ["/v1/a", "http://api.example/v1/a", "https://api.example/v1/a", "HTTPS://api.example/v1/a"]) {
        assert.equal(await codeOf(target, "api.example"), "credential_exposed", target);
      }
    });
  }
  assert.deepEqual([...new Set(seen)], ["http://localhost/v1/a"]);
});

test("HTTP/2 in its compatible form is guarded as HTTP/1.1 is", async () => {
  const gate = await gated({ cors: { origins: ["https://app.example"] } });
  const seen = [];
  const handler = httpGuard(gate, (request, response) => {
    seen.push([request.headers, request.rawHeaders]);
    response.writeHead(200, { "access-control-allow-origin": "*" }).end(request.edgeward.subject);
  });
  await serving(handler, async (port) => {
    const client = http2Connect(`http://localhost:${port}`);
    const ask = (headers) =>
      new Promise((resolve, reject) => {
        const stream = client.request({ ":path": "/v1/a", origin: "https://app.example", ...headers });
        let [head, body] = [{}, ""];
        stream.on("response", (headers) => (head = headers)).on("error", reject).setEncoding("utf8");
        stream.on("data", (text) => (body += text)).on("end", () => resolve([head[":status"], head["access-control-allow-origin"], body]));
      });
    assert.deepEqual(await ask({ authorization: `Bearer ${token}` }), [200, "https://app.example", "app_reports"]);
    const [status, origin, body] = await ask({});
    assert.deepEqual([status, origin, JSON.parse(body).code], [401, "https://app.example", "credential_missing"]);
    client.close();
  }, createHttp2Server);
  assert.equal(seen.length, 1);
  assert.equal(seen[0][0]["edgeward-subject"], "app_reports");
  assert.ok(!JSON.stringify(seen).includes(token));
});

test("over HTTP/2 too, a client that leaves while the gate waits is answered by nobody", async () => {
  const key = apiKey({ now: NOW });
  const policy = { apiKeys: { prefix: "acme", environment: "live" }, routes: [{ methods: ["GET"], path: "/v1/a", classes: ["api_key"] }] };
  for (const leaves of [true, false]) {
    let [answerStore, handled, closed] = [undefined, 0, false];
    const events = [];
    const store = { get: () => new Promise((resolve) => (answerStore = () => resolve(JSON.stringify(key.record)))) };
    const gate = await createGate(policy, { store, now: () => NOW, audit: (event) => void events.push(event) });
    const guarded = httpGuard(gate, (_, response) => response.end(`${(handled += 1)}`));
    const watched = (request, response) => {
      request.stream.on("close", () => (closed = true));
      guarded(request, response);
    };
    await serving(watched, async (port) => {
      const client = http2Connect(`http://localhost:${port}`);
      const stream = client.request({ ":path": "/v1/a", authorization: `Bearer ${key.key}` });
      stream.on("error", () => undefined).resume();
      await until(() => answerStore !== undefined, "the store is asked");
      if (leaves) {
        stream.close(8);
        await until(() => closed, "the server sees it leave");
      }
      answerStore();
      await until(() => events.length === 1, "it is decided");
      if (!leaves) await until(() => closed, "it is answered");
      await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
      assert.equal(handled, leaves ? 0 : 1);
      client.destroy();
    }, createHttp2Server);
  }
});

test("Fastify guards the context in which it is registered, and no other", async () => {
  const gate = await gated();
  const app = fastify();
  app.get("/open", (request) => `${request.edgeward}`);
  app.register(async (inner) => {
    inner.register(fastifyGuard(gate));
    inner.get("/v1/a", (request) => request.edgeward.subject);
    inner.register(async (nested) => void nested.get("/v1/b", (request) => request.edgeward.subject));
  });
  const ask = async (url, headers = {}) => {
    const { statusCode, body } = await app.inject({ url, headers: { host: "localhost", ...headers } });
    return [statusCode, body];
  };
  assert.deepEqual(await ask("/open"), [200, "undefined"]);
  for (const url of ["/v1/a", "/v1/b"]) {
    assert.equal((await ask(url))[0], 401);
    assert.deepEqual(await ask(url, { authorization: `Bearer ${token}` }), [200, "app_reports"]);
  }
});

test("Hono hands over the rest of a body that was read before, and what other middleware set", async () => {
  const gate = await gated();
  const app = new Hono();
  app.use(async (c, next) => {
    await c.req.text();
    c.header("x-before", "1");
    await next();
    c.header("x-after", c.var.edgeward?.subject ?? "nobody");
  });
  app.use(guard(gate));
  app.post("/v1/a", async (c) => c.text(`${await c.req.text()} ${c.req.header("authorization")} ${c.req.header("edgeward-subject")}`));
  const ask = (headers) => app.request("https://api.example/v1/a", { method: "POST", body: "text", headers });
  const answer = await ask({ authorization: `Bearer ${token}` });
  assert.deepEqual([answer.status, await answer.text()], [200, "text undefined app_reports"]);
  assert.deepEqual([answer.headers.get("x-before"), answer.headers.get("x-after")], ["1", "app_reports"]);
  const refused = await ask({});
  assert.deepEqual([refused.status, refused.headers.get("x-after")], [401, "nobody"]);
});

// What stays on a request that is still on its own connection, and what its server reads as it is set up to.
const STAYS = /^(connection|keep-alive|proxy-.*|te|trailer|upgrade|http2-settings|expect|forwarded|x-forwarded-.*|x-real-ip|x-client-ip|x-host|x-role)$/;

test("no request that can be read in two ways reaches a handler but harmlessly", async () => {
  const gate = await gated({ tlsEndsAhead: true, credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] }, routes: [{ methods: METHODS, path: "/v1/a", classes: ["m2m_token"] }] });
  const makes = [(handler) => httpGuard(gate, handler), (handler) => express().use(expressGuard(gate), handler)];
  const attacked = makes.map(async (make) => {
    const seen = [];
    const handler = (request, response) => {
      const { method, url, httpVersion, rawHeaders } = request;
      const headers = [];
      for (let place = 0; place < rawHeaders.length; place += 2) headers.push([rawHeaders[place].toLowerCase(), rawHeaders[place + 1]]);
      const own = headers.filter(([name]) => !STAYS.test(name.replaceAll("_", "-")));
      seen.push({ line: `${method} ${url} HTTP/${httpVersion}`, method, target: url, headers: own, body: "" });
      request.resume().on("end", () => response.end("handled"));
    };
    await serving(make(handler), async (port) => {
      const { wrong, attempts, passed } = await attack(token, (bytes) => exchange(port, bytes), seen);
      assert.deepEqual(wrong, []);
      assert.ok(attempts >= 60 && passed >= 25, `${passed} of ${attempts} reached the handler`);
    });
  });
  await Promise.all(attacked);
});

test("a request without its raw headers is nobody's to judge", async () => {
  const gate = await gated();
  await quietly(async () => {
    const response = { statusCode: 200, headersSent: false, getHeader: () => undefined, setHeader() {}, end(body) { this.body = body; } };
    let asked = 0;
    expressGuard(gate)({ method: "GET", url: "/v1/a", headers: { authorization: `Bearer ${token}` } }, response, () => (asked += 1));
    assert.deepEqual([response.statusCode, JSON.parse(response.body).code, asked], [503, "host_failed", 0]);
  });
});

test("a body that is none is refused where one is read", async () => {
  const gate = await createGate(adminPolicy(), { store: memoryStore(), audit: () => {} });
  const told = { method: step.method, url: `https://api.example${step.path}`, headers: step.headers };
  const bytes = new TextEncoder().encode(asked);
  async function* pieces() {
    yield bytes.subarray(0, 10);
    yield bytes.subarray(10);
  }
  const status = async (body) => (await gate.guard({ ...told, body })).response.status;
  for (const good of [pieces(), new Blob([bytes]).stream(), [bytes]]) assert.equal(await status(good), 201);
  for (const none of [null, undefined, {}, [], [asked], [[...bytes]], asked, 1, true]) assert.equal(await status(none), 400, String(none));
  // One who leaves the connection to the gate is told so on it, and the next request is answered.
  await serving(nodeServers.http(gate), async (port) => {
    const line = (length) => `POST ${step.path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${adminToken()}\r\nContent-Length: ${length}\r\n\r\n`;
    const answers = await exchange(port, Buffer.from(`${line(300_000)}${"x".repeat(300_000)}${line(bytes.length)}${asked}`));
    assert.deepEqual([...answers.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status), ["413", "201"]);
  });
});
