// M2M clients: records of them, and of the secrets that they ask for tokens with, apart from any token.
import type { ReviewPolicy } from "./gate.js";
import type { Host, Store } from "./host.js";
import type { KeyReviewing, Moment } from "./keys.js";
import type { Lifetime } from "./lifetime.js";

/** That something was ended. */
export interface ClientEnd {
  /** When that was put on record. */
  at: number;
  /** By whom; `import` where a listing named it no more. */
  by: string;
}

/** What is known of one secret of a client: that it exists. It is never the secret. */
export interface ClientSecretRecord {
  /** What its issuer calls it, or what it is called here. */
  id: string;
  /** Some letters of it, by which a person tells it from others. */
  hint?: string;
  /** When it was made, where that is known. */
  created?: number;
  /** When it was put on record here. */
  noted: number;
  /** The first second at which it is no longer good; left out where it is good until somebody ends it. */
  expires?: number;
  /** That it was ended. */
  revoked?: ClientEnd;
  /** When it was used last, as its issuer says: null where it never was, left out where the issuer does not say. */
  lastUsed?: number | null;
}

/** What the store holds of a client. All times are seconds since the Unix epoch. */
export interface ClientRecord {
  /** What it is called here: made of its issuer and its name there. */
  id: string;
  /** The version of the record. */
  v: 1;
  /** Whose client it is: the issuer, as its tokens name it. */
  issuer: string;
  /** What its issuer calls it. */
  clientId: string;
  /** What it is for. */
  name: string;
  /** The customer that it belongs to. */
  organization?: string;
  /** Who answers for its use. The listings of issuers name nobody, so that it may be missing. */
  owner?: string;
  /** Who can be asked to end it, when the owner cannot. */
  revoker?: string;
  /** What its tokens may do. */
  scopes: readonly string[];
  /** When it was made at its issuer, where that is known. */
  created?: number;
  /** When it was put on record here. */
  noted: number;
  /** That it is of no more interest. */
  removal?: ClientEnd;
  /** What is known of its secrets. */
  secrets: readonly ClientSecretRecord[];
  /** What else is kept of it. */
  metadata: Readonly<Record<string, unknown>>;
}

/** A secret, as far as it is described. */
export interface NewClientSecret {
  /** What its issuer calls it, with 40 characters at most; it gets a number where left out. */
  id?: string;
  /** Some letters of it, 12 at most. */
  hint?: string;
  /** Seconds since the Unix epoch. */
  created?: number;
  /** From when on it is no longer good; left out where it is good until somebody ends it. */
  expires?: Moment;
  /** Null where it never was used; left out where nobody knows. */
  lastUsed?: number | null;
}

/** A client as a listing of its issuer describes it. What is left out is not known. */
export interface ListedClient {
  /** Whose client it is: the issuer, as its tokens name it. */
  issuer: string;
  /** What its issuer calls it. */
  clientId: string;
  /** What it is for; what its issuer calls it where left out. */
  name?: string;
  /** The customer that it belongs to. */
  organization?: string;
  /** Who answers for its use. */
  owner?: string;
  /** Who can be asked to end it, when the owner cannot. */
  revoker?: string;
  /** What its tokens may do. */
  scopes?: readonly string[];
  /** Seconds since the Unix epoch. */
  created?: number;
  /** All of its secrets. In an import `[{}]` says no more than that it has one: what was noted of that stays. */
  secrets?: readonly NewClientSecret[];
  /** What else shall be kept of it. */
  metadata?: Readonly<Record<string, unknown>>;
}

/** A client that a person puts on record, with who answers for it. */
export interface NewClient extends ListedClient {
  /** Who answers for its use. */
  owner: string;
  /** Who can be asked to end it, when the owner cannot. */
  revoker: string;
}

/** What shall be different about a client. What is left out stays; null takes away. */
export interface ClientChange {
  /** Who answers for its use. */
  owner?: string;
  /** Who can be asked to end it, when the owner cannot. */
  revoker?: string;
  /** What it is for. */
  name?: string;
  /** The customer that it belongs to. */
  organization?: string | null;
  /** All of them, not what comes in addition. */
  scopes?: readonly string[];
  /** What else shall be kept of it, all of it. */
  metadata?: Readonly<Record<string, unknown>>;
}

/** What is noted of a client's tokens. */
export interface ClientUsage {
  /** The version of the notes. */
  v: 1;
  /** When a token of it was let through. The last one came less than `precision` seconds later. */
  lastToken?: number;
  /** How far apart notes are, in seconds. */
  precision: number;
}

/** A page of clients. */
export interface ClientPage {
  /** The clients of this page. */
  clients: readonly ClientRecord[];
  /** Records that cannot be read. */
  unreadable?: readonly { id: string; fault: string }[];
  /** What the next page is asked for with; null on the last one. */
  cursor: string | null;
}

/** A client that was put on record. */
export interface NotedClient {
  /** Its id. */
  id: string;
  /** What the store holds of it. */
  record: ClientRecord;
  /** Whether its record was made; false where it was there before. */
  made: boolean;
}

/** Why a step was not done. Promises of {@link ClientAdmin} are rejected with it. */
export declare class ClientAdminError extends Error {
  /** A reason code, such as `client_not_found`, `client_state_conflict`, `write_conflict` or `store_unavailable`. */
  readonly code: string;
  /** The HTTP status that it would be: 503 says that nobody can tell what the store did. */
  readonly status: number;
}

/**
 * The records of clients in a store. Nothing of it reaches their issuers: what is noted here is what somebody did there. Every
 * step is safe against others at the same time, as far as the store's `swap` is.
 */
export interface ClientAdmin extends KeyReviewing, Lifetime {
  /**
   * Puts a client on record, with who answers for it.
   *
   * @throws {ClientAdminError} Where it was not done: one of this issuer and name is on record already.
   *
   * @example
   * ```ts
   * const { id, record } = await clients.add({
   *   issuer: "https://login.example/",
   *   clientId: "billing",
   *   owner: "ada@example.com",
   *   revoker: "security@example.com",
   *   secrets: [{ id: "s-1", created: 1_780_000_000 }],
   * });
   * console.log(id, record.secrets.length);
   * ```
   */
  add(client: NewClient): Promise<NotedClient>;
  /**
   * Puts a client on record as its issuer lists it, or brings its record up to date. It is known by `issuer` and `clientId`.
   * What the listing does not say stays. Where it names secrets, it names all of them. JSON text is taken too.
   *
   * @throws {ClientAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { made } = await clients.import({ issuer: "https://login.example/", clientId: "export", secrets: [{ id: "s-2" }] });
   * console.log(made ? "new" : "brought up to date");
   * ```
   */
  import(client: ListedClient | string): Promise<NotedClient>;
  /**
   * A page of at most `limit` clients, 100 where left out.
   *
   * @throws {ClientAdminError} Where the store does not answer.
   *
   * @example
   * ```ts
   * const page = await clients.list({ limit: 50 });
   * for (const { clientId, owner } of page.clients) console.log(clientId, owner ?? "nobody answers for it");
   * ```
   */
  list(page?: { cursor?: string | null; limit?: number }): Promise<ClientPage>;
  /**
   * What the store holds of a client, and what is noted of its tokens.
   *
   * @throws {ClientAdminError} Where there is no such client, or the store does not answer.
   *
   * @example
   * ```ts
   * const { record, usage } = await clients.show(noted.id);
   * console.log(record.name, usage.lastToken ?? "no token came");
   * ```
   */
  show(id: string): Promise<{ record: ClientRecord; usage: ClientUsage }>;
  /**
   * Changes what a record says of its client.
   *
   * @returns The record as it is now.
   * @throws {ClientAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { owner } = await clients.update(noted.id, { owner: "grace@example.com", organization: null });
   * console.log(owner);
   * ```
   */
  update(id: string, change: ClientChange): Promise<ClientRecord>;
  /**
   * Notes another secret, as when one is rotated: the old one stays until it is noted that it was ended.
   *
   * @returns The record as it is now.
   * @throws {ClientAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { secrets } = await clients.addSecret(noted.id, { hint: "7Qx", expires: "90d" });
   * console.log(secrets.length);
   * ```
   */
  addSecret(id: string, secret?: NewClientSecret): Promise<ClientRecord>;
  /**
   * Notes that a secret was ended.
   *
   * @param ended The id of the secret, and who ended it.
   * @returns The record as it is now.
   * @throws {ClientAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { secrets } = await clients.revokeSecret(noted.id, { secret: "s-1", by: "security@example.com" });
   * console.log(secrets[0]?.revoked?.by);
   * ```
   */
  revokeSecret(id: string, ended: { secret: string; by: string }): Promise<ClientRecord>;
  /**
   * Notes that a client is of no more interest. Its record stays as a tombstone.
   *
   * @param removal Who says so.
   * @returns The record as it is now.
   * @throws {ClientAdminError} Where it was not done.
   *
   * @example
   * ```ts
   * const { removal } = await clients.remove(noted.id, { by: "security@example.com" });
   * console.log(removal?.by);
   * ```
   */
  remove(id: string, removal: { by: string }): Promise<ClientRecord>;
}

/** What {@link createClientAdmin} goes by. */
export interface ClientAdminOptions {
  /** The limits of the review. */
  review?: ReviewPolicy;
}

/** What the records of clients need: a store that can be written, and, for tests, the clock. */
export interface ClientAdminHost extends Host {
  /** Where the records are. It must take writes. */
  store: Store;
}

/**
 * The records of M2M clients in `host.store`.
 *
 * @param options The limits of the review.
 * @param host What the runtime lends; a `store` that takes writes at the least.
 * @returns The administration. It holds memory of the core until it is freed or collected.
 * @throws Where the limits are wrong, or the store takes no writes.
 *
 * @example
 * ```ts
 * import { createClientAdmin } from "edgeward";
 * import { memoryStore } from "edgeward/store/memory";
 *
 * const clients = await createClientAdmin({ review: { maxClientSecretAgeDays: 180 } }, { store: memoryStore() });
 * const { id } = await clients.add({
 *   issuer: "https://login.example/",
 *   clientId: "export",
 *   owner: "ada@example.com",
 *   revoker: "security@example.com",
 *   secrets: [{ id: "s-1", created: 1_780_000_000 }],
 * });
 * console.log(id, (await clients.review()).findings.length);
 * ```
 */
export declare function createClientAdmin(options: ClientAdminOptions, host: ClientAdminHost): Promise<ClientAdmin>;

/** What was read of a listing. */
export interface ClientListing {
  /** The M2M clients, as {@link ClientAdmin.import} takes them. */
  clients: readonly ListedClient[];
  /** What stands in it and is not taken; `fault` where an entry is none that an issuer would write. */
  passed: readonly { entry: number; clientId: string | null; why: string; fault: boolean }[];
}

/**
 * Reads the listing of an issuer: of Auth0 (`GET /api/v2/clients`), or of WorkOS (`GET /connect/applications`, with the answer
 * of `/connect/applications/{id}/client_secrets` as `client_secrets` of each). No secret that stands in it is taken over.
 *
 * @param text The listing, as JSON text.
 * @param options Whose listing it is, and what the tokens of these clients name in `iss`.
 * @throws Where the text is no listing.
 *
 * @example
 * ```ts
 * import { readClientListing } from "edgeward";
 *
 * const text = JSON.stringify([{ client_id: "export", name: "nightly export", app_type: "non_interactive" }]);
 * const listing = readClientListing(text, { from: "auth0", issuer: "https://acme.eu.auth0.com/" });
 * for (const client of listing.clients) console.log(client.clientId, (await clients.import(client)).made);
 * for (const { entry, why } of listing.passed) console.log(entry, why);
 * ```
 */
export declare function readClientListing(text: string, options: { from: "auth0" | "workos"; issuer: string }): ClientListing;
