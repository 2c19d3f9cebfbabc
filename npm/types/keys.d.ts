// API keys: their form, their check and their life.
import type { DenyList, DenySnapshotPolicy } from "./deny-list.js";
import type { GatePolicy, ReviewPolicy } from "./gate.js";
import type { Host, Store } from "./host.js";
import type { CheckOptions, Verdict } from "./verdict.js";

/** What the store holds of a key, without the digest of its secret. All times are seconds since the Unix epoch. */
export interface KeyRecord {
  id: string;
  v: 1;
  /** The customer that the key belongs to. */
  organization: string;
  /** Who answers for the key's use. */
  owner: string;
  /** Who can be asked to revoke it, when the owner cannot. */
  revoker: string;
  /** What it is for. */
  name: string;
  environment: "live" | "test";
  scopes: readonly string[];
  created: number;
  /** The first second at which it is good. */
  notBefore?: number;
  /** The first second at which it is no longer good; left out where it is good until revoked. */
  expires?: number;
  disabled: boolean;
  /** Its end, for good. */
  revocation?: { at: number; by: string; reason: RevocationReason };
  /** The only addresses that may use it; empty where all may. */
  allowedCidrs: readonly string[];
  rateLimitClass?: string;
  rotation?: { replaces?: string; replacedBy?: string; overlapUntil?: number };
  /** Whether it came from elsewhere as a digest. */
  imported?: boolean;
  /** Whether it is meant to be seen: a report that it was seen revokes nothing. */
  publishable?: boolean;
  metadata: Readonly<Record<string, unknown>>;
}

/** Why a key was revoked. */
export type RevocationReason =
  | "key_compromise"
  | "superseded"
  | "affiliation_changed"
  | "privilege_withdrawn"
  | "unused";

/** A span of time: seconds, or a text such as `90d`, `12h` or `30m`. */
export type Span = number | string;

/** A point in time: seconds since the Unix epoch, or a span from now on such as `90d`. */
export type Moment = number | string;

/** What is known of the store that records are read from. Its figures stand in the stated bound of a revocation. */
export interface KeyStorePolicy {
  /**
   * How old a copy near the reader may be, in seconds: 0 for a store without such copies, or from 30 to 3600; 30 where
   * left out. Each read hands it to the store as `cacheTtl`.
   */
  cacheSeconds?: number;
  /** How long a written value may take until readers everywhere can see it, in seconds; 60 where left out. */
  propagationSeconds?: number;
  /** How long the store has to answer, in milliseconds, from 100 to 10000; 2000 where left out. */
  timeout?: number;
}

/** The API keys that are accepted. */
export interface ApiKeyPolicy {
  /** 2 to 12 characters of `a`–`z` and `0`–`9`. */
  prefix: string;
  environment: "live" | "test";
  /** Keys of another form that were imported as digests, by what they begin with; none where left out. */
  foreignKeys?: { prefixes: readonly string[] };
  /** How long an instance uses a record without asking the store again, in seconds; 15 where left out. */
  cacheSeconds?: number;
  /** How long after that it uses the record while the store does not answer, in seconds; 0 where left out. */
  maxStaleSeconds?: number;
  store?: KeyStorePolicy;
  /** How often the use of a key is noted, in seconds: 0 for never; 3600 where left out. */
  usageInterval?: number;
}

/** The form of the API keys. */
export interface ApiKeyForm extends ApiKeyPolicy {
  /** Secrets of at least 32 bytes that keys are sealed with, the current one first. */
  seals?: readonly (string | Uint8Array)[];
  /** The keys that are refused before they end, by `key` or `organization`. */
  deny?: DenyList;
  /** Strict mode: a signed deny list that must be at hand, and not too old. */
  denySnapshot?: DenySnapshotPolicy;
}

/** Checks API keys. */
export interface ApiKeyChecker {
  /** Never throws for a bad key. */
  check(key: string, options?: CheckOptions): Verdict | Promise<Verdict>;
}

/**
 * A checker for keys of this form, looked up in `host.store`.
 *
 * @throws Where the form is wrong.
 */
export declare function createApiKeyChecker(form: ApiKeyForm, host: Host): Promise<ApiKeyChecker>;

/** What a new key shall be. */
export interface NewKey {
  organization: string;
  owner: string;
  revoker: string;
  name: string;
  scopes?: readonly string[];
  notBefore?: Moment;
  /** Where left out the key is good until it is revoked. */
  expires?: Moment;
  allowedCidrs?: readonly string[];
  rateLimitClass?: string;
  publishable?: boolean;
  metadata?: Readonly<Record<string, unknown>>;
}

/** What shall be different about a key. What is left out stays; null takes away. */
export interface KeyChange {
  owner?: string;
  revoker?: string;
  name?: string;
  /** All of them, not what comes in addition. */
  scopes?: readonly string[];
  notBefore?: Moment | null;
  expires?: Moment | null;
  allowedCidrs?: readonly string[];
  rateLimitClass?: string | null;
  publishable?: boolean;
  metadata?: Readonly<Record<string, unknown>>;
}

/** A key that was made. `key` is its text, shown this once. */
export interface IssuedKey {
  id: string;
  key: string;
  record: KeyRecord;
}

/** What is noted of a key's use. */
export interface KeyUsage {
  v: 1;
  /** A use that was noted. The last one lies less than `precision` seconds later. */
  lastUsed?: number;
  precision: number;
  /** The scopes that requests needed, each with a time at which it was so. */
  exercised?: Readonly<Record<string, number>>;
  /** When the key was presented where keys of the other environment are taken. */
  otherEnvironment?: number;
  /** That it was seen where others could read it. */
  exposed?: { at: number; place: string };
}

/** A page of keys. */
export interface KeyPage {
  keys: readonly KeyRecord[];
  /** Records that cannot be read. */
  unreadable?: readonly { id: string; fault: string }[];
  /** What the next page is asked for with; null on the last one. */
  cursor: string | null;
}

/** Why a step in the life of a key was not done. Promises of {@link KeyAdmin} are rejected with it. */
export declare class KeyAdminError extends Error {
  /** A reason code, such as `key_not_found`, `key_state_conflict`, `write_conflict` or `store_unavailable`. */
  readonly code: string;
  /** The HTTP status that it would be: 503 says that nobody can tell what the store did. */
  readonly status: number;
}

/** How a credential fares: where several hold, the first of them. */
export type KeyState =
  | "unreadable"
  | "revoked"
  | "expired"
  | "superseded"
  | "unowned"
  | "disabled"
  | "not_yet_valid"
  | "active";

/** What ends a credential: nothing but a revocation, or a date; or it has ended. */
export type Lifecycle = "standing" | "expiring" | "ended";

/** A line of the inventory, by its `class`. */
export type InventoryLine = KeyLine | ClientSecretLine;

/** The line of an API key. What stands in the record is left out where that cannot be read. */
export interface KeyLine {
  class: "api_key";
  id: string;
  state: KeyState;
  lifecycle: Lifecycle | null;
  organization?: string;
  /** Empty where nobody is named. */
  owner?: string;
  revoker?: string;
  name?: string;
  environment?: "live" | "test";
  scopes?: readonly string[];
  created?: number;
  ageDays?: number;
  notBefore?: number | null;
  expires?: number | null;
  imported?: boolean;
  publishable?: boolean;
  rotation?: KeyRecord["rotation"] | null;
  revocation?: KeyRecord["revocation"] | null;
  /** When it was last let through, as far as that was noted, in seconds since the Unix epoch. */
  lastUsed: number | null;
  /** How far the last use may lie after that, in seconds. */
  lastUsedPrecision: number | null;
  /** There are notes of its use that cannot be read: the two above are not known. */
  usageUnreadable: boolean;
  /** Why the record cannot be read. */
  unreadable: string | null;
}

/** The line of one secret of an M2M client. */
export interface ClientSecretLine {
  class: "client_secret";
  /** The id of the client. */
  id: string;
  /** The id of the secret; null where the client's record cannot be read. */
  secret: string | null;
  state: KeyState;
  lifecycle: Lifecycle | null;
  issuer: string | null;
  clientId: string | null;
  organization: string | null;
  owner: string | null;
  revoker: string | null;
  name: string | null;
  scopes: readonly string[];
  /** Some letters of the secret. */
  hint: string | null;
  /** When it was made, where that is known. */
  created: number | null;
  /** How old it is at least. */
  ageDays: number | null;
  expires: number | null;
  /** When it was used last, as its issuer says: null where it never was, left out where the issuer does not say. */
  lastUsed?: number | null;
  /** When a token of the client was let through, as far as that was noted. */
  lastToken: number | null;
  lastTokenPrecision: number | null;
  /** There are notes of the client's tokens that cannot be read. */
  usageUnreadable: boolean;
  /** Why the record cannot be read. */
  unreadable: string | null;
}

/** A page of the inventory. It may be empty and not the last. */
export interface InventoryPage {
  lines: readonly InventoryLine[];
  /** What the next page is asked for with; null on the last one. */
  cursor: string | null;
}

/** How bad a finding is, the worst first. */
export type Severity = "critical" | "high" | "medium" | "low" | "info";

/** One line of a review. */
export interface ReviewFinding {
  /** The stable code of the rule. */
  rule: string;
  severity: Severity;
  /** What is wrong. */
  title: string;
  /** The risk in the OWASP Non-Human Identities Top 10, as `NHI7:2025`. */
  nhi: string;
  nhiName: string;
  /** The outcomes in the NIST Cybersecurity Framework 2.0, and in 1.1. */
  csf20: readonly string[];
  csf11: readonly string[];
  /** What it is about: a credential by its id, or a place in the policy by its JSON pointer. */
  subject: {
    class: "api_key" | "client_secret";
    /** The id of the key, or of the client. */
    id: string | null;
    /** The id of the client's secret, where it is about one. */
    secret?: string;
    pointer: string | null;
    organization: string | null;
    name: string | null;
    owner: string | null;
  };
  evidence: { words: string; facts: Readonly<Record<string, unknown>> };
  /** What the rule cannot see. */
  blindSpot: string;
  /** What to do about it. */
  advice: string;
  ask: { as: "owner" | "revoker" | "operator"; who: string | null };
  /** The command that mends it, safe to paste into a POSIX shell; what a person must fill in stands in angle brackets. */
  command: string | null;
}

/** What was counted. */
export interface ReviewSummary {
  keys: number;
  keysWithFindings: number;
  clients: number;
  clientsWithFindings: number;
  clientSecrets: number;
  byLifecycle: Readonly<Record<Lifecycle, number>>;
  byState: Readonly<Record<KeyState, number>>;
  findings: number;
  bySeverity: Readonly<Record<Severity, number>>;
  /** By the codes of the rules that found something. */
  byRule: Readonly<Record<string, number>>;
}

/** A page of a review. It may be empty and not the last. */
export interface ReviewPage {
  /** The findings of this page, the worst first. */
  findings: readonly ReviewFinding[];
  /** What was counted on this page. */
  summary: ReviewSummary;
  /** What the next page is asked for with; null on the last one. */
  cursor: string | null;
}

/** Which part of the store a document is about. */
export interface KeyDocumentOptions {
  /** Where it begins; at the first key where left out. */
  cursor?: string | null;
  /** About how many keys it is; all where left out. */
  limit?: number;
  /** A review begins with what is to be said about this policy. */
  policy?: GatePolicy | string;
}

/** What a document has come to. */
export interface KeyDocumentEnd {
  /** How many keys and clients were looked at. */
  keys: number;
  /** Where the rest begins; null where there is none. */
  cursor: string | null;
  /** What was counted in a review. */
  summary: ReviewSummary;
}

/** Looks through the keys of a store, page by page: what is in memory does not grow with their number. */
export interface KeyReviewing {
  /** A page about at most `limit` keys and clients, 100 where left out. Each secret of a client is a line. */
  inventory(page?: { cursor?: string | null; limit?: number }): Promise<InventoryPage>;
  /** A page with the findings about at most `limit` keys and clients, 100 where left out. */
  review(page?: { cursor?: string | null; limit?: number }): Promise<ReviewPage>;
  /**
   * The inventory as CSV, in parts. Where the store fails, the last part says that the text is not whole, and then the
   * error is thrown.
   */
  inventoryText(options?: Omit<KeyDocumentOptions, "policy">): AsyncGenerator<string, KeyDocumentEnd, void>;
  /** The review as CSV, or as a page for a person, in parts as {@link KeyReviewing.inventoryText}. */
  reviewText(format: "csv" | "html", options?: KeyDocumentOptions): AsyncGenerator<string, KeyDocumentEnd, void>;
}

/**
 * What a review has to say about a policy: a page without keys.
 *
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 */
export declare function reviewPolicy(policy: GatePolicy | string): ReviewPage;

/** Issues, changes and ends API keys. Every step is safe against others at the same time, as far as the store's `swap` is. */
export interface KeyAdmin extends KeyReviewing {
  issue(key: NewKey): Promise<IssuedKey>;
  /** A page of at most `limit` keys, 100 where left out. */
  list(page?: { cursor?: string | null; limit?: number }): Promise<KeyPage>;
  show(id: string): Promise<{ record: KeyRecord; usage: KeyUsage }>;
  update(id: string, change: KeyChange): Promise<KeyRecord>;
  /** A new key in the place of an old one, which stays good for the overlap; where left out it ends at once. */
  rotate(id: string, rotation?: { overlap?: Span; expires?: Moment }): Promise<IssuedKey>;
  disable(id: string): Promise<KeyRecord>;
  enable(id: string): Promise<KeyRecord>;
  /** Ends a key for good. */
  revoke(id: string, revocation: { by: string; reason: RevocationReason }): Promise<KeyRecord>;
  /** Ends a key for whoever holds it. */
  revokeHeld(key: string, revocation: { by: string; reason: RevocationReason }): Promise<KeyRecord>;
  /** Stores the record of a key that was issued elsewhere; `digest` is `sha-256:` and the SHA-256 of its text in hexadecimal. JSON text is taken too. */
  import(key: (NewKey & { digest: string }) | string): Promise<{ id: string; record: KeyRecord }>;
}

/** The form of the keys, and the limits of their review. */
export interface KeyAdminForm extends ApiKeyForm {
  review?: ReviewPolicy;
}

/** What the life of keys needs: a store that can be written, and, for tests, the clock. */
export interface KeyAdminHost extends Host {
  store: Store;
}

/**
 * The life of the keys of this form in `host.store`.
 *
 * @example
 * const admin = await createKeyAdmin({ prefix: "acme", environment: "live" }, { store });
 * const { key } = await admin.issue({ organization: "org_1", owner: "ada", revoker: "security", name: "nightly export" });
 *
 * @throws Where the form is wrong, or the store takes no writes.
 */
export declare function createKeyAdmin(form: KeyAdminForm, host: KeyAdminHost): Promise<KeyAdmin>;
