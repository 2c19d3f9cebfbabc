// The host as the core sees it: what the caller lends, and the platform's own where nothing is lent.
import { nodeSignatures } from "./native-node.js";
import { webSignatures } from "./native-web.js";
import { sender, type Send } from "./outbound.js";
import type { Host, Store } from "../types/index.js";

/** Signature checks of the platform. Keys are known by a number that the core gives each of them. */
export interface NativeSignatures {
  /** Whether `verify` and `importKey` answer without a promise. */
  readonly synchronous: boolean;
  has(algorithm: string): boolean;
  /** Undefined where the key was not imported yet for this algorithm. */
  verify(key: number, algorithm: string, message: Uint8Array, signature: Uint8Array): boolean | undefined | Promise<boolean>;
  importKey(key: number, algorithm: string, jwk: string): void | Promise<void>;
}

/** What the core calls. */
export interface CoreHost {
  now(): number;
  read(key: string): unknown;
  send: Send;
  hasNative(algorithm: string, synchronously: boolean): boolean;
  verify(key: number, algorithm: string, message: Uint8Array, signature: Uint8Array): unknown;
  importKey(key: number, algorithm: string, jwk: string): unknown;
}

const NO_SIGNATURES: NativeSignatures = {
  synchronous: true,
  has: () => false,
  verify: () => undefined,
  importKey: () => undefined,
};

export function coreHost(host: Host = {}): CoreHost {
  if (typeof host !== "object" || host === null) throw new TypeError("what is lent is an object");
  const { now, store, fetch, signatures = "native" } = host;
  if (now !== undefined && typeof now !== "function") throw new TypeError("`now` is a function that returns milliseconds");
  if (fetch !== undefined && typeof fetch !== "function") throw new TypeError("`fetch` is a function as the platform's");
  if (store !== undefined && typeof (store as Store | null)?.get !== "function") {
    throw new TypeError("`store` is an object with a method get(key)");
  }
  if (signatures !== "native" && signatures !== "wasm") throw new TypeError('`signatures` is "native" or "wasm"');
  const native = signatures === "native" ? (nodeSignatures() ?? webSignatures() ?? NO_SIGNATURES) : NO_SIGNATURES;
  return {
    now: now === undefined ? Date.now : () => now.call(host),
    read: (key) => asPromise(readStore(store, key)),
    send: sender(host),
    hasNative: (algorithm, synchronously) => (native.synchronous || !synchronously) && native.has(algorithm),
    verify: (key, algorithm, message, signature) => native.verify(key, algorithm, message, signature),
    importKey: (key, algorithm, jwk) => native.importKey(key, algorithm, jwk),
  };
}

function readStore(store: Store | undefined, key: string): unknown {
  if (store === undefined) throw new Error("no store was lent");
  return store.get(key);
}

/** The core knows a promise by its class; a store may bring one of its own. */
function asPromise(value: unknown): unknown {
  const thenable = typeof (value as { then?: unknown } | null | undefined)?.then === "function";
  return thenable && !(value instanceof Promise) ? Promise.resolve(value) : value;
}
