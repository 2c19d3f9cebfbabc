// What is lent, as the core gets it.
import type { CoreHost } from "./host.js";
import type { Send } from "./outbound.js";

/**
 * A host that the core may hold. What it holds is never collected, and what is lent may reach whoever uses the
 * object that it is lent to: held by the core itself, neither would ever go.
 */
export function weakly(host: CoreHost): CoreHost {
  return typeof WeakRef === "undefined" ? host : new WeakHost(host);
}

class WeakHost implements CoreHost {
  readonly #reference: WeakRef<CoreHost>;

  constructor(host: CoreHost) {
    this.#reference = new WeakRef(host);
  }

  /** Whoever makes a call of the core reaches it, so that it is there. */
  get #host(): CoreHost {
    const host = this.#reference.deref();
    if (host === undefined) throw new Error("what was lent is gone");
    return host;
  }

  now() {
    return this.#host.now();
  }
  read(key: string) {
    return this.#host.read(key);
  }
  send(...request: Parameters<Send>) {
    return this.#host.send(...request);
  }
  readWithin(key: string, timeout: number) {
    return this.#host.readWithin(key, timeout);
  }
  readNearby(key: string, timeout: number, cached: number) {
    return this.#host.readNearby(key, timeout, cached);
  }
  readLatest(key: string) {
    return this.#host.readLatest(key);
  }
  readMany(keys: string[]) {
    return this.#host.readMany(keys);
  }
  swap(key: string, expected: string | undefined, value: string | undefined) {
    return this.#host.swap(key, expected, value);
  }
  list(prefix: string, cursor: string | undefined, most: number) {
    return this.#host.list(prefix, cursor, most);
  }
  write(key: string, value: string, seconds: number) {
    return this.#host.write(key, value, seconds);
  }
  wait(milliseconds: number) {
    return this.#host.wait(milliseconds);
  }
  limit(limiter: string, key: string, timeout: number) {
    return this.#host.limit(limiter, key, timeout);
  }
  refreshLater(keySet: number) {
    this.#host.refreshLater(keySet);
  }
  outlive(work: Promise<unknown>) {
    this.#host.outlive(work);
  }
  hasNative(algorithm: string, synchronously: boolean) {
    return this.#host.hasNative(algorithm, synchronously);
  }
  verify(key: number, algorithm: string, message: Uint8Array, signature: Uint8Array) {
    return this.#host.verify(key, algorithm, message, signature);
  }
  importKey(key: number, algorithm: string, jwk: string) {
    return this.#host.importKey(key, algorithm, jwk);
  }
  forgetKey(key: number) {
    this.#host.forgetKey(key);
  }
  surroundings() {
    return this.#host.surroundings();
  }
}
