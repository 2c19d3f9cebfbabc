import { UsageError, type Command } from "../command.js";
import { disable, enable, revoke, revokeHeld, show, update } from "./change.js";
import { importKeys } from "./import.js";
import { list } from "./list.js";
import { issue, rotate } from "./make.js";
import { WHERE_USAGE } from "./where.js";

const STEPS: Readonly<Record<string, Command>> = {
  issue,
  list,
  show,
  update,
  rotate,
  disable,
  enable,
  revoke,
  "revoke-held": revokeHeld,
  import: importKeys,
};

const width = Math.max(...Object.keys(STEPS).map((name) => name.length));
const usage = `Usage: edgeward keys <step> [arguments]

The life of API keys, in a store or through the admin endpoints of a gate.

Steps:
${Object.entries(STEPS).map(([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`).join("\n")}

edgeward keys <step> --help says more. No option takes a secret: secrets come by a file, by standard input or by the
environment.

${WHERE_USAGE}
Exit codes: 0 done, 1 no: there is no such key, or its state does not allow it, or it was refused, 2 wrong usage,
3 nobody can tell: the store or the gate did not answer.
`;

export const keys: Command = {
  summary: "make, look at, change and end API keys",
  usage,
  part: ([name]) => {
    const step = stepOf(name);
    return step === undefined ? undefined : { name: `keys ${name}`, usage: step.usage };
  },
  async run([name, ...args]) {
    if (name === undefined) throw new UsageError("which step is missing");
    const step = stepOf(name);
    if (step === undefined) throw new UsageError("there is no such step in the life of a key");
    return step.run(args);
  },
};

function stepOf(name: string | undefined): Command | undefined {
  return name !== undefined && Object.hasOwn(STEPS, name) ? STEPS[name] : undefined;
}
