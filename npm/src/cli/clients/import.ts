// Clients as their issuers list them.
import { readClientListing } from "../../index.js";
import type { ClientListing } from "../../../types/index.js";
import { CommandError, EXIT, UsageError, oneOf, readOptions, readText, reason, say, type Command } from "../command.js";
import { command } from "../declare.js";
import { shown } from "../terminal.js";
import { importAll, linesOf, type Line } from "../keys/import.js";
import { WHERE, within } from "./access.js";

const FROM = ["auth0", "workos"] as const;

const OPTIONS = {
  file: { type: "string", value: "FILE", takes: "file", words: "the file; standard input where left out" },
  from: {
    type: "string",
    value: "ISSUER",
    takes: FROM,
    words: 'the file is the listing of an issuer: auth0, what GET /api/v2/clients of the Management API answers, pages one after the other; or workos, what GET /connect/applications answers, with the answer of /connect/applications/{id}/client_secrets as "client_secrets" of each application',
  },
  issuer: { type: "string", value: "URL", takes: "text", words: "with --from: what the tokens of these clients name in iss" },
  "start-at": { type: "string", value: "LINE", takes: "text", words: "begin at this line" },
  json: { type: "boolean", words: "print a JSON object for each line, errors too" },
  ...WHERE,
} as const;

export const importClients: Command = command(
  {
    name: "clients import",
    summary: "put clients on record as their issuer lists them, again and again",
    synopsis: "--file FILE [options]",
    about: `Puts clients on record, and brings those that are on record up to date: a client is known by its issuer and its id there. What a line does not say stays, who answers for the client above all. Where it names "secrets", it names all of them.

Each line of the file is a JSON object: "issuer", "clientId", and as far as they are known "name", "organization", "owner", "revoker", "scopes", "created", "metadata" and "secrets": [{ "id", "hint", "created", "expires", "lastUsed" }]. A line that fails is named, and the others go on. With --from it is the listing of an issuer instead, of which no secret is taken over.`,
    options: OPTIONS,
    exits: { good: "all were imported", objection: "some lines failed", failed: "the file cannot be read, or nobody can tell what became of many lines in a row" },
  },
  async (args) => {
    const values = readOptions(args, OPTIONS);
    const { file, issuer } = values;
    const start = values["start-at"] ?? "1";
    if (!/^[1-9][0-9]{0,9}$/.test(start)) throw new UsageError("--start-at takes the number of a line, from 1 on");
    const from = values.from === undefined ? undefined : oneOf(values.from, "--from", FROM);
    if (from === undefined && issuer !== undefined) throw new UsageError("--issuer goes with --from: else each line names its issuer");
    if (from !== undefined && issuer === undefined) throw new UsageError("--issuer is missing: what the tokens of these clients name in iss");
    const json = values.json === true;
    // Whoever asks is known before standard input is read to its end.
    return within(values, async (clients) => {
      const listing = from === undefined ? undefined : listed(readText(file ?? "-"), from, issuer!);
      const lines = listing === undefined ? linesOf(file, Number(start)) : clientsOf(listing, Number(start));
      const code = await importAll(lines, (text) => clients.carryOut("import", undefined, text), { json, what: "clients", goOn: "--start-at" });
      return listing === undefined ? code : tellPassed(listing, code);
    });
  },
);

function listed(text: string, from: "auth0" | "workos", issuer: string): ClientListing {
  try {
    return readClientListing(text, { from, issuer });
  } catch (error) {
    throw new CommandError(reason(error), { code: "listing_invalid", hint: "it is what the endpoint of the issuer answered, page after page, as edgeward clients import --help names it", cause: error });
  }
}

/** The clients of a listing, numbered as they come. */
function* clientsOf({ clients }: ClientListing, from: number): Generator<Line, void, void> {
  for (const [place, client] of clients.entries()) if (place + 1 >= from) yield [place + 1, JSON.stringify(client)];
}

/** What was not taken: clients of another kind by their number, and what is wrong by its name. */
function tellPassed({ passed }: ClientListing, code: number): number {
  const faults = passed.filter(({ fault }) => fault);
  for (const { entry, why } of faults) say(`entry ${entry} of the listing: ${shown(why)}`);
  const others = passed.length - faults.length;
  if (others > 0) say(`${others} ask for no tokens by client credentials, and were passed over`);
  return faults.length > 0 && code === EXIT.good ? EXIT.objection : code;
}
