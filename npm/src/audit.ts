// Where audit events go.
import type { AuditEvent, GateOptions } from "../types/index.js";

type Sink = NonNullable<GateOptions["audit"]>;

/** An audit sink that fails, at once or later, must not fail the decision. */
export function report(audit: Sink, event: AuditEvent): void {
  const failed = (error: unknown) =>
    console.error("edgeward: the audit sink failed", error instanceof Error ? error.message : "");
  try {
    const pending = audit(event) as unknown;
    if (typeof (pending as { then?: unknown } | null | undefined)?.then === "function") {
      Promise.resolve(pending).catch(failed);
    }
  } catch (error) {
    failed(error);
  }
}

export function logAudit(event: AuditEvent): void {
  console.log(JSON.stringify(event));
}
