// Audit events on their way to where they are kept.
import type { AuditEvent } from "./gate.js";

/** A decision to count by, as a data point of Workers Analytics Engine takes it. docs/audit.md names the places. */
export interface AnalyticsPoint {
  /** What is sampled by. */
  indexes: [string];
  /** The texts. */
  blobs: string[];
  /** The numbers. */
  doubles: number[];
}

/** One audit event, as a sink gets it. */
export interface AuditRecord {
  /** The event as one line of JSON. */
  readonly line: string;
  /** The length of the line in UTF-8, in bytes. */
  readonly bytes: number;
  /** The event as an object, which is the sink's own. */
  readonly event: AuditEvent;
  /** The same to count by; null for what is no decision. */
  readonly point: AnalyticsPoint | null;
}

/** Where audit events go. */
export interface AuditSink {
  /** What it is called where its events are counted. */
  readonly name: string;
  /**
   * Takes events; one where `batch` is left out, and then at once. A promise of it is waited for by nobody but the
   * runtime; where it is rejected, or not settled in time, the events count as failed.
   */
  send(records: readonly AuditRecord[]): unknown;
  /** Whether it wants this event; every one where left out. */
  takes?(record: AuditRecord): boolean;
  /** How many events, and how many bytes of them, `send` takes at once, and how long one waits for others, in milliseconds. */
  readonly batch?: { readonly events: number; readonly bytes: number; readonly linger: number };
  /** How many events may be on their way; those that come when there are more are dropped, and counted. 1000 where left out. */
  readonly room?: number;
  /** How long `send` may take, in milliseconds; 10000 where left out. */
  readonly timeout?: number;
}

/** What became of the events that went to one sink, since the gate was made. */
export interface AuditCounts {
  /** What the sink is called; several of one name are numbered. */
  name: string;
  /** How many it took. */
  sent: number;
  /** How many were handed to it and did not come through, as far as can be told. */
  failed: number;
  /** How many were never handed to it, since too many were on their way or the one was too long. */
  dropped: number;
  /** How many are on their way. */
  waiting: number;
}
