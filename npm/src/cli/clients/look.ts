// Clients that are looked at.
import { EXIT, readArguments, readOptions, say } from "../command.js";
import { PAGES, PAGES_USAGE, pages } from "../keys/list.js";
import { brokenOff, row, sayRest, write, writeJson } from "../keys/output.js";
import { limitOf } from "../keys/values.js";
import type { ClientPage, ClientRecord, ClientUsage } from "../../../types/index.js";
import { WHERE, WHERE_USAGE, within, type Clients } from "./access.js";
import { inWords } from "./output.js";
import { recordId } from "./values.js";

export const SHOW_OPTIONS = { ...WHERE, json: { type: "boolean" } } as const;

export const show = {
  summary: "show a client's record and when a token of it last came",
  options: SHOW_OPTIONS,
  usage: `Usage: edgeward clients show <id> [options]

Shows the record of a client, and what is noted of its tokens.

  --json               print it as JSON

${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, SHOW_OPTIONS, "the id of a client's record");
    const id = recordId(operand);
    const view = await within(values, (clients) => clients.carryOut("show", id, {}));
    const { record, usage } = view as unknown as { record: ClientRecord; usage: ClientUsage };
    await write(values.json === true ? `${JSON.stringify(view)}\n` : inWords(record, usage));
    return EXIT.good;
  },
};

export const LIST_OPTIONS = { ...WHERE, ...PAGES } as const;

export const list = {
  summary: "list the records of all clients",
  options: LIST_OPTIONS,
  usage: `Usage: edgeward clients list [options]

Lists the records of all clients. edgeward inventory says how each of their secrets fares.

${PAGES_USAGE}  --json               print them as JSON

${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const values = readOptions(args, LIST_OPTIONS);
    const limit = limitOf(values.limit);
    const at = { cursor: values.cursor ?? null };
    return within(values, (clients) => (values.json === true ? asJson(clients, at, limit) : asTable(clients, at, limit)));
  },
};

type Cursor = { cursor: string | null };

const pagesOf = (clients: Clients, at: Cursor, limit: number) =>
  pages(
    at,
    limit,
    async (page) => (await clients.carryOut("list", undefined, page)) as unknown as ClientPage,
    ({ clients, unreadable = [] }) => clients.length + unreadable.length,
  );

async function asJson(clients: Clients, at: Cursor, limit: number): Promise<number> {
  async function* items() {
    for await (const { clients: records, unreadable = [] } of pagesOf(clients, at, limit)) {
      yield [...records, ...unreadable.map(({ id, fault }) => ({ id, unreadable: fault }))];
    }
    return { cursor: at.cursor };
  }
  await writeJson("clients", items(), () => at.cursor);
  return EXIT.good;
}

async function asTable(clients: Clients, at: Cursor, limit: number): Promise<number> {
  let count = 0;
  try {
    for await (const page of pagesOf(clients, at, limit)) {
      let text = count === 0 ? line("ID", "ISSUER", "CLIENT", "OWNER", "NAME", "SECRETS") : "";
      for (const record of page.clients) text += inLine(record);
      for (const { id, fault } of page.unreadable ?? []) text += line(id, "", "", "", "", `cannot be read: ${fault}`);
      const found = page.clients.length + (page.unreadable?.length ?? 0);
      count += found;
      if (found > 0) await write(text);
    }
  } catch (error) {
    throw brokenOff(error, at.cursor, count > 0);
  }
  say(count === 1 ? "1 client" : `${count} clients`);
  sayRest(at.cursor);
  return EXIT.good;
}

function inLine({ id, issuer, clientId, owner, name, secrets, removal }: ClientRecord): string {
  const good = secrets.filter(({ revoked }) => revoked === undefined).map((secret) => secret.id);
  return line(id, issuer, clientId, owner ?? "", name, removal === undefined ? good.join(" ") : "removed");
}

const line = (id: string, issuer: string, client: string, owner: string, name: string, secrets: string) =>
  row([[id, 16], [issuer, 32], [client, 32], [owner, 20], [name, 24], [secrets, 40]]);
