import { EXIT, UsageError, readOptions, say, type Command } from "../command.js";
import type { ReviewFinding, ReviewPage, Severity } from "../../../types/index.js";
import type { Keys } from "./access.js";
import { formatOf, writeText } from "./inventory.js";
import { PAGES, PAGES_USAGE, pages } from "./list.js";
import { brokenOff, sayRest, shown, write, writeJson } from "./output.js";
import { limitOf } from "./values.js";
import { WHERE, WHERE_USAGE, within } from "./where.js";

const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;

const usage = `Usage: edgeward review [options]

Says what is wrong with the standing credentials: each finding with what it rests on, what it cannot see, whom to ask,
and the command that mends it. What is in memory does not grow with the number of keys.

  --format json|csv|html  for a program, for a spreadsheet, or a page for a person; words where left out
  --json               the same as --format json
  --fail-on LEVEL      exit with 1 from this severity on: critical, high, medium (where left out), low or info
${PAGES_USAGE}
${WHERE_USAGE}`;

type Counts = Partial<Record<Severity, number>>;

export const review: Command = {
  summary: "say what is wrong with the standing credentials, and how to mend it",
  usage,
  async run(args) {
    const values = readOptions(args, { ...WHERE, ...PAGES, format: { type: "string" }, "fail-on": { type: "string" } });
    const level = SEVERITIES.indexOf((values["fail-on"] ?? "medium") as Severity);
    if (level < 0) throw new UsageError(`--fail-on takes ${SEVERITIES.join(", ")}`);
    const limit = limitOf(values.limit);
    const format = formatOf(values, ["json", "csv", "html"]);
    const at = { cursor: values.cursor ?? null };
    const counts = await within(values, async (keys): Promise<Counts> => {
      if (format === undefined) return inWords(keys, at, limit);
      if (format === "json") return asJson(keys, at, limit);
      const { cursor, bySeverity } = await writeText(keys, { of: "review", format, cursor: values.cursor, limit });
      sayRest(cursor);
      return bySeverity;
    });
    return SEVERITIES.some((severity, place) => place <= level && (counts[severity] ?? 0) > 0) ? EXIT.objection : EXIT.good;
  },
};

type Cursor = { cursor: string | null };

async function* pagesOf(keys: Keys, at: Cursor, limit: number): AsyncGenerator<ReviewPage, void, void> {
  const first = at.cursor === null ? keys.policyFindings() : undefined;
  if (first !== undefined) yield first;
  yield* pages(at, limit, (page) => keys.review(page), ({ summary }) => summary.keys + summary.clients);
}

async function asJson(keys: Keys, at: Cursor, limit: number): Promise<Counts> {
  let summary: Counted = {};
  async function* findings() {
    for await (const page of pagesOf(keys, at, limit)) {
      summary = added(summary, page.summary as unknown as Counted);
      yield page.findings;
    }
    return { summary, cursor: at.cursor };
  }
  await writeJson("findings", findings(), () => at.cursor);
  return (summary["bySeverity"] ?? {}) as Counts;
}

/** Numbers, and groups of them. */
interface Counted {
  [name: string]: number | Counted;
}

function added(one: Counted, other: Counted): Counted {
  const sum: Counted = { ...one };
  for (const [name, value] of Object.entries(other)) {
    const before = sum[name];
    sum[name] = typeof value === "number" ? Number(before ?? 0) + value : added((before ?? {}) as Counted, value);
  }
  return sum;
}

async function inWords(keys: Keys, at: Cursor, limit: number): Promise<Counts> {
  const counts: Counts = {};
  let looked = 0;
  let clients = 0;
  let begun = false;
  try {
    for await (const { findings, summary } of pagesOf(keys, at, limit)) {
      begun = true;
      looked += summary.keys;
      clients += summary.clients;
      for (const { severity } of findings) counts[severity] = (counts[severity] ?? 0) + 1;
      if (findings.length > 0) await write(findings.map(inLines).join(""));
    }
  } catch (error) {
    throw brokenOff(error, at.cursor, begun);
  }
  const found = SEVERITIES.map((severity) => `${counts[severity] ?? 0} ${severity}`).join(", ");
  const also = clients === 0 ? "" : `, ${clients === 1 ? "1 client" : `${clients} clients`}`;
  say(`${looked === 1 ? "1 key" : `${looked} keys`}${also}: ${found}`);
  sayRest(at.cursor);
  return counts;
}

function inLines({ severity, rule, nhi, title, subject, evidence, advice, ask, command }: ReviewFinding): string {
  const whose = [subject.name, subject.organization].filter((text) => text !== null).join(", ");
  const secret = subject.secret === undefined ? "" : `/${shown(subject.secret)}`;
  const about = shown(subject.id ?? subject.pointer ?? "") + secret + (whose === "" ? "" : ` (${shown(whose)})`);
  const asked = ask.who === null ? `the ${ask.as}` : `${ask.as} ${shown(ask.who)}`;
  const lines = [`${title} ${shown(evidence.words)}`, advice, `Ask the ${asked.replace(/^the /, "")}.`, ...(command === null ? [] : [command])];
  return `${severity.padEnd(8)} ${about}  ${rule} [${nhi}]\n${lines.map((line) => `         ${line}\n`).join("")}\n`;
}
