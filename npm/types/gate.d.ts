// The gate: its policy, what it is lent, and what it does.
import type { AuditCounts, AuditSink } from "./audit-types.js";
import type { DenyEntry, DenyList, DenyPublished, DenySnapshotPolicy, DenySnapshotStatus } from "./deny-list.js";
import type { Host, JsonWebKeySet, Snapshot } from "./host.js";
import type { IssuerPolicy, KeySetStatus } from "./issuers.js";
import type { ApiKeyPolicy } from "./keys.js";
import type { Lifetime } from "./lifetime.js";
import type { DpopPolicy, IntrospectionSecrets } from "./tokens.js";
import type { GateAnswer, Guarded, GuardFrom } from "./guard.js";
import type { CredentialClass, Verdict } from "./verdict.js";

/** One route of a policy. Of those that match a request, the first counts. */
export interface RoutePolicy {
  /** The methods, in upper case. */
  methods: readonly string[];
  /**
   * The pattern of the path, in the syntax of the URL Pattern standard: `:name` stands for one segment, `*` for anything.
   */
  path: string;
  /** The classes of credential that the route accepts. */
  classes: readonly CredentialClass[];
  /** The scopes that it needs: an array, all of them; or all of some, and any of others. */
  scopes?: readonly string[] | { allOf?: readonly string[]; anyOf?: readonly string[] };
  /**
   * The organization that the credential must belong to: that which the path names in this group of its pattern, that
   * which this header names, or one of these.
   */
  organization?: { path: string } | { header: string } | { oneOf: readonly string[] };
  /** Whether the credential must be bound to its sender; `optional` where left out. No API key is. */
  senderConstraint?: "optional" | "required" | "dpop" | "mtls";
}

/** The reports of leaked keys that are taken, by the protocol of GitHub's secret-scanning partner program. */
export interface LeaksPolicy {
  /** Where the sender publishes its keys; GitHub's own URL where left out. */
  keysUrl?: string;
  /** Who a revocation says it is by; `github-secret-scanning` where left out. */
  source?: string;
}

/** What is counted: requests with credentials of one class, with one key or of one client, of one organization, from one address. */
export type LimitBy = "class" | "key" | "organization" | "address";

/** One limit of requests that are let through otherwise. */
export interface LimitRulePolicy {
  /** Its name, of `a`–`z`, digits, `-` and `_`; clients read it in `RateLimit-Policy`. */
  name: string;
  /** What is counted. */
  by: LimitBy;
  /** The classes that it is for; all where left out. */
  classes?: readonly CredentialClass[];
  /** The routes that it is for, by their paths as `routes` has them; all where left out, and the verify endpoint. */
  routes?: readonly string[];
  /** How many requests a period allows. */
  limit: number;
  /** In seconds, from 1 to 3600; with a `binding`, 10 or 60. */
  period: number;
  /** The limiter that counts, by its name in the `limiters` of the options. Where left out, each instance counts for itself. */
  binding?: string;
  /** What happens where the limiter does not answer; `deny` where left out, with 503. */
  whenUnavailable?: "deny" | "allow";
  /** Other limits for API keys whose record has one of these as its `rateLimitClass`; for rules by `key`. */
  keyClasses?: Readonly<Record<string, { limit: number; binding?: string }>>;
}

/** How much may come. */
export interface LimitsPolicy {
  /** Asked in their order; the first that is reached refuses the request with 429. */
  rules?: readonly LimitRulePolicy[];
  /** How many credentials may be refused that come from one address, before nothing of it is looked at for the rest of the period. */
  refused?: { limit: number; period: number; binding?: string };
}

/** What counts requests beside the gate: a rate-limit binding of Cloudflare, or whatever has its shape. */
export interface Limiter {
  /** Counts a request under a key, and says whether it is one of those that may come. */
  limit(options: { key: string }): Promise<{ success: boolean }>;
}

/** How requests are forwarded. */
export interface ProxyPolicy {
  /** Whether a request may become a WebSocket; where left out, it is forwarded without its wish. Workers alone can. */
  upgrades?: boolean;
  /** What the origin is told of where a request came from (`X-Forwarded-*` and such); `replace` where left out. */
  forwarded?: "replace" | "append" | "drop";
}

/** The pages that may call the API from a browser. */
export interface CorsPolicy {
  /** As in `https://app.example`; `"*"` for every one. */
  origins: "*" | readonly string[];
  /** GET, HEAD, POST, PUT, PATCH and DELETE where left out. */
  methods?: readonly string[];
  /** The headers that they may send; `authorization` and `content-type` where left out. */
  headers?: readonly string[];
  /** The headers of an answer that they may read; `edgeward-request-id` and `www-authenticate` where left out. */
  exposeHeaders?: readonly string[];
  /** How long a browser keeps the answer to a preflight, in seconds; 600 where left out. */
  maxAge?: number;
  /** Whether browsers send cookies and client certificates by themselves. */
  credentials?: boolean;
}

/** What the API says of itself as a protected resource (RFC 9728). */
export interface ResourcePolicy {
  /** The URL of the API, without a query and a fragment. */
  identifier: string;
  /** What people call the API. */
  name?: string;
  /** The URL of what developers read. */
  documentation?: string;
  /** The URL of the requirements for clients. */
  policyUri?: string;
  /** The URL of the terms of service. */
  tosUri?: string;
  /** The issuers of the policy where left out. */
  authorizationServers?: readonly string[];
  /** Whether the scopes that routes need are published. */
  publishScopes?: boolean;
  /** How long the metadata may be kept, in seconds; 3600 where left out. */
  maxAge?: number;
}

/** The policy of a gate. What no route matches is denied. */
export interface GatePolicy {
  /** The JSON Schema that editors check the policy with. */
  $schema?: string;
  /** The path of the gate's own endpoints; `/_edgeward` where left out. */
  prefix?: string;
  /** Who issues the M2M tokens that are accepted. */
  issuers?: readonly IssuerPolicy[];
  /** The API keys that are accepted; none where left out. */
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
  /** What is served, and to whom; of the routes that match a request, the first counts. */
  routes?: readonly RoutePolicy[];
  /**
   * The hosts that are served, in small letters, with a port where it is not the usual one; whichever a request names where
   * left out.
   */
  hosts?: readonly string[];
  /** The origin as a URL without a path; where left out, `origin` of the options is used. */
  origin?: string;
  /** How long the origin has until the head of its answer, in milliseconds; 60000 where left out. */
  originTimeout?: number;
  /** How requests are forwarded. */
  proxy?: ProxyPolicy;
  /** The pages that may call the API from a browser; none where left out. */
  cors?: CorsPolicy;
  /** What the API says of itself as a protected resource; nothing where left out. */
  resource?: ResourcePolicy;
  /** What clients put before the path, as in `https://api.example`; where left out, what a request's own URL says. */
  publicOrigin?: string;
  /** The DPoP proofs that are accepted. */
  dpop?: DpopPolicy;
  /** The largest token that is looked at, in bytes; 16384 where left out. */
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
  /**
   * The proxies that ask the gate about each request (`{prefix}/verify`) and forward it themselves: how they ask, and the
   * addresses from which they do. Where it stands, the gate forwards nothing itself.
   */
  forwardAuth?: { dialect: "nginx" | "traefik" | "envoy" | "caddy"; proxies?: readonly string[] };
  /** The limits of the review of standing credentials. */
  review?: ReviewPolicy;
  /** The signed assertion that the origin gets with each request, in the header `edgeward-assertion`; none where left out. */
  assertion?: AssertionPolicy;
  /** How much may come. */
  limits?: LimitsPolicy;
  /**
   * Which allowed decisions have an audit event: `all`, which is so where left out, those that an instance makes first for
   * a credential and a route, or `none`. What was denied always has one, and all are counted.
   */
  audit?: { allowed?: "all" | "first_seen" | "none" };
  /** Whether whoever reaches the gate may read `metrics` and all of `health`; administrators alone where left out. */
  metrics?: { public?: boolean };
}

/** The signed assertion for the origin. Its keys are lent as `assertionKeys`. */
export interface AssertionPolicy {
  /** What stands in `iss`: the name of this gate, as in `https://api.example`. */
  issuer: string;
  /** What stands in `aud`: the name of the origin, which takes no assertion that is for another. */
  audience: string;
  /** How long an assertion is good, in seconds, from 5 to 300; 30 where left out. None outlives its credential. */
  lifetime?: number;
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
  /** How old a secret of an M2M client may grow; 365 where left out. */
  maxClientSecretAgeDays?: number;
  /** How long before its end the owner is told; 14 where left out. */
  expiresSoonDays?: number;
}

/** A request, where there is no `Request` of the platform. */
export interface GateRequest {
  /** The method, as it came. */
  method: string;
  /** With scheme and authority, or the path alone. */
  url: string;
  /** The whole of it, as Express keeps it where a router is mounted; where it is there it stands for `url`. */
  originalUrl?: string;
  /** The headers, as the platform has them, or Node. */
  headers: Headers | Iterable<readonly [string, string]> | Record<string, string | readonly string[] | undefined>;
  /** The client's address. */
  ip?: string;
  /** The SHA-256 thumbprint of the client certificate, in base64url or hexadecimal, from who ended the TLS. */
  certificate?: string;
  /** The body, which is read for the gate's own endpoints alone: a stream, or what hands it over piece by piece. */
  body?: ReadableStream<Uint8Array> | AsyncIterable<Uint8Array> | null;
}

/**
 * An event in the shape of an OCSF class: Authentication; Entity Management for what an administrator did; Detection
 * Finding for a key that has leaked; HTTP Activity for an origin that did not answer. It never holds a credential.
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
  /** The secrets with which this API authenticates at introspection endpoints, by issuer. */
  introspectionSecrets?: IntrospectionSecrets;
  /** The limiters that the policy names. */
  limiters?: Readonly<Record<string, Limiter>>;
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
   * The private keys of assertions, Ed25519 or P-256, as an array of JWKs or its JSON text, where the policy has
   * `assertion`. The first signs; the others, the next or the previous one of a rotation, are only published, at
   * `/.well-known/jwks.json`.
   */
  assertionKeys?: string | readonly object[];
  /**
   * Where audit events go: a function that takes each, sinks of `edgeward/audit`, or several of these; by default each is
   * written to the console as one line of JSON. A sink that fails is reported on the console and changes no answer; no
   * answer waits for a sink, and what does not come through is counted.
   */
  audit?: ((event: AuditEvent) => void | Promise<void>) | AuditSink | readonly (((event: AuditEvent) => void | Promise<void>) | AuditSink)[];
  /** The client's address, from where the host vouches for it. Where it throws, nobody can tell: 503, `host_failed`. */
  address?: (request: Request) => string | null | undefined;
  /**
   * The SHA-256 thumbprint of the client certificate, in base64url or hexadecimal, from where the host vouches for it; by
   * default what Cloudflare reports of the connection (`request.cf.tlsClientAuth`). Where it throws, as `address`.
   */
  certificate?: (request: Request) => string | null | undefined;
}

/**
 * A policy in front of an API. One that is freed sends the events that wait; what becomes of them, `audit` and `flush` still
 * tell.
 */
export interface Gate extends Lifetime {
  /** What became of the audit events, sink by sink. */
  audit(): AuditCounts[];
  /**
   * Sends the audit events that wait, and waits until none is on its way, or for as long as its sink may take.
   *
   * @example
   * ```ts
   * await gate.flush();
   * for (const { name, sent, failed, dropped } of gate.audit()) console.log(name, sent, failed, dropped);
   * ```
   */
  flush(): Promise<void>;
  /**
   * Decides about a request by its route, and audits the decision.
   *
   * @param request The request: the platform's, or its parts.
   * @returns The verdict, or a promise of it where something has to be awaited.
   * @throws Where the request is of another shape, or the gate was freed; never for a credential.
   *
   * @example
   * ```ts
   * const verdict = await gate.check({
   *   method: "GET",
   *   url: "https://api.example/v1/reports/1",
   *   headers: { authorization: `Bearer ${token}` },
   *   ip: "192.0.2.7",
   * });
   * console.log(verdict.ok ? verdict.organization : verdict.code);
   * ```
   */
  check(request: Request | GateRequest): Verdict | Promise<Verdict>;
  /**
   * As `fetch`, for a request that a handler in this process answers: what keeps it from there, or what is done to it before.
   * The middleware of `edgeward/fetch`, `edgeward/hono` and `edgeward/node` is made of this.
   *
   * @param request The request.
   * @param from Where the request came from, in place of what the options or the request itself say.
   * @returns What to answer in place of the handler, or what the handler may see, and how the answer is completed.
   * @throws {TypeError} Where the request is none.
   *
   * @example
   * ```ts
   * const guarded = await gate.guard({ method: "GET", url: "/v1/reports/1", headers: {}, ip: "192.0.2.1" });
   * console.log(guarded.action === "respond" ? guarded.response.status : guarded.verdict.class);
   * ```
   */
  guard(request: Request | GateRequest, from?: GuardFrom): Guarded | Promise<Guarded>;
  /**
   * The answer where what stands between a server and `guard` failed, so that nobody can tell: 503, `host_failed`. It is
   * audited, and the error said on the console.
   */
  failed(method: string, error: unknown): GateAnswer;
  /**
   * Answers the gate's own endpoints, forwards what is allowed and answers what is denied.
   *
   * @param request The request, whose body streams through.
   * @returns What to answer.
   *
   * @example
   * ```ts
   * const answer = await gate.fetch(new Request("https://api.example/v1/reports/1"));
   * console.log(answer.status, answer.headers.get("www-authenticate"));
   * ```
   */
  fetch(request: Request): Promise<Response>;
  /**
   * The handlers of a Worker: for requests, and for cron triggers, which refresh the key sets.
   *
   * @example
   * ```ts
   * export default gate.worker();
   * ```
   */
  worker(): { fetch(request: Request): Promise<Response>; scheduled(): Promise<void> };
  /**
   * Fetches the key sets that are fetched, as `JwtVerifier.refresh`. Signs the deny list again where a key for that was
   * handed over, and reads it again elsewhere.
   *
   * @example
   * ```ts
   * const sets = await gate.refresh();
   * console.log(sets.every(({ phase }) => phase === "fresh"));
   * ```
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
   * @param entries What is denied from now on, in addition.
   * @returns When the list was signed, and how long it is.
   * @throws Where that cannot be told: it is safe to publish them again.
   *
   * @example
   * ```ts
   * const { issuedAt, entries } = await publisher.deny([{ organization: "org_1" }]);
   * console.log(issuedAt, entries);
   * ```
   */
  deny(entries: readonly DenyEntry[]): Promise<DenyPublished>;
  /**
   * Publishes that these entries are taken off the signed deny list, whatever their end.
   *
   * @param entries The entries as they were denied, but for their end.
   * @returns When the list was signed, and how long it is.
   * @throws As `deny`.
   *
   * @example
   * ```ts
   * await publisher.deny([{ organization: "org_1" }]);
   * await publisher.undeny([{ organization: "org_1" }]);
   * ```
   */
  undeny(entries: readonly DenyEntry[]): Promise<DenyPublished>;
  /**
   * Puts a deny list in the place of that of the policy, as a whole, from the next verdict on; the signed one is another.
   *
   * @param list The whole list, as an array or as JSON text.
   * @throws Where the list is wrong; the one before then stays in force.
   *
   * @example
   * ```ts
   * gate.setDenyList([{ issuer: "https://issuer.example", jti: "token-1" }]);
   * ```
   */
  setDenyList(list: DenyList | string): void;
}

/**
 * The gate of a policy: an object, or JSON text.
 *
 * @param policy The policy, as an object or as JSON text.
 * @param options What the gate is lent: the origin, a store, sinks of audit events.
 * @returns The gate. It holds memory of the core until it is freed or collected.
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 *
 * @example
 * ```ts
 * import { createGate } from "edgeward";
 *
 * const gate = await createGate(
 *   {
 *     issuers: [
 *       {
 *         issuer: "https://issuer.example",
 *         audience: "https://api.example",
 *         algorithms: ["ES256"],
 *         jwksUri: "https://issuer.example/jwks.json",
 *       },
 *     ],
 *     routes: [{ methods: ["GET"], path: "/v1/reports/*", classes: ["m2m_token"], scopes: ["reports:read"] }],
 *   },
 *   { origin: async () => new Response("the origin's answer") },
 * );
 * const answer = await gate.fetch(new Request("https://api.example/v1/reports/1"));
 * console.log(answer.status);
 * ```
 */
export declare function createGate(policy: GatePolicy | string, options?: GateOptions): Promise<Gate>;
