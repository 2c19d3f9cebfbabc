import { readOptions, type Command } from "../command.js";
import { command } from "../declare.js";
import { row } from "../output.js";
import { PAGES, limitOf, writeListing } from "../pages.js";
import { moment } from "../times.js";
import type { KeyPage, KeyRecord } from "../../../types/index.js";
import { WHERE, within } from "./where.js";

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
    const listed = {
      one: "key",
      several: "keys",
      head: line("ID", "ORGANIZATION", "OWNER", "NAME", "GOOD UNTIL"),
      inLine: (record: KeyRecord) => line(record.id, record.organization, record.owner, record.name, until(record)),
      broken: (id: string, words: string) => line(id, "", "", "", words),
    };
    return within(values, (keys) => {
      const page = async (asked: object) => {
        const { keys: records, ...rest } = (await keys.carryOut("list", undefined, asked)) as unknown as KeyPage;
        return { records, ...rest };
      };
      return writeListing({ ...listed, page }, { cursor: values.cursor ?? null }, limit, values.json === true);
    });
  },
);

const line = (id: string, organization: string, owner: string, name: string, until: string) =>
  row([[id, 16], [organization, 20], [owner, 24], [name, 28], [until, 40]]);

function until({ revocation, disabled, expires, rotation }: KeyRecord): string {
  if (revocation !== undefined) return `revoked ${moment(revocation.at)}`;
  const ends = [expires, rotation?.overlapUntil].filter((end) => end !== undefined);
  const end = ends.length === 0 ? "revoked" : moment(Math.min(...ends));
  return disabled ? `${end} (switched off)` : end;
}
