// What an attacker would make of a token.
import type { Fault, InspectOptions } from "./inspect.js";

/** One attempt to get past a verifier, and what became of it. */
export interface Forgery {
  /** The stable name of the attempt. */
  forgery: string;
  /** What it is called. */
  title: string;
  /** What the attacker does, and hopes for. */
  means: string;
  /** The section that warns of it. */
  section: string;
  /** The token that was tried; null where it is the original itself. The original's signature is in none of them. */
  token: string | null;
  /** The time it was judged at, in milliseconds since the Unix epoch. */
  at: number;
  /** Why the verifier refuses it, as in production. Null where it is let through, which must never be. */
  verdict: Fault | null;
  /** The step that refused it. */
  step: string | null;
}

/**
 * Makes of a token what an attacker would, and has the verifier judge each: unsigned, signed with a key that is public,
 * with a key of its own, changed, spelt otherwise, and the token itself once it has ended. It asks nobody: no server, no
 * store. Without a policy the token's own word counts as the policy, as in {@link inspect}.
 *
 * @param token The token, of which the header and the payload are what the attempts are made of.
 * @param options The policy that is tried, keys of the issuer, the time.
 * @returns The attempts; none where the token's payload cannot be read, or the token is longer than half a megabyte.
 * @throws {PolicyError} Where the policy cannot be used; an `Error` where `jwks` is not JSON.
 *
 * @example
 * ```ts
 * import { forgeries } from "edgeward";
 *
 * for (const { forgery, verdict, step } of forgeries(token, { policy, jwks: keys })) {
 *   console.log(`${forgery}: ${verdict === null ? "let through" : `${verdict.code} at ${step}`}`);
 * }
 * ```
 */
export declare function forgeries(token: string, options?: InspectOptions): Forgery[];
