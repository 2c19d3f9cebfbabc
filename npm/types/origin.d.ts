// What stands behind a gate: the check that the gate vouches for a request.
import type { GateRequest } from "./gate.js";
import type { Host, JsonWebKeySet, Snapshot } from "./host.js";
import type { KeySetPolicy, KeySetStatus } from "./issuers.js";
import type { Lifetime } from "./lifetime.js";
import type { Algorithm, AllowedToken, CredentialClass, DeniedVerdict } from "./verdict.js";

/** Whose assertions an origin takes. */
export interface OriginPolicy {
  /** The gate, as its policy names it in `assertion.issuer`. */
  issuer: string;
  /** This origin, as the gate's policy names it in `assertion.audience`. */
  audience: string | readonly string[];
  /** The algorithms that the gate signs with; `EdDSA`, `Ed25519` and `ES256` where left out. */
  algorithms?: readonly Algorithm[];
  /** The gate's public keys, or a snapshot of them. Beside `jwksUri`, a snapshot to start with. */
  jwks?: JsonWebKeySet | Snapshot;
  /** Where the gate publishes its keys, as in `https://api.example/.well-known/jwks.json`. */
  jwksUri?: string;
  /** How keys that are fetched are kept. */
  keySet?: KeySetPolicy;
  /**
   * What clients of the gate put before the path, as in `https://api.example`. Where it is named, an assertion must be for
   * a URL that begins so; where left out, the path of the request alone is held against it.
   */
  publicOrigin?: string;
  /** How far `iat` may lie in the future, in seconds; 5 where left out. */
  clockTolerance?: number;
}

/** A request that a gate vouches for: what it granted, and to whom. */
export interface AllowedAssertion extends Omit<AllowedToken, "class" | "clientId" | "credentialId"> {
  /** The class of the credential that the client sent to the gate. */
  class: CredentialClass;
  /** The client of an M2M token; null for an API key. */
  clientId: string | null;
  /** The id of an API key, or the `jti` of the assertion of a token, which is the id of the request at the gate. */
  credentialId: string | null;
  /** The claims of the assertion, as they were signed. */
  claims: Record<string, unknown>;
}

/** What an origin makes of a request. */
export type OriginVerdict = AllowedAssertion | DeniedVerdict;

/** Checks that a gate vouches for requests. */
export interface OriginCheck extends Lifetime {
  /**
   * Takes the one header `edgeward-assertion` out of a request and checks it, and that it is for this request. Never throws
   * for a bad assertion. Answers at once where the keys are at hand and the platform's signature check does, otherwise by
   * a promise.
   *
   * @param request The request: the platform's, or its parts.
   * @returns The verdict, or a promise of it where something has to be awaited.
   * @throws Where the request is of another shape, or the check was freed; never for an assertion.
   *
   * @example
   * ```ts
   * import { createServer } from "node:http";
   *
   * const server = createServer(async ({ method = "", url = "", headers }, response) => {
   *   const verdict = await check.check({ method, url, headers });
   *   response.writeHead(verdict.ok ? 200 : verdict.status).end();
   * });
   * console.log(server.listening);
   * ```
   */
  check(request: Request | GateRequest): OriginVerdict | Promise<OriginVerdict>;
  /** Fetches the gate's keys by the clock, as `JwtVerifier.refresh`. */
  refresh(): Promise<KeySetStatus[]>;
  /** What is known of the gate's keys, where they are fetched. */
  keySets(): KeySetStatus[];
}

/**
 * The check of an origin behind a gate.
 *
 * @param policy Whose assertions are taken, as an object or as JSON text.
 * @param host What the runtime lends.
 * @returns The check. It holds memory of the core until it is freed or collected.
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 *
 * @example
 * ```ts
 * import { createOriginCheck } from "edgeward";
 *
 * const check = await createOriginCheck({
 *   issuer: "https://api.example",
 *   audience: "https://origin.example",
 *   jwksUri: "https://api.example/.well-known/jwks.json",
 * });
 * const verdict = await check.check(new Request("https://api.example/v1/reports/1"));
 * console.log(verdict.ok ? verdict.organization : verdict.code);
 * ```
 */
export declare function createOriginCheck(policy: OriginPolicy | string, host?: Host): Promise<OriginCheck>;
