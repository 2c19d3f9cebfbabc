// What a runtime lends, and what is kept in stores.

/** A JSON Web Key Set (RFC 7517). */
export interface JsonWebKeySet {
  /** The keys, as JWKs. */
  keys: readonly object[];
}

/** A key set with where and when it was fetched, how long it is good (both in seconds), and its digest. */
export interface Snapshot extends JsonWebKeySet {
  /** The URL from which it was fetched. */
  source?: string;
  /** When it was fetched, in seconds since the Unix epoch. */
  fetchedAt: number;
  /** How long it is good from then on, in seconds. */
  maxAge: number;
  /** The SHA-256 of its keys, by which a change by accident is seen. */
  digest: string;
}

/** One page of the names of a store, as Cloudflare KV lists them. */
export interface StoreListing {
  /** The names. */
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
