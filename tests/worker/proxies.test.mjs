// The same requests through the Worker as a proxy, and through nginx, Caddy, HAProxy and Envoy that ask it: the same
// verdicts, the same identity at the same origin, and no credential there.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { createGate, createOriginCheck } from "edgeward";
import { keys, policy, requests, tokens } from "../proxies/requests.mjs";
import { countingStore } from "../support/credentials.mjs";
import { demoKey, demoToken, entriesOf } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";
import { hasEnvoy, startProxy } from "../support/proxies.mjs";
import { exchange, rawOrigin } from "../support/raw.mjs";
import { send, sendAll, startOrigin } from "../support/suite.mjs";

/** The dialect that each proxy asks in. HAProxy has none of its own. */
const DIALECTS = { nginx: "nginx", caddy: "caddy", haproxy: "traefik", ...(hasEnvoy && { envoy: "envoy" }) };
const WAYS = ["worker", ...Object.keys(DIALECTS)];

let origin;
const started = [];
const ports = {};
const gates = {};

async function begin(starting) {
  const thing = await starting;
  started.push(thing);
  return thing;
}

/** What the Worker has for an origin: a way to the one that all share. */
const passedOn = (port) => `
  export default {
    fetch(request) {
      const { pathname, search } = new URL(request.url);
      return fetch("http://127.0.0.1:${port}" + pathname + search, request);
    },
  };`;

/** The gate of a way, and the proxy before it. */
async function open(way) {
  const forwardAuth = way === "worker" ? undefined : { dialect: DIALECTS[way] };
  const documents = { policy: { ...policy, forwardAuth } };
  const gate = await begin(startGate({ entries: entriesOf(...Object.values(keys)), documents, origin: passedOn(origin.port) }));
  gates[way] = Number(new URL(gate.urls[0]).port);
  ports[way] = way === "worker" ? gates[way] : (await begin(startProxy(way, { gate: gates[way], origin: origin.port }))).port;
}

before(async () => {
  origin = await begin(startOrigin());
  await Promise.all(WAYS.map(open));
});
after(() => Promise.all(started.map((thing) => thing.stop())));

test("there are as many requests as there should be, each of its own name", () => {
  assert.ok(requests.length >= 150, String(requests.length));
  assert.equal(new Set(requests.map(({ name }) => name)).size, requests.length);
});

for (const way of WAYS) {
  test(`${way}: every request gets its verdict, and the origin what is allowed`, async () => {
    const { wrong, judged } = await sendAll(way, ports[way], origin);
    assert.deepEqual(wrong, []);
    assert.equal(judged, requests.length);
  });
}

const bearer = [["Authorization", `Bearer ${tokens.good}`]];
const report = { method: "GET", path: "/v1/reports", headers: bearer };

for (const way of Object.keys(DIALECTS)) {
  test(`${way}: where no gate answers, nobody gets through`, async () => {
    // A port at which nobody listens any more.
    const silent = await startOrigin();
    await silent.stop();
    const proxy = await startProxy(way, { gate: silent.port, origin: origin.port });
    try {
      const answer = await send(proxy.port, report, `${way}-silent`);
      assert.ok(answer.status >= 500, String(answer.status));
      assert.equal(origin.of(`${way}-silent`).length, 0);
    } finally {
      await proxy.stop();
    }
  });

  test(`${way}: a gate of another dialect lets nobody through`, async () => {
    const others = Object.keys(DIALECTS).filter((other) => DIALECTS[other] !== DIALECTS[way]);
    for (const other of others) {
      // Caddy and HAProxy tell the same, by two names.
      if (["caddy", "haproxy"].includes(way) && ["caddy", "haproxy"].includes(other)) continue;
      const proxy = await startProxy(way, { gate: gates[other], origin: origin.port });
      try {
        const name = `${way}-asks-${other}`;
        const answer = await send(proxy.port, report, name);
        assert.notEqual(answer.status, 200, name);
        assert.equal(origin.of(name).length, 0, name);
      } finally {
        await proxy.stop();
      }
    }
  });
}

/** A gate in Node, which sees the address of the connection, as a server of its own. */
async function nodeGate(forwardAuth, { stored = [], members = {}, ...lent } = {}) {
  const snapshots = JSON.parse(readFileSync(new URL("../../worker/generated/snapshots.json", import.meta.url), "utf8"));
  const peers = new WeakMap();
  const options = { snapshots, store: countingStore(...stored), audit: () => {}, address: (request) => peers.get(request), ...lent };
  const gate = await createGate({ ...policy, ...members, forwardAuth }, options);
  const server = createServer(async (request, response) => {
    const { method, url, rawHeaders, socket } = request;
    const pairs = rawHeaders.flatMap((name, place) => (place % 2 === 0 ? [[name, rawHeaders[place + 1]]] : []));
    const asked = new Request(new URL(url, "http://gate.internal"), { method, headers: pairs });
    peers.set(asked, socket.remoteAddress);
    const answer = await gate.fetch(asked);
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())) };
}

// Envoy says another address of a client on its own machine than the client's.
for (const way of ["nginx", "caddy", "haproxy"]) {
  test(`${way}: a key is held against the address of the client, whatever it says of itself`, async () => {
    const bound = demoKey({ allowedCidrs: ["127.0.0.9/32"] });
    const gate = await nodeGate({ dialect: DIALECTS[way], proxies: ["127.0.0.1/32"] }, { stored: [bound] });
    const proxy = await startProxy(way, { gate: gate.port, origin: origin.port });
    try {
      for (const [place, [from, forged, status]] of [
        ["127.0.0.9", [], 200],
        ["127.0.0.9", [["X-Forwarded-For", "203.0.113.7"]], 200],
        ["127.0.0.8", [], 403],
        ["127.0.0.8", [["X-Forwarded-For", "127.0.0.9"]], 403],
        ["127.0.0.8", [["X-Forwarded-For", "127.0.0.9"], ["X-Forwarded-For", "127.0.0.9"], ["X-Real-IP", "127.0.0.9"]], 403],
      ].entries()) {
        const name = `${way}-address-${place}`;
        const request = { ...report, headers: [["X-API-Key", bound.key], ...forged], from };
        const answer = await send(proxy.port, request, name);
        assert.deepEqual([answer.status, origin.of(name).length], [status, status === 200 ? 1 : 0], `${name}: ${answer.body}`);
        for (const { rawHeaders } of origin.of(name)) {
          const told = rawHeaders.filter((_, place) => place % 2 === 1 && rawHeaders[place - 1].toLowerCase() === "x-forwarded-for");
          assert.deepEqual(told, ["127.0.0.9"], "what the origin is told of the address");
        }
        if (status !== 200) assert.equal(JSON.parse(answer.body).code, "address_not_allowed");
      }
    } finally {
      await Promise.all([proxy.stop(), gate.stop()]);
    }
  });
}

for (const way of Object.keys(DIALECTS)) {
  test(`${way}: a proxy that the policy does not name lets nobody through`, async () => {
    const gate = await nodeGate({ dialect: DIALECTS[way], proxies: ["192.0.2.0/24"] });
    const proxy = await startProxy(way, { gate: gate.port, origin: origin.port });
    try {
      const answer = await send(proxy.port, report, `${way}-stranger`);
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [403, "forward_auth_peer_unknown"]);
      assert.equal(origin.of(`${way}-stranger`).length, 0);
    } finally {
      await Promise.all([proxy.stop(), gate.stop()]);
    }
  });
}

for (const way of Object.keys(DIALECTS)) {
  test(`${way}: what a client says of its connection leads nobody past the gate, and takes nothing from the origin`, async () => {
    // An origin that takes up every offer: behind an answer of 101 all that a client sends is the origin's.
    const raw = await rawOrigin(({ headers }) => {
      const protocol = headers.find(([name]) => name === "upgrade")?.[1];
      if (protocol === undefined) return "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";
      return `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${protocol}\r\nsec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n`;
    });
    const proxy = await startProxy(way, { gate: gates[way], origin: raw.port });
    try {
      const sent = async (...lines) => {
        raw.seen.length = 0;
        const all = ["GET /v1/reports HTTP/1.1", "Host: 127.0.0.1", `Authorization: Bearer ${tokens.good}`, ...lines];
        const answer = await exchange(proxy.port, [...all, "", ""].join("\r\n"));
        return { answer, headers: raw.seen.flatMap(({ headers }) => headers) };
      };
      const settings = "HTTP2-Settings: AAMAAABkAAQAAP__";
      for (const offer of [
        ["Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c"],
        ["Connection: Upgrade", "Upgrade: h2c"],
        ["Connection: Upgrade", "Upgrade: H2C"],
        ["Connection: Upgrade", "Upgrade: websocket, h2c"],
        ["Connection: Upgrade", "Upgrade: h2c", "Upgrade: websocket"],
        ["Connection: Upgrade", "Upgrade: websocket", "Upgrade: h2c"],
        ["Connection: Upgrade", "Upgrade: TLS/1.3"],
      ]) {
        const { answer, headers } = await sent(...offer, settings);
        const offered = headers.filter(([name, value]) => name === "upgrade" && value !== "websocket");
        assert.deepEqual(offered, [], offer.join("; "));
        assert.ok(!/^upgrade: (?!websocket)/im.test(answer), answer);
      }
      const socket = ["Connection: keep-alive, Upgrade", "Upgrade: WebSocket", "Sec-WebSocket-Version: 13"];
      assert.match((await sent(...socket, "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")).answer, /^HTTP\/1\.1 101 /);

      const { answer, headers } = await sent("Connection: close, Edgeward-Organization, edgeward-scopes, Edgeward-Subject");
      if (headers.length === 0) assert.match(answer, /^HTTP\/1\.1 400 /);
      else {
        const told = Object.fromEntries(headers);
        assert.deepEqual([told["edgeward-organization"], told["edgeward-scopes"]], ["org_acme", "reports:read"]);
        assert.ok(!/edgeward/i.test(told.connection ?? ""), told.connection);
      }
    } finally {
      await Promise.all([proxy.stop(), raw.stop()]);
    }
  });

  test(`${way}: the host that the gate judges is that of the origin`, async () => {
    const hosts = ["api.example:8443"];
    const gate = await nodeGate({ dialect: DIALECTS[way] }, { members: { hosts, tlsEndsAhead: true } });
    const raw = await rawOrigin();
    const proxy = await startProxy(way, { gate: gate.port, origin: raw.port });
    try {
      for (const [line, host, status] of [
        ["GET /v1/reports HTTP/1.1", "api.example:8443", 200],
        ["GET http://api.example:8443/v1/reports HTTP/1.1", "api.example:8443", 200],
        ["GET /v1/reports HTTP/1.1", "api.example", 421],
        ["GET http://api.example:8443/v1/reports HTTP/1.1", "other.example", undefined],
        ["GET http://other.example/v1/reports HTTP/1.1", "api.example:8443", undefined],
      ]) {
        raw.seen.length = 0;
        const head = [line, `Host: ${host}`, `Authorization: Bearer ${tokens.good}`, "Connection: close", "", ""];
        const answer = await exchange(proxy.port, head.join("\r\n"));
        const came = raw.seen.flatMap(({ headers }) => headers).filter(([name]) => name === "host").map(([, value]) => value);
        if (status !== undefined) assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), `${line} of ${host}`);
        assert.ok(came.every((one) => one === hosts[0]), `${line} of ${host} came as one of ${came}`);
      }
    } finally {
      await Promise.all([proxy.stop(), gate.stop(), raw.stop()]);
    }
  });
}

for (const way of Object.keys(DIALECTS)) {
  test(`${way}: the assertion comes to the origin, and is for that request`, async () => {
    const pair = generateKeyPairSync("ed25519");
    const jwk = (key) => ({ ...key.export({ format: "jwk" }), kid: "gate-1" });
    const [issuer, audience] = ["https://api.example", "https://origin.example"];
    const gate = await nodeGate({ dialect: DIALECTS[way] }, {
      members: { assertion: { issuer, audience } },
      assertionKeys: [jwk(pair.privateKey)],
    });
    const proxy = await startProxy(way, { gate: gate.port, origin: origin.port });
    try {
      const { checkRequest } = await originCheckOf({ issuer, audience, jwks: { keys: [jwk(pair.publicKey)] } });
      const name = `${way}-asserted`;
      assert.equal((await send(proxy.port, report, name)).status, 200);
      const [{ method, url, rawHeaders }] = origin.of(name);
      const verdict = await checkRequest(method, url, rawHeaders);
      assert.deepEqual([verdict.ok, verdict.class, verdict.subject], [true, "m2m_token", "app_reports"], JSON.stringify(verdict));
      // One with so many scopes that who it is fills more than a page.
      const scope = ["reports:read", ...Array.from({ length: 100 }, (_, place) => `documents:team-${place}:read`)].join(" ");
      const wide = [["Authorization", `Bearer ${demoToken({ claims: { scope } })}`]];
      assert.equal((await send(proxy.port, { ...report, headers: wide }, `${name}-wide`)).status, 200);
      assert.ok(origin.of(`${name}-wide`)[0].rawHeaders.includes(scope));
      const elsewhere = await checkRequest(method, "/v1/secret", rawHeaders);
      assert.deepEqual([elsewhere.ok, elsewhere.code], [false, "assertion_request_mismatch"]);
      const forged = await send(proxy.port, { ...report, headers: [...bearer, ["Edgeward-Assertion", "a.b.c"]] }, `${name}-forged`);
      assert.deepEqual([forged.status, JSON.parse(forged.body).code, origin.of(`${name}-forged`).length], [400, "header_reserved", 0]);
    } finally {
      await Promise.all([proxy.stop(), gate.stop()]);
    }
  });

  test(`${way}: a limit that was reached is told to the client`, async () => {
    const rules = [{ name: "two", by: "key", limit: 2, period: 3600 }];
    const gate = await nodeGate({ dialect: DIALECTS[way] }, { members: { limits: { rules } } });
    const proxy = await startProxy(way, { gate: gate.port, origin: origin.port });
    try {
      const answers = [];
      for (const place of [0, 1, 2]) answers.push(await send(proxy.port, report, `${way}-limited-${place}`));
      assert.deepEqual(answers.map(({ status }) => status), [200, 200, 429]);
      assert.equal(JSON.parse(answers[2].body).code, "rate_limited");
      assert.match(answers[2].headers["retry-after"] ?? "", /^[0-9]+$/);
      assert.equal(origin.of(`${way}-limited-2`).length, 0);
    } finally {
      await Promise.all([proxy.stop(), gate.stop()]);
    }
  });
}

/** The check on the origin's side, of a request as it came there. */
async function originCheckOf(of) {
  const check = await createOriginCheck(of);
  const pairs = (raw) => raw.flatMap((name, place) => (place % 2 === 0 ? [[name, raw[place + 1]]] : []));
  return { checkRequest: (method, url, raw) => check.check({ method, url, headers: pairs(raw) }) };
}

test("envoy: a host that resolves the path of a call leads nobody past the gate", { skip: !hasEnvoy }, async () => {
  // `Request` of Node does so.
  const gate = await nodeGate({ dialect: "envoy" }, { members: { resource: { identifier: "https://api.example" } } });
  const proxy = await startProxy("envoy", { gate: gate.port, origin: origin.port });
  try {
    const good = await send(proxy.port, report, "envoy-resolved");
    assert.equal(good.status, 200);
    for (const [place, [path, headers]] of [
      ["/v1/secret/%2e%2e/reports", bearer],
      ["/v1/secret/../reports", bearer],
      ["/v1/secret\\..\\reports", bearer],
      ["/../../v1/reports", bearer],
      ["/../health", []],
      ["/v1/secret/../../../health", []],
      ["/v1/secret/../../../../.well-known/oauth-protected-resource", []],
      ["/../../_edgeward/health", []],
    ].entries()) {
      const name = `envoy-resolved-${place}`;
      const answer = await send(proxy.port, { method: "GET", path, headers }, name);
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [400, "path_ambiguous"], path);
      assert.equal(origin.of(name).length, 0);
    }
  } finally {
    await Promise.all([proxy.stop(), gate.stop()]);
  }
});

// What the suite would say of a configuration that is wrong: it is no use if it says nothing.
for (const [what, before, after, complaint] of [
  ["does not ask", "auth_request     /edgeward-verify;", "", /^nothing: it came to the origin/],
  ["keeps the credential", 'proxy_set_header Authorization          "";', "", /^a good token: .*authorization/s],
  ["keeps another method", 'proxy_set_header X-HTTP-Method-Override "";', "", /^a forged X-HTTP-Method-Override on what does not: /],
  ["tells no scopes", "proxy_set_header Edgeward-Scopes        $edgeward_scopes;", "", /^a good token: .*scopes/s],
  ["answers in its own words", "error_page 401 403 = @denied;", "", /^both classes: /],
]) {
  test(`nginx: a configuration that ${what} is noticed`, async () => {
    const change = (text) => {
      assert.ok(text.includes(before), before);
      return text.replace(before, after);
    };
    const proxy = await startProxy("nginx", { gate: gates.nginx, origin: origin.port, change });
    try {
      const { wrong } = await sendAll("nginx", proxy.port, origin, `nginx that ${what}`);
      assert.ok(wrong.some((one) => complaint.test(one)), wrong.slice(0, 3).join("\n") || "nothing was said");
    } finally {
      await proxy.stop();
    }
  });
}

test("nginx: a client's own header that it lets through is refused by the gate", async () => {
  const change = (text) => text.replace('X-Original-URI    "";', 'X-Nothing "";').replace("X-Original-URL    $scheme", "X-Nothing-Else $scheme");
  const proxy = await startProxy("nginx", { gate: gates.nginx, origin: origin.port, change });
  try {
    for (const [place, headers] of [[], [["X-Original-URI", "/v1/reports"], ["X-Original-URL", "http://127.0.0.1/v1/reports"]]].entries()) {
      const name = `nginx-lets-through-${place}`;
      const answer = await send(proxy.port, { method: "GET", path: "/v1/secret", headers: [...bearer, ...headers] }, name);
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [503, "forward_auth_misconfigured"]);
      assert.equal(origin.of(name).length, 0);
    }
  } finally {
    await proxy.stop();
  }
});
