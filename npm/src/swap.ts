// Compare and swap for stores that have none of their own: safe among the writers of this process, and of it alone.
import { Turns } from "./store/turns.js";
import type { Store } from "../types/index.js";

/** For each store, the changes that are under way. */
const underWay = new WeakMap<Store, Turns>();

/** Whether the value under the key was still the expected one, and is the new one now. */
export function swapStore(store: Store | undefined, key: string, expected: string | null, value: string | null): unknown {
  if (store?.swap !== undefined) return store.swap(key, expected, value);
  if (store?.put === undefined || store.delete === undefined) throw new Error("no store was lent that takes writes");
  let turns = underWay.get(store);
  if (turns === undefined) underWay.set(store, (turns = new Turns()));
  return turns.run(key, () => compareAndPut(store, key, expected, value));
}

async function compareAndPut(store: Store, key: string, expected: string | null, value: string | null): Promise<boolean> {
  const found = await (store.latest === undefined ? store.get(key) : store.latest(key));
  const text = found instanceof Uint8Array ? new TextDecoder().decode(found) : (found ?? null);
  if (text !== expected) return false;
  await (value === null ? store.delete!(key) : store.put!(key, value));
  return true;
}
