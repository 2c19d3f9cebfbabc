// Locks between the processes of one machine that a process which is killed cannot leave behind.
//
// A lock is a hard link to a file that says who its owner is: the link is made in one step with all that is in it, by one
// process alone. A lock is broken only where its owner has certainly ended, so that it can never wake up and act as if it
// had it still; no age proves that. Two that find the same lock left behind must not break it one after the other, because
// the second would break the lock of whoever took it in between. So the breaker first puts down a claim with a name of its
// own, and goes on only where it then sees no claim of a living other: of two, the later one always sees the earlier.
import { randomBytes } from "node:crypto";
import { link, mkdir, open, readFile, readdir, readlink, rename, stat, unlink } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname, join } from "node:path";
import process from "node:process";

/** Who has a lock. */
interface Owner {
  readonly pid: number;
  /** When the process began, by the count of the kernel: a number that is used again is told by it. Empty where unknown. */
  readonly began: string;
  /** Which run of which kernel, and which of its counts of processes. Empty where unknown. */
  readonly boot: string;
  readonly processes: string;
  readonly host: string;
}

/** How long a change waits for those of others, in milliseconds. */
const PATIENCE = 10_000;
/** The longest wait between two tries, in milliseconds. */
const LONGEST_PAUSE = 20;

/** In milliseconds. Whoever wakes up after that finds its draft gone, and fails without harm. */
const ORPHANED_AFTER = 3_600_000;

/** One process's place among those that change a directory. */
export class Locks {
  readonly #directory: string;
  readonly #exclusive: boolean;
  readonly #token = randomBytes(9).toString("hex");
  #ready: Promise<void> | undefined;
  #count = 0;

  /** `exclusive`: no other container or machine works on the directory, so that what is not of this one is left behind. */
  constructor(directory: string, exclusive: boolean) {
    this.#directory = directory;
    this.#exclusive = exclusive;
  }

  /** A path for a file that is not finished yet. What is left of it after a crash is removed. */
  unfinished(): string {
    return this.#path(`t-${this.#token}-${++this.#count}`);
  }

  /** Runs a change while nobody else on this machine runs one under this name. */
  async hold<T>(name: string, change: () => Promise<T>): Promise<T> {
    const lock = this.#path(`l-${name}`);
    await this.#take(name, lock);
    try {
      return await change();
    } finally {
      await remove(lock);
    }
  }

  async #take(name: string, lock: string): Promise<void> {
    const deadline = performance.now() + PATIENCE;
    for (let tries = 1; ; tries++) {
      await (this.#ready ??= this.#enter());
      try {
        await link(this.#path(`o-${this.#token}`), lock);
        return;
      } catch (error) {
        if (codeOf(error) === "ENOENT") {
          // Somebody cleared the directory.
          this.#ready = undefined;
          if (performance.now() > deadline) throw error;
          continue;
        }
        if (codeOf(error) !== "EEXIST") throw error;
      }
      const owner = await ownerIn(lock);
      if (owner !== undefined && (await this.#hasEnded(owner)) && (await this.#break(name, lock))) continue;
      if (performance.now() > deadline) throw new Error(busy(lock, owner));
      await pause(Math.random() * Math.min(LONGEST_PAUSE, tries * 2));
    }
  }

  /** Removes a lock that was left behind; false where another may be about to do the same. */
  async #break(name: string, lock: string): Promise<boolean> {
    const claim = `b-${name}.${this.#token}`;
    await link(this.#path(`o-${this.#token}`), this.#path(claim));
    try {
      for (const other of await readdir(this.#directory)) {
        if (!other.startsWith(`b-${name}.`) || other === claim) continue;
        const owner = await ownerIn(this.#path(other));
        if (owner === undefined || !(await this.#hasEnded(owner))) return false;
        // Its name is never used again, so that nobody's claim but the dead one's goes.
        await remove(this.#path(other));
      }
      // Whoever has ended cannot have let go of it since, and no other breaks it now. It may have been broken before.
      const owner = await ownerIn(lock);
      if (owner !== undefined && (await this.#hasEnded(owner))) await remove(lock);
      return true;
    } finally {
      await remove(this.#path(claim));
    }
  }

  /** Says who this is, and removes what others left that have ended. */
  async #enter(): Promise<void> {
    try {
      const made = await mkdir(this.#directory, { recursive: true, mode: 0o700 });
      for (let path = this.#directory; made !== undefined && path.length >= made.length; path = dirname(path)) await settle(dirname(path));
      const text = JSON.stringify(await self());
      const draft = this.unfinished();
      const file = await open(draft, "wx", 0o600);
      try {
        await file.writeFile(text);
        // Before there is a lock: one that came back empty after a loss of power would say nothing of its owner.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(draft, this.#path(`o-${this.#token}`));
      await this.#sweep();
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
  }

  async #sweep(): Promise<void> {
    const names = await readdir(this.#directory);
    const [gone, here] = [new Set<string>(), new Set<string>()];
    for (const name of names.filter((name) => name.startsWith("o-"))) {
      const owner = await ownerIn(this.#path(name));
      (owner === undefined || (await this.#hasEnded(owner)) ? gone : here).add(name.slice(2));
    }
    for (const name of names) {
      const [, token] = /^t-([0-9a-f]+)-\d+$/.exec(name) ?? [];
      if (token === undefined || here.has(token)) continue;
      if (gone.has(token) || (await isOld(this.#path(name)))) await remove(this.#path(name));
    }
    // Last, since it tells whose the others are.
    for (const token of gone) await remove(this.#path(`o-${token}`));
  }

  /** Whether this owner will certainly do nothing more. Where that cannot be told, it has not ended. */
  async #hasEnded(owner: Owner): Promise<boolean> {
    const here = await self();
    // The same machine after it was started anew.
    const anew = owner.boot !== "" && here.boot !== "" && owner.boot !== here.boot && owner.host === here.host;
    // The number of a process says nothing in another container, which counts from one as well.
    const comparable = owner.boot === here.boot && owner.processes === here.processes && (owner.boot !== "" || owner.host === here.host);
    if (!comparable) return anew || this.#exclusive;
    if (!isThere(owner.pid)) return true;
    const began = await beginning(owner.pid);
    return began !== undefined && owner.began !== "" && began !== owner.began;
  }

  #path(name: string): string {
    return join(this.#directory, name);
  }
}

/** Undefined where there is no such file any more. */
async function ownerIn(path: string): Promise<Owner | undefined> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
  try {
    return JSON.parse(text) as Owner;
  } catch {
    throw new Error(`${path} is nothing that this store has written: remove it`);
  }
}

let known: Promise<Owner> | undefined;

function self(): Promise<Owner> {
  return (known ??= (async () => ({
    pid: process.pid,
    began: (await beginning(process.pid)) ?? "",
    boot: await readFile("/proc/sys/kernel/random/boot_id", "utf8").then((text) => text.trim(), () => ""),
    processes: await readlink("/proc/self/ns/pid").catch(() => ""),
    host: hostname(),
  }))());
}

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) !== "ESRCH";
  }
}

/**
 * When a process began, where the kernel says so in `/proc` (proc(5), the 22nd field). One that was killed and that its
 * parent has not asked after has ended too, once the last of its threads has (the 20th).
 */
async function beginning(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  // The second field is the name of the program, in parentheses, with anything in it.
  const fields = text?.slice(text.lastIndexOf(")") + 2).split(" ");
  if (fields === undefined) return undefined;
  return fields[0] === "Z" && Number(fields[17]) <= 1 ? "ended" : fields[19];
}

function busy(lock: string, owner: Owner | undefined): string {
  const who = owner === undefined ? "others" : `process ${owner.pid} on ${owner.host}`;
  return `the record is being changed by ${who} for longer than ${PATIENCE / 1000} s; where that is certainly no more, remove ${lock}`;
}

/** Whether a file that has no owner, as at the very start of a process, is nobody's any more. */
async function isOld(path: string): Promise<boolean> {
  const written = await stat(path).then(({ mtimeMs }) => mtimeMs, () => Infinity);
  return written < Date.now() - ORPHANED_AFTER;
}

async function remove(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
  }
}

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The code of an error of the system. */
export function codeOf(error: unknown): string | undefined {
  return (error as { code?: string } | undefined)?.code;
}

/** Makes sure that what a directory says of its files outlives a loss of power; Windows has no such call, and needs none. */
export async function settle(directory: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(directory, "r");
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems keep no order of their own to bring to the disk.
    if (codeOf(error) !== "EINVAL" && codeOf(error) !== "ENOTSUP") throw error;
  } finally {
    await handle.close();
  }
}
