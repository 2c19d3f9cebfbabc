// Signatures alone.
import type { Host, JsonWebKeySet, Snapshot } from "./host.js";
import type { Algorithm, DeniedVerdict } from "./verdict.js";

/** What {@link verifyJws} is told. */
export interface JwsOptions {
  /** The algorithms that are accepted. */
  algorithms: readonly Algorithm[];
  /** The largest JWS that is looked at, in bytes; 16384 where left out, 2097152 at most. */
  maxBytes?: number;
}

/** A JWS whose signature holds. What its payload says was not looked at. */
export interface VerifiedJws {
  /** The signature holds. */
  ok: true;
  /** The header, as it was signed. */
  header: Record<string, unknown>;
  /** The payload, as it was signed. */
  payload: Uint8Array;
  /** The id of the key, where it has one. */
  kid: string | null;
  /** The algorithm of the signature. */
  algorithm: Algorithm;
}

/** What {@link verifyJws} answers. */
export type JwsVerdict = VerifiedJws | DeniedVerdict;

/**
 * Verifies the signature of a JWS in the compact form (RFC 7515), and nothing else: no issuer, no time, no audience. It
 * is for payloads that are no access tokens; those are for {@link createJwtVerifier}. Never throws for a bad JWS.
 *
 * @param compact The JWS.
 * @param jwks The keys: a key set or a snapshot, as an object or as JSON text.
 * @param options The algorithms that are accepted.
 * @param host What the runtime lends.
 * @returns What was signed, or a denial; a promise of it where the platform checks signatures behind one.
 * @throws Where the key set or the options are wrong.
 *
 * @example
 * ```ts
 * import { verifyJws } from "edgeward";
 *
 * const verdict = await verifyJws(token, keys, { algorithms: ["ES256"] });
 * if (verdict.ok) console.log(verdict.kid, new TextDecoder().decode(verdict.payload));
 * ```
 */
export declare function verifyJws(
  compact: string,
  jwks: JsonWebKeySet | Snapshot | string,
  options: JwsOptions,
  host?: Host,
): JwsVerdict | Promise<JwsVerdict>;
