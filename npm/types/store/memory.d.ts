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
  get(key: string, options?: { cacheTtl?: number }): string | null;
  put(key: string, value: string, options?: { expirationTtl?: number }): void;
  delete(key: string): void;
  list(options: { prefix: string; cursor?: string; limit: number }): StoreListing;
  latest(key: string): string | null;
  swap(key: string, expected: string | null, value: string | null): boolean;
}

/** A store in the memory of this process: for tests, and for records that need not outlive it. */
export declare function memoryStore(options?: MemoryStoreOptions): MemoryStore;
