/**
 * A store in files, for one machine.
 *
 * @module edgeward/store/file
 */
import type { StoreListing } from "../host.js";

/** What {@link fileStore} is lent. */
export interface FileStoreOptions {
  /** The time in milliseconds since the Unix epoch; the platform's where left out. */
  now?: () => number;
  /**
   * That no other container and no other machine works on the directory, at no time; false where left out. Then the lock
   * of a process that cannot be seen from here was left behind by a container that is no more, and is broken. Any number of
   * processes in one container are fine either way.
   */
  exclusive?: boolean;
}

/** A store in a directory, for the processes of one machine. */
export interface FileStore {
  /** As `get` of a `Store`. */
  get(key: string, options?: { cacheTtl?: number }): Promise<string | null>;
  /** As `put` of a `Store`. */
  put(key: string, value: string, options?: { expirationTtl?: number }): Promise<void>;
  /** As `delete` of a `Store`. */
  delete(key: string): Promise<void>;
  /** Reads all names for each page, and the files of those that are on it. */
  list(options: { prefix: string; cursor?: string; limit: number }): Promise<StoreListing>;
  /** As `latest` of a `Store`. */
  latest(key: string): Promise<string | null>;
  /** As `swap` of a `Store`. */
  swap(key: string, expected: string | null, value: string | null): Promise<boolean>;
}

/**
 * A store in the directory at `path`, for Node, Deno and Bun: one file for each record, which only this account can read.
 * The directory is made where there is none. What was put is on the disk when the promise is settled; a crash in the
 * middle leaves the value before. Any number of processes of one machine may change records at once; the file system must
 * have hard links, and must not be one that machines share.
 *
 * @param path The directory.
 * @param options What it is lent.
 *
 * @example
 * ```ts
 * import { mkdtemp, rm } from "node:fs/promises";
 * import { tmpdir } from "node:os";
 * import { join } from "node:path";
 * import { fileStore } from "edgeward/store/file";
 *
 * const directory = await mkdtemp(join(tmpdir(), "records-"));
 * const store = fileStore(directory);
 * await store.put("name", "value");
 * console.log(await store.get("name"));
 * await rm(directory, { recursive: true });
 * ```
 */
export declare function fileStore(path: string, options?: FileStoreOptions): FileStore;
