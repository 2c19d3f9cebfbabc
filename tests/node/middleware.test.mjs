// The adapters: every request of the proxies' suite through each of them, and what is theirs alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createGate } from "edgeward";
import { keys, policy, requests, tokens } from "../proxies/requests.mjs";
import { countingStore } from "../support/credentials.mjs";
import { gateServer } from "../support/gate-server.mjs";
import { FETCH_ADAPTERS, keeper, NODE_ADAPTERS } from "../support/guarded.mjs";
import { send, sendAll } from "../support/suite.mjs";

const snapshots = JSON.parse(readFileSync(new URL("../../worker/generated/snapshots.json", import.meta.url), "utf8"));
const gated = (change = {}, options = {}) =>
  createGate({ ...policy, ...change }, { snapshots, store: countingStore(...Object.values(keys)), audit: () => {}, ...options });
const BEARER = [["Authorization", `Bearer ${tokens.good}`]];
const good = { method: "GET", path: "/v1/reports", headers: BEARER };

/** Those that are the same once a `Request` was made of them, which resolves what is no plain path. */
const plain = requests.filter(({ path }) => {
  if (!path.startsWith("/")) return false;
  const { pathname, search, hash, host } = new URL(path, "http://127.0.0.1");
  return host === "127.0.0.1" && hash === "" && pathname + search === path.replace(/\?$/, "");
});

async function behind(adapter, gate, work, headers) {
  const kept = keeper();
  const server = await adapter(gate, kept.keep, headers);
  try {
    return await work(server.port, kept);
  } finally {
    await server.stop();
  }
}

for (const [name, adapter] of Object.entries(NODE_ADAPTERS)) {
  test(`${name}: every request fares as on each other way`, async () => {
    const events = [];
    const gate = await gated({}, { audit: (event) => void events.push(event) });
    await behind(adapter, gate, async (port, kept) => {
      const { wrong, judged } = await sendAll("guard", port, kept);
      assert.deepEqual(wrong, []);
      assert.equal(judged, requests.length);
      assert.ok(kept.count() > 60, `${kept.count()} reached the handler`);
      for (const told of requests.flatMap((_, place) => kept.of(`guard-${place}`))) {
        // Each form of the headers says the same.
        const lower = new Map();
        for (let place = 0; place < told.rawHeaders.length; place += 2) {
          const header = told.rawHeaders[place].toLowerCase();
          lower.set(header, [...(lower.get(header) ?? []), told.rawHeaders[place + 1]]);
        }
        assert.deepEqual(new Set(Object.keys(told.joined)), new Set(lower.keys()));
        assert.deepEqual({ ...told.distinct }, Object.fromEntries(lower));
        assert.equal(told.verdict.ok, true);
        assert.equal(told.joined["edgeward-class"], told.verdict.class);
      }
    });
    // One for each decision: of the health nothing is decided.
    const allowed = events.filter((event) => event.status_code === "allowed");
    assert.ok(events.length <= requests.length && events.length > requests.length - 12, `${events.length} events`);
    assert.ok(allowed.length > 60);
  });
}

for (const [name, adapter] of Object.entries(FETCH_ADAPTERS)) {
  test(`${name}: every request that a Request can be made of fares as on each other way`, async () => {
    assert.ok(plain.length > 225, `${plain.length} requests`);
    await behind(adapter, await gated(), async (port, kept) => {
      const { wrong, judged } = await sendAll("worker", port, kept, name, plain);
      assert.deepEqual(wrong, []);
      assert.equal(judged, plain.length);
    });
  });
}

const ADAPTERS = { ...NODE_ADAPTERS, ...FETCH_ADAPTERS };
const OF_THE_SERVER = ["date", "connection", "keep-alive", "x-powered-by", "edgeward-request-id", "content-length", "transfer-encoding"];
const sent = ({ status, headers, body }) => [
  status,
  Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_THE_SERVER.includes(name)).sort()),
  body.replace(/"requestId":"[0-9a-f]{32}"/, ""),
];

test("what is refused, and what the gate answers by itself, is answered byte for byte as by gate.fetch", async () => {
  const cors = { origins: ["https://app.example"] };
  const gate = await gated({ cors });
  const page = ["Origin", "https://app.example"];
  const cases = [
    { method: "GET", path: "/v1/reports", headers: [] },
    { method: "GET", path: "/v1/reports", headers: [page, ["Authorization", "Bearer a.b.c"]] },
    { method: "HEAD", path: "/v1/reports", headers: [["Authorization", "Bearer a.b.c"]] },
    { method: "POST", path: "/v1/reports", headers: BEARER, body: "x" },
    { method: "GET", path: "/v2", headers: [page] },
    { method: "GET", path: "/_edgeward/health", headers: [] },
    { method: "GET", path: "/_edgeward/verify", headers: BEARER },
    { method: "HEAD", path: "/_edgeward/health", headers: [] },
    { method: "GET", path: "/_edgeward/nothing", headers: BEARER },
    { method: "OPTIONS", path: "/v1/reports", headers: [page, ["Access-Control-Request-Method", "GET"]] },
    { method: "OPTIONS", path: "/v1/reports", headers: [["Origin", "https://evil.example"], ["Access-Control-Request-Method", "GET"]] },
  ];
  const server = await gateServer(gate);
  const expected = [];
  for (const one of cases) expected.push(sent(await send(server.port, one, "-")));
  await server.stop();
  const statuses = new Set(expected.map(([status]) => status));
  for (const status of [200, 204, 401, 403, 404]) assert.ok(statuses.has(status), `none is ${status}`);
  const health = (body) => body.replace(/"(time|uptime|output|observedValue)":("[^"]*"|[\d.]+)/g, "");
  for (const [name, adapter] of Object.entries(ADAPTERS)) {
    await behind(adapter, gate, async (port, kept) => {
      for (const [place, one] of cases.entries()) {
        const [status, headers, body] = sent(await send(port, one, "-"));
        const [wanted, theirs, text] = expected[place];
        assert.deepEqual([status, headers, health(body)], [wanted, theirs, health(text)], `${name}: ${one.method} ${one.path}`);
      }
      assert.equal(kept.count(), 0);
    });
  }
});

test("the answer of a handler says to a page's browser what the policy says, and not what the handler says", async () => {
  const gate = await gated({ cors: { origins: ["https://app.example"] } });
  const theirs = { "Access-Control-Allow-Origin": "*", "access-control-allow-credentials": "true", vary: "accept", "x-own": "1" };
  for (const [name, adapter] of Object.entries(ADAPTERS)) {
    await behind(
      adapter,
      gate,
      async (port) => {
        for (const [origin, allowed] of [["https://app.example", "https://app.example"], ["https://evil.example", undefined]]) {
          const { status, headers, body } = await send(port, { ...good, headers: [...BEARER, ["Origin", origin]] }, "-");
          assert.deepEqual(
            [status, headers["access-control-allow-origin"], headers["access-control-allow-credentials"], headers["x-own"], body],
            [200, allowed, undefined, "1", "of the origin"],
            name,
          );
          assert.equal(headers.vary, "accept, origin", name);
        }
      },
      theirs,
    );
  }
});

test("two credentials reach the gate as two, and the answer is the gate's", async () => {
  const gate = await gated();
  for (const [name, adapter] of Object.entries(ADAPTERS)) {
    await behind(adapter, gate, async (port, kept) => {
      const { status, body } = await send(port, { ...good, headers: [...BEARER, ...BEARER] }, "-");
      assert.deepEqual([status, JSON.parse(body).code, kept.count()], [400, "credential_ambiguous", 0], name);
    });
  }
});

test("where the gate or what stands around it fails, the answer is 503 in the core's words and no handler is asked", async () => {
  const events = [];
  const whole = await gated({}, { audit: (event) => void events.push(event) });
  const { error: toConsole } = console;
  console.error = () => {};
  try {
    for (const [what, broken] of Object.entries({
      "it throws": () => {
        throw new Error("broken");
      },
      "it rejects": () => Promise.reject(new Error("broken")),
      "it says nothing": () => undefined,
      "it says nothing later": async () => undefined,
      "it says what cannot be done": () => ({ action: "pass", verdict: { ok: true }, request: { remove: null, set: null }, answer: null }),
      "it says what is not known": () => ({ action: "shrug" }),
    })) {
      for (const [name, adapter] of Object.entries(ADAPTERS)) {
        events.length = 0;
        await behind(adapter, { ...whole, guard: broken }, async (port, kept) => {
          const { status, headers, body } = await send(port, good, "-");
          assert.deepEqual([status, JSON.parse(body || "{}").code, kept.count()], [503, "host_failed", 0], `${name}: ${what}`);
          assert.equal(headers["content-type"], "application/problem+json", name);
          assert.deepEqual(events.map(({ status_code }) => status_code), ["host_failed"], name);
        });
      }
    }
  } finally {
    console.error = toConsole;
  }
});

test("an adapter is made with a gate, and with nothing else", async () => {
  for (const [name, adapter] of Object.entries(ADAPTERS)) {
    for (const none of [undefined, null, {}, gated()]) {
      await assert.rejects(async () => adapter(none, () => {}), { name: "TypeError", message: /takes the gate itself/ }, name);
    }
  }
});
