// The two classes side by side.

/** One question about a credential, answered for both classes. */
export interface LifecycleLine {
  /** What is asked. */
  question: string;
  /** Of a standing credential: an API key. */
  standing: string;
  /** Of an expiring one: an M2M token. */
  expiring: string;
  /** Where that is said. */
  section: string;
}

/**
 * What governs a standing credential and what governs an expiring one: who answers for it, who can end it, how it ends by
 * itself, how it is rotated, and what it means that it leaks.
 *
 * @returns The questions, in the order in which they are asked of a credential.
 *
 * @example
 * ```ts
 * import { lifecycle } from "edgeward";
 *
 * for (const { question, standing, expiring } of lifecycle()) console.log(`${question} ${standing} / ${expiring}`);
 * ```
 */
export declare function lifecycle(): LifecycleLine[];
