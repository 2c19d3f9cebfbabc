// The store of a server: found to be there before anybody is served.
import { accessSync, constants, mkdirSync } from "node:fs";
import { memoryStore } from "../../store/memory.js";
import type { Store } from "../../../types/index.js";
import { CommandError, fileError, reason, say } from "../command.js";
import { opened, pathOf } from "../keys/store.js";
import type { Settings } from "./settings.js";

export interface ServedStore {
  readonly store: Store;
  /** Where it is, without the name and the password of whoever reads it. */
  readonly name: string;
  close(): Promise<void>;
}

export async function openStore({ store: url, redisPrefix }: Settings): Promise<ServedStore> {
  if (url === "memory:") return { store: memoryStore(), name: url, close: async () => undefined };
  const name = nameOf(url);
  if (url.startsWith("file:")) makeDirectory(pathOf(url));
  let isAway = false;
  const { store, close } = await opened(url, redisPrefix, (what) => {
    if (what !== undefined && !isAway) say(`edgeward serve: the store ${name} is away: ${what}`);
    if (what === undefined && isAway) say(`edgeward serve: the store ${name} is there again`);
    isAway = what !== undefined;
  });
  try {
    await store.list?.({ prefix: "key/", limit: 1 });
  } catch (error) {
    await close().catch(() => undefined);
    throw new CommandError(`the store ${name} cannot be read: ${reason(error)}`);
  }
  return { store, name, close };
}

function nameOf(url: string): string {
  if (url.startsWith("file:")) return url;
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}

function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw fileError("use", `the store file:${path}`, error);
  }
}
