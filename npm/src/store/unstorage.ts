import { byBytes, checkAsked, checkName, checkValue, decodeName, encodeName, endOf, following, isOver, lifeOf, page } from "./names.js";
import type { Unstorage, UnstorageStore, UnstorageStoreOptions } from "../../types/store/unstorage.js";

/**
 * Stands before every value, with its end between two semicolons. It does not only keep the end: a text that begins so is
 * neither JSON nor base64 to unstorage and its drivers, which would hand out something else than was put in.
 */
const MARK = /^edgeward;(\d*);/;

/** Pieces of a name: a driver that writes files makes folders of all but the last, so that no file's name is too long. */
const PIECE = 120;
/** Ends a piece that is not the last; no name that is encoded ends so. */
const GOES_ON = "=:";

export function unstorageStore(storage: Unstorage, { now = Date.now }: UnstorageStoreOptions = {}): UnstorageStore {
  for (const method of ["getItemRaw", "setItemRaw", "removeItem", "getKeys"] as const) {
    if (typeof storage?.[method] !== "function") throw new TypeError(`\`storage\` is a storage of unstorage, with a method ${method}`);
  }
  if (typeof now !== "function") throw new TypeError("`now` is a function that returns milliseconds");

  const read = async (name: string): Promise<string | null> => {
    const found = await storage.getItemRaw(itemOf(name));
    if (found === null || found === undefined) return null;
    const stored = text(found);
    const mark = MARK.exec(stored);
    if (mark === null) return stored;
    const ends = mark[1] === "" ? null : Number(mark[1]);
    return isOver(ends, now()) ? null : stored.slice(mark[0].length);
  };

  return {
    async get(name) {
      checkName(name);
      return read(name);
    },
    async put(name, value, options) {
      checkName(name);
      checkValue(value);
      const life = lifeOf(options);
      // Drivers that know when a value ends remove it then; the others ignore this.
      const hint = life === undefined ? {} : { ttl: life };
      await storage.setItemRaw(itemOf(name), `edgeward;${endOf(options, now()) ?? ""};${value}`, hint);
    },
    async delete(name) {
      checkName(name);
      await storage.removeItem(itemOf(name));
    },
    async list(asked) {
      checkAsked(asked);
      const all = (await storage.getKeys()).map(nameOf).filter((name) => name !== undefined);
      const names: string[] = [];
      for (const name of following(all.sort(byBytes), asked)) {
        if ((await read(name)) === null) continue;
        if (names.length === asked.limit) return page(names, true);
        names.push(name);
      }
      return page(names, false);
    },
  };
}

function itemOf(name: string): string {
  return encodeName(name).replace(new RegExp(`.{${PIECE}}(?=.)`, "g"), `$&${GOES_ON}`);
}

/** Undefined for what others keep in the same storage. */
function nameOf(item: string): string | undefined {
  return decodeName(item.replaceAll(GOES_ON, ""));
}

function text(found: unknown): string {
  if (typeof found === "string") return found;
  if (found instanceof ArrayBuffer || found instanceof Uint8Array) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(found);
  throw new Error("the storage gave a value that is no text");
}
