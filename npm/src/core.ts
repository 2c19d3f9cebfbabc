// Carrying a check between the core and the host. The core decides; what is here waits for promises.
import { type Task, failedAnswer, failedAudit, failedVerdict } from "./glue.js";
import { CoreFailed, enter, instance } from "./instance.js";
import type { AnalyticsPoint, KeySetStatus, Verdict } from "../types/index.js";

/** What a check returns at once, or the promise of it. */
export type MaybePromise<T> = T | Promise<T>;

export interface Answer {
  status: number;
  headers: [string, string][];
  body: string;
}

/** One audit event, as the core writes it. */
export interface AuditEntry {
  event: string;
  bytes: number;
  point: AnalyticsPoint | null;
}

let failed: { verdict: string; answer: string; audit: string } | undefined;

/** What to say when the core has failed: asked for while it works, since afterwards it cannot say it. */
export function prepare(): void {
  failed ??= enter(() => ({
    verdict: failedVerdict(),
    answer: failedAnswer(),
    audit: failedAudit(),
  }));
}

export function coreFailedVerdict(): Verdict {
  prepare();
  return JSON.parse(failed!.verdict) as Verdict;
}

export function coreFailedAnswer(): Answer {
  prepare();
  return JSON.parse(failed!.answer) as Answer;
}

/**
 * The audit entry of a decision that could not be made, since the core failed or, where it is named, something else did. A
 * method could be anything, and stands there where it is none of a sender's.
 */
export function coreFailedAudit(method: string, failure?: string): AuditEntry {
  prepare();
  const { event, point } = JSON.parse(failed!.audit) as AuditEntry;
  const { http_request, ...rest } = JSON.parse(event) as { http_request: object };
  const named = /^[A-Z-]{0,32}$/.test(method) ? { http_method: method } : { http_method: undefined };
  const told = failure === undefined ? {} : { status_detail: failure };
  const line = JSON.stringify({ ...rest, ...told, time: Date.now(), http_request: { ...http_request, ...named } });
  return { event: line, bytes: new TextEncoder().encode(line).length, point };
}

/** What a check comes to: a text, or the number of one that was handed over before. */
export type Reply = string | number;

/** A check that waits for the host, and the instance it is in. */
interface Waiting {
  task: Task;
  promise: unknown;
  repeatable: boolean;
  of: number;
}

/** So often is a check run that others take the instance away from. Who is behind that could do it for ever. */
const MOST_RUNS = 4;

/**
 * Runs a check. Where the host answers everything at once, so does this; otherwise each promise is awaited here, in the
 * request that made it, and its value handed back. Where the core fails at this check, `onCoreFailure` says so; where it
 * failed at another while this one waited, this one is run again from its start, unless it may have changed something.
 */
export function run<T>(check: () => string | Task, read: (answer: string) => MaybePromise<T>, onCoreFailure: () => T): MaybePromise<T> {
  return runReplying(check, (answer) => read(String(answer)), onCoreFailure);
}

/** The same for a check that may answer by the number of a text. */
export function runReplying<T>(
  check: () => Reply | Task,
  read: (answer: Reply) => MaybePromise<T>,
  onCoreFailure: () => T,
): MaybePromise<T> {
  let outcome;
  try {
    outcome = advance(check);
  } catch (error) {
    if (error instanceof CoreFailed) return onCoreFailure();
    throw error;
  }
  return isReply(outcome) ? read(outcome) : drive(outcome, check, read, onCoreFailure);
}

/** Texts and numbers are answers; everything else is something to wait for. */
function isReply(outcome: Reply | Task | Waiting): outcome is Reply {
  return typeof outcome !== "object";
}

function advance(step: () => Reply | Task): Reply | Waiting {
  return enter(() => {
    const task = step();
    if (isReply(task)) return task;
    return { task, promise: task.promise, repeatable: task.repeatable, of: instance() };
  });
}

async function drive<T>(
  waiting: Waiting,
  check: () => Reply | Task,
  read: (answer: Reply) => MaybePromise<T>,
  onCoreFailure: () => T,
): Promise<T> {
  for (let runs = 1; ; ) {
    const { task, promise, repeatable, of } = waiting;
    let step: () => Reply | Task;
    try {
      const value = await promise;
      step = () => task.resume(value);
    } catch (reason) {
      step = () => task.fail(reason);
    }
    if (of !== instance()) {
      if (!repeatable || ++runs > MOST_RUNS) return onCoreFailure();
      step = check;
    }
    let outcome;
    try {
      outcome = advance(step);
    } catch (error) {
      if (error instanceof CoreFailed) return onCoreFailure();
      throw error;
    }
    if (isReply(outcome)) return read(outcome);
    waiting = outcome;
  }
}

export function readVerdict(answer: string): Verdict {
  return JSON.parse(answer) as Verdict;
}

export function readKeySets(status: string): KeySetStatus[] {
  return JSON.parse(status) as KeySetStatus[];
}

/** Nothing is known where the core itself has failed. */
export function coreFailedKeySets(): KeySetStatus[] {
  return [];
}
