import { createHash } from "node:crypto";
import { open, readFile, readdir, rename, unlink } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Locks, codeOf, settle } from "./file-lock.js";
import { byBytes, checkAsked, checkName, checkValue, decodeName, encodeName, endOf, following, isOver, page } from "./names.js";
import { Turns } from "./turns.js";
import type { FileStore, FileStoreOptions } from "../../types/store/file.js";

/** What the file of a record begins with, as JSON on a line of its own; behind it is the value as it stands. */
interface Head {
  readonly name: string;
  readonly ends: number | null;
}

interface Entry extends Head {
  readonly value: string;
}

/** The longest name, encoded, that is the name of a file; file systems take 255 bytes. */
const LONGEST = 200;

export function fileStore(path: string, { now = Date.now, exclusive = false }: FileStoreOptions = {}): FileStore {
  if (typeof path !== "string" || path === "") throw new TypeError("`path` is the path of a directory");
  if (typeof now !== "function") throw new TypeError("`now` is a function that returns milliseconds");
  if (typeof exclusive !== "boolean") throw new TypeError("`exclusive` is true or false");
  const directory = resolve(path);
  const locks = new Locks(join(directory, "changes"), exclusive);
  const turns = new Turns();

  /** What is in a file; undefined where there is none. */
  const entryOf = async (file: string): Promise<Entry | undefined> => {
    let text: string;
    try {
      text = await readFile(join(directory, file), "utf8");
    } catch (error) {
      if (codeOf(error) === "ENOENT") return undefined;
      throw error;
    }
    return entryIn(text, file);
  };
  const find = async (name: string): Promise<string | null> => {
    const entry = await entryOf(fileOf(name));
    return entry === undefined || isOver(entry.ends, now()) ? null : entry.value;
  };
  /** Among the changes of this process first, so that only one of its own waits for those of others. */
  const change = <T>(name: string, work: () => Promise<T>): Promise<T> => {
    const file = fileOf(name);
    return turns.run(file, () => locks.hold(file, work));
  };

  const write = async (name: string, value: string, ends: number | null): Promise<void> => {
    const head: Head = { name, ends };
    const draft = locks.unfinished();
    try {
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(`${JSON.stringify(head)}\n${value}`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, join(directory, fileOf(name)));
    } catch (error) {
      await unlink(draft).catch(() => undefined);
      throw error;
    }
    await settle(directory);
  };
  const remove = async (name: string): Promise<void> => {
    try {
      await unlink(join(directory, fileOf(name)));
    } catch (error) {
      if (codeOf(error) === "ENOENT") return;
      throw error;
    }
    await settle(directory);
  };

  const namesIn = async (): Promise<string[]> => {
    const files = await readdir(directory).catch((error: unknown) => {
      if (codeOf(error) === "ENOENT") return [];
      throw error;
    });
    const names: string[] = [];
    for (const file of files) {
      const name = file.startsWith("h-") ? (await entryOf(file))?.name : file.startsWith("k-") ? decodeName(file.slice(2)) : undefined;
      if (name !== undefined) names.push(name);
    }
    return names.sort(byBytes);
  };

  return {
    async get(name) {
      checkName(name);
      return find(name);
    },
    async latest(name) {
      checkName(name);
      return find(name);
    },
    async put(name, value, options) {
      checkName(name);
      checkValue(value);
      const ends = endOf(options, now());
      await change(name, () => write(name, value, ends));
    },
    async delete(name) {
      checkName(name);
      await change(name, () => remove(name));
    },
    async list(asked) {
      checkAsked(asked);
      const names: string[] = [];
      for (const name of following(await namesIn(), asked)) {
        const entry = await entryOf(fileOf(name));
        if (entry === undefined) continue;
        if (isOver(entry.ends, now())) {
          await change(name, async () => ((await find(name)) === null ? remove(name) : undefined));
          continue;
        }
        if (names.length === asked.limit) return page(names, true);
        names.push(name);
      }
      return page(names, false);
    },
    async swap(name, expected, value) {
      checkName(name);
      if (value !== null) checkValue(value);
      return change(name, async () => {
        if ((await find(name)) !== expected) return false;
        await (value === null ? remove(name) : write(name, value, null));
        return true;
      });
    },
  };
}

/** A file's name for any name of a record: also where `A` and `a` are one file, and where names of files are short. */
function fileOf(name: string): string {
  const encoded = encodeName(name);
  return encoded.length <= LONGEST ? `k-${encoded}` : `h-${createHash("sha256").update(name).digest("hex")}`;
}

function entryIn(text: string, file: string): Entry {
  const end = text.indexOf("\n");
  try {
    const { name, ends } = JSON.parse(text.slice(0, end)) as Partial<Head>;
    if (end > 0 && typeof name === "string" && fileOf(name) === file && (ends === null || typeof ends === "number")) {
      return { name, ends, value: text.slice(end + 1) };
    }
  } catch {
    // Said below.
  }
  throw new Error(`${file} is no record that this store has written`);
}
