// Audit events on their way: they agree with what was sent, no decision waits for a sink or fails with one, and what is lost is counted.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { createGate } from "edgeward";
import { analyticsSink, consoleSink, queueSink } from "edgeward/audit";
import { faultsOf, keeping, watched } from "../support/audit-schema.mjs";
import { NOW, apiKey, countingStore, mistyped, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const both = ["m2m_token", "api_key"];
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  credentials: { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] },
  metrics: { public: true },
  routes: [
    { methods: ["GET"], path: "/v1/reports", classes: both, scopes: ["reports:read"] },
    { methods: ["GET"], path: "/v1/exports/:id", classes: ["m2m_token"] },
    { methods: ["GET"], path: "/v1/secret", classes: both, scopes: ["admin"] },
  ],
};
const url = (path) => `https://api.example${path}`;
const bearer = (credential) => ({ authorization: `Bearer ${credential}` });

/** A gate whose clock the test owns. */
async function gated(audit, { keys = [], policy: change = {}, ...options } = {}) {
  const clock = { now: NOW };
  const origin = async () => new Response("origin");
  const gate = await createGate({ ...policy, ...change }, { store: countingStore(...keys), now: () => clock.now, origin, audit, ...options });
  const reports = (headers) => gate.check({ method: "GET", url: url("/v1/reports"), headers });
  return { gate, clock, reports, counts: () => Object.fromEntries(gate.audit().map(({ name, ...counts }) => [name, counts])) };
}

/** A queue that keeps its batches. */
const keptQueue = (batches = []) => ({ batches, sendBatch: async (messages) => void batches.push([...messages]) });

/** A generator of numbers that are the same in every run (mulberry32). */
function chance(seed) {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const sorted = (told) => told.map((one) => JSON.stringify(one)).sort();

test("what every sink gets is what was sent: class, reason, route and credential of each of some hundred requests", async () => {
  const draw = chance(7);
  const keys = Array.from({ length: 6 }, (_, place) => apiKey({ record: { disabled: place === 5 } }));
  const strangers = Array.from({ length: 3 }, () => apiKey());
  const kinds = [
    (jti) => ["/v1/reports", bearer(issuer.mint({ claims: { jti } })), "m2m_token", "allowed", "/v1/reports", jti],
    (jti) => ["/v1/exports/7", bearer(issuer.mint({ claims: { jti } })), "m2m_token", "allowed", "/v1/exports/:id", jti],
    (jti) => ["/v1/reports", bearer(issuer.mint({ claims: { jti, exp: 1 } })), "m2m_token", "token_expired", "/v1/reports", jti],
    (jti) => ["/v1/secret", bearer(issuer.mint({ claims: { jti } })), "m2m_token", "scope_insufficient", "/v1/secret", jti],
    () => ["/v1/reports", bearer(tampered(issuer.mint())), "m2m_token", "signature_invalid", "/v1/reports", null],
    (_, which) => ["/v1/reports", { "x-api-key": keys[which].key }, "api_key", which === 5 ? "key_disabled" : "allowed", "/v1/reports", keys[which].id],
    (_, which) => ["/v1/reports", bearer(strangers[which % 3].key), "api_key", "key_unknown", "/v1/reports", strangers[which % 3].id],
    (_, which) => ["/v1/exports/7", bearer(keys[which].key), "api_key", "class_not_accepted", "/v1/exports/:id", null],
    () => ["/v1/reports", {}, null, "credential_missing", "/v1/reports", null],
    () => ["/v2", bearer(issuer.mint()), null, "route_unknown", null, null],
    (_, which) => [`/v1/reports?key=${keys[which].key}`, {}, null, "credential_in_query", "/v1/reports", null],
  ];
  const events = [];
  const queue = keptQueue();
  const points = [];
  const sinks = [keeping(events), queueSink(queue, { linger: 0 }), analyticsSink({ writeDataPoint: (point) => points.push(point) })];
  const { gate, counts } = await gated(sinks, { keys });
  const sent = [];
  for (let index = 0; index < 400; index++) {
    const [path, headers, ...told] = kinds[draw(kinds.length)](`token-${draw(20)}`, draw(keys.length));
    // A key in a query is named where its secret is proven.
    if (told[1] === "credential_in_query") told.splice(0, 4, "api_key", told[1], told[2], keys.find(({ key }) => path.endsWith(key)).id);
    sent.push(told);
    if (draw(2) === 0) gate.check({ method: "GET", url: url(path), headers });
    else await (await gate.fetch(new Request(url(path), { headers }))).arrayBuffer();
  }
  await gate.flush();
  const told = (event) => [event.unmapped.class, event.status_code, event.unmapped.route, event.unmapped.credential_id];
  assert.deepEqual(sorted(events.map(told)), sorted(sent));
  const queued = queue.batches.flat().map(({ body }) => watched(body));
  assert.deepEqual(queued, events);
  const counted = (point) => [point.blobs[2] || null, point.blobs[1], point.blobs[3] || null];
  assert.deepEqual(sorted(points.map(counted)), sorted(sent.map((one) => one.slice(0, 3))));
  for (const { indexes, blobs, doubles } of points) {
    assert.ok(indexes.length === 1 && blobs.length <= 20 && doubles.length <= 20 && doubles[0] === 1);
    assert.ok(Buffer.byteLength(indexes[0]) <= 96 && Buffer.byteLength(blobs.join("")) <= 5120);
  }
  const all = { sent: 400, failed: 0, dropped: 0, waiting: 0 };
  assert.deepEqual(counts(), { callback: all, queue: all, analytics: all });
  assert.ok(new Set(sent.map(([, reason]) => reason)).size >= 9);
});

test("a flood with sinks that hang: each decision is answered, and what is dropped is counted to the last one", async (context) => {
  const complaints = context.mock.method(console, "error", () => {}).mock;
  let [called, batches] = [0, 0];
  const hanging = { name: "hanging", send: () => (called++, new Promise(() => {})) };
  const queue = queueSink({ sendBatch: () => (batches++, new Promise(() => {})) }, { room: 250, timeout: 30 });
  const { gate, clock, reports, counts } = await gated([hanging, queue, () => {}], { waitUntil: () => {} });
  const token = issuer.mint();
  for (let index = 0; index < 5000; index++) {
    const verdict = index % 2 === 0 ? reports(bearer(token)) : reports({});
    assert.equal(verdict.ok || verdict.code, index % 2 === 0 ? true : "credential_missing");
  }
  assert.deepEqual(counts(), {
    hanging: { sent: 0, failed: 0, dropped: 4000, waiting: 1000 },
    queue: { sent: 0, failed: 0, dropped: 4750, waiting: 250 },
    callback: { sent: 5000, failed: 0, dropped: 0, waiting: 0 },
  });
  assert.deepEqual([called, batches], [1000, 2]);
  // Once for each sink, and not for each event.
  assert.equal(complaints.calls.filter(({ arguments: [words] }) => words.includes("drops events")).length, 2);
  // What nothing is heard of is given up, and there is room again.
  clock.now += 20_001;
  assert.equal(reports(bearer(token)).ok, true);
  assert.deepEqual(counts().hanging, { sent: 0, failed: 1000, dropped: 4000, waiting: 1 });
  const { sent, failed, dropped, waiting } = counts().queue;
  assert.equal(sent + failed + dropped + waiting, 5001);
  // It ends, though nothing else does.
  await Promise.race([gate.flush(), new Promise((resolve) => setTimeout(resolve, 100))]);
});

test("the gate says what became of its events", async (context) => {
  context.mock.method(console, "error", () => {});
  const failing = { name: "down", send: () => Promise.reject(new Error("injected")) };
  const { gate, reports } = await gated([failing, () => {}]);
  for (let index = 0; index < 3; index++) reports({});
  await gate.flush();
  const read = async (path) => (await gate.fetch(new Request(url(`/_edgeward/${path}`)))).text();
  const health = JSON.parse(await read("health"));
  assert.equal(health.status, "warn");
  const told = health.checks["audit:dropped"].map(({ componentId, sent, failed, status }) => [componentId, sent, failed, status]);
  assert.deepEqual(told, [["down", 0, 3, "warn"], ["callback", 3, 0, "pass"]]);
  const metrics = await read("metrics");
  assert.match(metrics, /^edgeward_audit_events_total\{sink="down",outcome="failed"\} 3$/m);
  assert.match(metrics, /^edgeward_decisions_total\{class="none",verdict="denied",reason="credential_missing",tier="none"\} 3$/m);
});

test("a queue gets batches that it takes, and all of them", async () => {
  const queue = keptQueue();
  const events = [];
  const { gate, reports } = await gated([queueSink(queue), keeping(events)]);
  for (let index = 0; index < 250; index++) reports({});
  await gate.flush();
  assert.deepEqual(queue.batches.map(({ length }) => length), [100, 100, 50]);
  assert.deepEqual(queue.batches.flat().map(({ body }) => body), events);
  assert.ok(queue.batches.flat().every(({ contentType }) => contentType === "json"));
  // By bytes too; and an event that no batch could hold is dropped.
  const sizes = [];
  const send = (records) => void sizes.push(records.reduce((sum, { bytes }) => sum + bytes + 128, 0));
  const narrow = { name: "narrow", send, batch: { events: 100, bytes: 3000, linger: 0 } };
  const tiny = { name: "tiny", send, batch: { events: 100, bytes: 300, linger: 0 } };
  const bounded = await gated([narrow, tiny]);
  for (let index = 0; index < 20; index++) bounded.reports({});
  await bounded.gate.flush();
  assert.ok(sizes.length > 1 && sizes.every((size) => size <= 3000), sizes.join());
  assert.deepEqual(bounded.counts(), { narrow: { sent: 20, failed: 0, dropped: 0, waiting: 0 }, tiny: { sent: 0, failed: 0, dropped: 20, waiting: 0 } });
});

test("what is on its way is what the runtime is asked to wait for", async () => {
  const works = [];
  const queue = keptQueue();
  let settled = 0;
  const slow = async () => {
    await new Promise(setImmediate);
    settled += 1;
  };
  const { reports } = await gated([queueSink(queue, { linger: 1 }), slow], { waitUntil: (work) => works.push(work) });
  reports({});
  assert.deepEqual([queue.batches.length, settled, works.length], [0, 0, 2]);
  await Promise.all(works);
  assert.deepEqual([queue.batches.flat().length, settled], [1, 1]);
});

test("where a request ends with the events that it was to send, a later one sends them", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const queue = keptQueue();
  const { clock, reports } = await gated(queueSink(queue), { waitUntil: () => {} });
  reports({});
  // The timer of the first is gone with its request.
  context.mock.timers.reset();
  context.mock.timers.enable({ apis: ["setTimeout"] });
  reports({});
  context.mock.timers.tick(60);
  await new Promise(setImmediate);
  assert.equal(queue.batches.length, 0);
  clock.now += 1051;
  reports({});
  context.mock.timers.tick(60);
  await new Promise(setImmediate);
  assert.deepEqual(queue.batches.map(({ length }) => length), [3]);
});

test("a sink that fails keeps nothing from the others, and its events are no other sink's", async (context) => {
  const complaints = context.mock.method(console, "error", () => {}).mock;
  const events = [];
  const throwing = () => {
    throw new Error("injected");
  };
  const changing = (event) => void (event.status_code = "changed");
  const { gate, reports, counts } = await gated([throwing, { name: "bad", takes: throwing, send() {} }, changing, keeping(events)]);
  assert.equal(reports(bearer(mistyped(apiKey().key))).code, "key_invalid");
  await gate.flush();
  assert.equal(events[0].status_code, "key_check_mismatch");
  assert.equal(complaints.callCount(), 2);
  assert.deepEqual(Object.keys(counts()), ["callback", "bad", "callback-2", "callback-3"]);
  assert.deepEqual([counts().callback.failed, counts()["callback-3"].sent], [1, 1]);
});

test("nor does one that cannot even be looked at, nor a console or a clock that throws", async (context) => {
  const throwing = () => {
    throw new Error("injected");
  };
  context.mock.method(console, "error", throwing);
  const thenless = () => Object.defineProperty({}, "then", { get: throwing });
  const events = [];
  const { reports, counts } = await gated([throwing, thenless, async () => {}, keeping(events)], { now: throwing });
  assert.equal(reports(bearer(issuer.mint())).code, "token_expired", "a clock that fails stands at the end of time");
  assert.deepEqual([events.length, counts().callback.failed, counts()["callback-2"].failed], [1, 1, 1]);
});

test("a policy leaves out what is allowed, on every sink alike", async () => {
  const events = [];
  const { reports } = await gated(keeping(events), { policy: { audit: { allowed: "first_seen" } } });
  for (let index = 0; index < 5; index++) {
    assert.equal(reports(bearer(issuer.mint())).ok, true);
    reports({});
  }
  assert.deepEqual(events.map(({ status_code }) => status_code).sort(), ["allowed", ...Array(5).fill("credential_missing")]);
});

test("the console gets one line for each", async (context) => {
  const { mock } = context.mock.method(console, "log", () => {});
  const { reports } = await gated(consoleSink());
  reports({});
  const [line] = mock.calls[0].arguments;
  assert.deepEqual(faultsOf(JSON.parse(line)), []);
});

test("what is no sink is said so when the gate is made", async () => {
  for (const audit of [{}, "console", null, 7, { name: "x" }, { send() {} }, [() => {}, {}], [null]]) {
    await assert.rejects(gated(audit), /`audit` is a function/);
  }
  for (const bound of [{ room: 0 }, { room: "many" }, { timeout: -1 }]) {
    await assert.rejects(gated({ name: "x", send() {}, ...bound }), /of an audit sink is a whole number/);
  }
  const queue = keptQueue();
  assert.throws(() => queueSink({}), /sendBatch/);
  assert.throws(() => queueSink(undefined), /sendBatch/);
  for (const events of [0, 101, 1.5, "10"]) assert.throws(() => queueSink(queue, { events }), /`events`/);
  for (const linger of [-1, Number.NaN, 20_000]) assert.throws(() => queueSink(queue, { linger }), /`linger`/);
  assert.throws(() => analyticsSink({}), /writeDataPoint/);
  // None at all is somebody's wish.
  const { reports } = await gated([]);
  assert.equal(reports({}).code, "credential_missing");
});

test("an event that is not as the schema says turns a run red, and the schema comes with the package", () => {
  const helper = new URL("../support/audit-schema.mjs", import.meta.url).href;
  const run = (event) => spawnSync(process.execPath, ["--input-type=module", "-e", `import { keeping } from ${JSON.stringify(helper)}; keeping([])(${event});`]);
  assert.equal(run("{ class_uid: 3002 }").status, 1);
  const root = fileURLToPath(new URL("../../", import.meta.url));
  const published = execFileSync(process.execPath, ["-p", 'require.resolve("edgeward/audit-event.schema.json")'], { cwd: root, encoding: "utf8" });
  assert.match(published.trim(), /audit-event\.schema\.json$/);
  const good = { class_uid: 3002 };
  assert.ok(faultsOf(good).length > 0);
});
