// The sinks of audit events take the bindings as the types of Workers name them.
import { createGate, type AuditCounts, type AuditSink } from "edgeward";
import { analyticsSink, consoleSink, queueSink } from "edgeward/audit";

interface Bindings {
  EVENTS: Queue;
  NUMBERS: AnalyticsEngineDataset;
}

export default {
  async fetch(request, env) {
    const own: AuditSink = { name: "own", send: (records) => records.forEach(({ line, event, point }) => [line, event.status_code, point?.blobs]) };
    const audit = [consoleSink(), queueSink(env.EVENTS, { events: 10, linger: 5 }), analyticsSink(env.NUMBERS), own, async () => {}];
    // @ts-expect-error: no sink.
    await createGate({}, { audit: "console" });
    // @ts-expect-error: a dataset is no queue.
    queueSink(env.NUMBERS);
    const gate = await createGate({ audit: { allowed: "first_seen" }, metrics: { public: false } }, { audit });
    const counts: AuditCounts[] = gate.audit();
    await gate.flush();
    return counts.some(({ dropped }) => dropped > 0) ? new Response(null, { status: 500 }) : gate.fetch(request);
  },
} satisfies ExportedHandler<Bindings>;
