/**
 * A store in the memory of the process.
 *
 * @module edgeward/store/memory
 */
import type { StoreListing } from "../host.js";

/** What {@link memoryStore} is lent. */
export interface MemoryStoreOptions {
  /** The time in milliseconds since the Unix epoch; the platform's where left out. */
  now?: () => number;
}

/** A store in the memory of this process, which answers without a promise. */
export interface MemoryStore {
  /** As `get` of a `Store`. */
  get(key: string, options?: { cacheTtl?: number }): string | null;
  /** As `put` of a `Store`. */
  put(key: string, value: string, options?: { expirationTtl?: number }): void;
  /** As `delete` of a `Store`. */
  delete(key: string): void;
  /** As `list` of a `Store`. */
  list(options: { prefix: string; cursor?: string; limit: number }): StoreListing;
  /** As `latest` of a `Store`. */
  latest(key: string): string | null;
  /** As `swap` of a `Store`. */
  swap(key: string, expected: string | null, value: string | null): boolean;
}

/**
 * A store in the memory of this process: for tests, and for records that need not outlive it.
 *
 * @example
 * ```ts
 * import { createApiKeyChecker, createKeyAdmin } from "edgeward";
 * import { memoryStore } from "edgeward/store/memory";
 *
 * const store = memoryStore();
 * const form = { prefix: "acme", environment: "live" } as const;
 * const [admin, checker] = [await createKeyAdmin(form, { store }), await createApiKeyChecker(form, { store })];
 * const { key } = await admin.issue({ organization: "org_1", owner: "ada", revoker: "security", name: "a test" });
 * console.log((await checker.check(key)).ok);
 * ```
 */
export declare function memoryStore(options?: MemoryStoreOptions): MemoryStore;
