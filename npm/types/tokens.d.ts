// The verifier for M2M tokens.
import type { DenyList, DenySnapshotPolicy, DenySnapshotStatus } from "./deny-list.js";
import type { Host } from "./host.js";
import type { IssuerPolicy, KeySetStatus } from "./issuers.js";
import type { Lifetime } from "./lifetime.js";
import type { Algorithm, Verdict, VerifyOptions } from "./verdict.js";

/** Secrets by issuer, as an object or as JSON text: those with which this API authenticates at introspection endpoints. */
export type IntrospectionSecrets = Readonly<Record<string, string>> | string;

/** What a verifier for M2M tokens is lent. */
export interface TokenHost extends Host {
  /** The secrets with which this API authenticates at introspection endpoints, by issuer. */
  introspectionSecrets?: IntrospectionSecrets;
}

/** The DPoP proofs that are accepted (RFC 9449). */
export interface DpopPolicy {
  /** The algorithms that a proof may be signed with; every asymmetric one where left out. */
  algorithms?: readonly Algorithm[];
  /** How long a proof is good after its `iat`, in seconds, from 1 to 600; 60 where left out. */
  maxAge?: number;
}

/** A DPoP proof, with the request that it came with. */
export interface DpopProof {
  /** The value of the header `DPoP`. */
  proof: string;
  /** The method of the request, as it came. */
  method: string;
  /** The URL of the request as its sender sees it, with scheme and authority. */
  url: string;
  /** The nonce that the proof must name, where the sender was given one. */
  nonce?: string;
}

/** As {@link VerifyOptions}, with what is known of the sender. */
export interface TokenVerifyOptions extends VerifyOptions {
  /** The proof, where the token came under the scheme `DPoP`: such a token must be bound to the key of the proof. */
  dpop?: DpopProof | null;
  /**
   * The client certificate of the connection: its DER, or its SHA-256 thumbprint in base64url or hexadecimal. From who
   * ended the TLS, and never from a header that a client can write.
   */
  certificate?: Uint8Array | string | null;
}

/** The policy of a verifier for M2M tokens. */
export interface TokenPolicy {
  /** Who issues the tokens that are accepted. */
  issuers: readonly IssuerPolicy[];
  /** The DPoP proofs that are accepted. */
  dpop?: DpopPolicy;
  /** The largest token that is looked at, in bytes; 16384 where left out. */
  maxTokenBytes?: number;
  /** The tokens that are refused before they end. */
  deny?: DenyList;
  /** Strict mode, with the list read from `store` or a URL. */
  denySnapshot?: DenySnapshotPolicy;
}

/** Verifies M2M tokens. */
export interface JwtVerifier extends Lifetime {
  /**
   * Never throws for a bad token. Answers at once where the platform's signature check does, otherwise by a promise.
   *
   * @param token The token, without the scheme that stood before it.
   * @param options The scopes that are needed, what is known of the sender, the time.
   * @returns The verdict, or a promise of it where something has to be awaited. A good token that was seen before is checked
   * again in all that can change, and its verdict is one frozen object, the same at each use.
   * @throws Where the options are of another shape, or the verifier was freed; never for a token.
   *
   * @example
   * ```ts
   * const verdict = await verifier.verify(token, { scopes: ["reports:read"] });
   * if (verdict.ok && verdict.class === "m2m_token") {
   *   console.log(verdict.subject, verdict.claims["tenant"]);
   * } else if (!verdict.ok && verdict.status === 503) {
   *   console.log("nobody can tell: try again later", verdict.code);
   * }
   * ```
   */
  verify(token: string, options?: TokenVerifyOptions): Verdict | Promise<Verdict>;
  /**
   * Answers at once, on every host.
   * Keys that would have to be fetched, and servers that would have to be asked, make a verdict with the status 503.
   *
   * @param token As of {@link JwtVerifier.verify}.
   * @param options As of {@link JwtVerifier.verify}.
   * @returns The verdict.
   * @throws As {@link JwtVerifier.verify}.
   *
   * @example
   * ```ts
   * const verdict = verifier.verifySync(token);
   * console.log(verdict.ok ? verdict.expires : verdict.code);
   * ```
   */
  verifySync(token: string, options?: TokenVerifyOptions): Verdict;
  /**
   * Fetches the key sets that are fetched, unless that was done a moment ago, and fills the store with them: for a job by
   * the clock, so that no request waits for it. Never throws; what is known of the sets then.
   *
   * @returns What is known of the sets then.
   *
   * @example
   * ```ts
   * for (const { issuer, phase, failure } of await verifier.refresh()) console.log(issuer, phase, failure);
   * ```
   */
  refresh(): Promise<KeySetStatus[]>;
  /** What is known of the key sets that are fetched. */
  keySets(): KeySetStatus[];
  /** What is known of the signed deny list; null without strict mode. */
  denySnapshot(): DenySnapshotStatus | null;
  /**
   * Puts a deny list in the place of that of the policy, as a whole, from the next verdict on; the signed one is another.
   *
   * @param list The whole list, as an array or as JSON text.
   * @throws Where the list is wrong; the one before then stays in force.
   *
   * @example
   * ```ts
   * verifier.setDenyList([{ issuer: "https://issuer.example", client: "client-1" }, { organization: "org_1" }]);
   * ```
   */
  setDenyList(list: DenyList | string): void;
}

/**
 * A verifier for the tokens of these issuers.
 *
 * @param policy The issuers and their keys, as an object or as JSON text.
 * @param host What the runtime lends: a clock, a store, a `fetch`.
 * @returns The verifier. It holds memory of the core until it is freed or collected.
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 *
 * @example
 * ```ts
 * import { createJwtVerifier } from "edgeward";
 *
 * const verifier = await createJwtVerifier({
 *   issuers: [
 *     {
 *       issuer: "https://issuer.example",
 *       audience: "https://api.example",
 *       algorithms: ["ES256"],
 *       jwksUri: "https://issuer.example/jwks.json",
 *     },
 *   ],
 * });
 * const verdict = await verifier.verify(token, { scopes: ["reports:read"] });
 * if (verdict.ok) console.log(verdict.clientId, verdict.scopes);
 * else console.log(verdict.status, verdict.code);
 * ```
 */
export declare function createJwtVerifier(policy: TokenPolicy | string, host?: TokenHost): Promise<JwtVerifier>;
