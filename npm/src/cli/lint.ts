import { EXIT, print, oneOf, readArguments, readText, reason, say, type Command } from "./command.js";
import { JSON_OPTION, command } from "./declare.js";
import { faultInWords, faultsOf } from "./errors.js";
import { notJson } from "./json.js";
import { judged, readBeside } from "./policy.js";
import { paint, type Style } from "./terminal.js";
import type { LintFinding } from "../../types/index.js";

const LEVELS = ["low", "medium", "high"] as const;

export const OPTIONS = {
  snapshots: { type: "string", value: "FILE", takes: "file", words: "the snapshots that are deployed with it, by issuer" },
  "workers-routes": {
    type: "string",
    value: "FILE",
    takes: "file",
    words: "the Workers routes of the zone, as Cloudflare's API lists them (GET /zones/{zone_id}/workers/routes): is one of them set to fail open?",
  },
  "fail-on": { type: "string", value: "LEVEL", takes: LEVELS, words: "exit with 1 from this severity on: low, medium (where left out) or high" },
  ...JSON_OPTION,
} as const;

export const lint: Command = command(
  {
    name: "lint",
    summary: "judge a policy, and say what is unwise in it",
    synopsis: "<policy.json> [options]",
    about: `Judges a policy, and says what is legal in it and unwise: each finding with its place, its risk in the OWASP Non-Human Identities Top 10, and what to do about it. "-" reads the policy from standard input.`,
    options: OPTIONS,
    operand: { name: "policy.json", takes: "file" },
    exits: { good: "nothing to object to", objection: "there is a finding from that severity on, or the policy cannot be used", failed: "a file cannot be read" },
  },
  async (args) => {
    const { operand: file, values } = readArguments(args, OPTIONS, "a policy file");
    const level = LEVELS.indexOf(oneOf(values["fail-on"] ?? "medium", "--fail-on", LEVELS));
    const snapshots = readBeside(values.snapshots) ?? "{}";
    const workersRoutes = readBeside(values["workers-routes"]);
    const policy = readText(file);
    let findings: LintFinding[];
    try {
      findings = await judged(policy, { snapshots, ...(workersRoutes !== undefined && { workersRoutes }) });
    } catch (error) {
      const faults = faultsOf(error);
      if (faults.length === 0) throw error;
      // The core knows that it is no JSON, and here is where.
      const place = isJson(policy) ? "" : `: ${notJson(policy, file).message}`;
      const told = { code: "policy_invalid", message: `the policy cannot be used${place}`, hint: "each of the faults says where it is, and what to write instead" };
      if (values.json === true) print(JSON.stringify({ file, fault: reason(error), faults, findings: [], error: told }));
      else for (const fault of faults) say(`${faultInWords(fault)}${place === "" ? "" : `\n       ${place.slice(2)}`}`);
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
);

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

const STYLES: Readonly<Record<LintFinding["severity"], Style>> = { high: "red", medium: "yellow", low: "cyan" };

function inWords({ severity, rule, nhi, document, pointer, title, evidence, advice }: LintFinding): string {
  const about = evidence === null ? "" : ` (${evidence})`;
  const place = document === "policy" ? pointer : `${document}#${pointer}`;
  return `${paint(STYLES[severity], severity.padEnd(6))} ${place}  ${rule} [${nhi}]\n       ${title}${about}\n       ${advice}\n`;
}

function counted(findings: readonly LintFinding[]): string {
  const count = (level: string) => findings.filter((finding) => finding.severity === level).length;
  return [...LEVELS].reverse().map((level) => `${count(level)} ${level}`).join(", ");
}
