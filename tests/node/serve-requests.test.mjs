// What `edgeward serve` makes of requests: those that are made to be read in two ways, those of the proxies' suite, bodies
// of any size, connections that break off, clients that are slow, and certificates of clients.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { fileStore } from "edgeward/store/file";
import { keys, policy as suitePolicy, requests } from "../proxies/requests.mjs";
import { certificate } from "../support/certificate.mjs";
import { signer, tokenPolicy } from "../support/credentials.mjs";
import { exchange, rawOrigin } from "../support/raw.mjs";
import { startServe } from "../support/serve.mjs";
import { attack } from "../support/smuggling.mjs";
import { sendAll, startOrigin } from "../support/suite.mjs";
import { until } from "../support/until.mjs";

const issuer = signer("ES256");
const token = issuer.mint({ now: Date.now(), claims: { sub: "app_reports" } });
const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"];
const policy = (change = {}) => ({ ...tokenPolicy(issuer), tlsEndsAhead: true, routes: [{ methods: METHODS, path: "/v1/*", classes: ["m2m_token"] }], ...change });

let directory;
const path = (name) => join(directory, name);
const running = [];

before(() => (directory = mkdtempSync(join(tmpdir(), "edgeward-serve-"))));
after(async () => {
  await Promise.all(running.map((stop) => stop()));
  rmSync(directory, { recursive: true, force: true });
});

async function served(document, args = [], options = {}) {
  const file = path(`policy-${running.length}.json`);
  writeFileSync(file, JSON.stringify(document));
  const server = await startServe(["--policy", file, "--store", "memory:", ...args], { cwd: directory, ...options });
  running.push(() => server.stop("SIGKILL"));
  assert.ok(server.url, server.words());
  return server;
}

async function origin(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  running.push(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${server.address().port}`;
}

const answerOf = (port, options, body, send = httpRequest) =>
  new Promise((resolve, reject) => {
    const sent = send({ host: "127.0.0.1", port, path: "/v1/a", headers: { authorization: `Bearer ${token}` }, ...options }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });

test("every attempt at smuggling is refused or passed on harmlessly", async () => {
  const behind = await rawOrigin();
  running.push(() => behind.stop());
  const credentials = { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] };
  const routes = [{ methods: METHODS, path: "/v1/a", classes: ["m2m_token"] }];
  const server = await served(policy({ credentials, routes, origin: behind.url }));
  const { wrong, attempts, passed } = await attack(token, (bytes) => exchange(server.port, bytes), behind.seen);
  assert.deepEqual(wrong, []);
  assert.ok(attempts >= 60, `${attempts} attempts`);
  assert.ok(passed >= 25, `${passed} reached the origin`);
});

test("every request of the proxies' suite gets its verdict", async () => {
  const behind = await startOrigin();
  running.push(() => behind.stop());
  const store = fileStore(path("suite"));
  for (const { storeKey, record } of Object.values(keys)) await store.put(storeKey, JSON.stringify(record));
  const snapshots = new URL("../../worker/generated/snapshots.json", import.meta.url).pathname;
  const args = ["--store", "file:suite", "--snapshots", snapshots, "--origin", `http://127.0.0.1:${behind.port}`];
  const server = await served({ ...suitePolicy, limits: undefined }, args);
  const { wrong, judged } = await sendAll("serve", server.port, behind);
  assert.deepEqual(wrong, []);
  assert.equal(judged, requests.length);
});

const memoryOf = (server) => Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024;

test("a body of 100 MB streams through either way, and is never held", async () => {
  const size = 100 * 1024 * 1024;
  const piece = Buffer.alloc(64 * 1024, 7);
  const whole = createHash("sha256");
  for (let sent = 0; sent < size; sent += piece.length) whole.update(piece);
  const digest = whole.digest("hex");
  const pieces = function* () {
    for (let sent = 0; sent < size; sent += piece.length) yield piece;
  };
  const { Readable } = await import("node:stream");
  const url = await origin(async (incoming, outgoing) => {
    const hash = createHash("sha256");
    for await (const chunk of incoming) hash.update(chunk);
    if (incoming.method === "POST") outgoing.end(hash.digest("hex"));
    else Readable.from(pieces()).pipe(outgoing.writeHead(200, { "content-length": size }));
  });
  const server = await served(policy({ origin: url }));
  const before = memoryOf(server);
  const up = await new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const sent = httpRequest({ host: "127.0.0.1", port: server.port, method: "POST", path: "/v1/up", headers }, async (answer) => {
      resolve(Buffer.concat(await answer.toArray()).toString());
    });
    sent.on("error", reject);
    Readable.from(pieces()).pipe(sent);
  });
  assert.equal(up, digest);
  const down = createHash("sha256");
  const answer = await fetch(`${server.url}/v1/down`, { headers: { authorization: `Bearer ${token}` } });
  for await (const chunk of answer.body) down.update(chunk);
  assert.equal(down.digest("hex"), digest);
  if (process.platform === "linux") assert.ok(memoryOf(server) - before < 90, `${memoryOf(server) - before} MiB more`);
});

test("what breaks off on one side breaks off on the other", async () => {
  let left = 0;
  const url = await origin((incoming, outgoing) => {
    outgoing.once("close", () => (left += outgoing.writableFinished ? 0 : 1));
    if (incoming.url === "/v1/waits") return;
    outgoing.writeHead(200, incoming.url === "/v1/chunks" ? {} : { "content-length": 100 });
    outgoing.write("the beginning", () => incoming.url !== "/v1/endless" && setImmediate(() => outgoing.destroy()));
  });
  const server = await served(policy({ origin: url }));
  for (const path of ["/v1/length", "/v1/chunks"]) await assert.rejects(answerOf(server.port, { path }), { code: "ECONNRESET" }, path);
  assert.equal(left, 2);
  // A client that leaves before the answer, and in the midst of one.
  for (const [place, path] of ["/v1/waits", "/v1/endless"].entries()) {
    const headers = { authorization: `Bearer ${token}` };
    const sent = httpRequest({ host: "127.0.0.1", port: server.port, path, headers }).on("error", () => undefined);
    sent.on("response", (answer) => answer.on("error", () => undefined).once("data", () => sent.destroy()));
    sent.end();
    if (path === "/v1/waits") setTimeout(() => sent.destroy(), 50);
    await until(() => left === 3 + place, `the origin is told that the client of ${path} left`);
  }
  assert.equal((await answerOf(server.port, { path: "/_edgeward/health" })).status, 200);
});

test("frames are what they say: HEAD, no body, a body in chunks, and a client that waits to be told", async () => {
  const seen = [];
  const url = await origin((incoming, outgoing) => {
    let body = "";
    incoming.on("data", (chunk) => (body += chunk));
    incoming.on("end", () => {
      seen.push([incoming.method, body]);
      if (incoming.url === "/v1/none") outgoing.writeHead(204).end();
      else outgoing.writeHead(200, "Fine", { "content-length": 5, "set-cookie": ["a=1", "b=2"], server: "of the origin" }).end("whole");
    });
  });
  const server = await served(policy({ origin: url }));
  const { port } = server;
  const head = await answerOf(port, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers["content-length"], head.body], [200, "5", ""]);
  assert.deepEqual(head.headers["set-cookie"], ["a=1", "b=2"]);
  const none = await answerOf(port, { path: "/v1/none" });
  assert.deepEqual([none.status, none.headers["content-length"], none.headers["transfer-encoding"]], [204, undefined, undefined]);
  const denied = await answerOf(port, { headers: {} });
  assert.deepEqual([denied.status, denied.headers.server], [401, undefined]);
  assert.equal(denied.headers["content-type"], "application/problem+json");

  const bytes = (authorization) => `POST /v1/a HTTP/1.1\r\nHost: api.example\r\n${authorization}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`;
  const talk = (text, then) =>
    new Promise((resolve, reject) => {
      let answered = "";
      const socket = connect(port, "127.0.0.1", () => socket.write(text));
      socket.setEncoding("latin1").on("data", (data) => {
        answered += data;
        if (then !== undefined && answered.startsWith("HTTP/1.1 100 Continue\r\n\r\n")) socket.write(then), (then = undefined);
      });
      socket.on("error", reject).on("close", () => resolve(answered));
    });
  const told = await talk(bytes(`Authorization: Bearer ${token}\r\nConnection: close\r\n`), "12345");
  assert.match(told, /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 Fine\r\n/);
  assert.deepEqual(seen.at(-1), ["POST", "12345"]);
  // Nobody wants the body of a request that is refused: its client is not told to send it, and the connection ends.
  const refused = await talk(bytes(""));
  assert.match(refused, /^HTTP\/1\.1 401 /);
  assert.match(refused, /\r\nconnection: close\r\n/i);
  assert.equal(seen.length, 3);
});

test("headers reach the gate one by one, and what is no request is answered as a problem", async () => {
  const server = await served(policy());
  const twice = `GET /v1/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\n\r\n`;
  const problems = [
    [twice, 400, "credential_ambiguous"],
    ["NOT A REQUEST\r\n\r\n", 400, undefined],
    [`GET /v1/a HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(20_000)}\r\n\r\n`, 431, undefined],
    ["GET /v1/a HTTP/1.1\r\nHost: a@b\r\nConnection: close\r\n\r\n", 400, "request_ambiguous"],
    ["TRACE /v1/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 400, "request_ambiguous"],
  ];
  for (const [bytes, status, code] of problems) {
    const answer = await exchange(server.port, Buffer.from(bytes, "latin1"));
    const [head, body] = answer.split("\r\n\r\n");
    assert.match(head, new RegExp(`^HTTP/1\\.1 ${status} `), bytes.slice(0, 40));
    assert.match(head, /^content-type: application\/problem\+json$/im);
    assert.match(head, /^connection: close$/im);
    const document = JSON.parse(/\{.*\}/s.exec(body)[0]);
    assert.deepEqual([document.status, document.code], [status, code]);
  }
  // What follows a request is no answer to it.
  const slow = await rawOrigin(() => undefined);
  running.push(() => slow.stop());
  const waiting = await served(policy({ origin: slow.url }));
  const answer = await exchange(waiting.port, Buffer.from(`GET /v1/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\nNOT A REQUEST\r\n\r\n`));
  assert.equal(answer, "");
});

test("clients that are slow are let go, and there are as many connections as there may be", async () => {
  const server = await served(policy(), ["--headers-timeout", "1s", "--request-timeout", "1s", "--keep-alive", "1s", "--max-connections", "3"]);
  const dial = (bytes) => {
    const one = { answered: "", closed: false };
    one.socket = connect(server.port, "127.0.0.1", () => one.socket.write(bytes));
    one.socket.setEncoding("latin1").on("data", (data) => (one.answered += data));
    one.socket.on("error", () => undefined).on("close", () => (one.closed = true));
    return one;
  };
  const head = dial("GET /v1/a HTTP/1.1\r\nHost: a\r\nX-Slow:");
  const body = dial("POST /_edgeward/revoke HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{");
  const idle = dial("GET /_edgeward/health HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => idle.answered.startsWith("HTTP/1.1 200"), "the third is answered");
  const fourth = dial("GET /_edgeward/health HTTP/1.1\r\nHost: a\r\n\r\n");
  await until(() => fourth.closed, "the fourth is turned away");
  assert.equal(fourth.answered, "");
  // Something comes again and again, and it is not enough.
  const drip = setInterval(() => head.socket.write("x"), 100);
  await until(() => head.closed && body.closed && idle.closed, "all are let go", 15_000);
  clearInterval(drip);
  assert.match(head.answered, /^HTTP\/1\.1 408 [\s\S]*"status":408/);
  assert.equal((await answerOf(server.port, { path: "/_edgeward/health" })).status, 200);
});

test("a client that does not read its answer is let go", async () => {
  let stopped = false;
  const url = await origin((incoming, outgoing) => {
    outgoing.once("close", () => (stopped = true));
    const more = () => {
      while (!outgoing.destroyed && outgoing.write(Buffer.alloc(1 << 16)));
    };
    outgoing.on("drain", more);
    more();
  });
  const server = await served(policy({ origin: url }), ["--idle-timeout", "1s"]);
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => undefined).pause();
  socket.write(`GET /v1/a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token}\r\n\r\n`);
  await until(() => stopped, "the origin is told to stop", 10_000);
  socket.destroy();
});

test("a token that is bound to a certificate is good on the connection that has shown it", async () => {
  const authority = certificate("authority");
  const [own, client, other] = ["gate", "client", "other"].map((name) => certificate(name, authority));
  const stranger = certificate("stranger", certificate("another authority"));
  for (const [name, text] of Object.entries({ "cert.pem": own.cert, "key.pem": own.key, "ca.pem": authority.cert })) writeFileSync(path(name), text);
  const url = await origin((incoming, outgoing) => outgoing.end(incoming.headers["x-forwarded-proto"]));
  const server = await served(policy({ origin: url, tlsEndsAhead: undefined }), ["--tls-cert", "cert.pem", "--tls-key", "key.pem", "--tls-client-ca", "ca.pem"]);
  assert.match(server.url, /^https:/);
  const bound = issuer.mint({ now: Date.now(), claims: { cnf: { "x5t#S256": client.thumbprint } } });
  const ask = (shown) => {
    const { cert, key } = shown ?? {};
    return answerOf(server.port, { ca: authority.cert, cert, key, agent: false, headers: { authorization: `Bearer ${bound}` } }, undefined, httpsRequest);
  };
  const allowed = await ask(client);
  assert.deepEqual([allowed.status, allowed.body], [200, "https"]);
  for (const [shown, code] of [[other, "sender_certificate_mismatch"], [undefined, "sender_certificate_missing"]]) {
    const denied = await ask(shown);
    assert.deepEqual([denied.status, JSON.parse(denied.body).code], [401, code]);
  }
  await assert.rejects(ask(stranger), /ECONNRESET|EPIPE|socket hang up/);
  // The one that was looked at stays, and nobody has the server begin anew.
  const socket = tlsConnect({ port: server.port, host: "127.0.0.1", ca: authority.cert, maxVersion: "TLSv1.2" });
  await once(socket, "secureConnect");
  await assert.rejects(new Promise((resolve, reject) => {
    socket.on("error", reject);
    socket.renegotiate({}, (error) => (error ? reject(error) : resolve()));
  }), /no.renegotiation/i);
  socket.destroy();
  // Plain text is no request there.
  assert.equal(await exchange(server.port, Buffer.from("GET / HTTP/1.1\r\nHost: a\r\n\r\n")), "");
});
