/**
 * A store over Redis.
 *
 * @module edgeward/store/redis
 */
import type { StoreListing } from "../host.js";

/** How {@link redisStore} names its keys. */
export interface RedisStoreOptions {
  /**
   * What every key in Redis begins with; `{edgeward}:` where left out. A script changes a record and the index of names at
   * once, so that in a Redis Cluster both need one hash slot: keep a tag in braces in it.
   */
  prefix?: string;
}

/** A store in Redis, for any number of processes. An error of the client is passed on: then it cannot be told what holds. */
export interface RedisStore {
  /** As `get` of a `Store`. */
  get(key: string, options?: { cacheTtl?: number }): Promise<string | null>;
  /** As `put` of a `Store`. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** As `delete` of a `Store`. */
  delete(key: string): Promise<void>;
  /** As `list` of a `Store`. */
  list(options: { prefix: string; cursor?: string; limit: number }): Promise<StoreListing>;
  /** As `latest` of a `Store`. */
  latest(key: string): Promise<string | null>;
  /** As `swap` of a `Store`. */
  swap(key: string, expected: string | null, value: string | null): Promise<boolean>;
}

/**
 * A store in Redis 6 or newer, or what speaks its protocol and runs its scripts.
 *
 * `command` sends one command. With node-redis: `(args) => client.sendCommand(args)`; with ioredis:
 * `([name, ...rest]) => client.call(name, ...rest)`. Reads must not go to replicas, which lag behind.
 *
 * @param command Sends one command.
 * @param options How keys are named.
 *
 * @example
 * ```ts
 * import { createClient } from "redis";
 * import { createApiKeyChecker } from "edgeward";
 * import { redisStore } from "edgeward/store/redis";
 *
 * const client = createClient({ url: "redis://127.0.0.1:6379" });
 * await client.connect();
 * const store = redisStore((args) => client.sendCommand(args));
 * const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
 * console.log(await checker.check("acme_live_0123"));
 * ```
 */
export declare function redisStore(command: (args: string[]) => unknown, options?: RedisStoreOptions): RedisStore;
