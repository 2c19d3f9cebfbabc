import { lint as lintPolicy } from "../index.js";
import { EXIT, UsageError, print, readArguments, readText, reason, say, type Command } from "./command.js";
import type { LintFinding, PolicyError, PolicyFault } from "../../types/index.js";

const usage = `Usage: edgeward lint <policy.json> [options]

Judges a policy, and says what is legal in it and unwise: each finding with its place, its risk in the OWASP Non-Human
Identities Top 10, and what to do about it. "-" reads the policy from standard input.

Options:
  --snapshots FILE        the snapshots that are deployed with it, by issuer
  --workers-routes FILE   the Workers routes of the zone, as Cloudflare's API lists them
                          (GET /zones/{zone_id}/workers/routes): is one of them set to fail open?
  --fail-on LEVEL         exit with 1 from this severity on: low, medium (where left out) or high
  --json                  print the findings as JSON
`;

const LEVELS = ["low", "medium", "high"] as const;

export const lint: Command = {
  summary: "judge a policy, and say what is unwise in it",
  usage,
  async run(args) {
    const { operand: file, values } = readArguments(
      args,
      { snapshots: { type: "string" }, "workers-routes": { type: "string" }, "fail-on": { type: "string" }, json: { type: "boolean" } },
      "a policy file",
    );
    const level = LEVELS.indexOf((values["fail-on"] ?? "medium") as (typeof LEVELS)[number]);
    if (level < 0) throw new UsageError(`--fail-on takes ${LEVELS.join(", ")}`);
    const snapshots = values.snapshots === undefined ? "{}" : readText(values.snapshots);
    const routesFile = values["workers-routes"];
    const workersRoutes = routesFile === undefined ? {} : { workersRoutes: readText(routesFile) };
    const policy = readText(file);
    let findings: LintFinding[];
    try {
      findings = lintPolicy(policy, { snapshots, ...workersRoutes });
    } catch (error) {
      const faults = faultsOf(error);
      if (values.json === true) print(JSON.stringify({ file, fault: reason(error), faults, findings: [] }));
      else if (faults.length === 0) say(reason(error));
      else for (const fault of faults) say(faultInWords(fault));
      return EXIT.objection;
    }
    if (values.json === true) {
      print(JSON.stringify({ file, fault: null, faults: [], findings }));
    } else {
      for (const finding of findings) print(inWords(finding));
      say(findings.length === 0 ? `${file}: nothing to object to` : `${file}: ${counted(findings)}`);
    }
    return findings.some((finding) => LEVELS.indexOf(finding.severity) >= level) ? EXIT.objection : EXIT.good;
  },
};

/** The faults of a policy that cannot be used, one by one. */
export function faultsOf(error: unknown): readonly PolicyFault[] {
  return error instanceof Error && error.name === "PolicyError" ? (error as PolicyError).faults : [];
}

export function faultInWords({ pointer, reason: words, hint }: PolicyFault): string {
  const place = pointer === "" ? "the document" : pointer;
  return `fault  ${place}: ${words}${hint === null ? "" : `\n       ${hint}`}`;
}

function inWords({ severity, rule, nhi, document, pointer, title, evidence, advice }: LintFinding): string {
  const about = evidence === null ? "" : ` (${evidence})`;
  const place = document === "policy" ? pointer : `${document}#${pointer}`;
  return `${severity.padEnd(6)} ${place}  ${rule} [${nhi}]\n       ${title}${about}\n       ${advice}\n`;
}

function counted(findings: readonly LintFinding[]): string {
  const count = (level: string) => findings.filter((finding) => finding.severity === level).length;
  return [...LEVELS].reverse().map((level) => `${count(level)} ${level}`).join(", ");
}
