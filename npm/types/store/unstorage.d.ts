/**
 * A store over any driver of `unstorage`.
 *
 * @module edgeward/store/unstorage
 */
import type { StoreListing } from "../host.js";

/** What is used of a storage of `unstorage`. */
export interface Unstorage {
  /** The value of a key. */
  getItemRaw(key: string): Promise<unknown>;
  /** Sets the value of a key. */
  setItemRaw(key: string, value: string, options?: { ttl?: number }): Promise<unknown>;
  /** Removes a key. */
  removeItem(key: string): Promise<unknown>;
  /** All keys. */
  getKeys(): Promise<string[]>;
}

/** What {@link unstorageStore} is lent. */
export interface UnstorageStoreOptions {
  /** The time in milliseconds since the Unix epoch; the platform's where left out. */
  now?: () => number;
}

/** A store over a storage of `unstorage`. It has no `swap`: changes are safe against each other within one process only. */
export interface UnstorageStore {
  /** As `get` of a `Store`. */
  get(key: string, options?: { cacheTtl?: number }): Promise<string | null>;
  /** As `put` of a `Store`. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** As `delete` of a `Store`. */
  delete(key: string): Promise<void>;
  /** Reads all names for each page, and the values of those that are on it. */
  list(options: { prefix: string; cursor?: string; limit: number }): Promise<StoreListing>;
}

/**
 * A store over a storage of `unstorage`, with any of its drivers. Names and values are kept in a form that no driver
 * changes; give the store a part of the storage that is its own (`prefixStorage(storage, "edgeward")`).
 *
 * No driver can compare and swap, so let one process alone change records. What a driver promises holds: where it answers
 * with old values, so does the store.
 *
 * @param storage The storage.
 * @param options What it is lent.
 *
 * @example
 * ```ts
 * import { createStorage, prefixStorage } from "unstorage";
 * import memoryDriver from "unstorage/drivers/memory";
 * import { unstorageStore } from "edgeward/store/unstorage";
 *
 * const storage = createStorage({ driver: memoryDriver() });
 * const store = unstorageStore(prefixStorage(storage, "edgeward"));
 * await store.put("name", "value");
 * console.log(await store.get("name"));
 * ```
 */
export declare function unstorageStore(storage: Unstorage, options?: UnstorageStoreOptions): UnstorageStore;
