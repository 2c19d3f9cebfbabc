// The one object through which the records in KV are changed.
//
// Two stores cannot be changed in one step, so a change takes three, and each leaves the object knowing what to do if it is
// the last one:
//
//   1. The row of the key keeps the value before, and says that KV may differ from it from now on. An alarm is set with it.
//   2. The new value is written to KV.
//   3. The row takes the new value, and says that KV has it.
//
// The change has happened with step 3, and is told then. Whatever ends it before, an error of KV, one of the storage, or the
// end of the object itself, leaves the value before in the row, which `latest` and `swap` go by, and the alarm writes that
// value to KV again until KV has taken it. A value that was told as written is therefore in KV; one whose change was told to
// have failed may show in reads of KV, where KV had taken it after all, until the alarm has put the one before in its place.
import { DurableObject } from "cloudflare:workers";
import { checkName, checkValue, isOver } from "./names.js";
import { Turns } from "./turns.js";
import type { KvNamespace } from "../../types/store/kv.js";

interface Row {
  /** Null where the key was removed. */
  readonly value: string | null;
  readonly ends: number | null;
  /** Whether KV may have something else. */
  readonly unsure: boolean;
}

interface Sql {
  exec(query: string, ...values: (string | number | null)[]): { toArray(): Record<string, unknown>[] };
}

interface Context {
  readonly storage: { readonly sql: Sql; setAlarm(time: number): Promise<void> };
}

/** A row of the storage of a Durable Object has 2 MB at most; the name and the rest of it need little. */
const MOST_BYTES = 1_900_000;
/** When KV is put right after a change that did not come to its end, and when that is tried again, in milliseconds. */
const REPAIR_AFTER = 5_000;
const REPAIR_AGAIN_AFTER = 30_000;
/** How many keys are put right at one time: a Worker may ask for a thousand things in one go. */
const MOST_REPAIRS = 500;
/** KV takes one write in a second under each key. So often it is asked again, and after so many milliseconds. */
const MOST_TRIES = 6;
const TRY_AGAIN_AFTER = 1_100;
/** KV keeps a value that ends for so many seconds at least. */
const SHORTEST_LIFE = 60;
/** How long after its end a value is remembered, in milliseconds: until KV has it nowhere any more. */
const FORGET_AFTER = 86_400_000;

const encoder = new TextEncoder();

export class KeyWriter extends DurableObject {
  readonly #sql: Sql;
  readonly #storage: Context["storage"];
  // The gates of a Durable Object do not hold while KV is waited for, so that changes of one key take turns here.
  readonly #turns = new Turns();
  #alarm: number | undefined;

  constructor(context: Context, env: Record<string, unknown>) {
    super(context, env);
    this.#storage = context.storage;
    this.#sql = context.storage.sql;
    this.#sql.exec("CREATE TABLE IF NOT EXISTS records (name TEXT PRIMARY KEY, value TEXT, ends INTEGER, unsure INTEGER NOT NULL)");
    this.#sql.exec("CREATE INDEX IF NOT EXISTS unsure_records ON records (name) WHERE unsure = 1");
    this.#sql.exec("CREATE INDEX IF NOT EXISTS ending_records ON records (ends) WHERE ends IS NOT NULL");
  }

  /** The namespace that the records are in. */
  protected namespace(): KvNamespace {
    const namespace = (this as unknown as { env: Record<string, unknown> }).env["EDGEWARD_STORE"] as KvNamespace | undefined;
    if (namespace === undefined) throw new Error("KeyWriter has no KV namespace: bind one as EDGEWARD_STORE, or override namespace()");
    return namespace;
  }

  protected now(): number {
    return Date.now();
  }

  protected pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, milliseconds));
  }

  async latest(name: string): Promise<string | null> {
    checkName(name);
    const known = this.#known(name);
    if (known !== undefined) return this.#valueOf(known);
    const found = await this.#read(name);
    // It may have been changed in the meantime.
    const since = this.#known(name);
    return since === undefined ? found : this.#valueOf(since);
  }

  async swap(name: string, expected: string | null, value: string | null): Promise<boolean> {
    checkName(name);
    return this.#change(name, value, null, (current) => current === expected);
  }

  async put(name: string, value: string, life: number | null = null): Promise<void> {
    checkName(name);
    checkValue(value);
    await this.#change(name, value, life, () => true);
  }

  async delete(name: string): Promise<void> {
    checkName(name);
    await this.#change(name, null, null, () => true);
  }

  /** Puts KV right where a change did not come to its end. */
  async alarm(): Promise<void> {
    // What becomes unsure from here on sets an alarm of its own.
    this.#alarm = undefined;
    this.#sql.exec("DELETE FROM records WHERE ends < ? AND unsure = 0", this.now() - FORGET_AFTER);
    const unsure = this.#sql.exec("SELECT name FROM records WHERE unsure = 1 LIMIT ?", MOST_REPAIRS).toArray();
    const repairs = unsure.map(({ name }) => this.#turns.run(name as string, () => this.#repair(name as string)));
    const failed = (await Promise.allSettled(repairs)).filter(({ status }) => status === "rejected").length;
    if (failed > 0) console.error(`edgeward: KV could not be put right under ${failed} keys, which is tried again`);
    if (failed > 0 || unsure.length === MOST_REPAIRS) this.#wake(REPAIR_AGAIN_AFTER);
  }

  #change(name: string, value: string | null, life: number | null, goesOn: (current: string | null) => boolean): Promise<boolean> {
    if (value !== null) {
      checkValue(value);
      if (encoder.encode(value).length > MOST_BYTES) throw new RangeError(`the value of a record has ${MOST_BYTES} bytes at most`);
    }
    return this.#turns.run(name, async () => {
      const before = this.#known(name) ?? { value: await this.#read(name), ends: null, unsure: false };
      if (!goesOn(this.#valueOf(before))) return false;
      const after: Row = { value, ends: life === null ? null : this.now() + life * 1000, unsure: false };
      // One step, since nothing is waited for in it; and nothing goes out to KV before it is on the disk.
      this.#remember(name, { ...before, unsure: true });
      this.#wake(REPAIR_AFTER);
      await this.#write(name, after);
      this.#remember(name, after);
      return true;
    });
  }

  async #repair(name: string): Promise<void> {
    const row = this.#known(name);
    if (row === undefined || !row.unsure) return;
    await this.#write(name, row);
    this.#remember(name, { ...row, unsure: false });
  }

  #known(name: string): Row | undefined {
    const [row] = this.#sql.exec("SELECT value, ends, unsure FROM records WHERE name = ?", name).toArray();
    if (row === undefined) return undefined;
    return { value: row["value"] as string | null, ends: row["ends"] as number | null, unsure: row["unsure"] === 1 };
  }

  #remember(name: string, { value, ends, unsure }: Row): void {
    const query = "INSERT OR REPLACE INTO records (name, value, ends, unsure) VALUES (?, ?, ?, ?)";
    this.#sql.exec(query, name, value, ends, unsure ? 1 : 0);
  }

  #valueOf({ value, ends }: Row): string | null {
    return isOver(ends, this.now()) ? null : value;
  }

  /** Of a key that was never changed here. */
  #read(name: string): Promise<string | null> {
    return this.namespace().get(name, { type: "text", cacheTtl: 30 });
  }

  async #write(name: string, row: Row): Promise<void> {
    for (let tries = 1; ; tries++) {
      try {
        const value = this.#valueOf(row);
        if (value === null) return await this.namespace().delete(name);
        const left = row.ends === null ? null : Math.ceil((row.ends - this.now()) / 1000);
        return await this.namespace().put(name, value, left === null ? {} : { expirationTtl: Math.max(left, SHORTEST_LIFE) });
      } catch (error) {
        if (tries === MOST_TRIES || !/\b429\b/.test(String(error))) throw error;
        await this.pause(TRY_AGAIN_AFTER);
      }
    }
  }

  /** Sets the alarm, unless there is an earlier one to come: else a steady stream of changes would put it off for ever. */
  #wake(after: number): void {
    const time = this.now() + after;
    if (this.#alarm !== undefined && this.#alarm <= time) return;
    this.#alarm = time;
    void this.#storage.setAlarm(time);
  }
}
