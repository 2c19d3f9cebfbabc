// The way to the origin over real connections in Node: streams, ends, time-outs, and what pages may read.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { createServer, request } from "node:http";
import { text } from "node:stream/consumers";
import { after, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { createGate } from "edgeward";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";
import { gateServer } from "../support/gate-server.mjs";
import { rawOrigin } from "../support/raw.mjs";

const issuer = signer("ES256");
const authorization = `Bearer ${issuer.mint()}`;
const MEGABYTE = 1 << 20;
const stops = [];
after(() => Promise.all(stops.map((stop) => stop())));

// What is not collected yet is not held.
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");

/** How many bytes of buffers are held in this process. */
function held() {
  collect();
  return process.memoryUsage().arrayBuffers;
}

/** A gate at a port of its own in front of an origin, with its events. */
async function gated(change, options = {}) {
  const events = [];
  const gate = await createGate(
    {
      ...tokenPolicy(issuer),
      tlsEndsAhead: true,
      routes: [{ methods: ["GET", "HEAD", "POST"], path: "/v1/*", classes: ["m2m_token"] }],
      ...change,
    },
    { now: () => NOW, audit: (event) => void events.push(event), ...options },
  );
  const { port, stop } = await gateServer(gate);
  stops.push(stop);
  const url = `http://127.0.0.1:${port}`;
  return { gate, port, events, fetch: (path, init = {}) => fetch(url + path, { redirect: "manual", ...init, headers: { authorization, ...init.headers } }) };
}

async function httpOrigin(handler) {
  const server = createServer(handler);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  stops.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${server.address().port}`;
}

/** Sends so many megabytes, no faster than they are taken, and ends. */
function pour(response, megabytes, told = () => undefined) {
  const chunk = Buffer.alloc(MEGABYTE / 4, "a");
  let left = megabytes * 4;
  const more = () => {
    while (left > 0 && !response.destroyed) {
      left -= 1;
      told(megabytes * 4 - left);
      if (!response.write(chunk)) return response.once("drain", more);
    }
    response.end();
  };
  more();
}

test("a large answer streams through with flat memory, and so does a large upload", async () => {
  let received = 0;
  const origin = await httpOrigin(async (incoming, response) => {
    if (incoming.method === "GET") return pour(response, 200);
    for await (const chunk of incoming) received += chunk.length;
    response.end(String(received));
  });
  const { fetch, port } = await gated({ origin });
  const before = held();
  let most = before;
  let sum = 0;
  for await (const chunk of (await fetch("/v1/large")).body) {
    if (sum % (20 * MEGABYTE) < chunk.length) most = Math.max(most, held());
    sum += chunk.length;
  }
  assert.equal(sum, 200 * MEGABYTE);
  // By a client that holds nothing: `fetch` would keep the whole of what it sends.
  const answer = await new Promise((resolve, reject) => {
    const upload = request(`http://127.0.0.1:${port}/v1/large`, { method: "POST", headers: { authorization } }, resolve).on("error", reject);
    pour(upload, 200, (quarters) => quarters % 40 === 0 && (most = Math.max(most, held())));
  });
  assert.equal(await text(answer), String(200 * MEGABYTE));
  // Origin, gate and client are in this process, each with what is on its way: far less than either body.
  assert.ok(most - before < 100 * MEGABYTE, `${(most - before) / MEGABYTE} megabytes more`);
});

test("a client that stops reading stops the origin, and one that leaves ends its answer", async () => {
  let quarters = 0;
  let ended;
  const left = new Promise((resolve) => (ended = resolve));
  const origin = await httpOrigin((request, response) => {
    response.on("close", () => ended(response.writableFinished));
    pour(response, 1024, (count) => (quarters = count));
  });
  const { fetch } = await gated({ origin });
  const abort = new AbortController();
  const answer = await fetch("/v1/endless", { signal: abort.signal });
  const reader = answer.body.getReader();
  await reader.read();
  // Until every buffer on the way is full.
  for (let last = -1; last !== quarters; ) {
    last = quarters;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  assert.ok(quarters < 64 * 4, `${quarters / 4} megabytes were sent to nobody`);
  abort.abort();
  assert.equal(await left, false);
});

test("an upload that breaks off is never whole to the origin", async () => {
  let told;
  const ended = new Promise((resolve) => (told = resolve));
  let begun;
  const began = new Promise((resolve) => (begun = resolve));
  const origin = await httpOrigin((request) => {
    request.on("data", () => begun());
    request.on("end", () => told("whole"));
    request.on("error", () => told("broken off"));
  });
  const { port, events } = await gated({ origin });
  const socket = connect(port, "127.0.0.1");
  socket.write(`POST /v1/a HTTP/1.1\r\nHost: x\r\nAuthorization: ${authorization.trim()}\r\nContent-Length: 100\r\n\r\nhello`);
  await began;
  socket.destroy();
  assert.equal(await ended, "broken off");
  // The origin is not to blame.
  assert.deepEqual(events.map((event) => event.class_uid), [3002]);
});

test("a body of another length than was said ends its own request alone", async () => {
  const origin = await rawOrigin(() => undefined);
  stops.push(() => origin.stop());
  const { gate } = await gated({ origin: origin.url });
  for (const [method, length, body] of [["POST", 10, "short"], ["POST", 2, "longer"], ["POST", 0, "x"]]) {
    const headers = { authorization, "content-length": String(length) };
    const answer = await gate.fetch(new Request("https://api.example/v1/a", { method, headers, body }));
    assert.deepEqual([answer.status, (await answer.json()).code], [502, "origin_unavailable"], body);
  }
  // What Node throws where nobody catches it fails this test.
  assert.deepEqual(origin.seen, []);
});

test("an origin that changes to a protocol for which nobody asked has not answered", async () => {
  const origin = await rawOrigin(() => "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n");
  stops.push(() => origin.stop());
  const { fetch } = await gated({ origin: origin.url, originTimeout: 20_000 });
  const answer = await fetch("/v1/a");
  assert.deepEqual([answer.status, (await answer.json()).code], [502, "origin_unavailable"]);
});

test("an answer that breaks off is never whole to the client", async () => {
  for (const head of ["content-length: 100\r\n\r\nhello", "transfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"]) {
    const origin = await rawOrigin((_, socket) => void socket.end(`HTTP/1.1 200 OK\r\n${head}`));
    stops.push(origin.stop);
    const { fetch } = await gated({ origin: origin.url });
    const answer = await fetch("/v1/a");
    assert.equal(answer.status, 200);
    await assert.rejects(answer.text(), head);
  }
});

test("an origin that breaks off before its answer, or that nobody serves, is 502 and told of", async () => {
  const origin = await rawOrigin((_, socket) => void socket.destroy());
  const broken = await gated({ origin: origin.url });
  await origin.stop().then(rawOrigin).then(({ stop }) => stop());
  for (const { fetch, events } of [broken, await gated({ origin: "http://127.0.0.1:1" }), await gated({})]) {
    const answer = await fetch("/v1/a");
    const problem = await answer.json();
    assert.deepEqual([answer.status, problem.code], [502, "origin_unavailable"]);
    assert.ok(!/127\.0\.0\.1|ECONN/.test(JSON.stringify(problem)));
    const [decision, failed] = events;
    assert.deepEqual([decision.class_uid, failed.class_uid, events.length], [3002, 4002, 2]);
    assert.equal(failed.metadata.correlation_uid, decision.metadata.uid);
    assert.equal(problem.requestId, decision.metadata.uid);
    assert.equal(failed.http_response.code, 502);
    assert.match(failed.status_detail, /^\w+$|none was lent$/);
  }
});

test("an origin that does not answer in its time is 504, and is left alone", async () => {
  let closed;
  const gone = new Promise((resolve) => (closed = resolve));
  const origin = await httpOrigin((request) => request.on("close", closed));
  const { fetch, events } = await gated({ origin, originTimeout: 200 });
  const answer = await fetch("/v1/a");
  const problem = await answer.json();
  assert.deepEqual([answer.status, problem.code], [504, "origin_timeout"]);
  assert.deepEqual(events.map((event) => event.status_code), ["allowed", "origin_timeout"]);
  await gone;
});

test("the time of an origin ends with the head of its answer", async () => {
  const origin = await httpOrigin((_, response) => {
    response.write("one ");
    setTimeout(() => response.end("two"), 600);
  });
  const { fetch } = await gated({ origin, originTimeout: 300 });
  assert.equal(await (await fetch("/v1/a")).text(), "one two");
});

test("an origin that is lent and knows of no signal is waited for no longer, and its late answer is not kept", async () => {
  let late;
  const cancelled = new Promise((resolve) => {
    late = () => new Response(new ReadableStream({ cancel: resolve }));
  });
  let answer;
  const origin = () => new Promise((resolve) => (answer = resolve));
  const { fetch } = await gated({ originTimeout: 100 }, { origin });
  assert.equal((await fetch("/v1/a")).status, 504);
  answer(late());
  await cancelled;
});

test("answers without a body, and an origin's word in the gate's name", async () => {
  const origin = await httpOrigin(({ url }, response) => {
    const status = Number(url.split("/").at(-1));
    response.writeHead(status, { "edgeward-subject": "forged", "keep-alive": "timeout=9", "x-origin": "reached", "set-cookie": ["a=b", "c=d"] }).end();
  });
  const { fetch } = await gated({ origin });
  for (const status of [200, 204, 205, 304, 404]) {
    const answer = await fetch(`/v1/${status}`);
    assert.deepEqual([answer.status, await answer.text(), answer.headers.get("x-origin")], [status, "", "reached"]);
    assert.equal(answer.headers.get("edgeward-subject"), null);
    assert.deepEqual(answer.headers.getSetCookie(), ["a=b", "c=d"]);
    assert.notEqual(answer.headers.get("keep-alive"), "timeout=9");
  }
});

test("a page may read what the policy lets it, of the origin's answers, of denials and of failures", async () => {
  const page = "https://app.example";
  const origin = await httpOrigin((_, response) => response.writeHead(200, { vary: "accept", "access-control-allow-origin": "*", "access-control-max-age": "9" }).end("ok"));
  const cors = { origins: [page] };
  const { fetch, events } = await gated({ origin, cors });
  const down = await gated({ cors });
  const preflight = await fetch("/v1/a", { method: "OPTIONS", headers: { authorization: "", origin: page, "access-control-request-method": "GET" } });
  assert.deepEqual([preflight.status, preflight.headers.get("access-control-allow-origin"), events.length], [204, page, 0]);
  const read = async (send, headers, status) => {
    const answer = await send("/v1/a", { headers });
    assert.equal(answer.status, status);
    assert.match(answer.headers.get("vary"), /origin/);
    await answer.text();
    return answer.headers.get("access-control-allow-origin");
  };
  assert.equal(await read(fetch, { origin: page }, 200), page);
  assert.equal(await read(fetch, { origin: "https://evil.example" }, 200), null);
  assert.equal(await read(fetch, { origin: page, authorization: "" }, 401), page);
  assert.equal(await read(down.fetch, { origin: page }, 502), page);
});

test("the metadata of the resource are for everybody, and challenges lead there", async () => {
  const { fetch } = await gated({ resource: { identifier: "https://api.example/v1" } });
  const denied = await fetch("/v1/a", { headers: { authorization: "" } });
  const url = /^Bearer resource_metadata="(.+)"$/.exec(denied.headers.get("www-authenticate"))[1];
  const answer = await fetch(new URL(url).pathname, { headers: { authorization: "" } });
  assert.equal(answer.headers.get("cache-control"), "public, max-age=3600");
  const metadata = await answer.json();
  assert.deepEqual([metadata.resource, metadata.authorization_servers], ["https://api.example/v1", ["https://issuer.example"]]);
});
