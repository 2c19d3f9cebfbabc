/**
 * A store over Cloudflare KV.
 *
 * @module edgeward/store/kv
 */
import type { StoreListing } from "../host.js";

/** What is used of a namespace of Cloudflare KV. */
export interface KvNamespace {
  /** The value of a key. */
  get(key: string, options: { type: "text"; cacheTtl?: number }): Promise<string | null>;
  /** Sets the value of a key. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** Removes a key. */
  delete(key: string): Promise<void>;
  /** A page of the keys with a prefix. */
  list(options: { prefix: string; cursor?: string; limit: number }): Promise<StoreListing>;
}

/** The binding of a Durable Object of the class `KeyWriter` of `edgeward/store/kv-writer`. */
export interface KeyWriterNamespace {
  /** The id of the object of this name. */
  idFromName(name: string): unknown;
  /** The object of this id. */
  get(id: unknown): KeyWriterStub;
}

/** What is asked of the object. */
export interface KeyWriterStub {
  /** The value that was written last. */
  latest(key: string): PromiseLike<string | null>;
  /** Compares and swaps. */
  swap(key: string, expected: string | null, value: string | null): PromiseLike<boolean>;
  /** Puts a value, for good or for so many seconds. */
  put(key: string, value: string, life: number | null): PromiseLike<void>;
  /** Removes a value. */
  delete(key: string): PromiseLike<void>;
}

/** How {@link kvStore} makes changes. */
export interface KvStoreOptions {
  /** What changes are made through; without it, each is written to KV alone. */
  writer?: KeyWriterNamespace | undefined;
}

/** A store in Cloudflare KV. It has `latest` and `swap` where it was given a `writer`. */
export interface KvStore {
  /** From KV: what was written up to a minute ago, or up to `cacheTtl` seconds, may be missing. */
  get(key: string, options?: { cacheTtl?: number }): Promise<string | null>;
  /** As `put` of a `Store`. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** As `delete` of a `Store`. */
  delete(key: string): Promise<void>;
  /** From KV, with all that KV says of each key; a name that was written a moment ago may be missing. */
  list(options: { prefix: string; cursor?: string; limit: number }): Promise<StoreListing>;
  /** As `latest` of a `Store`. */
  latest?(key: string): Promise<string | null>;
  /** As `swap` of a `Store`. */
  swap?(key: string, expected: string | null, value: string | null): Promise<boolean>;
}

/**
 * A store in Cloudflare KV.
 *
 * KV alone cannot compare and swap, and shows each place of the world an old value for a minute or longer. Without a
 * `writer`, changes are therefore safe against each other within one isolate only, and one that builds on an old value
 * undoes what came between: use it so where records are only read here, or changed from one place and rarely. With a
 * `writer`, every change goes through one Durable Object, which knows what was written last.
 *
 * Whatever changes records must then use the writer: what is put into KV past it, as from the dashboard, is not seen by
 * `latest` and `swap` where the object knows the key already.
 *
 * @param namespace The binding of the namespace.
 * @param options What changes are made through.
 *
 * @example
 * ```ts
 * import { createApiKeyChecker } from "edgeward";
 * import { kvStore, type KeyWriterNamespace, type KvNamespace } from "edgeward/store/kv";
 *
 * export default {
 *   async fetch(request: Request, env: { RECORDS: KvNamespace; WRITER: KeyWriterNamespace }): Promise<Response> {
 *     const store = kvStore(env.RECORDS, { writer: env.WRITER });
 *     const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
 *     const verdict = await checker.check(request.headers.get("x-api-key") ?? "");
 *     return new Response(null, { status: verdict.ok ? 204 : verdict.status });
 *   },
 * };
 * ```
 */
export declare function kvStore(namespace: KvNamespace, options?: KvStoreOptions): KvStore;
