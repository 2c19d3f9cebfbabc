import { EXIT, UsageError, readOptions, say, type Command } from "../command.js";
import type { InventoryLine } from "../../../types/index.js";
import type { Keys, TextAsked, TextEnd } from "./access.js";
import { PAGES, PAGES_USAGE, pages } from "./list.js";
import { brokenOff, moment, row, sayRest, write, writeJson } from "./output.js";
import { limitOf } from "./values.js";
import { WHERE, WHERE_USAGE, within } from "./where.js";

const usage = `Usage: edgeward inventory [options]

Lists every standing credential by what ends it: how it fares, whose it is, and when it was used last. What is in memory
does not grow with the number of keys.

  --format json|csv    for a program; a table where left out
  --json               the same as --format json
${PAGES_USAGE}
${WHERE_USAGE}`;

export const inventory: Command = {
  summary: "list every standing credential, and how it fares",
  usage,
  async run(args) {
    const values = readOptions(args, { ...WHERE, ...PAGES, format: { type: "string" } });
    const limit = limitOf(values.limit);
    const format = formatOf(values, ["json", "csv"]);
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
};

/** Which format is asked for; none for a person. */
export function formatOf<F extends string>({ format, json }: { format?: string | undefined; json?: boolean | undefined }, known: readonly F[]): F | undefined {
  if (format === undefined) return json === true ? ("json" as F) : undefined;
  if (!known.includes(format as F)) throw new UsageError(`--format takes ${known.join(", ")}`);
  if (json === true && format !== "json") throw new UsageError("--json and --format: one of them");
  return format as F;
}

/** Writes a text as it comes. */
export async function writeText(keys: Keys, asked: TextAsked): Promise<TextEnd> {
  const text = keys.text(asked);
  for (;;) {
    const step = await text.next();
    if (step.done) return step.value;
    await write(step.value);
  }
}

type Cursor = { cursor: string | null };

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
