import { inspect as inspectCredential } from "../index.js";
import { CommandError, EXIT, UsageError, print, readText, reason, say, type Command } from "./command.js";
import { credentialOf, momentOf, operandOf } from "./inspect/input.js";
import { inWords } from "./inspect/words.js";
import { faultInWords, faultsOf } from "./lint.js";
import type { Inspection } from "../../types/index.js";

const usage = `Usage: edgeward inspect [FILE] [options]

Says what is in a token or an API key, what the verifier says of it step by step, under which key its signature holds and
whether that key is to be trusted, and what is unwise about it. It asks nobody: no server, no store. The credential comes
from the file, from standard input where there is none or it is "-", or from EDGEWARD_CREDENTIAL. Neither its signature nor
its secret is printed.

Options:
  --policy FILE      the policy whose verdict is asked for: of a gate, or of a verifier of tokens
  --jwks FILE        a key set or a snapshot whose keys are tried; with a policy, in the place of keys that it fetches
  --now TIME         the time it is judged at: 2027-01-31, 2027-01-31T12:00:00Z, 12h from now on, or seconds since 1970
  --fail-on LEVEL    exit with 1 from this severity of a finding on: low, medium (where left out) or high
  --json             print the report as JSON

Exit codes: 0 there is nothing to object to, 1 it is refused, or unwise from that severity on, 2 wrong usage, 3 it could not
be done, or nobody can tell: the keys are not at hand.
`;

const LEVELS = ["low", "medium", "high"] as const;

export const OPTIONS = {
  policy: { type: "string" },
  jwks: { type: "string" },
  now: { type: "string" },
  "fail-on": { type: "string" },
  json: { type: "boolean" },
} as const;

export const inspect: Command = {
  summary: "say what is in a token or an API key, and why it would be refused",
  usage,
  async run(args) {
    const { file, values } = operandOf(args, OPTIONS);
    const level = LEVELS.indexOf((values["fail-on"] ?? "medium") as (typeof LEVELS)[number]);
    if (level < 0) throw new UsageError(`--fail-on takes ${LEVELS.join(", ")}`);
    const now = values.now === undefined ? Date.now() : momentOf(values.now);
    const policy = values.policy === undefined ? {} : { policy: readText(values.policy) };
    const jwks = values.jwks === undefined ? {} : { jwks: readText(values.jwks) };
    const credential = credentialOf(file);
    let report: Inspection;
    try {
      report = inspectCredential(credential, { ...policy, ...jwks, now });
    } catch (error) {
      for (const fault of faultsOf(error)) say(faultInWords(fault));
      throw new CommandError(faultsOf(error).length > 0 ? "the policy cannot be used" : reason(error));
    }
    print(values.json === true ? JSON.stringify(report) : inWords(report, Math.floor(now / 1000)));
    return exitOf(report, level);
  },
};

function exitOf({ class: of, token, key, verdict, lint }: Inspection, level: number): number {
  if (verdict?.ok === false && verdict.status >= 500) return EXIT.failed;
  const refused = (token ?? key)?.steps.some(({ outcome }) => outcome === "failed") ?? of === null;
  const unwise = lint.some(({ severity }) => LEVELS.indexOf(severity) >= level);
  return refused || unwise ? EXIT.objection : EXIT.good;
}
