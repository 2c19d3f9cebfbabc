import { UsageError, readOptions, type Command } from "../command.js";
import { JSON_OPTION, command, under } from "../declare.js";
import { writeRecord } from "../output.js";
import { dateOf } from "../times.js";
import type { NotedClient } from "../../../types/index.js";
import { EXITS, WHERE, within } from "./access.js";
import { inWords } from "./record.js";
import { CLIENT, clientMembers } from "./values.js";

const ADD = {
  ...JSON_OPTION,
  ...under("The client:", {
    issuer: { type: "string", value: "URL", takes: "text", words: "whose client it is: what its tokens name in iss" },
    "client-id": { type: "string", value: "ID", takes: "text", words: "what its issuer calls it" },
    created: { type: "string", value: "WHEN", takes: "text", words: "when it was made: 2027-01-31, or seconds since 1970" },
  }),
  ...CLIENT,
  ...WHERE,
} as const;

export const add: Command = command(
  {
    name: "clients add",
    summary: "put a client on record",
    synopsis: "--issuer URL --client-id ID --owner WHO --revoker WHO [options]",
    about: "Puts a client on record, with who answers for it. Its secrets are noted by edgeward clients add-secret.",
    options: ADD,
    exits: { good: "it is on record", ...EXITS, objection: "it is on record already, or it was refused" },
  },
  async (args) => {
    const values = readOptions(args, ADD);
    const missing = (["issuer", "client-id", "owner", "revoker"] as const).filter((name) => values[name] === undefined);
    if (missing.length > 0) throw new UsageError(`missing: ${missing.map((name) => `--${name}`).join(", ")}`);
    const created = dateOf(values.created, "--created");
    const client = { issuer: values.issuer, clientId: values["client-id"], ...clientMembers(values), ...(created !== undefined && { created }) };
    return within(values, async (clients) => {
      const document = (await clients.carryOut("add", undefined, client)) as unknown as NotedClient;
      return writeRecord(document, values.json, inWords, "is on record");
    });
  },
);
