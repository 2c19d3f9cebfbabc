// API keys: their form, their check and their life.
import type { DenyList, DenySnapshotPolicy } from "./deny-list.js";
import type { GatePolicy, ReviewPolicy } from "./gate.js";
import type { Host, Store } from "./host.js";
import type { Lifetime } from "./lifetime.js";
import type { CheckOptions, Verdict } from "./verdict.js";

/** What the store holds of a key, without the digest of its secret. All times are seconds since the Unix epoch. */
export interface KeyRecord {
  /** The id, which stands in the key too. */
  id: string;
  /** The version of the record. */
  v: 1;
  /** The customer that the key belongs to. */
  organization: string;
  /** Who answers for the key's use. */
  owner: string;
  /** Who can be asked to revoke it, when the owner cannot. */
  revoker: string;
  /** What it is for. */
  name: string;
  /** Where it is good. */
  environment: "live" | "test";
  /** What it may do. */
  scopes: readonly string[];
  /** When it was issued, or imported. */
  created: number;
  /** The first second at which it is good. */
  notBefore?: number;
  /** The first second at which it is no longer good; left out where it is good until revoked. */
  expires?: number;
  /** Whether it is switched off. */
  disabled: boolean;
  /** Its end, for good. */
  revocation?: { at: number; by: string; reason: RevocationReason };
  /** The only addresses that may use it; empty where all may. */
  allowedCidrs: readonly string[];
  /** The class of its limits, where it has others than most. */
  rateLimitClass?: string;
  /** Which key it took the place of, which one takes its place, and until when both are good. */
  rotation?: { replaces?: string; replacedBy?: string; overlapUntil?: number };
  /** Whether it came from elsewhere as a digest. */
  imported?: boolean;
  /** Whether it is meant to be seen: a report that it was seen revokes nothing. */
  publishable?: boolean;
  /** What else the issuer keeps of it. */
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
  /** The keys of which environment are accepted. */
  environment: "live" | "test";
  /** Keys of another form that were imported as digests, by what they begin with; none where left out. */
  foreignKeys?: { prefixes: readonly string[] };
  /** How long an instance uses a record without asking the store again, in seconds; 15 where left out. */
  cacheSeconds?: number;
  /** How long after that it uses the record while the store does not answer, in seconds; 0 where left out. */
  maxStaleSeconds?: number;
  /** What is known of the store. */
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
export interface ApiKeyChecker extends Lifetime {
  /**
   * Never throws for a bad key.
   *
   * @param key The key, as it was presented.
   * @param options The scopes that are needed, the client's address, the time.
   * @returns The verdict: at once where the store answers at once or the key is known from before, otherwise a promise of it.
   * @throws Where the options are of another shape, or the checker was freed; never for a key.
   *
   * @example
   * ```ts
   * const verdict = await checker.check(key, { scopes: ["reports:read"] });
   * if (verdict.ok && verdict.class === "api_key") console.log(verdict.credentialId, verdict.record["name"]);
   * ```
   */
  check(key: string, options?: CheckOptions): Verdict | Promise<Verdict>;
}

/**
 * A checker for keys of this form, looked up in `host.store`.
 *
 * @param form The form of the keys.
 * @param host What the runtime lends; a `store` at the least.
 * @returns The checker. It holds memory of the core until it is freed or collected.
 * @throws Where the form is wrong.
 *
 * @example
 * ```ts
 * import { createApiKeyChecker } from "edgeward";
 * import { memoryStore } from "edgeward/store/memory";
 *
 * const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store: memoryStore() });
 * const verdict = await checker.check("acme_live_0123", { scopes: ["reports:read"], ip: "192.0.2.7" });
 * if (!verdict.ok) console.log(verdict.status, verdict.code);
 * ```
 */
export declare function createApiKeyChecker(form: ApiKeyForm, host: Host): Promise<ApiKeyChecker>;

/** What a new key shall be. */
export interface NewKey {
  /** The customer that it belongs to. */
  organization: string;
  /** Who answers for its use. */
  owner: string;
  /** Who can be asked to revoke it, when the owner cannot. */
  revoker: string;
  /** What it is for. */
  name: string;
  /** What it may do; nothing that needs a scope where left out. */
  scopes?: readonly string[];
  /** From when on it is good; at once where left out. */
  notBefore?: Moment;
  /** Where left out the key is good until it is revoked. */
  expires?: Moment;
  /** The only addresses that may use it; all where left out. */
  allowedCidrs?: readonly string[];
  /** The class of its limits, where it has others than most. */
  rateLimitClass?: string;
  /** Whether it is meant to be seen: a report that it was seen revokes nothing. */
  publishable?: boolean;
  /** What else shall be kept of it. */
  metadata?: Readonly<Record<string, unknown>>;
}

/** What shall be different about a key. What is left out stays; null takes away. */
export interface KeyChange {
  /** Who answers for its use. */
  owner?: string;
  /** Who can be asked to revoke it, when the owner cannot. */
  revoker?: string;
  /** What it is for. */
  name?: string;
  /** All of them, not what comes in addition. */
  scopes?: readonly string[];
  /** From when on it is good. */
  notBefore?: Moment | null;
  /** From when on it is no longer good. */
  expires?: Moment | null;
  /** The only addresses that may use it; an empty array for all. */
  allowedCidrs?: readonly string[];
  /** The class of its limits. */
  rateLimitClass?: string | null;
  /** Whether it is meant to be seen. */
  publishable?: boolean;
  /** What else shall be kept of it, all of it. */
  metadata?: Readonly<Record<string, unknown>>;
}

/** A key that was made. `key` is its text, shown this once. */
export interface IssuedKey {
  /** Its id, which is no secret. */
  id: string;
  /** The key itself. It is kept nowhere: whoever loses it needs another one. */
  key: string;
  /** What the store holds of it. */
  record: KeyRecord;
}

/** What is noted of a key's use. */
export interface KeyUsage {
  /** The version of the notes. */
  v: 1;
  /** A use that was noted. The last one lies less than `precision` seconds later. */
  lastUsed?: number;
  /** How far apart notes are, in seconds. */
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
  /** The keys of this page. */
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
  /** The class of the credential. */
  class: "api_key";
  /** The id of the key. */
  id: string;
  /** How it fares. */
  state: KeyState;
  /** What ends it; null where the record cannot be read. */
  lifecycle: Lifecycle | null;
  /** The customer that it belongs to. */
  organization?: string;
  /** Empty where nobody is named. */
  owner?: string;
  /** Who can be asked to revoke it; empty where nobody is named. */
  revoker?: string;
  /** What it is for. */
  name?: string;
  /** Where it is good. */
  environment?: "live" | "test";
  /** What it may do. */
  scopes?: readonly string[];
  /** When it was issued, in seconds since the Unix epoch. */
  created?: number;
  /** How old it is, in days. */
  ageDays?: number;
  /** The first second at which it is good, since the Unix epoch; null where that was so from the start. */
  notBefore?: number | null;
  /** The first second at which it is no longer good; null where it is good until revoked. */
  expires?: number | null;
  /** Whether it came from elsewhere as a digest. */
  imported?: boolean;
  /** Whether it is meant to be seen. */
  publishable?: boolean;
  /** As in its record. */
  rotation?: KeyRecord["rotation"] | null;
  /** As in its record. */
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
  /** The class of the credential. */
  class: "client_secret";
  /** The id of the client. */
  id: string;
  /** The id of the secret; null where the client's record cannot be read. */
  secret: string | null;
  /** How it fares. */
  state: KeyState;
  /** What ends it; null where the record cannot be read. */
  lifecycle: Lifecycle | null;
  /** Whose client it is. This and what follows is null where the record cannot be read or does not say it. */
  issuer: string | null;
  /** What its issuer calls the client. */
  clientId: string | null;
  /** The customer that it belongs to. */
  organization: string | null;
  /** Who answers for its use. */
  owner: string | null;
  /** Who can be asked to end it, when the owner cannot. */
  revoker: string | null;
  /** What the client is for. */
  name: string | null;
  /** What its tokens may do. */
  scopes: readonly string[];
  /** Some letters of the secret. */
  hint: string | null;
  /** When it was made, where that is known. */
  created: number | null;
  /** How old it is at least. */
  ageDays: number | null;
  /** The first second at which it is no longer good, since the Unix epoch; null where it is good until ended. */
  expires: number | null;
  /** When it was used last, as its issuer says: null where it never was, left out where the issuer does not say. */
  lastUsed?: number | null;
  /** When a token of the client was let through, as far as that was noted. */
  lastToken: number | null;
  /** How far the last token may lie after that, in seconds. */
  lastTokenPrecision: number | null;
  /** There are notes of the client's tokens that cannot be read. */
  usageUnreadable: boolean;
  /** Why the record cannot be read. */
  unreadable: string | null;
}

/** A page of the inventory. It may be empty and not the last. */
export interface InventoryPage {
  /** A line for each key, and for each secret of a client. */
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
  /** How bad it is. */
  severity: Severity;
  /** What is wrong. */
  title: string;
  /** The risk in the OWASP Non-Human Identities Top 10, as `NHI7:2025`. */
  nhi: string;
  /** What that risk is called there. */
  nhiName: string;
  /** The outcomes in the NIST Cybersecurity Framework 2.0, and in 1.1. */
  csf20: readonly string[];
  /** The outcomes in version 1.1. */
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
  /** What was seen, in words and as facts. */
  evidence: { words: string; facts: Readonly<Record<string, unknown>> };
  /** What the rule cannot see. */
  blindSpot: string;
  /** What to do about it. */
  advice: string;
  /** Whom to ask. */
  ask: { as: "owner" | "revoker" | "operator"; who: string | null };
  /** The command that mends it, safe to paste into a POSIX shell; what a person must fill in stands in angle brackets. */
  command: string | null;
}

/** What was counted. */
export interface ReviewSummary {
  /** How many keys were looked at. */
  keys: number;
  /** How many of them something is to be said about. */
  keysWithFindings: number;
  /** How many clients were looked at. */
  clients: number;
  /** How many of them something is to be said about. */
  clientsWithFindings: number;
  /** How many secrets they have. */
  clientSecrets: number;
  /** Keys, and secrets of clients, by what ends them. */
  byLifecycle: Readonly<Record<Lifecycle, number>>;
  /** Keys, and secrets of clients, by how they fare. */
  byState: Readonly<Record<KeyState, number>>;
  /** How many findings there are. */
  findings: number;
  /** The findings by how bad they are. */
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
  /** About how many keys and clients it is; all where left out. */
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

/** Looks through the keys and the clients of a store, page by page: what is in memory does not grow with their number. */
export interface KeyReviewing {
  /**
   * A page about at most `limit` keys and clients, 100 where left out. Each secret of a client is a line.
   *
   * @example
   * ```ts
   * const { lines } = await admin.inventory({ limit: 50 });
   * for (const line of lines) if (line.class === "api_key") console.log(line.id, line.state, line.owner);
   * ```
   */
  inventory(page?: { cursor?: string | null; limit?: number }): Promise<InventoryPage>;
  /**
   * A page with the findings about at most `limit` keys and clients, 100 where left out.
   *
   * @example
   * ```ts
   * const { findings, summary } = await admin.review();
   * console.log(summary.bySeverity.critical, findings[0]?.title);
   * ```
   */
  review(page?: { cursor?: string | null; limit?: number }): Promise<ReviewPage>;
  /**
   * The inventory as CSV, in parts. Where the store fails, the last part says that the text is not whole, and then the
   * error is thrown.
   *
   * @example
   * ```ts
   * for await (const part of admin.inventoryText()) console.log(part);
   * ```
   */
  inventoryText(options?: Omit<KeyDocumentOptions, "policy">): AsyncGenerator<string, KeyDocumentEnd, void>;
  /**
   * The review as CSV, or as a page for a person, in parts as {@link KeyReviewing.inventoryText}.
   *
   * @example
   * ```ts
   * for await (const part of admin.reviewText("html", { policy })) console.log(part.length);
   * ```
   */
  reviewText(format: "csv" | "html", options?: KeyDocumentOptions): AsyncGenerator<string, KeyDocumentEnd, void>;
}

/**
 * What a review has to say about a policy: a page without keys.
 *
 * @param policy The policy of a gate, as an object or as JSON text.
 * @throws {PolicyError} Where the policy is wrong, with every fault by its JSON pointer.
 *
 * @example
 * ```ts
 * import { reviewPolicy } from "edgeward";
 *
 * for (const { severity, title, advice } of reviewPolicy({ routes: [] }).findings) console.log(severity, title, advice);
 * ```
 */
export declare function reviewPolicy(policy: GatePolicy | string): ReviewPage;

/** Issues, changes and ends API keys. Every step is safe against others at the same time, as far as the store's `swap` is. */
export interface KeyAdmin extends KeyReviewing, Lifetime {
  /**
   * Makes a key and stores its record, which has a digest in the place of the secret.
   *
   * @returns The key, this once, its id and its record.
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { key, record } = await admin.issue({
   *   organization: "org_1",
   *   owner: "ada@example.com",
   *   revoker: "security@example.com",
   *   name: "nightly export",
   * });
   * console.log(key.startsWith("acme_live_"), record.created);
   * ```
   */
  issue(key: NewKey): Promise<IssuedKey>;
  /**
   * A page of at most `limit` keys, 100 where left out.
   *
   * @throws {KeyAdminError} Where the store does not answer.
   *
   * @example
   * ```ts
   * let cursor: string | null = null;
   * do {
   *   const page = await admin.list({ cursor, limit: 50 });
   *   for (const record of page.keys) console.log(record.id, record.name);
   *   cursor = page.cursor;
   * } while (cursor !== null);
   * ```
   */
  list(page?: { cursor?: string | null; limit?: number }): Promise<KeyPage>;
  /**
   * What the store holds of a key, and what is noted of its use.
   *
   * @throws {KeyAdminError} Where there is no such key, or the store does not answer.
   *
   * @example
   * ```ts
   * const { record, usage } = await admin.show(id);
   * console.log(record.owner, usage.lastUsed ?? "never used");
   * ```
   */
  show(id: string): Promise<{ record: KeyRecord; usage: KeyUsage }>;
  /**
   * Changes what a record says of its key.
   *
   * @returns The record as it is now.
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * await admin.update(id, { owner: "grace@example.com", scopes: ["reports:read", "reports:write"], expires: "30d" });
   * ```
   */
  update(id: string, change: KeyChange): Promise<KeyRecord>;
  /**
   * A new key in the place of an old one, which stays good for the overlap; where left out it ends at once.
   *
   * @returns The new key, this once, its id and its record.
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const next = await admin.rotate(id, { overlap: "24h", expires: "90d" });
   * console.log(next.record.rotation?.replaces === id);
   * ```
   */
  rotate(id: string, rotation?: { overlap?: Span; expires?: Moment }): Promise<IssuedKey>;
  /**
   * Switches a key off; it can be switched on again.
   *
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * await admin.disable(id);
   * ```
   */
  disable(id: string): Promise<KeyRecord>;
  /**
   * Switches a key on again.
   *
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * await admin.disable(id);
   * await admin.enable(id);
   * ```
   */
  enable(id: string): Promise<KeyRecord>;
  /**
   * Ends a key for good.
   *
   * @param revocation Who revokes it, and why.
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { revocation } = await admin.revoke(id, { by: "security@example.com", reason: "key_compromise" });
   * console.log(revocation?.at);
   * ```
   */
  revoke(id: string, revocation: { by: string; reason: RevocationReason }): Promise<KeyRecord>;
  /**
   * Ends a key for whoever holds it.
   *
   * @param key The key itself: its check must hold, so that nobody revokes by an id alone.
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * await admin.revokeHeld(key, { by: "ada@example.com", reason: "superseded" });
   * ```
   */
  revokeHeld(key: string, revocation: { by: string; reason: RevocationReason }): Promise<KeyRecord>;
  /**
   * Stores the record of a key that was issued elsewhere, where the form has `foreignKeys`; `digest` is `sha-256:` and the SHA-256 of its text in hexadecimal. JSON text is taken too.
   *
   * @throws {KeyAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * import { createHash } from "node:crypto";
   *
   * const digest = createHash("sha256").update("old_0123456789abcdef0123456789abcdef").digest("hex");
   * const { record } = await admin.import({
   *   organization: "org_1",
   *   owner: "ada@example.com",
   *   revoker: "security@example.com",
   *   name: "from the old system",
   *   digest: `sha-256:${digest}`,
   * });
   * console.log(record.imported);
   * ```
   */
  import(key: (NewKey & { digest: string }) | string): Promise<{ id: string; record: KeyRecord }>;
}

/** The form of the keys, and the limits of their review. */
export interface KeyAdminForm extends ApiKeyForm {
  /** The limits of the review. */
  review?: ReviewPolicy;
}

/** What the life of keys needs: a store that can be written, and, for tests, the clock. */
export interface KeyAdminHost extends Host {
  /** Where the records are. It must take writes. */
  store: Store;
}

/**
 * The life of the keys of this form in `host.store`.
 *
 * @param form The form of the keys, and the limits of their review.
 * @param host What the runtime lends; a `store` that takes writes at the least.
 * @returns The administration. It holds memory of the core until it is freed or collected.
 * @throws Where the form is wrong, or the store takes no writes.
 *
 * @example
 * ```ts
 * import { createKeyAdmin } from "edgeward";
 * import { memoryStore } from "edgeward/store/memory";
 *
 * const admin = await createKeyAdmin({ prefix: "acme", environment: "live" }, { store: memoryStore() });
 * const { id, key } = await admin.issue({
 *   organization: "org_1",
 *   owner: "ada@example.com",
 *   revoker: "security@example.com",
 *   name: "nightly export",
 *   scopes: ["reports:read"],
 *   expires: "90d",
 * });
 * console.log(id, key.length);
 * ```
 */
export declare function createKeyAdmin(form: KeyAdminForm, host: KeyAdminHost): Promise<KeyAdmin>;
