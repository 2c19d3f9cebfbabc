import type { GatePolicy } from "./gate.js";

export * from "./audit-types.js";
export * from "./gate.js";
export * from "./keys.js";
export * from "./origin.js";

/** The version of the core. */
export declare function version(): string;

/** How often the core was started anew, after a failure of its own, since it was loaded. */
export declare function coreRestarts(): number;

/** The two operating models of a machine credential. */
export type CredentialClass = "m2m_token" | "api_key";

/** A JSON Web Key Set (RFC 7517). */
export interface JsonWebKeySet {
  keys: readonly object[];
}

/** A key set with where and when it was fetched, how long it is good (both in seconds), and its digest. */
export interface Snapshot extends JsonWebKeySet {
  source?: string;
  fetchedAt: number;
  maxAge: number;
  digest: string;
}

/** One page of the names of a store, as Cloudflare KV lists them. */
export interface StoreListing {
  keys: readonly { name: string }[];
  /** Whether this is the last page. */
  list_complete: boolean;
  /** What the next page is asked for with. */
  cursor?: string;
}

/**
 * A store of records, as Cloudflare KV has it. Checking keys takes `get` alone; issuing and changing them takes `put`,
 * `delete` and `list` as well. Where several processes change records, the store needs `swap`: without it, writes are
 * safe against each other within one process only.
 */
export interface Store {
  /** The value under this key, or null. `cacheTtl` is the age, in seconds, up to which a copy nearby will do. */
  get(key: string, options?: { cacheTtl?: number }): Promise<string | Uint8Array | null> | string | Uint8Array | null;
  /** Puts a value under this key: for good, or for so many seconds, 60 at least. */
  put?(key: string, value: string, options?: { expirationTtl?: number }): Promise<unknown> | unknown;
  /** Removes the value under this key; none there is as good. */
  delete?(key: string): Promise<unknown> | unknown;
  /** A page of the names that begin with `prefix`, `limit` of them at most. */
  list?(options: { prefix: string; cursor?: string; limit: number }): Promise<StoreListing> | StoreListing;
  /** The value that was written last, past every copy; `get` where left out. */
  latest?(key: string): Promise<string | Uint8Array | null> | string | Uint8Array | null;
  /**
   * In one step: where the value under this key is still `expected` (null: there is none), puts `value` in its place
   * (null: removes it) and says true. Where it is another one by now, changes nothing and says false.
   */
  swap?(key: string, expected: string | null, value: string | null): Promise<boolean> | boolean;
}

/** What the runtime lends. Each part is optional and defaults to the platform's own. */
export interface Host {
  /** The time in milliseconds since the Unix epoch. */
  now?: () => number;
  /** Where API keys are looked up, and where key sets that were fetched are shared. */
  store?: Store;
  /**
   * Keeps the runtime going until a promise is settled that no answer waits for, such as the fetch of a key set. Where
   * left out, the platform's own: that of `cloudflare:workers` in workerd; other hosts need none.
   */
  waitUntil?: (work: Promise<unknown>) => void;
  /** Sends requests to the servers that a policy names, as the platform's `fetch`. */
  fetch?: (url: string, request: RequestInit) => Promise<Response>;
  /** Who checks signatures: the platform where it can, which is the default, or the core alone. */
  signatures?: "native" | "wasm";
}

/** Secrets by issuer, as an object or as JSON text: those with which this API authenticates at introspection endpoints. */
export type IntrospectionSecrets = Readonly<Record<string, string>> | string;

/** What a verifier for M2M tokens is lent. */
export interface TokenHost extends Host {
  introspectionSecrets?: IntrospectionSecrets;
}

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
  issuedAt: number | null;
  /** From when on it does not count. */
  ends: number | null;
  maxAge: number;
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

/** The signature algorithms. */
export type Algorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "ES256K"
  | "EdDSA"
  | "Ed25519"
  | "ML-DSA-44"
  | "ML-DSA-65"
  | "ML-DSA-87";

/** What both classes tell of an allowed credential. */
interface AllowedVerdict {
  ok: true;
  /** The token's `sub`, or the owner of the key. */
  subject: string | null;
  organization: string | null;
  clientId: string | null;
  /** The id of an API key, or the token's `jti`. */
  credentialId: string | null;
  scopes: string[];
  /** When the credential ends, in seconds since the Unix epoch. */
  expires: number | null;
  issuer: string | null;
  kid: string | null;
  algorithm: Algorithm | null;
  /** What the token is bound to, which its sender has proven to hold; null for one that is good in anybody's hands. */
  sender: "dpop" | "mtls" | "dpop+mtls" | null;
  /**
   * Whether what was authenticated was known from before: `hit`, or `stale` where the store did not answer. What was
   * decided is always decided anew.
   */
  cache: "hit" | "stale" | "miss";
}

/** An M2M token that is good. */
export interface AllowedToken extends AllowedVerdict {
  class: "m2m_token";
  /** The claims, as they were signed. */
  claims: Record<string, unknown>;
}

/** An API key that is good. */
export interface AllowedKey extends AllowedVerdict {
  class: "api_key";
  /** The record, without its digest. */
  record: Record<string, unknown>;
}

/** A credential that is refused, or cannot be judged. */
export interface DeniedVerdict {
  ok: false;
  class?: CredentialClass;
  /** The stable reason code. */
  code: string;
  /** 401 or 403 say no, 400 that the request is at fault, 503 that it cannot be told. */
  status: number;
  title: string;
  detail: string;
  /** The value for `WWW-Authenticate`, where a challenge is due. */
  challenge: string | null;
  /** In how many seconds it is worth another try, where `status` is 429. */
  retryAfter?: number;
}

/** The one answer. */
export type Verdict = AllowedToken | AllowedKey | DeniedVerdict;

/** What a single check may be asked beside the credential. */
export interface VerifyOptions {
  /** The scopes that are needed, all of them. */
  scopes?: readonly string[];
  /** The time in milliseconds since the Unix epoch, in place of the host's. */
  now?: number;
}

/** As {@link VerifyOptions}, with the client's address. */
export interface CheckOptions extends VerifyOptions {
  /** The client's address, for keys that are good from some addresses only. */
  ip?: string;
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
export interface JwtVerifier {
  /** Never throws for a bad token. Answers at once where the platform's signature check does, otherwise by a promise. */
  verify(token: string, options?: TokenVerifyOptions): Verdict | Promise<Verdict>;
  /** Answers at once, on every host. */
  verifySync(token: string, options?: TokenVerifyOptions): Verdict;
  /**
   * Fetches the key sets that are fetched, unless that was done a moment ago, and fills the store with them: for a job by
   * the clock, so that no request waits for it. Never throws; what is known of the sets then.
   */
  refresh(): Promise<KeySetStatus[]>;
  /** What is known of the key sets that are fetched. */
  keySets(): KeySetStatus[];
  /** What is known of the signed deny list; null without strict mode. */
  denySnapshot(): DenySnapshotStatus | null;
  /**
   * Puts a deny list in the place of that of the policy, as a whole, from the next verdict on; the signed one is another.
   *
   * @throws Where the list is wrong; the one before then stays in force.
   */
  setDenyList(list: DenyList | string): void;
}

/**
 * A verifier for the tokens of these issuers.
 *
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 */
export declare function createJwtVerifier(policy: TokenPolicy | string, host?: TokenHost): Promise<JwtVerifier>;

/** What {@link verifyJws} is told. */
export interface JwsOptions {
  /** The algorithms that are accepted. */
  algorithms: readonly Algorithm[];
  /** The largest JWS that is looked at, in bytes; 16384 where left out, 2097152 at most. */
  maxBytes?: number;
}

/** A JWS whose signature holds. What its payload says was not looked at. */
export interface VerifiedJws {
  ok: true;
  /** The header, as it was signed. */
  header: Record<string, unknown>;
  payload: Uint8Array;
  /** The id of the key, where it has one. */
  kid: string | null;
  algorithm: Algorithm;
}

/** What {@link verifyJws} answers. */
export type JwsVerdict = VerifiedJws | DeniedVerdict;

/**
 * Verifies the signature of a JWS in the compact form (RFC 7515), and nothing else: no issuer, no time, no audience. It
 * is for payloads that are no access tokens; those are for {@link createJwtVerifier}. Never throws for a bad JWS.
 *
 * @throws Where the key set or the options are wrong.
 */
export declare function verifyJws(
  compact: string,
  jwks: JsonWebKeySet | Snapshot | string,
  options: JwsOptions,
  host?: Host,
): JwsVerdict | Promise<JwsVerdict>;

/** What {@link inspect} may use. */
export interface InspectOptions {
  /** A key set or a snapshot whose keys are tried. */
  jwks?: JsonWebKeySet | Snapshot | string;
  /** The time in milliseconds since the Unix epoch. */
  now?: number;
}

/** A reason, with its words. */
export interface Fault {
  code: string;
  title: string;
  /** The section of the standard behind it. */
  section: string;
  note: string | null;
}

/** A segment of a token, decoded as far as it goes. */
export interface InspectedPart {
  text: string | null;
  fault: Fault | null;
}

/** What can be said of a credential without a policy. */
export interface Inspection {
  class: CredentialClass | null;
  token: {
    form: Fault | null;
    header: InspectedPart;
    payload: InspectedPart;
    signatureBytes: number | null;
    /** Whether the signature holds under a key that was given. It says nothing of whether the key is to be trusted. */
    mathematics: {
      holds: boolean | null;
      kid: string | null;
      algorithm: Algorithm | null;
      fault: Fault | null;
      refusedKeys: string[];
    };
    times: { claim: "iat" | "nbf" | "exp"; at: number; past: boolean }[];
  } | null;
  key: {
    prefix: string;
    environment: "live" | "test";
    id: string;
    /** Where the secret begins and ends, in characters. */
    secretAt: [number, number];
    /** Whether the check is the unsealed one; a sealed check cannot be judged without the seal. */
    checkHolds: boolean;
  } | null;
}

/**
 * Looks into a credential, for people.
 *
 * @throws Where `jwks` is not JSON.
 */
export declare function inspect(credential: string, options?: InspectOptions): Inspection;

/** What {@link takeSnapshot} is told and lent. */
export interface SnapshotOptions extends Pick<Host, "fetch" | "now"> {
  /** How long the keys are good, in seconds; a week where left out. */
  maxAge?: number;
}

/** A snapshot that was taken. */
export interface SnapshotTaken {
  snapshot: Required<Snapshot>;
  /** The issuer, where its metadata led to the keys; null where a URL of a key set was given. */
  issuer: string | null;
  /** How many keys are usable with one algorithm or another. */
  keys: number;
  /** The keys that are of no use, each with why. */
  refused: string[];
}

/**
 * Fetches the keys of an issuer by its metadata (OpenID Connect Discovery 1.0, else RFC 8414), or those at the URL of a key
 * set, for a deployment to bring along.
 *
 * @throws Where there are none, with what each place answered.
 */
export declare function takeSnapshot(issuerOrUrl: string, options?: SnapshotOptions): Promise<SnapshotTaken>;

/** One fault of a policy. */
export interface PolicyFault {
  /** Where it is: a JSON pointer (RFC 6901), empty for the document as a whole. */
  pointer: string;
  /** What is wrong. */
  reason: string;
  /** What to write instead, or to look at. */
  hint: string | null;
}

/**
 * What is thrown where a policy, or a part of one, cannot be used. The message names every fault; by its `name` it is told
 * from other errors.
 */
export interface PolicyError extends Error {
  name: "PolicyError";
  faults: readonly PolicyFault[];
}

/** What {@link lint} is told. */
export interface LintOptions extends Pick<Host, "now"> {
  /** The snapshots that are deployed with the policy, by issuer. */
  snapshots?: Record<string, JsonWebKeySet | Snapshot> | string;
  /**
   * The Workers routes that lead to the gate, as `GET /zones/{zone_id}/workers/routes` of Cloudflare's API answers: the whole
   * answer, its `result`, or the text of either.
   */
  workersRoutes?: object | string;
}

/** What is legal in a policy and unwise. */
export interface LintFinding {
  /** The stable code of the rule. */
  rule: string;
  severity: "low" | "medium" | "high";
  /** The risk in the OWASP Non-Human Identities Top 10, as `NHI6:2025`. */
  nhi: string;
  /** In which document it is. */
  document: "policy" | "workersRoutes";
  /** Where it is there: a JSON pointer (RFC 6901). */
  pointer: string;
  /** What is wrong. */
  title: string;
  /** More about this one. */
  evidence: string | null;
  /** What to do about it. */
  advice: string;
}

/**
 * Looks through a policy for what is legal and unwise; the worst comes first.
 *
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 */
export declare function lint(policy: GatePolicy | string, options?: LintOptions): LintFinding[];
