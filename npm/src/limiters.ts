// The limiters that were lent: Cloudflare's rate-limit bindings, or whatever has their shape.
import type { GateOptions, Host } from "../types/index.js";

/** Counts a request under a key at a limiter, which has `timeout` milliseconds to answer. */
export type Limit = (limiter: string, key: string, timeout: number) => Promise<unknown>;

/** Asks the limiters of the options. Others than a gate are lent none. */
export function limiterOf(host: Host & Pick<GateOptions, "limiters">): Limit {
  const { limiters = {} } = host;
  if (typeof limiters !== "object" || limiters === null) throw new TypeError("`limiters` is an object of limiters by name");
  for (const name of Object.keys(limiters)) {
    if (typeof (limiters[name] as { limit?: unknown } | null | undefined)?.limit !== "function") {
      throw new TypeError(`the limiter \`${name}\` is an object with a method limit({ key })`);
    }
  }
  return async (name, key, timeout) => {
    const limiter = Object.hasOwn(limiters, name) ? limiters[name] : undefined;
    if (limiter === undefined) throw new Error("none of this name was lent");
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${timeout} ms`)), timeout);
    });
    try {
      return await Promise.race([limiter.limit({ key }), late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

/** Every limiter that a policy names has to be there from the start. */
export function requireLimiters(names: readonly string[], limiters: GateOptions["limiters"] = {}): void {
  const missing = names.filter((name) => !Object.hasOwn(limiters, name));
  if (missing.length > 0) {
    throw new TypeError(`the policy names limiters that were not lent: ${missing.join(", ")}; lend them as \`limiters\``);
  }
}
