// The gate as a proxy: what reaches the origin, what comes back, and what the gate answers by itself.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import { createGate } from "edgeward";
import { keeping as kept } from "../support/audit-schema.mjs";
import { NOW, apiKey, countingStore, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const key = apiKey();
const routes = [{ methods: ["GET", "HEAD", "POST"], path: "/v1/*", classes: ["m2m_token", "api_key"] }];
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] },
  routes,
};
const authorization = `Bearer ${issuer.mint()}`;

/** A gate in front of this origin, with its events. */
async function gated(origin, change = {}) {
  const events = [];
  const gate = await createGate(
    { ...policy, ...change },
    { store: countingStore(key), now: () => NOW, audit: kept(events), origin },
  );
  const fetch = (path, init = {}) =>
    gate.fetch(new Request(`https://api.example${path}`, { ...init, headers: { authorization, ...init.headers } }));
  return { gate, events, fetch };
}

/** An origin that keeps the requests it got. */
function keeping(answer = () => new Response("ok")) {
  const requests = [];
  const origin = (request) => {
    requests.push(request);
    return answer(request);
  };
  return { origin, requests };
}

test("the origin learns who it is, and nothing of the credential", async () => {
  const { origin, requests } = keeping();
  const { fetch } = await gated(origin);
  await fetch("/v1/a?b=c", { headers: { accept: "text/csv" } });
  await fetch("/v1/a", { headers: { authorization: "", "x-api-key": key.key, cookie: "a=b" } });
  const [token, apikey] = requests.map(({ headers }) => Object.fromEntries(headers));
  const { "edgeward-request-id": id, ...rest } = token;
  assert.match(id, /^[0-9a-f]{32}$/);
  assert.deepEqual(rest, {
    accept: "text/csv",
    "edgeward-class": "m2m_token",
    "edgeward-subject": "app-1",
    "edgeward-organization": "org-1",
    "edgeward-credential-id": "client-1",
    "edgeward-scopes": "reports:read reports:write",
    "x-forwarded-host": "api.example",
    "x-forwarded-proto": "https",
  });
  assert.equal(requests[0].url, "https://api.example/v1/a?b=c");
  assert.equal(apikey["edgeward-class"], "api_key");
  assert.equal(apikey["edgeward-credential-id"], key.id);
  assert.equal(apikey.cookie, "a=b");
  assert.equal(apikey.authorization, undefined);
  assert.equal(apikey["x-api-key"], undefined);
  assert.ok(!JSON.stringify(apikey).includes(key.secret));
});

test("a header that only the gate may set is never the client's", async () => {
  const { origin, requests } = keeping();
  const { fetch } = await gated(origin);
  const bare = issuer.mint({ claims: { sub: undefined, org_id: undefined, scope: undefined } });
  await fetch("/v1/a", {
    headers: {
      authorization: `Bearer ${bare}`,
      "edgeward-subject": "admin",
      "Edgeward-Organization": "org-9",
      edgeward_subject: "admin",
      "EDGEWARD_-x": "admin",
      "edgeward-anything": "admin",
      "edgeward-request-id": "mine",
      "x-edgeward-subject": "kept",
    },
  });
  const headers = Object.fromEntries(requests[0].headers);
  // Said to be empty, rather than left out: nothing between may let another in.
  assert.equal(headers["edgeward-subject"], "");
  assert.equal(headers["edgeward-organization"], "");
  assert.equal(headers["edgeward-scopes"], "");
  assert.ok(!JSON.stringify(headers).includes("admin") && !JSON.stringify(headers).includes("org-9"));
  assert.notEqual(headers["edgeward-request-id"], "mine");
  assert.equal(headers["x-edgeward-subject"], "kept");
});

test("a claim cannot break out of its header, and can be read back", async () => {
  const { origin, requests } = keeping();
  const { fetch } = await gated(origin);
  for (const sub of ["a\r\nedgeward-class: api_key", "é🗝️", "100%", "\0", " x ", "x".repeat(4000)]) {
    const answer = await fetch("/v1/a", { headers: { authorization: `Bearer ${issuer.mint({ claims: { sub } })}` } });
    assert.equal(answer.status, 200, sub);
    const { headers } = requests.pop();
    assert.equal(decodeURIComponent(headers.get("edgeward-subject")), sub);
    assert.equal(headers.get("edgeward-class"), "m2m_token");
  }
});

test("a body streams through in both directions", async () => {
  const seen = [];
  const { fetch } = await gated(async (request) => {
    const reader = request.body.getReader();
    const read = async () => Buffer.from((await reader.read()).value ?? []).toString();
    const first = await read();
    seen.push(first);
    const body = new ReadableStream({
      async pull(controller) {
        controller.enqueue(Buffer.from(first));
        // The client sends the rest only when it has seen this.
        controller.enqueue(Buffer.from(await read()));
        controller.close();
      },
    });
    return new Response(body);
  });
  let send;
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(Buffer.from("one "));
      send = (text) => {
        controller.enqueue(Buffer.from(text));
        controller.close();
      };
    },
  });
  const answer = await fetch("/v1/a", { method: "POST", body, duplex: "half" });
  const reader = answer.body.getReader();
  assert.equal(Buffer.from((await reader.read()).value).toString(), "one ");
  assert.deepEqual(seen, ["one "]);
  send("two");
  assert.equal(Buffer.from((await reader.read()).value).toString(), "two");
  assert.equal((await reader.read()).done, true);
});

test("what the origin answers is passed on as it is", async () => {
  const sent = new Response("made", { status: 201, headers: { location: "/v1/7", "set-cookie": "a=b", "x-y": "z" } });
  const { fetch } = await gated(() => sent);
  assert.equal(await fetch("/v1/a", { method: "POST", body: "x" }), sent);
  for (const status of [301, 302, 303, 307, 308, 404, 500]) {
    const { fetch: again } = await gated(() => new Response(null, { status, headers: { location: "/v1/other" } }));
    const answer = await again("/v1/a");
    assert.deepEqual([answer.status, answer.headers.get("location")], [status, "/v1/other"]);
  }
});

test("HEAD is forwarded as HEAD, and a refused one has headers alone", async () => {
  const { origin, requests } = keeping(() => new Response(null, { headers: { "content-length": "7" } }));
  const { fetch } = await gated(origin);
  const answer = await fetch("/v1/a", { method: "HEAD" });
  assert.equal(requests[0].method, "HEAD");
  assert.equal(answer.headers.get("content-length"), "7");
  const refused = await fetch("/v1/a", { method: "HEAD", headers: { authorization: "" } });
  assert.equal(refused.status, 401);
  assert.equal(refused.headers.get("content-type"), "application/problem+json");
  assert.equal(await refused.text(), "");
});

test("an origin that fails is 502, in the gate's words", async () => {
  for (const origin of [
    () => Promise.reject(new Error("ECONNREFUSED 10.0.0.7")),
    () => {
      throw new Error("ECONNREFUSED 10.0.0.7");
    },
    undefined,
  ]) {
    const { fetch, events } = await gated(origin);
    const answer = await fetch("/v1/a");
    const problem = await answer.json();
    assert.deepEqual([answer.status, problem.code], [502, "origin_unavailable"]);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(answer.headers.get("www-authenticate"), null);
    assert.ok(!JSON.stringify(problem).includes("10.0.0.7"));
    // The decision was made, and is told of once; what became of it is an event of its own.
    assert.deepEqual(events.map((event) => event.status_code), ["allowed", "origin_unavailable"]);
    assert.equal(problem.requestId, events[0].metadata.uid);
  }
});

test("a refused request never reaches the origin, and is told why", async () => {
  const { origin, requests } = keeping();
  const { fetch, events } = await gated(origin);
  for (const [path, headers, status, code, challenge] of [
    ["/v1/a", { authorization: "Basic eDp5" }, 401, "credential_missing", "Bearer"],
    ["/v1/a", { authorization: "Bearer a.b" }, 401, "token_malformed", /^Bearer error="invalid_token", error_description="[^"]+"$/],
    ["/v1/a", { "x-api-key": key.key }, 400, "credential_ambiguous", /^Bearer error="invalid_request"/],
    ["/v2", {}, 403, "route_unknown", null],
    ["/v1/a?access_token=x", {}, 400, "credential_in_query", /^Bearer error="invalid_request"/],
  ]) {
    const answer = await fetch(path, { headers });
    const problem = await answer.json();
    assert.deepEqual([answer.status, problem.status, problem.code], [status, status, code]);
    assert.equal(problem.type, `urn:edgeward:reason:${code}`);
    assert.ok(problem.title && problem.detail);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal(answer.headers.get("cache-control"), "no-store");
    assert.equal(answer.headers.get("edgeward-request-id"), problem.requestId);
    assert.equal(problem.requestId, events.at(-1).metadata.uid);
    const told = answer.headers.get("www-authenticate");
    if (challenge instanceof RegExp) assert.match(told, challenge);
    else assert.equal(told, challenge);
  }
  assert.equal(events.length, 5);
  assert.deepEqual(requests, []);
});

test("the gate's own endpoints: verify and health, and no others", async () => {
  const { origin, requests } = keeping();
  const { fetch, events } = await gated(origin);
  const verdict = await fetch("/_edgeward/verify");
  assert.equal(verdict.status, 200);
  assert.equal(verdict.headers.get("edgeward-subject"), "app-1");
  assert.equal((await verdict.json()).claims.sub, "app-1");
  const health = await fetch("/_edgeward/health", { headers: { authorization: "" } });
  assert.deepEqual([health.status, (await health.json()).status], [200, "pass"]);
  const unknown = await fetch("/_edgeward/admin");
  assert.deepEqual([unknown.status, (await unknown.json()).code], [404, "endpoint_unknown"]);
  const posted = await fetch("/_edgeward/verify", { method: "POST" });
  assert.deepEqual([posted.status, posted.headers.get("allow")], [405, "GET, HEAD"]);
  assert.deepEqual(requests, []);
  // Health is no decision.
  assert.deepEqual(events.map((event) => event.status_code), ["allowed", "endpoint_unknown", "method_not_allowed"]);
});

test("the handlers of a Worker are the gate", async () => {
  const { origin, requests } = keeping();
  const { gate } = await gated(origin);
  const { fetch } = gate.worker();
  assert.equal((await fetch(new Request("https://api.example/v1/a", { headers: { authorization } }))).status, 200);
  assert.equal(requests.length, 1);
});

test("an object with fetch is an origin, and is called as its own method", async () => {
  class Binding {
    #answer = "bound";
    async fetch() {
      return new Response(this.#answer);
    }
  }
  const { fetch } = await gated(new Binding());
  assert.equal(await (await fetch("/v1/a")).text(), "bound");
});

// An origin at a URL, over the network of this machine.
const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const { method, url, headers } = request;
    if (url === "/v1/moved") return response.writeHead(302, { location: "/v1/followed" }).end();
    if (url === "/v1/packed") return response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("unpacked"));
    response.end(JSON.stringify({ method, url, headers, body: Buffer.concat(chunks).toString() }));
  });
});
const listening = new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}`)));
after(() => {
  server.closeAllConnections();
  server.close();
});

test("an origin at a URL gets path, query, method, headers and body, and its redirects are not followed", async () => {
  const { fetch } = await gated(undefined, { origin: await listening });
  const echo = await (await fetch("/v1/a%20b?c=d&c=e", { headers: { "x-y": "z" } })).json();
  assert.deepEqual([echo.method, echo.url, echo.headers["x-y"]], ["GET", "/v1/a%20b?c=d&c=e", "z"]);
  assert.equal(echo.headers["edgeward-subject"], "app-1");
  assert.equal(echo.headers.authorization, undefined);
  const body = "é".repeat(100_000);
  assert.equal((await (await fetch("/v1/a", { method: "POST", body })).json()).body, body);
  const moved = await fetch("/v1/moved");
  assert.deepEqual([moved.status, moved.headers.get("location")], [302, "/v1/followed"]);
  assert.equal((await fetch("/v1/a", { method: "HEAD" })).status, 200);
});

test("headers of the client's connection end at the gate", async () => {
  const { fetch } = await gated(undefined, { origin: await listening });
  for (const headers of [
    { connection: "close, edgeward-subject, x-hop", "x-hop": "1" },
    { "keep-alive": "timeout=5" },
    { "transfer-encoding": "chunked" },
    { te: "trailers" },
    { expect: "100-continue" },
    { "proxy-connection": "keep-alive" },
  ]) {
    const answer = await fetch("/v1/a", { headers });
    assert.equal(answer.status, 200, JSON.stringify(headers));
    const echo = await answer.json();
    assert.equal(echo.headers["edgeward-subject"], "app-1");
    for (const name of Object.keys(headers)) {
      // This connection has its own.
      if (name === "connection") assert.doesNotMatch(echo.headers.connection ?? "", /edgeward|x-hop/);
      else assert.equal(echo.headers[name], undefined, name);
    }
  }
});

test("a packed body is passed on as it is, and said to be packed", async () => {
  const { fetch } = await gated(undefined, { origin: await listening });
  const answer = await fetch("/v1/packed", { headers: { "accept-encoding": "gzip" } });
  assert.equal(answer.headers.get("content-encoding"), "gzip");
  assert.deepEqual(Buffer.from(await answer.arrayBuffer()), gzipSync("unpacked"));
});

test("a body that `fetch` of the platform has unpacked is not said to be packed", async () => {
  // As on hosts that are not Node.
  const { getBuiltinModule } = process;
  process.getBuiltinModule = undefined;
  try {
    const { fetch } = await gated(undefined, { origin: await listening });
    const answer = await fetch("/v1/packed", { headers: { "accept-encoding": "zstd, gzip;q=0.5, br" } });
    assert.equal(await answer.text(), "unpacked");
    assert.equal(answer.headers.get("content-encoding"), null);
    assert.equal(answer.headers.get("content-length"), null);
    for (const [sent, asked] of [["zstd, gzip;q=0.5, br", "gzip;q=0.5, br"], ["zstd", "identity"], ["*", "identity"]]) {
      const echo = await (await fetch("/v1/a", { headers: { "accept-encoding": sent } })).json();
      assert.equal(echo.headers["accept-encoding"], asked);
    }
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
});

test("a function that is lent is asked for the origin at a URL", async () => {
  const { origin, requests } = keeping();
  const { fetch } = await gated(origin, { origin: "https://origin.example:8443" });
  await fetch("/v1/a?b=c", { method: "POST", body: "x" });
  assert.equal(requests[0].url, "https://origin.example:8443/v1/a?b=c");
  assert.equal(requests[0].redirect, "manual");
  assert.equal(await requests[0].text(), "x");
});
