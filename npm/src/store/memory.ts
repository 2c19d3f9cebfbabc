import { byBytes, checkAsked, checkName, checkValue, endOf, following, isOver, page } from "./names.js";
import type { MemoryStore, MemoryStoreOptions } from "../../types/store/memory.js";

interface Entry {
  readonly value: string;
  readonly ends: number | null;
}

/** After so many values that end, those that are over are looked for: nobody may ever ask for them again. */
const SWEEP_EVERY = 1024;

export function memoryStore({ now = Date.now }: MemoryStoreOptions = {}): MemoryStore {
  if (typeof now !== "function") throw new TypeError("`now` is a function that returns milliseconds");
  const entries = new Map<string, Entry>();
  let sorted: string[] | undefined;
  let ending = 0;

  const remove = (name: string): void => {
    if (entries.delete(name)) sorted = undefined;
  };
  const find = (name: string): string | null => {
    const entry = entries.get(name);
    if (entry === undefined) return null;
    if (!isOver(entry.ends, now())) return entry.value;
    remove(name);
    return null;
  };
  const set = (name: string, value: string, ends: number | null): void => {
    if (!entries.has(name)) sorted = undefined;
    entries.set(name, { value, ends });
    if (ends !== null && ++ending % SWEEP_EVERY === 0) {
      for (const name of [...entries.keys()]) find(name);
    }
  };

  return {
    get(name) {
      checkName(name);
      return find(name);
    },
    latest(name) {
      checkName(name);
      return find(name);
    },
    put(name, value, options) {
      checkName(name);
      checkValue(value);
      set(name, value, endOf(options, now()));
    },
    delete(name) {
      checkName(name);
      remove(name);
    },
    list(asked) {
      checkAsked(asked);
      sorted ??= [...entries.keys()].sort(byBytes);
      const names: string[] = [];
      for (const name of following(sorted, asked)) {
        if (find(name) === null) continue;
        if (names.length === asked.limit) return page(names, true);
        names.push(name);
      }
      return page(names, false);
    },
    swap(name, expected, value) {
      checkName(name);
      if (value !== null) checkValue(value);
      if (find(name) !== expected) return false;
      if (value === null) remove(name);
      else set(name, value, null);
      return true;
    },
  };
}
