// The gate: its policy, what it is lent, and what it does.
import type {
  CredentialClass,
  DenyEntry,
  DenyList,
  DenyPublished,
  DenySnapshotPolicy,
  DenySnapshotStatus,
  DpopPolicy,
  Host,
  IntrospectionSecrets,
  IssuerPolicy,
  JsonWebKeySet,
  KeySetStatus,
  Snapshot,
  Verdict,
} from "./index.js";
import type { ApiKeyPolicy } from "./keys.js";

/** One route of a policy. */
export interface RoutePolicy {
  /** The methods, in upper case. */
  methods: readonly string[];
  /** Segments, of which `:name` stands for any one and a last `*` for any number of them. */
  path: string;
  /** The classes of credential that the route accepts. */
  classes: readonly CredentialClass[];
  /** The scopes that it needs, all of them. */
  scopes?: readonly string[];
}

/** The reports of leaked keys that are taken, by the protocol of GitHub's secret-scanning partner program. */
export interface LeaksPolicy {
  /** Where the sender publishes its keys; GitHub's own URL where left out. */
  keysUrl?: string;
  /** Who a revocation says it is by; `github-secret-scanning` where left out. */
  source?: string;
}

/** The policy of a gate. What no route matches is denied. */
export interface GatePolicy {
  $schema?: string;
  /** The path of the gate's own endpoints; `/_edgeward` where left out. */
  prefix?: string;
  issuers?: readonly IssuerPolicy[];
  apiKeys?: ApiKeyPolicy;
  /** The reports of leaked keys that are taken at the endpoint `leaks`; none where left out. */
  leaks?: LeaksPolicy;
  /**
   * Whether TLS ends before the gate, so that a request's URL does not say whether it came over TLS. Elsewhere a credential
   * that comes over `http`, but from this machine itself, is refused as exposed.
   */
  tlsEndsAhead?: boolean;
  /** The headers in which each class is looked for; `authorization` means the scheme `Bearer`. */
  credentials?: { m2mToken?: readonly string[]; apiKey?: readonly string[] };
  routes?: readonly RoutePolicy[];
  /** The origin as a URL without a path; where left out, `origin` of the options is used. */
  origin?: string;
  /** What clients put before the path, as in `https://api.example`; where left out, what a request's own URL says. */
  publicOrigin?: string;
  /** The DPoP proofs that are accepted. */
  dpop?: DpopPolicy;
  maxTokenBytes?: number;
  /** The credentials that are refused before they end. */
  deny?: DenyList;
  /** Strict mode. */
  denySnapshot?: DenySnapshotPolicy;
  /**
   * Who may use the admin endpoints: M2M clients of this issuer, by scope (`edgeward:read` and `edgeward:write` where left
   * out); nobody where left out.
   */
  admin?: { issuer: string; readScope?: string; writeScope?: string };
  /**
   * The proxies in front of the gate whose word on a client's address is taken: the header that they write it into, and
   * their own addresses in CIDR notation.
   */
  trustedProxies?: { header: string; addresses: readonly string[] };
  /** The limits of the review of standing credentials. */
  review?: ReviewPolicy;
}

/** The limits of the review. Spans are in days, from 1 to 3650. */
export interface ReviewPolicy {
  /** The owners and revokers who left, by the names that records have for them. */
  departed?: readonly string[];
  /** The scopes that count as wildcards beside those with a `*`. */
  wildcardScopes?: readonly string[];
  /** How old a key may grow; 365 where left out. */
  maxAgeDays?: number;
  /** How long a key that was used may rest; 90 where left out. */
  unusedDays?: number;
  /** How long a new key may wait for its first use; 30 where left out. */
  neverUsedDays?: number;
  /** How long a key may be good beside the one that replaces it; 7 where left out. */
  overlapDays?: number;
  /** How long a key may be switched off; 90 where left out. */
  disabledDays?: number;
  /** How long before its end the owner is told; 14 where left out. */
  expiresSoonDays?: number;
}

/** A request, where there is no `Request` of the platform. */
export interface GateRequest {
  method: string;
  /** With scheme and authority, or the path alone. */
  url: string;
  headers: Headers | Iterable<readonly [string, string]> | Record<string, string | readonly string[] | undefined>;
  /** The client's address. */
  ip?: string;
  /** The SHA-256 thumbprint of the client certificate, in base64url or hexadecimal, from who ended the TLS. */
  certificate?: string;
}

/**
 * An event in the shape of an OCSF class: Authentication; Entity Management for what an administrator did; Detection
 * Finding for a key that has leaked. It never holds a credential.
 */
export type AuditEvent = Record<string, unknown>;

/** The origin: a service binding, or a function. */
export type Origin = { fetch(request: Request): Promise<Response> } | ((request: Request) => Promise<Response>);

/** What a gate is lent. */
export interface GateOptions extends Host {
  /** Where allowed requests go. */
  origin?: Origin;
  /** Key sets by issuer, in place of `jwks` in the policy. */
  snapshots?: Record<string, JsonWebKeySet | Snapshot> | string;
  introspectionSecrets?: IntrospectionSecrets;
  /** The seals of API keys, the current one first. */
  seals?: readonly (string | Uint8Array)[];
  /** A secret of at least 32 characters that administers until the first administrator has come. */
  bootstrapSecret?: string;
  /**
   * The private Ed25519 key that deny lists are signed with, as a JWK or its JSON text, where the policy has `denySnapshot`
   * and this deployment publishes.
   */
  denySigningKey?: string | object;
  /**
   * Takes each audit event; by default it is written to the console as one line of JSON. A sink that fails is
   * reported on the console and changes no answer; nothing waits for a promise of it.
   */
  audit?: (event: AuditEvent) => void | Promise<void>;
  /** The client's address, from where the host vouches for it. */
  address?: (request: Request) => string | null | undefined;
  /**
   * The SHA-256 thumbprint of the client certificate, in base64url or hexadecimal, from where the host vouches for it; by
   * default what Cloudflare reports of the connection (`request.cf.tlsClientAuth`).
   */
  certificate?: (request: Request) => string | null | undefined;
}

/** A policy in front of an API. */
export interface Gate {
  /** Decides about a request by its route, and audits the decision. */
  check(request: Request | GateRequest): Verdict | Promise<Verdict>;
  /** Answers the gate's own endpoints, forwards what is allowed and answers what is denied. */
  fetch(request: Request): Promise<Response>;
  /** The handlers of a Worker: for requests, and for cron triggers, which refresh the key sets. */
  worker(): { fetch(request: Request): Promise<Response>; scheduled(): Promise<void> };
  /**
   * Fetches the key sets that are fetched, as `JwtVerifier.refresh`. Signs the deny list again where a key for that was
   * handed over, and reads it again elsewhere.
   */
  refresh(): Promise<KeySetStatus[]>;
  /** What is known of the key sets that are fetched. */
  keySets(): KeySetStatus[];
  /** What is known of the signed deny list; null without strict mode. */
  denySnapshot(): DenySnapshotStatus | null;
  /**
   * Publishes that these credentials are denied. Once the promise is fulfilled, none of them is let through from `maxAge`
   * on, by any process that trusts the list.
   *
   * @throws Where that cannot be told: it is safe to publish them again.
   */
  deny(entries: readonly DenyEntry[]): Promise<DenyPublished>;
  /**
   * Publishes that these entries are taken off the signed deny list, whatever their end.
   *
   * @throws As `deny`.
   */
  undeny(entries: readonly DenyEntry[]): Promise<DenyPublished>;
  /**
   * Puts a deny list in the place of that of the policy, as a whole, from the next verdict on; the signed one is another.
   *
   * @throws Where the list is wrong; the one before then stays in force.
   */
  setDenyList(list: DenyList | string): void;
}

/**
 * The gate of a policy: an object, or JSON text.
 *
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 */
export declare function createGate(policy: GatePolicy | string, options?: GateOptions): Promise<Gate>;
