// Clients that are looked at.
import { EXIT, readArguments, readOptions, type Command } from "../command.js";
import { JSON_OPTION, command } from "../declare.js";
import { row, write, writeDocument } from "../output.js";
import { PAGES, limitOf, writeListing } from "../pages.js";
import type { ClientPage, ClientRecord, ClientUsage } from "../../../types/index.js";
import { EXITS, WHERE, within } from "./access.js";
import { inWords } from "./record.js";
import { ID, OPERAND, recordId } from "./values.js";

const SHOW = { ...JSON_OPTION, ...WHERE } as const;

export const show: Command = command(
  {
    name: "clients show",
    summary: "show a client's record and when a token of it last came",
    synopsis: "<id> [options]",
    about: "Shows the record of a client, and what is noted of its tokens.",
    options: SHOW,
    operand: OPERAND,
    exits: { good: "it was shown", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, SHOW, ID);
    const id = recordId(operand);
    const view = await within(values, (clients) => clients.carryOut("show", id, {}));
    const { record, usage } = view as unknown as { record: ClientRecord; usage: ClientUsage };
    await (values.json === true ? writeDocument(view) : write(inWords(record, usage)));
    return EXIT.good;
  },
);

const LIST = { ...PAGES, ...WHERE } as const;

export const list: Command = command(
  {
    name: "clients list",
    summary: "list the records of all clients",
    synopsis: "[options]",
    about: "Lists the records of all clients. edgeward inventory says how each of their secrets fares.",
    options: LIST,
    exits: { good: "all were listed", objection: "it was refused", failed: "the store or the gate did not answer: what was printed is not the whole list" },
  },
  async (args) => {
    const values = readOptions(args, LIST);
    const limit = limitOf(values.limit);
    const listed = {
      one: "client",
      several: "clients",
      head: line("ID", "ISSUER", "CLIENT", "OWNER", "NAME", "SECRETS"),
      inLine,
      broken: (id: string, words: string) => line(id, "", "", "", "", words),
    };
    return within(values, (clients) => {
      const page = async (asked: object) => {
        const { clients: records, ...rest } = (await clients.carryOut("list", undefined, asked)) as unknown as ClientPage;
        return { records, ...rest };
      };
      return writeListing({ ...listed, page }, { cursor: values.cursor ?? null }, limit, values.json === true);
    });
  },
);

function inLine({ id, issuer, clientId, owner, name, secrets, removal }: ClientRecord): string {
  const good = secrets.filter(({ revoked }) => revoked === undefined).map((secret) => secret.id);
  return line(id, issuer, clientId, owner ?? "", name, removal === undefined ? good.join(" ") : "removed");
}

const line = (id: string, issuer: string, client: string, owner: string, name: string, secrets: string) =>
  row([[id, 16], [issuer, 32], [client, 32], [owner, 20], [name, 24], [secrets, 40]]);
