// Many keys, page by page.
import { EXIT, readOptions, say, type Command } from "../command.js";
import { command, optionsUsage } from "../declare.js";
import { progressOf } from "../terminal.js";
import type { KeyPage, KeyRecord } from "../../../types/index.js";
import type { Keys } from "./access.js";
import { brokenOff, moment, row, sayRest, write, writeJson } from "./output.js";
import { MOST, limitOf } from "./values.js";
import { WHERE, within } from "./where.js";

/** The options of whatever goes through all pages. */
export const PAGES = {
  limit: { type: "string", value: "N", takes: "text", words: "at most so many keys; all where left out" },
  cursor: { type: "string", value: "CURSOR", takes: "text", words: "where to begin, as the end of another list said" },
  json: { type: "boolean", words: "print JSON, errors too" },
} as const;

/** The same as text, for a usage that is written by hand. */
export const PAGES_USAGE = optionsUsage({ limit: PAGES.limit, cursor: PAGES.cursor });

/** How often it is said how many were read, where no terminal has a line for it. */
const PROGRESS = 25_000;

/**
 * All pages, one after the other. `at` says where the next one begins; `next` gets a page and says how many keys it had.
 */
export async function* pages<P extends { cursor: string | null }>(
  at: { cursor: string | null },
  limit: number,
  next: (page: { cursor: string | undefined; limit: number }) => Promise<P>,
  keysOf: (page: P) => number,
): AsyncGenerator<P, void, void> {
  const progress = progressOf("keys", PROGRESS);
  let seen = 0;
  try {
    for (let left = limit; left > 0; ) {
      const page = await next({ cursor: at.cursor ?? undefined, limit: Math.min(MOST, left) });
      const count = keysOf(page);
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

const OPTIONS = { ...PAGES, ...WHERE } as const;

export const list: Command = command(
  {
    name: "keys list",
    summary: "list the records of all keys",
    synopsis: "[options]",
    about: "Lists the records of all keys. edgeward inventory says how each of them fares.",
    options: OPTIONS,
    exits: { good: "all were listed", objection: "it was refused", failed: "the store or the gate did not answer: what was printed is not the whole list" },
  },
  async (args) => {
    const values = readOptions(args, OPTIONS);
    const limit = limitOf(values.limit);
    const at = { cursor: values.cursor ?? null };
    return within(values, (keys) => (values.json === true ? asJson(keys, at, limit) : asTable(keys, at, limit)));
  },
);

type Cursor = { cursor: string | null };

const pagesOf = (keys: Keys, at: Cursor, limit: number) =>
  pages(
    at,
    limit,
    async (page) => (await keys.carryOut("list", undefined, page)) as unknown as KeyPage,
    ({ keys, unreadable = [] }) => keys.length + unreadable.length,
  );

async function asJson(keys: Keys, at: Cursor, limit: number): Promise<number> {
  async function* items() {
    for await (const { keys: records, unreadable = [] } of pagesOf(keys, at, limit)) {
      yield [...records, ...unreadable.map(({ id, fault }) => ({ id, unreadable: fault }))];
    }
    return { cursor: at.cursor };
  }
  await writeJson("keys", items(), () => at.cursor);
  return EXIT.good;
}

async function asTable(keys: Keys, at: Cursor, limit: number): Promise<number> {
  let count = 0;
  try {
    for await (const page of pagesOf(keys, at, limit)) {
      let text = count === 0 ? line("ID", "ORGANIZATION", "OWNER", "NAME", "GOOD UNTIL") : "";
      for (const record of page.keys) text += line(record.id, record.organization, record.owner, record.name, until(record));
      for (const { id, fault } of page.unreadable ?? []) text += line(id, "", "", "", `cannot be read: ${fault}`);
      const found = page.keys.length + (page.unreadable?.length ?? 0);
      count += found;
      if (found > 0) await write(text);
    }
  } catch (error) {
    throw brokenOff(error, at.cursor, count > 0);
  }
  say(count === 1 ? "1 key" : `${count} keys`);
  sayRest(at.cursor);
  return EXIT.good;
}

const line = (id: string, organization: string, owner: string, name: string, until: string) =>
  row([[id, 16], [organization, 20], [owner, 24], [name, 28], [until, 40]]);

function until({ revocation, disabled, expires, rotation }: KeyRecord): string {
  if (revocation !== undefined) return `revoked ${moment(revocation.at)}`;
  const ends = [expires, rotation?.overlapUntil].filter((end) => end !== undefined);
  const end = ends.length === 0 ? "revoked" : moment(Math.min(...ends));
  return disabled ? `${end} (switched off)` : end;
}
