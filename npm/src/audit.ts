// Ready sinks of audit events: the console, a queue, and the numbers.
import type { AuditDataset, AuditQueue, QueueSinkOptions } from "../types/audit.js";
import type { AuditSink } from "../types/audit-types.js";

// What Cloudflare Queues takes at once: 100 messages, 256 kB of them. A message has some bytes of the platform's beside.
const MOST_MESSAGES = 100;
const MOST_BYTES = 240_000;

export function consoleSink(): AuditSink {
  return {
    name: "console",
    send(records) {
      for (const { line } of records) console.log(line);
    },
  };
}

export function queueSink(queue: AuditQueue, options: QueueSinkOptions = {}): AuditSink {
  if (typeof (queue as AuditQueue | null | undefined)?.sendBatch !== "function") {
    throw new TypeError("a queue is a producer binding with a method sendBatch");
  }
  const { events = MOST_MESSAGES, linger = 50, ...bounds } = options;
  if (!Number.isInteger(events) || events < 1 || events > MOST_MESSAGES) {
    throw new TypeError(`\`events\` is a whole number from 1 to ${MOST_MESSAGES}`);
  }
  if (typeof linger !== "number" || !(linger >= 0 && linger <= 10_000)) {
    throw new TypeError("`linger` is a number of milliseconds from 0 to 10000");
  }
  return {
    name: "queue",
    ...bounds,
    batch: { events, bytes: MOST_BYTES, linger },
    send: (records) => queue.sendBatch(records.map(({ event }) => ({ body: event, contentType: "json" }))),
  };
}

export function analyticsSink(dataset: AuditDataset): AuditSink {
  if (typeof (dataset as AuditDataset | null | undefined)?.writeDataPoint !== "function") {
    throw new TypeError("a dataset is a binding with a method writeDataPoint");
  }
  return {
    name: "analytics",
    takes: ({ point }) => point !== null,
    send(records) {
      for (const { point } of records) if (point !== null) dataset.writeDataPoint(point);
    },
  };
}
