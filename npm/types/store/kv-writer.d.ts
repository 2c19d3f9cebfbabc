/**
 * The Durable Object through which records in Cloudflare KV are changed.
 *
 * @module edgeward/store/kv-writer
 */
import type { KvNamespace } from "./kv.js";

/**
 * The Durable Object through which `kvStore` changes records, so that each change builds on the one before wherever
 * in the world it is made. Export it from the Worker, and declare it in its configuration with `new_sqlite_classes`.
 *
 * It keeps every value that was changed through it in its own storage, 1.9 MB each at most; of a key that it has never
 * changed, it reads what KV says. A change is told as done when both have it. One that failed is not seen by `latest` and
 * `swap`; where KV had taken it all the same, reads of KV may show it until the object has put the value before in its
 * place, which it begins with after seconds and goes on with until KV takes it.
 *
 * @example
 * ```ts
 * import { createGate } from "edgeward";
 *
 * export { KeyWriter } from "edgeward/store/kv-writer";
 * export default (await createGate(policy)).worker();
 * ```
 */
export declare class KeyWriter {
  /** How the types of Workers know a Durable Object. */
  readonly __DURABLE_OBJECT_BRAND: never;
  constructor(context: unknown, env: unknown);
  /** The namespace that the records are in: that bound as `EDGEWARD_STORE`. Override it to take another one. */
  protected namespace(): KvNamespace;
  /** The time in milliseconds since the Unix epoch. */
  protected now(): number;
  /** Waits before KV is asked again. */
  protected pause(milliseconds: number): Promise<void>;
  /** The value that was written last. */
  latest(key: string): Promise<string | null>;
  /** As `swap` of a store. */
  swap(key: string, expected: string | null, value: string | null): Promise<boolean>;
  /** Puts a value, for good or for so many seconds. */
  put(key: string, value: string, life?: number | null): Promise<void>;
  /** Removes a value. */
  delete(key: string): Promise<void>;
  /** Puts KV right where a change did not come to its end. */
  alarm(): Promise<void>;
}
