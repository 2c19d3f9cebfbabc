// The host as the core sees it: what the caller lends, and the platform's own where nothing is lent.
import { run } from "./core.js";
import { instance } from "./instance.js";
import type { Task } from "./glue.js";
import { nodeSignatures } from "./native-node.js";
import { webSignatures } from "./native-web.js";
import { sender, type Send } from "./outbound.js";
import { limiterOf, type Limit } from "./limiters.js";
import { swapStore } from "./swap.js";
import { weakly } from "./weak-host.js";
import type { Host, Store } from "../types/index.js";

/** Signature checks of the platform. Keys are known by a number that the core gives each of them. */
export interface NativeSignatures {
  /** Whether `verify` and `importKey` answer without a promise. */
  readonly synchronous: boolean;
  has(algorithm: string): boolean;
  /** Undefined where the key was not imported yet for this algorithm. */
  verify(key: number, algorithm: string, message: Uint8Array, signature: Uint8Array): boolean | undefined | Promise<boolean>;
  importKey(key: number, algorithm: string, jwk: string): void | Promise<void>;
  /** Drops what was imported of a key. */
  forgetKey(key: number): void;
}

/** What the core calls. */
export interface CoreHost {
  now(): number;
  read(key: string): unknown;
  send: Send;
  readWithin(key: string, timeout: number): unknown;
  readNearby(key: string, timeout: number, cached: number): unknown;
  readLatest(key: string): unknown;
  readMany(keys: string[]): unknown;
  swap(key: string, expected: string | undefined, value: string | undefined): unknown;
  list(prefix: string, cursor: string | undefined, most: number): unknown;
  write(key: string, value: string, seconds: number): unknown;
  wait(milliseconds: number): Promise<void>;
  limit: Limit;
  refreshLater(keySet: number): void;
  outlive(work: Promise<unknown>): void;
  hasNative(algorithm: string, synchronously: boolean): boolean;
  verify(key: number, algorithm: string, message: Uint8Array, signature: Uint8Array): unknown;
  importKey(key: number, algorithm: string, jwk: string): unknown;
  forgetKey(key: number): void;
  /** What is kept count of, as JSON. */
  surroundings(): string;
}

/** What fetches key sets behind requests, with what is lent to that work. */
export interface Refresher {
  refreshKeySet(keySet: number, host: CoreHost): string | Task;
}

const { navigator } = globalThis as { navigator?: { userAgent?: string } };
const IN_WORKERD = navigator?.userAgent === "Cloudflare-Workers";

type WaitUntil = (work: Promise<unknown>) => void;

let platformWaitUntil: WaitUntil = () => undefined;

/** What the platform has to keep work alive that goes on behind an answer. */
export function setWaitUntil(waitUntil: WaitUntil): void {
  platformWaitUntil = waitUntil;
}

const NO_SIGNATURES: NativeSignatures = {
  synchronous: true,
  has: () => false,
  verify: () => undefined,
  importKey: () => undefined,
  forgetKey: () => undefined,
};

/** Work behind requests, and how each piece of it is stopped. */
type Background = Set<AbortController>;

/**
 * What the core calls, over what was lent. `refresher` is what it asks for a refresh behind a request: it is made after
 * this, since it is made with it.
 */
export function coreHost(host: Host = {}, refresher?: () => Refresher, background: Background = new Set()): CoreHost {
  if (typeof host !== "object" || host === null) throw new TypeError("what is lent is an object");
  const { now, store, fetch, waitUntil, signatures = "native" } = host;
  if (now !== undefined && typeof now !== "function") throw new TypeError("`now` is a function that returns milliseconds");
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("`fetch` is a function as the platform's");
  if (waitUntil !== undefined && typeof waitUntil !== "function") {
    throw new TypeError("`waitUntil` is a function that takes a promise");
  }
  if (store !== undefined && typeof (store as Store | null)?.get !== "function") {
    throw new TypeError("`store` is an object with a method get(key)");
  }
  for (const name of ["put", "delete", "list", "latest", "swap"] as const) {
    if (store?.[name] !== undefined && typeof store[name] !== "function") {
      throw new TypeError(`\`${name}\` of \`store\` is a function, where it has one`);
    }
  }
  if (signatures !== "native" && signatures !== "wasm") throw new TypeError('`signatures` is "native" or "wasm"');
  const native = signatures === "native" ? (nodeSignatures() ?? webSignatures() ?? NO_SIGNATURES) : NO_SIGNATURES;
  const keepGoing = (work: Promise<unknown>) => (waitUntil === undefined ? platformWaitUntil(work) : waitUntil.call(host, work));
  const lent: CoreHost = {
    now: now === undefined ? Date.now : () => timeOf(() => now.call(host)),
    read: (key) => asPromise(readStore(store, key)),
    send: sender(host),
    readWithin: (key, timeout) => inTime(asPromise(readStore(store, key)), timeout),
    // A store that answers at once has a verdict at once.
    readNearby(key, timeout, cached) {
      const value = asPromise(readStore(store, key, cached));
      return value instanceof Promise ? inTime(value, timeout) : value;
    },
    readLatest: (key) => asPromise(store?.latest === undefined ? readStore(store, key) : store.latest(key)),
    readMany: (keys) => Promise.all(keys.map((key) => readStore(store, key))),
    swap: (key, expected, value) => asPromise(swapStore(store, key, expected ?? null, value ?? null)),
    list: (prefix, cursor, most) => asPromise(listStore(store, prefix, cursor, most)),
    write: (key, value, seconds) => asPromise(writeStore(store, key, value, seconds)),
    wait: (milliseconds) => waiting(milliseconds),
    limit: limiterOf(host),
    hasNative: (algorithm, synchronously) => (native.synchronous || !synchronously) && native.has(algorithm),
    verify: (key, algorithm, message, signature) => native.verify(key, algorithm, message, signature),
    importKey: (key, algorithm, jwk) => native.importKey(key, algorithm, jwk),
    forgetKey: (key) => native.forgetKey(key),
    surroundings: () => "{}",
    refreshLater(keySet) {
      if (refresher === undefined) return;
      const asked = instance();
      const stop = new AbortController();
      const { signal } = stop;
      const own: CoreHost = { ...lent, send: sender(host, signal), wait: (milliseconds) => waiting(milliseconds, signal) };
      // What another instance needs it asks for itself, by numbers of its own.
      const refresh = () => (asked === instance() && !signal.aborted ? refresher().refreshKeySet(keySet, weakly(own)) : "");
      background.add(stop);
      // Once the core has returned: it is not entered twice.
      const work = Promise.resolve()
        .then(() => run(refresh, () => undefined, () => undefined))
        .catch((error: unknown) => console.error("edgeward: a key set could not be fetched", error instanceof Error ? error.message : ""))
        .finally(() => background.delete(stop));
      keepGoing(work);
    },
    outlive(work) {
      const settled = () => undefined;
      keepGoing(work.then(settled, settled));
    },
  };
  return lent;
}

/** What is lent to each instance of the core in turn. */
export interface Lending {
  (): CoreHost;
  /** Stops what goes on behind requests, and lets go of the platform's keys, once nobody keeps them. */
  end(): void;
  /** Keeps what is lent for an object beside the one that it was made for. It is let go by what is handed back, once. */
  keep(): () => void;
}

/**
 * The same for each instance of the core in turn: keys are known by the numbers of one. What is wrong is said at once.
 * `beside` takes the place of what `coreHost` has.
 */
export function lending(host: Host = {}, refresher?: () => Refresher, beside: Partial<CoreHost> = {}): Lending {
  coreHost(host);
  const background: Background = new Set();
  let lent: { host: CoreHost; of: number } | undefined;
  const lend = () => {
    if (lent === undefined || lent.of !== instance()) {
      lent = { host: { ...coreHost(host, refresher, background), ...beside }, of: instance() };
    }
    return weakly(lent.host);
  };
  let kept = 0;
  let ended = false;
  const letGo = () => {
    if (ended && kept === 0) lent = undefined;
  };
  const end = () => {
    ended = true;
    letGo();
    // There, it belongs to a request, which nobody else may touch and with which it ends.
    if (!IN_WORKERD) for (const stop of background) stop.abort();
  };
  const keep = () => {
    kept++;
    return () => {
      kept--;
      letGo();
    };
  };
  return Object.assign(lend, { end, keep });
}

/** What is no number would be made one on its way into the core, null the year 1970. The core takes NaN for a clock that failed. */
function timeOf(now: () => unknown): number {
  try {
    const time = now();
    return typeof time === "number" ? time : NaN;
  } catch {
    return NaN;
  }
}

/** A moment; one that is stopped ends at once, and badly. */
function waiting(milliseconds: number, stop?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stop?.aborted) return reject(new Error("stopped"));
    const timer = setTimeout(resolve, milliseconds);
    stop?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new Error("stopped"));
    });
  });
}

function writeStore(store: Store | undefined, key: string, value: string, seconds: number): unknown {
  if (store?.put === undefined) throw new Error("no store was lent that takes writes");
  return store.put(key, value, { expirationTtl: seconds });
}

/** The value of a promise, if it is there in time. */
async function inTime(value: unknown, timeout: number): Promise<unknown> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the store did not answer within ${timeout} ms`)), timeout);
  });
  try {
    return await Promise.race([value, late]);
  } finally {
    clearTimeout(timer);
  }
}

function readStore(store: Store | undefined, key: string, cached = 0): unknown {
  if (store === undefined) throw new Error("no store was lent");
  return cached > 0 ? store.get(key, { cacheTtl: cached }) : store.get(key);
}

function listStore(store: Store | undefined, prefix: string, cursor: string | undefined, limit: number): unknown {
  if (store?.list === undefined) throw new Error("no store was lent that has a list");
  return store.list(cursor === undefined ? { prefix, limit } : { prefix, cursor, limit });
}

/** The core knows a promise by its class; a store may bring one of its own. */
function asPromise(value: unknown): unknown {
  const thenable = typeof (value as { then?: unknown } | null | undefined)?.then === "function";
  return thenable && !(value instanceof Promise) ? Promise.resolve(value) : value;
}
