// Many records, page by page.
import { EXIT, UsageError, say } from "./command.js";
import { JSON_OPTION } from "./declare.js";
import { brokenOff, sayRest, write, writeJson } from "./output.js";
import { progressOf } from "./terminal.js";

/** The options of whatever goes through all pages. */
export const PAGES = {
  limit: { type: "string", value: "N", takes: "text", words: "at most so many; all where left out" },
  cursor: { type: "string", value: "CURSOR", takes: "text", words: "where to begin, as the end of another list said" },
  ...JSON_OPTION,
} as const;

/** How many at most; all where left out. */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new UsageError("--limit takes a number from 1 on");
  return Number(text);
}

/** The most records of a page. */
export const MOST = 100;

/** How often it is said how many were read, where no terminal has a line for it. */
const PROGRESS = 25_000;

/** Where the next page begins. */
export type Cursor = { cursor: string | null };

/** Which page. */
export type Asked = { cursor: string | undefined; limit: number };

/**
 * All pages, one after the other. `at` says where the next one begins; `next` gets a page and `countOf` says how much it had.
 */
export async function* pages<P extends Cursor>(
  at: Cursor,
  limit: number,
  next: (page: Asked) => Promise<P>,
  countOf: (page: P) => number,
  what = "keys",
): AsyncGenerator<P, void, void> {
  const progress = progressOf(what, PROGRESS);
  let seen = 0;
  try {
    for (let left = limit; left > 0; ) {
      const page = await next({ cursor: at.cursor ?? undefined, limit: Math.min(MOST, left) });
      const count = countOf(page);
      left -= count;
      seen += count;
      yield page;
      at.cursor = page.cursor;
      if (page.cursor === null) return;
      progress.at(seen);
    }
  } finally {
    progress.done();
  }
}

/** A page of records, and of those of which nothing can be read but that they are there. */
export interface RecordPage<R> extends Cursor {
  records: readonly R[];
  unreadable?: readonly { id: string; fault: string }[];
}

/** A list of records. */
export interface Listing<R> {
  /** What they are called, one and several; several is the member of the JSON too. */
  readonly one: string;
  readonly several: string;
  /** The first line of the table. */
  readonly head: string;
  inLine(record: R): string;
  /** The line of one that cannot be read. */
  broken(id: string, words: string): string;
  page(asked: Asked): Promise<RecordPage<R>>;
}

const sizeOf = ({ records, unreadable = [] }: RecordPage<unknown>) => records.length + unreadable.length;

/** Prints a list as JSON, or as a table. */
export async function writeListing<R extends object>(listing: Listing<R>, at: Cursor, limit: number, asJson: boolean): Promise<number> {
  const found = pages(at, limit, (asked) => listing.page(asked), sizeOf, listing.several);
  await (asJson ? listAsJson(listing, found, at) : listAsTable(listing, found, at));
  return EXIT.good;
}

async function listAsJson<R extends object>({ several }: Listing<R>, found: AsyncGenerator<RecordPage<R>, void, void>, at: Cursor): Promise<void> {
  async function* items() {
    for await (const { records, unreadable = [] } of found) yield [...records, ...unreadable.map(({ id, fault }) => ({ id, unreadable: fault }))];
    return { cursor: at.cursor };
  }
  await writeJson(several, items(), () => at.cursor);
}

async function listAsTable<R>({ one, several, head, inLine, broken }: Listing<R>, found: AsyncGenerator<RecordPage<R>, void, void>, at: Cursor): Promise<void> {
  let count = 0;
  try {
    for await (const page of found) {
      const lines = [...page.records.map(inLine), ...(page.unreadable ?? []).map(({ id, fault }) => broken(id, `cannot be read: ${fault}`))];
      if (lines.length > 0) await write((count === 0 ? head : "") + lines.join(""));
      count += lines.length;
    }
  } catch (error) {
    throw brokenOff(error, at.cursor, count > 0);
  }
  say(count === 1 ? `1 ${one}` : `${count} ${several}`);
  sayRest(at.cursor);
}
