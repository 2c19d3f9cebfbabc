// The way to the origin in workerd: WebSockets, large bodies, ends, time-outs, and what pages may read.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { demoToken, policy } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";
import { rawOrigin } from "../support/raw.mjs";

const MEGABYTE = 1 << 20;
const authorization = `Bearer ${demoToken()}`;
const page = "https://app.example";
const routes = [{ methods: ["GET", "HEAD", "POST"], path: "/v1/*", classes: ["m2m_token"] }];
const changed = (change) => ({ documents: { policy: { ...policy, tlsEndsAhead: true, routes, ...change } } });
const external = (port) => ({ serviceBindings: { ORIGIN: { external: { address: `127.0.0.1:${port}`, http: {} } } } });
const stops = [];
after(async () => {
  for (const stop of stops.reverse()) await stop();
});

async function started(options) {
  const gate = await startGate(options);
  stops.push(() => gate.stop());
  const url = gate.urls[0];
  return { ...gate, send: (path, init = {}) => fetch(new URL(path, url), { redirect: "manual", ...init, headers: { authorization, ...init.headers } }) };
}

// An origin over the network: what it does is the last part of the path.
let received = 0;
const closed = [];
const server = createServer(async (request, response) => {
  const what = request.url.split("/").at(-1);
  const gone = once(response, "close").then(() => closed.push([what, response.writableFinished]));
  if (what === "upload") {
    for await (const chunk of request) received += chunk.length;
    if (!response.destroyed) response.end(String(received));
  } else if (what === "large" || what === "endless") {
    const chunk = Buffer.alloc(MEGABYTE / 4, "a");
    for (let left = what === "large" ? 800 : Infinity; left > 0 && !response.destroyed; left--) {
      if (!response.write(chunk)) await Promise.race([once(response, "drain"), gone]);
    }
    response.end();
  } else if (what === "broken") {
    response.writeHead(200, { "content-length": "100" });
    response.write("hello", () => response.destroy());
  } else if (what === "chopped") {
    response.write("hello", () => response.destroy());
  } else if (what === "packed") {
    response.writeHead(200, { "content-encoding": "gzip", "edgeward-subject": "forged", "access-control-allow-origin": "*", "set-cookie": ["a=b", "c=d"] });
    response.end(gzipSync("unpacked"));
  } else if (what === "moved") {
    response.writeHead(302, { location: "/v1/other" }).end();
  } else if (what !== "silent") {
    response.writeHead(Number(what)).end();
  }
});
let gate;
before(async () => {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  gate = await started({ ...changed({ cors: { origins: [page] } }), ...external(server.address().port) });
});

/** The memory of the runtime's processes, children of this one, in bytes; none where the system does not tell. */
function memory() {
  let sum = 0;
  try {
    for (const id of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
      const status = readFileSync(`/proc/${id}/status`, "utf8");
      if (new RegExp(`^PPid:\\t${process.pid}$`, "m").test(status)) sum += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
    }
  } catch {
    return undefined;
  }
  return sum;
}

test("a large answer streams through with flat memory, and so does a large upload", async () => {
  const first = memory();
  let most = 0;
  let sum = 0;
  for await (const chunk of (await gate.send("/v1/large")).body) {
    sum += chunk.length;
    if (sum % (20 * MEGABYTE) < chunk.length) most = Math.max(most, memory() ?? 0);
  }
  assert.equal(sum, 200 * MEGABYTE);
  let left = 200;
  const body = new ReadableStream({
    pull(controller) {
      if (left % 20 === 0) most = Math.max(most, memory() ?? 0);
      if (left-- > 0) controller.enqueue(new Uint8Array(MEGABYTE));
      else controller.close();
    },
  });
  const answer = await gate.send("/v1/upload", { method: "POST", body, duplex: "half" });
  assert.equal(await answer.text(), String(200 * MEGABYTE));
  if (first !== undefined) assert.ok(most - first < 100 * MEGABYTE, `${(most - first) / MEGABYTE} megabytes more`);
});

test("a client that leaves ends the origin's answer", async () => {
  const abort = new AbortController();
  const answer = await gate.send("/v1/endless", { signal: abort.signal });
  await answer.body.getReader().read();
  abort.abort();
  const deadline = Date.now() + 20_000;
  while (!closed.some(([what]) => what === "endless") && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.deepEqual(closed.find(([what]) => what === "endless"), ["endless", false]);
});

test("an answer that breaks off is never whole to the client", async () => {
  for (const path of ["/v1/broken", "/v1/chopped"]) {
    await assert.rejects(async () => (await gate.send(path)).text(), path);
  }
});

test("an origin that does not answer in its time is 504, in the gate's words and with an event of its own", async () => {
  const hasty = await started({ ...changed({ originTimeout: 500, cors: { origins: [page] } }), ...external(server.address().port) });
  const answer = await hasty.send("/v1/silent", { headers: { origin: page } });
  const problem = await answer.json();
  assert.deepEqual([answer.status, problem.code], [504, "origin_timeout"]);
  assert.equal(answer.headers.get("access-control-allow-origin"), page);
  const log = await hasty.logged((lines) => lines.some((line) => line.includes('"class_uid":4002')));
  const event = JSON.parse(/\{.*/.exec(log.find((line) => line.includes('"class_uid":4002')))[0]);
  assert.deepEqual([event.status_code, event.metadata.correlation_uid], ["origin_timeout", problem.requestId]);
});

test("an origin that nobody serves is 502", async () => {
  const nobody = await rawOrigin();
  await nobody.stop();
  const down = await started({ ...changed({}), ...external(nobody.port) });
  const answer = await down.send("/v1/200");
  const text = await answer.text();
  assert.deepEqual([answer.status, JSON.parse(text).code], [502, "origin_unavailable"]);
  assert.ok(!text.includes("127.0.0.1"));
});

test("answers without a body, redirects and packed bodies are passed on, and nothing in the gate's name", async () => {
  for (const status of [200, 204, 304, 404]) {
    const answer = await gate.send(`/v1/${status}`);
    assert.deepEqual([answer.status, await answer.text()], [status, ""]);
  }
  assert.equal((await gate.send("/v1/200", { method: "HEAD" })).status, 200);
  const moved = await gate.send("/v1/moved");
  assert.deepEqual([moved.status, moved.headers.get("location")], [302, "/v1/other"]);
  const packed = await gate.send("/v1/packed", { headers: { origin: page, "accept-encoding": "gzip" } });
  assert.equal(await packed.text(), "unpacked");
  assert.equal(packed.headers.get("content-encoding"), "gzip");
  assert.equal(packed.headers.get("edgeward-subject"), null);
  assert.equal(packed.headers.get("access-control-allow-origin"), page);
  assert.deepEqual(packed.headers.getSetCookie(), ["a=b", "c=d"]);
});

test("a preflight needs no credential", async () => {
  const headers = { authorization: "", origin: page, "access-control-request-method": "DELETE" };
  const answers = await Promise.all(["/v1/a", "/nothing"].map((path) => gate.send(path, { method: "OPTIONS", headers })));
  for (const answer of answers) {
    assert.deepEqual([answer.status, answer.headers.get("access-control-allow-origin")], [204, page]);
  }
});

// An origin that answers in a WebSocket, and tells of the request that opened it.
const SOCKETS = `
  export default {
    async fetch(request) {
      if (request.headers.get("upgrade") !== "websocket") return new Response("no WebSocket", { status: 426 });
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.send(JSON.stringify(Object.fromEntries(request.headers)));
      server.addEventListener("message", ({ data }) => {
        if (data === "end") server.close(4001, "as asked");
        else server.send("again: " + data);
      });
      return new Response(null, { status: 101, webSocket: client, headers: { "edgeward-subject": "forged" } });
    },
  };`;

test("a request becomes a WebSocket where the policy lets it", async () => {
  const { fetch: open } = await started({ ...changed({ proxy: { upgrades: true }, cors: { origins: [page] } }), origin: SOCKETS });
  const answer = await open("/v1/socket", { headers: { authorization, upgrade: "websocket", edgeward_subject: "forged" } });
  assert.deepEqual([answer.status, answer.headers.get("edgeward-subject")], [101, null]);
  const socket = answer.webSocket;
  const messages = [];
  let told;
  const ended = new Promise((resolve) => (told = resolve));
  socket.addEventListener("message", ({ data }) => {
    messages.push(data);
    if (messages.length === 1) socket.send("hello");
    if (messages.length === 2) socket.send("end");
  });
  socket.addEventListener("close", ({ code }) => told(code));
  socket.accept();
  assert.equal(await ended, 4001);
  const headers = JSON.parse(messages[0]);
  assert.equal(headers["edgeward-subject"], "app_reports");
  assert.equal(headers.authorization, undefined);
  assert.ok(!messages[0].includes("forged"));
  assert.equal(messages[1], "again: hello");
  const refused = await open("/v1/socket", { headers: { upgrade: "websocket" } });
  assert.equal(refused.status, 401);
});

test("where the policy does not, the origin is asked without the wish", async () => {
  const { fetch: open } = await started({ ...changed({}), origin: SOCKETS });
  const answer = await open("/v1/socket", { headers: { authorization, upgrade: "websocket" } });
  assert.deepEqual([answer.status, await answer.text()], [426, "no WebSocket"]);
});
