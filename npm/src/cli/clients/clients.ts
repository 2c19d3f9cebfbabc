import { UsageError, type Command } from "../command.js";
import { WHERE_USAGE } from "./access.js";
import { addSecret, remove, revokeSecret, update } from "./change.js";
import { importClients } from "./import.js";
import { list, show } from "./look.js";
import { add } from "./add.js";

/** The steps, each with its options. */
export const STEPS = {
  add,
  import: importClients,
  list,
  show,
  update,
  "add-secret": addSecret,
  "revoke-secret": revokeSecret,
  remove,
} as const;

const width = Math.max(...Object.keys(STEPS).map((name) => name.length));
const usage = `Usage: edgeward clients <step> [arguments]

The records of M2M clients, whose tokens are minted elsewhere: whose each client is, and what is known of its secrets, so that
edgeward review covers them. Nothing here reaches an issuer: what is noted is what somebody did there.

Steps:
${Object.entries(STEPS).map(([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`).join("\n")}

edgeward clients <step> --help says more. No step takes a secret, and none is kept.

${WHERE_USAGE}
Exit codes: 0 done, 1 no: there is no such client, or its record does not allow it, or it was refused, 2 wrong usage,
3 nobody can tell: the store or the gate did not answer.
`;

export const clients: Command = {
  summary: "keep records of M2M clients and of the age of their secrets",
  usage,
  part: ([name]) => {
    const step = stepOf(name);
    return step === undefined ? undefined : { name: `clients ${name}`, usage: step.usage };
  },
  async run([name, ...args]) {
    if (name === undefined) throw new UsageError("which step is missing");
    const step = stepOf(name);
    if (step === undefined) throw new UsageError("there is no such step with the records of clients");
    return step.run(args);
  },
};

function stepOf(name: string | undefined): Command | undefined {
  return name !== undefined && Object.hasOwn(STEPS, name) ? STEPS[name as keyof typeof STEPS] : undefined;
}
