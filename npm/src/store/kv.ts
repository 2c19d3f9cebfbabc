import { checkAsked, checkName, checkValue, lifeOf } from "./names.js";
import type { KeyWriterNamespace, KvNamespace, KvStore, KvStoreOptions } from "../../types/store/kv.js";

/** The one object that all changes go through. */
const OBJECT = "records";
/** The longest page that KV gives. */
const LONGEST_PAGE = 1000;

export function kvStore(namespace: KvNamespace, { writer }: KvStoreOptions = {}): KvStore {
  for (const method of ["get", "put", "delete", "list"] as const) {
    if (typeof namespace?.[method] !== "function") throw new TypeError(`\`namespace\` is a KV namespace, with a method ${method}`);
  }
  const reading: Pick<KvStore, "get" | "list"> = {
    async get(name, options) {
      checkName(name);
      const cacheTtl = options?.cacheTtl;
      return namespace.get(name, cacheTtl === undefined ? { type: "text" } : { type: "text", cacheTtl });
    },
    async list(asked) {
      checkAsked(asked);
      return namespace.list({ ...asked, limit: Math.min(asked.limit, LONGEST_PAGE) });
    },
  };
  return { ...reading, ...(writer === undefined ? ownWrites(namespace) : writesThrough(writer)) };
}

function ownWrites(namespace: KvNamespace): Pick<KvStore, "put" | "delete"> {
  return {
    async put(name, value, options) {
      checkName(name);
      checkValue(value);
      const life = lifeOf(options);
      await namespace.put(name, value, life === undefined ? {} : { expirationTtl: life });
    },
    async delete(name) {
      checkName(name);
      await namespace.delete(name);
    },
  };
}

/** Every write, so that the object knows the value of each key that was ever changed. */
function writesThrough(writer: KeyWriterNamespace): Pick<KvStore, "put" | "delete" | "latest" | "swap"> {
  if (typeof writer?.idFromName !== "function" || typeof writer.get !== "function") {
    throw new TypeError("`writer` is the binding of a Durable Object of the class KeyWriter");
  }
  // A stub belongs to the request that asked for it.
  const object = () => writer.get(writer.idFromName(OBJECT));
  return {
    async put(name, value, options) {
      checkName(name);
      checkValue(value);
      await object().put(name, value, lifeOf(options) ?? null);
    },
    async delete(name) {
      checkName(name);
      await object().delete(name);
    },
    async latest(name) {
      checkName(name);
      return object().latest(name);
    },
    async swap(name, expected, value) {
      checkName(name);
      if (expected !== null) checkValue(expected);
      if (value !== null) checkValue(value);
      return object().swap(name, expected, value);
    },
  };
}
