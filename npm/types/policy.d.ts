// What is wrong with a policy, and what is unwise in it.
import type { GatePolicy } from "./gate.js";
import type { Host, JsonWebKeySet, Snapshot } from "./host.js";

/** One fault of a policy. */
export interface PolicyFault {
  /** Where it is: a JSON pointer (RFC 6901), empty for the document as a whole. */
  pointer: string;
  /** What is wrong. */
  reason: string;
  /** What to write instead, or to look at. */
  hint: string | null;
}

/**
 * What is thrown where a policy, or a part of one, cannot be used. The message names every fault; by its `name` it is told
 * from other errors.
 */
export interface PolicyError extends Error {
  /** By which it is told from other errors. */
  name: "PolicyError";
  /** All that is wrong. */
  faults: readonly PolicyFault[];
}

/** What {@link lint} is told. */
export interface LintOptions extends Pick<Host, "now"> {
  /** The snapshots that are deployed with the policy, by issuer. */
  snapshots?: Record<string, JsonWebKeySet | Snapshot> | string;
  /**
   * The Workers routes that lead to the gate, as `GET /zones/{zone_id}/workers/routes` of Cloudflare's API answers: the whole
   * answer, its `result`, or the text of either.
   */
  workersRoutes?: object | string;
}

/** What is legal in a policy and unwise. */
export interface LintFinding {
  /** The stable code of the rule. */
  rule: string;
  /** How bad it is. */
  severity: "low" | "medium" | "high";
  /** The risk in the OWASP Non-Human Identities Top 10, as `NHI6:2025`. */
  nhi: string;
  /** In which document it is. */
  document: "policy" | "workersRoutes";
  /** Where it is there: a JSON pointer (RFC 6901). */
  pointer: string;
  /** What is wrong. */
  title: string;
  /** More about this one. */
  evidence: string | null;
  /** What to do about it. */
  advice: string;
}

/**
 * Looks through a policy for what is legal and unwise; the worst comes first.
 *
 * @param policy The policy of a gate, as an object or as JSON text.
 * @param options What is deployed with it, and the routes that lead to it.
 * @returns What is found, the worst first; nothing where there is nothing to say.
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 *
 * @example
 * ```ts
 * import { lint } from "edgeward";
 *
 * for (const { severity, pointer, title, advice } of lint(policy)) console.log(severity, pointer, title, advice);
 * ```
 */
export declare function lint(policy: GatePolicy | string, options?: LintOptions): LintFinding[];
