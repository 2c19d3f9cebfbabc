// Compare and swap for stores that have none of their own: safe among the writers of this process, and of it alone.
import type { Store } from "../types/index.js";

/** For each store, the last change that is under way under each key. */
const underWay = new WeakMap<Store, Map<string, Promise<unknown>>>();

/** Whether the value under the key was still the expected one, and is the new one now. */
export function swapStore(store: Store | undefined, key: string, expected: string | null, value: string | null): unknown {
  if (store?.swap !== undefined) return store.swap(key, expected, value);
  if (store?.put === undefined || store.delete === undefined) throw new Error("no store was lent that takes writes");
  return inTurn(store, key, () => compareAndPut(store, key, expected, value));
}

async function compareAndPut(store: Store, key: string, expected: string | null, value: string | null): Promise<boolean> {
  const found = await (store.latest === undefined ? store.get(key) : store.latest(key));
  const text = found instanceof Uint8Array ? new TextDecoder().decode(found) : (found ?? null);
  if (text !== expected) return false;
  await (value === null ? store.delete!(key) : store.put!(key, value));
  return true;
}

/** Runs one change after the other under each key. A change that fails holds up none. */
function inTurn<T>(store: Store, key: string, change: () => Promise<T>): Promise<T> {
  let turns = underWay.get(store);
  if (turns === undefined) underWay.set(store, (turns = new Map()));
  const before = turns.get(key) ?? Promise.resolve();
  const turn = before.then(change, change);
  turns.set(key, turn);
  const leave = () => {
    if (turns.get(key) === turn) turns.delete(key);
  };
  turn.then(leave, leave);
  return turn;
}
