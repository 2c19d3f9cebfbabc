// The Worker's sinks in the real runtime: a queue with a consumer, and Analytics Engine as far as the local runtime has it.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { faultsOf } from "../support/audit-schema.mjs";
import { tampered } from "../support/credentials.mjs";
import { demoKey, demoToken, entriesOf, policy } from "../support/demo.mjs";
import { startGate } from "../support/gate.mjs";

const key = demoKey();
const bearer = (credential) => ({ authorization: `Bearer ${credential}` });

// Keeps what it takes, each message under its id.
const CONSUMER = {
  name: "consumer",
  modules: true,
  script: `
    export default {
      async queue(batch, env) {
        for (const { id, body } of batch.messages) await env.TAKEN.put(id, JSON.stringify(body));
      },
    };`,
  kvNamespaces: { TAKEN: "taken" },
  queueConsumers: { "edgeward-audit": { maxBatchSize: 100, maxBatchTimeout: 0.05 } },
};

let gate;
before(async () => {
  gate = await startGate({
    entries: entriesOf(key),
    documents: { policy: { ...policy, metrics: { public: true } } },
    beside: [CONSUMER],
    queueProducers: { EDGEWARD_AUDIT_QUEUE: { queueName: "edgeward-audit" } },
    analyticsEngineDatasets: { EDGEWARD_ANALYTICS: { dataset: "edgeward_decisions" } },
  });
});
after(() => gate.stop());

/** Waits for something that comes after its answer. */
async function until(look) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const found = await look();
    if (found !== undefined || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function taken(count) {
  const store = await gate.namespace("TAKEN", "consumer");
  const names = async () => {
    const { keys } = await store.list();
    return keys.length >= count ? keys : undefined;
  };
  const keys = (await until(names)) ?? assert.fail("the events did not come");
  return Promise.all(keys.map(async ({ name }) => JSON.parse(await store.get(name))));
}

const sinks = async () => {
  const { checks } = await (await gate.fetch("/_edgeward/health")).json();
  return checks["audit:dropped"].map(({ componentId, sent, failed, observedValue, waiting }) => [componentId, sent, failed, observedValue, waiting]);
};

test("the consumer of the queue gets each decision, as it was and once, though a hundred come at the same time", async () => {
  const token = demoToken({ claims: { jti: "token-q" } });
  const kinds = [
    [bearer(token), "m2m_token", "allowed", "token-q"],
    [bearer(key.key), "api_key", "allowed", key.id],
    [bearer(tampered(token, { sub: "x" })), "m2m_token", "signature_invalid", null],
    [{}, null, "credential_missing", null],
  ];
  const sent = Array.from({ length: 120 }, (_, place) => kinds[place % kinds.length]);
  const ids = await Promise.all(
    sent.map(async ([headers]) => {
      const answer = await gate.fetch("/v1/reports", { headers });
      const told = await answer.json();
      return answer.headers.get("edgeward-request-id") ?? told.headers["edgeward-request-id"];
    }),
  );
  const events = await taken(sent.length);
  for (const event of events) assert.deepEqual(faultsOf(event), []);
  const told = (event) => [event.metadata.uid, event.unmapped.class, event.status_code, event.unmapped.credential_id];
  const expected = sent.map(([, ...rest], place) => [ids[place], ...rest]);
  assert.deepEqual(events.map(told).sort(), expected.sort());
  // Each went to the log too, and to Analytics Engine, whose local stand-in takes points and shows none.
  const settled = await until(async () => ((await sinks()).every(([, , , , waiting]) => waiting === 0) ? sinks() : undefined));
  assert.deepEqual(settled, [
    ["console", 120, 0, 0, 0],
    ["queue", 120, 0, 0, 0],
    ["analytics", 120, 0, 0, 0],
  ]);
});

test("the numbers of the isolate are those of its decisions", async () => {
  const answer = await gate.fetch("/_edgeward/metrics");
  assert.match(answer.headers.get("content-type"), /^application\/openmetrics-text/);
  const page = await answer.text();
  for (const line of [
    'edgeward_decisions_total{class="m2m_token",verdict="denied",reason="signature_invalid",tier="none"} 30',
    'edgeward_decisions_total{class="none",verdict="denied",reason="credential_missing",tier="none"} 30',
    'edgeward_audit_events_total{sink="queue",outcome="sent"} 120',
    'edgeward_build_info{version="0.1.0",target="wasm32"} 1',
  ]) {
    assert.ok(page.split("\n").includes(line), `${line}\n${page}`);
  }
});

test("a queue that fails delays and fails no decision, and what it lost is counted", async () => {
  const broken = await startGate({
    entries: entriesOf(key),
    documents: { policy: { ...policy, metrics: { public: true } } },
    // A binding of another kind in its place, whose sendBatch fails.
    beside: [
      {
        name: "broken",
        modules: true,
        script: `
          import { WorkerEntrypoint } from "cloudflare:workers";
          export default class extends WorkerEntrypoint {
            fetch() { return new Response(); }
            async sendBatch() { throw new Error("injected"); }
          }`,
      },
    ],
    serviceBindings: { ORIGIN: "edgeward-demo-origin", EDGEWARD_AUDIT_QUEUE: "broken" },
  });
  try {
    const answers = await Promise.all(Array.from({ length: 30 }, () => broken.fetch("/v1/reports", { headers: bearer(key.key) })));
    assert.deepEqual(answers.map(({ status }) => status), Array(30).fill(200));
    await Promise.all(answers.map((answer) => answer.arrayBuffer()));
    const failed = await until(async () => {
      const { checks, status } = await (await broken.fetch("/_edgeward/health")).json();
      const queue = checks["audit:dropped"].find(({ componentId }) => componentId === "queue");
      return queue.failed === 30 ? [status, queue.sent, queue.observedValue, queue.waiting] : undefined;
    });
    assert.deepEqual(failed, ["warn", 0, 0, 0]);
  } finally {
    await broken.stop();
  }
});
