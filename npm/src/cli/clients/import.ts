// Clients as their issuers list them.
import { readClientListing } from "../../index.js";
import type { ClientListing } from "../../../types/index.js";
import { CommandError, EXIT, UsageError, readOptions, readText, reason, say } from "../command.js";
import { importAll, linesOf, type Line } from "../keys/import.js";
import { WHERE, WHERE_USAGE, within } from "./access.js";

export const OPTIONS = {
  ...WHERE,
  file: { type: "string" },
  from: { type: "string" },
  issuer: { type: "string" },
  "start-at": { type: "string" },
  json: { type: "boolean" },
} as const;

export const importClients = {
  summary: "put clients on record as their issuer lists them, again and again",
  options: OPTIONS,
  usage: `Usage: edgeward clients import --file FILE [options]

Puts clients on record, and brings those that are on record up to date: a client is known by its issuer and its id there. What
a line does not say stays, who answers for the client above all. Where it names "secrets", it names all of them.

Each line of the file is a JSON object: "issuer", "clientId", and as far as they are known "name", "organization", "owner",
"revoker", "scopes", "created", "metadata" and "secrets": [{ "id", "hint", "created", "expires", "lastUsed" }]. A line that
fails is named, and the others go on. With --from it is the listing of an issuer instead, of which no secret is taken over.

  --file FILE          the file; standard input where left out
  --from auth0         what GET /api/v2/clients of the Management API answers, pages one after the other
  --from workos        what GET /connect/applications answers, with the answer of /connect/applications/{id}/client_secrets as
                       "client_secrets" of each application
  --issuer URL         with --from: what the tokens of these clients name in iss
  --start-at LINE      begin at this line
  --json               print a JSON object for each line

${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const values = readOptions(args, OPTIONS);
    const { file, from, issuer } = values;
    const ofInput = file === undefined || file === "-";
    if (ofInput && values["token-file"] === "-") throw new UsageError("standard input cannot be the token and the clients");
    const start = values["start-at"] ?? "1";
    if (!/^[1-9][0-9]{0,9}$/.test(start)) throw new UsageError("--start-at takes the number of a line, from 1 on");
    if (from === undefined && issuer !== undefined) throw new UsageError("--issuer goes with --from: else each line names its issuer");
    if (from !== undefined && from !== "auth0" && from !== "workos") throw new UsageError("--from takes auth0 or workos");
    if (from !== undefined && issuer === undefined) throw new UsageError("--issuer is missing: what the tokens of these clients name in iss");
    const listing = from === undefined ? undefined : listed(readText(ofInput ? "-" : file), from, issuer!);
    const lines = listing === undefined ? linesOf(ofInput ? undefined : file, Number(start)) : clientsOf(listing, Number(start));
    const json = values.json === true;
    const code = await within(values, (clients) =>
      importAll(lines, (text) => clients.carryOut("import", undefined, text), { json, what: "clients", goOn: "--start-at" }),
    );
    return listing === undefined ? code : tellPassed(listing, code);
  },
};

function listed(text: string, from: "auth0" | "workos", issuer: string): ClientListing {
  try {
    return readClientListing(text, { from, issuer });
  } catch (error) {
    throw new CommandError(reason(error));
  }
}

/** The clients of a listing, numbered as they come. */
function* clientsOf({ clients }: ClientListing, from: number): Generator<Line, void, void> {
  for (const [place, client] of clients.entries()) if (place + 1 >= from) yield [place + 1, JSON.stringify(client)];
}

/** What was not taken: clients of another kind by their number, and what is wrong by its name. */
function tellPassed({ passed }: ClientListing, code: number): number {
  const faults = passed.filter(({ fault }) => fault);
  for (const { entry, why } of faults) say(`entry ${entry} of the listing: ${why}`);
  const others = passed.length - faults.length;
  if (others > 0) say(`${others} ask for no tokens by client credentials, and were passed over`);
  return faults.length > 0 && code === EXIT.good ? EXIT.objection : code;
}
