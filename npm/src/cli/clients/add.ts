import { EXIT, UsageError, readOptions, say } from "../command.js";
import { write } from "../keys/output.js";
import { when } from "../keys/values.js";
import type { NotedClient } from "../../../types/index.js";
import { WHERE, WHERE_USAGE, within } from "./access.js";
import { inWords } from "./output.js";
import { CLIENT, CLIENT_USAGE, clientMembers } from "./values.js";

export const OPTIONS = {
  ...WHERE,
  ...CLIENT,
  issuer: { type: "string" },
  "client-id": { type: "string" },
  created: { type: "string" },
  json: { type: "boolean" },
} as const;

export const add = {
  summary: "put a client on record",
  options: OPTIONS,
  usage: `Usage: edgeward clients add --issuer URL --client-id ID --owner WHO --revoker WHO [options]

Puts a client on record, with who answers for it. Its secrets are noted by edgeward clients add-secret.

  --issuer URL         whose client it is: what its tokens name in iss
  --client-id ID       what its issuer calls it
${CLIENT_USAGE}  --created WHEN       when it was made: 2027-01-31, or seconds since 1970
  --json               print it as JSON

${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const values = readOptions(args, OPTIONS);
    const { issuer, "client-id": clientId, owner, revoker } = values;
    for (const [option, value] of Object.entries({ issuer, "client-id": clientId, owner, revoker })) {
      if (value === undefined) throw new UsageError(`--${option} is missing`);
    }
    const created = when(values.created, "--created");
    if (typeof created === "string") throw new UsageError("--created takes a date as 2027-01-31, or seconds since 1970");
    const client = { issuer, clientId, ...clientMembers(values), ...(created !== undefined && { created }) };
    return within(values, async (clients) => {
      const document = (await clients.carryOut("add", undefined, client)) as unknown as NotedClient;
      if (values.json === true) await write(`${JSON.stringify(document)}\n`);
      else {
        await write(inWords(document.record));
        say(`${document.id} is on record`);
      }
      return EXIT.good;
    });
  },
};
