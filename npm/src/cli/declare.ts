// A command is declared once: its usage, what its arguments may be, and what a shell completes are made from that.
import { UsageError } from "./errors.js";
import { isName, nearest } from "./suggest.js";
import { columns, wrapped } from "./terminal.js";

/** An option. What `parseArgs` of Node reads is `type`. */
export type Option = Switch | Valued;

/** One that takes no value. */
export interface Switch extends Said {
  readonly type: "boolean";
}

/** One that takes a value. */
export interface Valued extends Said {
  readonly type: "string";
  /** What its value is called in the usage. */
  readonly value: string;
  /** What its value is: a file, a directory, one of these words, or text that nobody can guess. */
  readonly takes: "file" | "directory" | "text" | readonly string[];
  /** The environment variable that stands for it where it is left out. */
  readonly env?: string;
}

interface Said {
  /** What it is for. */
  readonly words: string;
  /** The heading that it stands under. */
  readonly under?: string;
  /** It belongs to the one above it. */
  readonly inner?: boolean;
}

export type Options = Readonly<Record<string, Option>>;

/** What the options came to. */
export type Values<O extends Options> = { [K in keyof O]?: (O[K]["type"] extends "boolean" ? boolean : string) | undefined };

/** What stands in the arguments without a name. */
export interface Operand {
  readonly name: string;
  readonly takes: "file" | "text" | readonly string[];
}

export interface Command {
  /** In one line, for the list of commands. */
  readonly summary: string;
  /** In full, for `--help`. */
  readonly usage: string;
  /** What it takes, for completion. */
  readonly options?: Options;
  readonly operand?: Operand;
  /** Its parts by their names, where it has parts. */
  readonly parts?: Readonly<Record<string, Command>>;
  /** Which of its parts these arguments are for, where it has parts: its name and its usage. */
  part?(args: readonly string[]): { name: string; usage: string } | undefined;
  run(args: string[]): Promise<number>;
}

/** What is said of a command. */
export interface Declaration {
  /** With the command that it is a part of. */
  readonly name: string;
  readonly summary: string;
  /** What it is called with, behind its name. */
  readonly synopsis: string;
  /** What it does, in paragraphs. */
  readonly about: string;
  readonly options: Options;
  /** What is said after the options, in paragraphs. */
  readonly more?: string;
  readonly operand?: Operand;
  /** What its exit codes say; 2 is wrong usage always, and a policy that cannot be used. */
  readonly exits: { readonly good: string; readonly objection?: string; readonly failed?: string };
}

/** A command, with its usage made from what is said of it. */
export function command(declaration: Declaration, run: (args: string[]) => Promise<number>): Command {
  const { summary, options, operand } = declaration;
  return {
    summary,
    options,
    ...(operand !== undefined && { operand }),
    get usage() {
      return usageOf(declaration);
    },
    run,
  };
}

/** The same options under a heading. */
export function under<const O extends Options>(heading: string, options: O): O {
  return Object.fromEntries(Object.entries(options).map(([name, option]) => [name, { ...option, under: heading }])) as unknown as O;
}

/** Every command has it. */
export const JSON_OPTION = { json: { type: "boolean", words: "print JSON, errors too" } } as const;

/** The widest that usage gets: what is wider is hard to read. */
const WIDEST = 120;

/** Where the words of an option begin. */
const LEFT = 26;

function width(): number {
  return Math.min(WIDEST, Math.max(40, columns() ?? WIDEST));
}

/** How a usage is made: of its options, or of a list that stands in their place. */
type Usage = Pick<Declaration, "name" | "synopsis" | "about" | "more" | "exits"> & ({ readonly options: Options } | { readonly list: string });

function usageOf({ name, synopsis, about, more, exits, ...rest }: Usage): string {
  const wrong = "options" in rest && "policy" in rest.options ? "2 wrong usage, or a policy that cannot be used" : "2 wrong usage";
  const codes = [`0 ${exits.good}`, ...(exits.objection === undefined ? [] : [`1 ${exits.objection}`]), wrong, `3 ${exits.failed ?? "it could not be done"}`];
  return [
    `Usage: edgeward ${name}${synopsis === "" ? "" : ` ${synopsis}`}\n`,
    ...paragraphs(about),
    "options" in rest ? optionsUsage(rest.options) : rest.list,
    ...(more === undefined ? [] : paragraphs(more)),
    ...paragraphs(`Exit codes: ${codes.join("; ")}.`),
  ].join("\n");
}

/** A line or more for each option, under their headings; those without one come first. */
function optionsUsage(options: Options): string {
  const headings = new Map<string, string>();
  for (const [name, option] of Object.entries(options)) {
    const heading = option.under ?? "Options:";
    headings.set(heading, (headings.get(heading) ?? "") + optionUsage(name, option));
  }
  const sections = [...headings].sort(([one], [other]) => Number(other === "Options:") - Number(one === "Options:"));
  return sections.map(([heading, lines]) => `${heading}\n${lines}`).join("\n");
}

function optionUsage(name: string, option: Option): string {
  const left = `${option.inner === true ? "    " : "  "}--${name}${option.type === "string" ? ` ${option.value}` : ""}`;
  const text = `${option.words}${option.type === "string" ? ofValue(option) : ""}`;
  const [first = "", ...more] = wrapped(text, width() - LEFT);
  const head = left.length + 2 > LEFT ? `${left}\n${" ".repeat(LEFT)}${first}` : left.padEnd(LEFT) + first;
  return `${[head, ...more.map((line) => " ".repeat(LEFT) + line)].join("\n")}\n`;
}

/** The words that it takes, where its own words do not name them, and what stands for it. */
function ofValue({ takes, words, env }: Valued): string {
  const listed = typeof takes === "object" && !words.includes(takes[0]!) ? `: ${takes.join(", ")}` : "";
  return `${listed}${env === undefined ? "" : ` (else ${env})`}`;
}

/** Paragraphs, each as wide as usage gets and with the end of its last line. */
export function paragraphs(text: string): string[] {
  return text.split("\n\n").map((paragraph) => `${wrapped(paragraph.replaceAll("\n", " "), width()).join("\n")}\n`);
}

/** A list of names with a line for each. */
export function listUsage(entries: readonly (readonly [name: string, summary: string])[]): string {
  const widest = Math.max(...entries.map(([name]) => name.length));
  const left = widest + 5;
  return entries.map(([name, summary]) => `  ${name.padEnd(widest)}   ${wrapped(summary, width() - left).join(`\n${" ".repeat(left)}`)}`).join("\n");
}

/** What is said of a command that has parts. */
export interface Group extends Pick<Declaration, "name" | "summary" | "about" | "exits"> {
  /** What its parts are called. */
  readonly called: string;
  /** What is said where none is named, and where one is that there is not. */
  readonly missing: string;
  readonly unknown: string;
  readonly parts: Readonly<Record<string, Command>>;
}

/** A command that is several: the first argument says which. */
export function group({ name, summary, about, called, missing, unknown, exits, parts }: Group): Command {
  const partOf = (part: string | undefined) => (part !== undefined && Object.hasOwn(parts, part) ? parts[part] : undefined);
  return {
    summary,
    parts,
    get usage() {
      const list = listUsage(Object.entries(parts).map(([part, { summary }]) => [part, summary] as const));
      const title = `${called.charAt(0).toUpperCase()}${called.slice(1)}s`;
      const more = `${about}\n\nedgeward ${name} <${called}> --help says more, and all options; every ${called} has --json.`;
      return usageOf({ name, synopsis: `<${called}> [arguments]`, about: more, exits, list: `${title}:\n${list}\n` });
    },
    part([part]) {
      const found = partOf(part);
      return found === undefined ? undefined : { name: `${name} ${part}`, usage: found.usage };
    },
    async run([part, ...args]) {
      const known = `${called}s: ${Object.keys(parts).join(", ")}`;
      if (part === undefined) throw new UsageError(missing, { hint: known });
      const found = partOf(part);
      if (found !== undefined) return found.run(args);
      const meant = isName(part) ? nearest(part, Object.keys(parts)) : undefined;
      throw new UsageError(`${unknown}${meant === undefined ? "" : `; did you mean ${meant}?`}`, { hint: known });
    },
  };
}
