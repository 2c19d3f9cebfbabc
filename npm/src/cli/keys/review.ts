import { EXIT, oneOf, readOptions, say, type Command } from "../command.js";
import { command } from "../declare.js";
import { paint, shown, type Style } from "../terminal.js";
import type { ReviewFinding, ReviewPage, Severity } from "../../../types/index.js";
import type { Keys } from "./access.js";
import { formatOf, writeText } from "./inventory.js";
import { brokenOff, sayRest, write, writeJson } from "../output.js";
import { PAGES, limitOf, pages, type Cursor } from "../pages.js";
import { WHERE, within } from "./where.js";

const SEVERITIES = ["critical", "high", "medium", "low", "info"] as const;

const FORMATS = ["json", "csv", "html"] as const;

export const OPTIONS = {
  format: {
    type: "string",
    value: "FORMAT",
    takes: FORMATS,
    words: "json for a program, csv for a spreadsheet, html for a page that a person reads; words where left out",
  },
  "fail-on": { type: "string", value: "LEVEL", takes: SEVERITIES, words: "exit with 1 from this severity on: critical, high, medium (where left out), low or info" },
  ...PAGES,
  ...WHERE,
} as const;

type Counts = Partial<Record<Severity, number>>;

export const review: Command = command(
  {
    name: "review",
    summary: "say what is wrong with the standing credentials, and how to mend it",
    synopsis: "[options]",
    about: "Says what is wrong with the standing credentials: each finding with what it rests on, what it cannot see, whom to ask, and the command that mends it. What is in memory does not grow with the number of keys.",
    options: OPTIONS,
    exits: { good: "nothing to object to", objection: "there is a finding from that severity on, or it was refused", failed: "the store or the gate did not answer: what was printed is not the whole review" },
  },
  async (args) => {
    const values = readOptions(args, OPTIONS);
    const level = SEVERITIES.indexOf(oneOf(values["fail-on"] ?? "medium", "--fail-on", SEVERITIES));
    const limit = limitOf(values.limit);
    const format = formatOf(values, FORMATS);
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
);

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

const STYLES: Readonly<Record<Severity, Style>> = { critical: "red", high: "red", medium: "yellow", low: "cyan", info: "dim" };

function inLines({ severity, rule, nhi, title, subject, evidence, advice, ask, command }: ReviewFinding): string {
  const whose = [subject.name, subject.organization].filter((text) => text !== null).join(", ");
  const secret = subject.secret === undefined ? "" : `/${shown(subject.secret)}`;
  const about = shown(subject.id ?? subject.pointer ?? "") + secret + (whose === "" ? "" : ` (${shown(whose)})`);
  const asked = ask.who === null ? `the ${ask.as}` : `${ask.as} ${ask.who}`;
  const lines = [`${title} ${evidence.words}`, advice, `Ask the ${asked.replace(/^the /, "")}.`, ...(command === null ? [] : [command])].map(shown);
  return `${paint(STYLES[severity], severity.padEnd(8))} ${about}  ${shown(rule)} [${shown(nhi)}]\n${lines.map((line) => `         ${line}\n`).join("")}\n`;
}
