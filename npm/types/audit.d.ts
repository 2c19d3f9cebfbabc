/**
 * Ready sinks of audit events.
 *
 * @module edgeward/audit
 */
import type { AnalyticsPoint, AuditSink } from "./audit-types.js";

export type { AnalyticsPoint, AuditCounts, AuditRecord, AuditSink } from "./audit-types.js";

/** What of a producer binding of Cloudflare Queues is used. */
export interface AuditQueue {
  /** Sends messages at once. */
  sendBatch(messages: Iterable<{ body: unknown; contentType: "json" }>): Promise<unknown>;
}

/** What of a binding of Workers Analytics Engine is used. */
export interface AuditDataset {
  /** Writes a data point. */
  writeDataPoint(point: AnalyticsPoint): void;
}

/** How events are put together for a queue. */
export interface QueueSinkOptions {
  /** How many events a call takes at most; 100, which is the platform's limit, where left out. */
  events?: number;
  /** How long an event waits for others, in milliseconds; 50 where left out. */
  linger?: number;
  /** How many events may be on their way; 1000 where left out. */
  room?: number;
  /** How long a call may take, in milliseconds; 10000 where left out. */
  timeout?: number;
}

/**
 * Writes each event to the console, as one line of JSON: the logs of a Worker.
 *
 * @example
 * ```ts
 * import { createGate } from "edgeward";
 * import { consoleSink } from "edgeward/audit";
 *
 * const gate = await createGate(policy, { audit: consoleSink() });
 * console.log(gate.audit());
 * ```
 */
export declare function consoleSink(): AuditSink;

/**
 * Sends events to a queue, several at once. Each message is one event, as JSON.
 *
 * @param queue The producer binding.
 * @param options How events are put together.
 * @throws {TypeError} Where the binding is none, or an option is out of its bounds.
 *
 * @example
 * ```ts
 * import { createGate } from "edgeward";
 * import { queueSink, type AuditQueue } from "edgeward/audit";
 *
 * export default {
 *   async fetch(request: Request, env: { EVENTS: AuditQueue }): Promise<Response> {
 *     const gate = await createGate(policy, { audit: queueSink(env.EVENTS, { linger: 20 }) });
 *     return gate.fetch(request);
 *   },
 * };
 * ```
 */
export declare function queueSink(queue: AuditQueue, options?: QueueSinkOptions): AuditSink;

/**
 * Writes a data point for each decision. What is no decision is not written.
 *
 * @param dataset The binding.
 * @throws {TypeError} Where the binding is none.
 *
 * @example
 * ```ts
 * import { createGate } from "edgeward";
 * import { analyticsSink, consoleSink, type AuditDataset } from "edgeward/audit";
 *
 * export default {
 *   async fetch(request: Request, env: { NUMBERS: AuditDataset }): Promise<Response> {
 *     const gate = await createGate(policy, { audit: [consoleSink(), analyticsSink(env.NUMBERS)] });
 *     return gate.fetch(request);
 *   },
 * };
 * ```
 */
export declare function analyticsSink(dataset: AuditDataset): AuditSink;
