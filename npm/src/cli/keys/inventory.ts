import { EXIT, UsageError, oneOf, readOptions, say, type Command } from "../command.js";
import { command } from "../declare.js";
import { progressOf } from "../terminal.js";
import type { InventoryLine } from "../../../types/index.js";
import type { Keys, TextAsked, TextEnd } from "./access.js";
import { brokenOff, row, sayRest, write, writeJson } from "../output.js";
import { PAGES, limitOf, pages, type Cursor } from "../pages.js";
import { moment } from "../times.js";
import { WHERE, within } from "./where.js";

const FORMATS = ["json", "csv"] as const;

export const OPTIONS = {
  format: { type: "string", value: "FORMAT", takes: FORMATS, words: "json or csv, for a program; a table where left out" },
  ...PAGES,
  ...WHERE,
} as const;

export const inventory: Command = command(
  {
    name: "inventory",
    summary: "list every standing credential, and how it fares",
    synopsis: "[options]",
    about: "Lists every standing credential by what ends it: how it fares, whose it is, and when it was used last. What is in memory does not grow with the number of keys.",
    options: OPTIONS,
    exits: { good: "all were listed", objection: "it was refused", failed: "the store or the gate did not answer: what was printed is not the whole list" },
  },
  async (args) => {
    const values = readOptions(args, OPTIONS);
    const limit = limitOf(values.limit);
    const format = formatOf(values, FORMATS);
    const at = { cursor: values.cursor ?? null };
    return within(values, async (keys) => {
      if (format === "json") {
        await writeJson("lines", lines(keys, at, limit), () => at.cursor);
      } else if (format === "csv") {
        const { cursor } = await writeText(keys, { of: "inventory", format, cursor: values.cursor, limit });
        sayRest(cursor);
      } else {
        await asTable(keys, at, limit);
      }
      return EXIT.good;
    });
  },
);

/** Which format is asked for; none for a person. */
export function formatOf<F extends string>({ format, json }: { format?: string | undefined; json?: boolean | undefined }, known: readonly F[]): F | undefined {
  if (format === undefined) return json === true ? ("json" as F) : undefined;
  const named = oneOf(format, "--format", known);
  if (json === true && named !== "json") throw new UsageError("--json and --format: one of them");
  return named;
}

/** Writes a text as it comes. */
export async function writeText(keys: Keys, asked: TextAsked): Promise<TextEnd> {
  const text = keys.text(asked);
  const progress = progressOf("KB", Infinity);
  let length = 0;
  try {
    for (;;) {
      const step = await text.next();
      if (step.done) return step.value;
      await write(step.value);
      length += step.value.length;
      progress.at(Math.ceil(length / 1000));
    }
  } finally {
    progress.done();
  }
}

async function* lines(keys: Keys, at: Cursor, limit: number) {
  for await (const page of pages(at, limit, (page) => keys.inventory(page), ({ lines }) => lines.length)) yield page.lines;
  return { cursor: at.cursor };
}

async function asTable(keys: Keys, at: Cursor, limit: number): Promise<void> {
  let count = 0;
  try {
    for await (const page of lines(keys, at, limit)) {
      const head = count === 0 ? line("ID", "STATE", "LIFECYCLE", "ORGANIZATION", "OWNER", "LAST USED", "EXPIRES") : "";
      if (page.length > 0) await write(head + page.map(inLine).join(""));
      count += page.length;
    }
  } catch (error) {
    throw brokenOff(error, at.cursor, count > 0);
  }
  say(count === 1 ? "1 credential" : `${count} credentials`);
  sayRest(at.cursor);
}

function inLine(of: InventoryLine): string {
  const { id, state, lifecycle, organization, owner, lastUsed, expires, usageUnreadable } = of;
  if (of.class === "client_secret") {
    // What its issuer does not say is not known, though a token of the client may have come.
    const used = lastUsed === undefined ? "not known" : lastUsed === null ? "never" : moment(lastUsed);
    const which = of.secret === null ? id : `${id}/${of.secret}`;
    return line(which, state, lifecycle ?? "", organization ?? "", owner ?? "", used, expires == null ? "" : moment(expires));
  }
  const used = usageUnreadable ? "not known" : lastUsed == null ? "never noted" : moment(lastUsed);
  return line(id, state, lifecycle ?? "", organization ?? "", owner ?? "", used, expires == null ? "" : moment(expires));
}

const line = (id: string, state: string, lifecycle: string, organization: string, owner: string, used: string, expires: string) =>
  row([[id, 16], [state, 13], [lifecycle, 9], [organization, 20], [owner, 24], [used, 20], [expires, 20]]);
