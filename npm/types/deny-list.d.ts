// What is refused before it ends.
import type { JsonWebKeySet } from "./host.js";

/**
 * An entry of a deny list. Only an organization can be denied without its issuer, and then its API keys are denied too; an
 * API key is denied by its id and has no issuer.
 */
export type DenyEntry = {
  /** The last second, since the Unix epoch, at which the entry denies anything; left out, it stays. */
  until?: number;
} & (
  | ({
      /** `iss`, or the issuer as the policy names it: a template stands for all its tenants. */
      issuer: string;
    } & ({ jti: string } | { client: string } | { subject: string }))
  | { organization: string; issuer?: string }
  | { key: string; issuer?: never }
);

/** The credentials that are refused before they end; at most 65536 entries. */
export type DenyList = readonly DenyEntry[];

/**
 * Strict mode: a signed deny list counts beside `deny`, and where there is none that can be trusted and is young enough,
 * the answer is 503.
 */
export interface DenySnapshotPolicy {
  /**
   * For how long after it was signed a list counts, in seconds, from 10 to 3600: the bound from the denial of a credential
   * to its last acceptance, whatever the store does.
   */
  maxAge: number;
  /** The public keys that vouch for lists. */
  jwks: JsonWebKeySet;
  /** Where the list is fetched: `https`, but on this machine itself. Where left out, it is read from the store. */
  url?: string;
  /** How long an API key that was revoked stays on the list, in days, from 1 to 3650; 30 where left out. */
  retention?: number;
}

/** What is known of the signed deny list. Times are in seconds since the Unix epoch. */
export interface DenySnapshotStatus {
  /**
   * `fresh`; `aging`: it counts, and is fetched again behind a request; `over`: it does not count; `ahead`: it was signed in
   * the future, by a clock that was set back since; `none`: none was seen yet.
   */
  phase: "fresh" | "aging" | "over" | "ahead" | "none";
  /** When it was signed. */
  issuedAt: number | null;
  /** From when on it does not count. */
  ends: number | null;
  /** For how long after that it counts, in seconds. */
  maxAge: number;
  /** How many entries it has. */
  entries: number;
  /** Why nothing came of reading it last. */
  failure: string | null;
  /** Why nothing came of publishing last, where this process publishes. */
  publishFailure: string | null;
}

/** What was published. */
export interface DenyPublished {
  /** When the list was signed, in seconds since the Unix epoch. */
  issuedAt: number;
  /** How many entries it has. */
  entries: number;
}
