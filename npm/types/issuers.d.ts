// Who issues M2M tokens, and how they are held.
import type { JsonWebKeySet, Snapshot } from "./host.js";
import type { Algorithm } from "./verdict.js";

/** A provider whose tokens are known. */
export type Preset =
  | "workos"
  | "auth0"
  | "stytch"
  | "clerk"
  | "ory_hydra"
  | "keycloak"
  | "microsoft_entra"
  | "cloudflare_access"
  | "edgeward";

/**
 * A claim by its place: the name of a member of the payload as it stands (`org_id`, `https://example.com/org_id`), or,
 * with a slash before it, a JSON pointer (RFC 6901) through nested objects (`/realm_access/org`).
 */
export type ClaimPath = string;

/** A value that claims are compared with. */
export type ClaimValue = string | number | boolean;

/** What a claim, or a member of the header, must be. Null and the empty string are no value. */
export type ClaimCondition =
  | { present: boolean }
  | { equals: ClaimValue }
  | { oneOf: readonly ClaimValue[] }
  | { prefix: string }
  | { suffix: string }
  /** The same string as another claim. */
  | { sameAs: ClaimPath };

/** One issuer of M2M tokens. A preset fills in what is left out. */
export interface IssuerPolicy {
  /** The provider whose tokens these are. */
  preset?: Preset;
  /** `iss`, compared byte for byte. With `{tenant}` in it, a template: each of `tenants` makes one name. */
  issuer?: string;
  /** The tenants of a template: 1 to 128 letters, digits, `-`, `_` and `.` each. */
  tenants?: readonly string[];
  /** The claim that must name the tenant for which `iss` stands. */
  tenantClaim?: ClaimPath;
  /** The audiences that this API answers to; one of them must be in `aud`. */
  audience?: string | readonly string[];
  /** The algorithms that the issuer signs with. */
  algorithms?: readonly Algorithm[];
  /**
   * The keys: a key set, or a snapshot of one. A gate also takes snapshots beside its policy. Beside keys that are
   * fetched, a snapshot to start with.
   */
  jwks?: JsonWebKeySet | Snapshot;
  /** The URL at which the keys are fetched. With `{tenant}` in it, each tenant of the issuer has keys of its own. */
  jwksUri?: string;
  /** The metadata that say where the keys are: OpenID Connect Discovery 1.0 §4, or RFC 8414 §3. */
  discovery?: "openid-configuration" | "oauth-authorization-server";
  /** How keys that are fetched are kept. */
  keySet?: KeySetPolicy;
  /** The server that is asked about its tokens (RFC 7662). */
  introspection?: IntrospectionPolicy;
  /** The `typ` of the issuer's access tokens, where it is always the same. */
  typ?: string;
  /**
   * The required claims that may be missing: `iss` where the policy has one issuer, `aud` where no `audience` is named,
   * `exp` where `maxTokenAge` is, `token_type` where an introspection endpoint calls access tokens alone active. One that
   * is there is held to its rule all the same.
   */
  optionalClaims?: readonly ("iss" | "aud" | "exp" | "token_type")[];
  /** The claim that holds the scopes; `scope` where left out. */
  scopeClaim?: ClaimPath;
  /** The claim that names the organization; `org_id` where left out. */
  organizationClaim?: ClaimPath;
  /** The claim that names the client; `client_id` where left out. */
  clientClaim?: ClaimPath;
  /** What other claims must be, by their paths; null takes a condition of the preset away. */
  requireClaims?: Readonly<Record<ClaimPath, ClaimCondition | null>>;
  /** What members of the header must be; null takes a condition of the preset away. */
  requireHeader?: Readonly<Record<ClaimPath, ClaimCondition | null>>;
  /**
   * Whether the tokens must be bound to their sender: to either kind of key, to that of a DPoP proof, or to a client
   * certificate; `optional` where left out. One that is bound must always come with its proof.
   */
  senderConstraint?: "optional" | "required" | "dpop" | "mtls";
  /** How far `nbf` and `iat` may lie in the future, in seconds; 5 where left out. */
  clockTolerance?: number;
  /** The longest life of a token, `exp − iat` in seconds. */
  maxTokenAge?: number;
}

/**
 * How a key set that is fetched is kept (RFC 9111, RFC 5861). What its issuer says in `Cache-Control` can shorten the
 * first three.
 */
export interface KeySetPolicy {
  /** How long a set is fresh, in seconds, from 30 to 86400; 600 where left out. */
  maxAge?: number;
  /**
   * How long after that it is used while it is fetched again behind the request, in seconds, 86400 at most; 300 where left
   * out. A key that its issuer withdraws vouches for `maxAge` and this long at most, while the issuer answers.
   */
  staleWhileRevalidate?: number;
  /**
   * How long after it was fresh it is used while the issuer does not answer, in seconds, 604800 at most; 86400 where left
   * out. After that the answer is 503.
   */
  maxStale?: number;
  /**
   * How long the issuer is left alone after it failed, or after it was asked for a key that it did not have, in seconds,
   * from 5 to 600; 30 where left out.
   */
  cooldown?: number;
  /** How long the issuer has to answer, in milliseconds, from 100 to 10000; 3000 where left out. */
  timeout?: number;
}

/** What is known of a key set that is fetched. Times are in seconds since the Unix epoch. */
export interface KeySetStatus {
  /** Whose keys these are. */
  issuer: string;
  /** Where it was fetched, or is to be. */
  source: string;
  /**
   * `fresh`; `stale`: used, and fetched again behind a request; `ifError`: used only while its issuer fails; `over`: not
   * used; `ahead`: fetched in the future, by a clock that was set back since; `none`: nothing was fetched yet.
   */
  phase: "fresh" | "stale" | "ifError" | "over" | "ahead" | "none";
  /** From where it came. */
  tier: "store" | "issuer" | "snapshot" | null;
  /** When it was fetched. */
  fetchedAt: number | null;
  /** From when on it is over. */
  ends: number | null;
  /** How many of its keys are usable. */
  keys: number;
  /** How the issuer failed, where it did not answer since. */
  failure: string | null;
}

/** The server that is asked about the tokens of an issuer (RFC 7662). Its secret is handed over beside the policy. */
export interface IntrospectionPolicy {
  /** `https`, but on this machine itself. */
  endpoint: string;
  /** The client id of this API at the server. */
  clientId: string;
  /** How it authenticates; `client_secret_basic` where left out. */
  authentication?: "client_secret_basic" | "client_secret_post";
  /** Which tokens the server is asked about: those that are no JWT, which is the default, or all of them. */
  tokens?: "opaque" | "all";
  /** What the opaque tokens begin with; needed where several issuers have a server to ask. */
  tokenPrefix?: string;
  /**
   * How long an answer is kept, in seconds, 300 at most; 30 where left out. After that at the latest a token that was
   * revoked is refused.
   */
  cacheSeconds?: number;
  /** How long the server has to answer, in milliseconds, from 100 to 10000; 3000 where left out. */
  timeout?: number;
}
