import type { CredentialFinding, Inspection } from "../../../types/index.js";
import { EXIT, core, oneOf, readOptional, type Command } from "../command.js";
import { credentialFrom } from "../credential.js";
import { JSON_OPTION, command } from "../declare.js";
import { write, writeDocument } from "../output.js";
import { readBeside, readPolicy, unusable } from "../policy.js";
import { momentOf } from "../times.js";
import { inWords } from "./words.js";

const LEVELS: readonly CredentialFinding["severity"][] = ["low", "medium", "high"];

const OPTIONS = {
  policy: { type: "string", value: "FILE", takes: "file", words: "the policy whose verdict is asked for: of a gate, or of a verifier of tokens" },
  jwks: { type: "string", value: "FILE", takes: "file", words: "a key set or a snapshot whose keys are tried; with a policy, in the place of keys that it fetches" },
  now: { type: "string", value: "WHEN", takes: "text", words: "the time it is judged at: 90d or 12h from now on, 2027-01-31, 2027-01-31T12:00:00Z, or seconds since 1970" },
  "fail-on": { type: "string", value: "LEVEL", takes: LEVELS, words: "exit with 1 from this severity of a finding on: low, medium (where left out) or high" },
  ...JSON_OPTION,
} as const;

export const inspect: Command = command(
  {
    name: "inspect",
    summary: "say what is in a token or an API key, and why it would be refused",
    synopsis: "[FILE] [options]",
    about: `Says what is in a token or an API key, what the verifier says of it step by step, under which key its signature holds and whether that key is to be trusted, and what is unwise about it. It asks nobody: no server, no store. The credential is read from FILE, from standard input ("-", or nothing), or from EDGEWARD_CREDENTIAL, and never stands in an argument. Neither its signature nor its secret is printed.`,
    options: OPTIONS,
    operand: { name: "FILE", takes: "file" },
    exits: {
      good: "there is nothing to object to",
      objection: "it is refused, or unwise from that severity on",
      failed: "it could not be done, or nobody can tell: the keys are not at hand",
    },
  },
  async (args) => {
    const { operand, values } = readOptional(args, OPTIONS, "one file with a credential");
    const level = LEVELS.indexOf(oneOf(values["fail-on"] ?? "medium", "--fail-on", LEVELS));
    const now = momentOf(values.now, "--now") ?? Date.now();
    const policy = values.policy === undefined ? {} : { policy: readPolicy(values.policy).text };
    const keys = readBeside(values.jwks);
    const jwks = keys === undefined ? {} : { jwks: keys };
    const credential = credentialFrom(operand);
    const { inspect: inspectCredential } = await core();
    let report: Inspection;
    try {
      report = inspectCredential(credential, { ...policy, ...jwks, now });
    } catch (error) {
      throw unusable(error);
    }
    await (values.json === true ? writeDocument(report) : write(`${inWords(report, Math.floor(now / 1000))}\n`));
    return exitOf(report, level);
  },
);

function exitOf({ class: of, token, key, verdict, lint }: Inspection, level: number): number {
  if (verdict?.ok === false && verdict.status >= 500) return EXIT.failed;
  const refused = (token ?? key)?.steps.some(({ outcome }) => outcome === "failed") ?? of === null;
  const unwise = lint.some(({ severity }) => LEVELS.indexOf(severity) >= level);
  return refused || unwise ? EXIT.objection : EXIT.good;
}
