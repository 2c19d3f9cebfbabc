// What the commands about keys do it through: a store, or a gate.
import type { InventoryPage, ReviewPage, Severity } from "../../../types/index.js";

/** A step in the life of a key, by its name in the core. */
export type Step = "issue" | "list" | "show" | "update" | "rotate" | "disable" | "enable" | "revoke" | "import";

/** Which page is asked for. */
export interface Page {
  cursor?: string | undefined;
  limit: number;
}

/** What a text of many pages came to. */
export interface TextEnd {
  /** Where the rest begins. */
  cursor: string | null;
  bySeverity: Readonly<Partial<Record<Severity, number>>>;
}

/** Which text: the kind of it, and how much. */
export interface TextAsked {
  of: "inventory" | "review";
  format: "csv" | "html";
  cursor?: string | undefined;
  limit: number;
}

/** Keys, wherever they are. Everything throws a `StepError` where the other side says no. */
export interface Keys {
  /** Whether the other side knows by itself who it is that asks. */
  readonly knowsWho: boolean;
  /** Carries out a step. `body` is what the core reads: an object, or JSON text. */
  carryOut(step: Step, id: string | undefined, body: object | string): Promise<Record<string, unknown>>;
  /** Ends a key for whoever holds it. */
  revokeHeld(key: string, reason: string): Promise<void>;
  inventory(page: Page): Promise<InventoryPage>;
  review(page: Page): Promise<ReviewPage>;
  /** What is to be said about the policy before the first page, where that page does not say it itself. */
  policyFindings(): ReviewPage | undefined;
  text(asked: TextAsked): AsyncGenerator<string, TextEnd, void>;
  close(): Promise<void>;
}
