// Sends the requests of tests/proxies/requests.mjs, and holds what came back and what came to the origin against them.
import assert from "node:assert/strict";
import { Agent, createServer, request as httpRequest } from "node:http";
import { STATUS, keys, requests, tokens } from "../proxies/requests.mjs";

const IDENTITY = ["class", "subject", "organization", "credential-id", "scopes"];
const NEVER_AT_THE_ORIGIN = [
  "authorization", "x-api-key", "dpop", "x-http-method", "x-http-method-override", "x-method-override",
  "x-original-url", "x-rewrite-url",
];
/** No part of a credential is told to an origin, of whatever request. */
const SECRETS = [...Object.values(keys).map(({ secret }) => secret), ...Object.values(tokens).map((token) => token.split(".")[2])];
const CASE = "x-case";

/** An origin that keeps what reaches it, by its case. */
export async function startOrigin() {
  const reached = new Map();
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      const { method, url, rawHeaders } = request;
      const name = request.headers[CASE];
      const told = { method, url, rawHeaders, body: Buffer.concat(chunks).toString("latin1") };
      reached.set(name, [...(reached.get(name) ?? []), told]);
      response.writeHead(200, { "content-type": "text/plain" }).end(method === "HEAD" ? undefined : "of the origin");
    });
  });
  server.keepAliveTimeout = 60_000;
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    /** What came with this case, all of it. */
    of: (name) => reached.get(name) ?? [],
    count: () => [...reached.values()].flat().length,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

/** Sends a request byte for byte as the table has it, from an address of this machine. */
export function send(port, { method, path, headers, body, from }, name, agent) {
  const all = [...headers, [CASE, name]];
  if (!all.some(([header]) => header.toLowerCase() === "host")) all.unshift(["Host", `127.0.0.1:${port}`]);
  if (body !== undefined) all.push(["Content-Length", String(Buffer.byteLength(body))]);
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ host: "127.0.0.1", port, localAddress: from, method, path, agent, headers: all.flat() }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => {
        resolve({ status: answer.statusCode, headers: answer.headers, raw: answer.rawHeaders, body: Buffer.concat(chunks).toString() });
      });
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

/** The code that a request gets on this way. */
export const codeBy = (request, way) => request.by?.[way] ?? request.code;

export const statusOf = (code) => STATUS[code] ?? 401;

/** What the origin is told of who it is; an empty header may be left out on the way. */
function identityAt(rawHeaders) {
  const found = Object.fromEntries(IDENTITY.map((name) => [name, ""]));
  let id;
  for (let place = 0; place < rawHeaders.length; place += 2) {
    const name = rawHeaders[place].toLowerCase();
    const value = rawHeaders[place + 1];
    if (!/^edgeward[-_]/.test(name)) continue;
    if (name === "edgeward-request-id") id = value;
    // The policy has no assertion; a proxy may copy the header that is not there.
    else if (name === "edgeward-assertion") assert.equal(value, "", "an assertion");
    else {
      assert.ok(Object.hasOwn(found, name.slice("edgeward-".length)), `${name} came to the origin`);
      found[name.slice("edgeward-".length)] = value;
    }
  }
  assert.match(id ?? "", /^[0-9a-f]{32}$/, "the request's id");
  return found;
}

function judgeOrigin(request, told) {
  assert.equal(told.length, 1, "it came to the origin once");
  const [{ method, url, rawHeaders, body }] = told;
  assert.equal(method, request.method);
  assert.equal(body, request.body ?? "");
  assert.deepEqual(identityAt(rawHeaders), request.identity);
  const names = rawHeaders.filter((_, place) => place % 2 === 0).map((name) => name.toLowerCase());
  assert.deepEqual(names.filter((name) => NEVER_AT_THE_ORIGIN.includes(name.replaceAll("_", "-"))), []);
  const all = `${url}\n${rawHeaders.join("\n")}\n${body}`;
  for (const secret of SECRETS) assert.ok(!all.includes(secret), "a credential came to the origin");
  return url;
}

function judgeDenial(request, way, code, answer) {
  // Envoy takes a status from 500 on for a failure of the check, and answers in its own words.
  if (way === "envoy" && statusOf(code) === 503) return void assert.deepEqual([answer.status, answer.body], [503, ""]);
  assert.deepEqual([answer.status, answer.body && JSON.parse(answer.body).code], [statusOf(code), request.method === "HEAD" ? "" : code]);
  if (request.method !== "HEAD") {
    assert.equal(answer.headers["content-type"], "application/problem+json");
    assert.equal(JSON.parse(answer.body).status, answer.status);
  }
  const challenges = answer.raw.filter((name, place) => place % 2 === 0 && name.toLowerCase() === "www-authenticate");
  assert.ok(challenges.length === 1 || (answer.status !== 401 && challenges.length === 0), `${challenges.length} challenges`);
  assert.match(answer.headers["edgeward-request-id"] ?? "", /^[0-9a-f]{32}$/);
  assert.equal(answer.headers["cache-control"], "no-store");
}

function judge(request, way, answer, told) {
  const code = codeBy(request, way);
  // An endpoint of the gate's own answers it.
  if (code === "own") return void assert.deepEqual([answer.status, told.length], [answer.status === 404 ? 404 : 200, 0]);
  if (code === "stopped") return void assert.deepEqual([told.length, answer.body.includes("of the origin")], [0, false]);
  if (code === "allowed") {
    assert.equal(answer.status, 200, answer.body);
    const url = judgeOrigin(request, told);
    const sent = way === "worker" ? request.path.split("#")[0] : request.path;
    assert.equal(url.replace(/\?$/, ""), sent.replace(/\?$/, ""));
    return;
  }
  assert.equal(told.length, 0, "it came to the origin");
  assert.ok(!answer.body.includes("of the origin"));
  const isOurs = answer.headers["content-type"] === "application/problem+json";
  // A proxy's own refusal.
  if (request.mayStop && !isOurs && way !== "worker" && answer.status >= 400 && answer.status < 500) return;
  judgeDenial(request, way, code, answer);
}

/**
 * Sends every request on its way, or `those` alone, and tells of each that did not fare as it should. A `run` of its own has a
 * name.
 */
export async function sendAll(way, port, origin, run = way, those = requests) {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const wrong = [];
  let judged = 0;
  await Promise.all(
    those.map(async (request, place) => {
      const name = `${run}-${place}`;
      try {
        const answer = await send(port, request, name, agent);
        // An origin of another process may be heard of later than its answer.
        await origin.heard?.(name, answer);
        judge(request, way, answer, origin.of(name));
        judged += 1;
      } catch (error) {
        wrong.push(`${request.name}: ${error.message}`);
      }
    }),
  );
  agent.destroy();
  return { wrong, judged };
}
