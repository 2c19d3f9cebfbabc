// What the commands share: their arguments, their words and their exit codes.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs, type ParseArgsOptionsConfig } from "node:util";

/** The exit codes. They are documented, and never change their meaning. */
export const EXIT = {
  /** It was done, and there is nothing to object to. */
  good: 0,
  /** It was done, and there is something to object to. */
  objection: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** It could not be done: a file, a server, a key set. */
  failed: 3,
} as const;

/** The command line is wrong: said with the usage of the command. */
export class UsageError extends Error {}

/** It could not be done: said without a stack. */
export class CommandError extends Error {}

/** Nobody reads what is printed any more, and nobody is told so. */
export class OutputClosed extends Error {}

/** The core or the gate did not do it, and says why by a reason code. */
export class StepError extends Error {
  readonly code: string;
  readonly status: number;

  constructor({ code, status, message }: { code: string; status: number; message: string }) {
    super(message);
    this.code = code;
    this.status = status;
  }

  /** Whether it is a "cannot tell", and no "no". */
  get unsettled(): boolean {
    return this.status >= 500 || this.status === 429;
  }

  get exit(): number {
    if (this.unsettled) return EXIT.failed;
    return this.code === "body_invalid" || this.code === "body_too_large" ? EXIT.usage : EXIT.objection;
  }
}

export interface Command {
  /** In one line, for the list of commands. */
  readonly summary: string;
  /** In full, for `--help`. */
  readonly usage: string;
  /** Which of its parts these arguments are for, where it has parts: its name and its usage. */
  part?(args: readonly string[]): { name: string; usage: string } | undefined;
  run(args: string[]): Promise<number>;
}

/** The options and the one operand of a command. */
export function readArguments<O extends ParseArgsOptionsConfig>(args: string[], options: O, operand: string) {
  const { positionals, values } = parsed(args, options);
  const [first, ...others] = positionals;
  if (first === undefined) throw new UsageError(`${operand} is missing`);
  if (others.length > 0) throw new UsageError(`${operand}, and not ${others.length + 1} of them`);
  return { operand: first, values };
}

/** The options of a command that has no operand. An operand is not repeated: it could be a secret. */
export function readOptions<O extends ParseArgsOptionsConfig>(args: string[], options: O) {
  const { positionals, values } = parsed(args, options);
  if (positionals.length > 0) throw new UsageError("it takes options alone, and there is something else among them");
  return values;
}

/** What people take for the name of an option that takes a secret. */
const SECRETS = /^--?(token|bearer|key|api-?key|secret|password|seals?|digests?|bootstrap(-secret)?)(=|$)/;

/** The options and whatever stands beside them. */
export function parsed<O extends ParseArgsOptionsConfig>(args: string[], options: O) {
  if (args.some((arg) => SECRETS.test(arg))) {
    throw new UsageError(
      "no option takes a secret, which everybody could read who lists the processes: secrets come by a file, by standard input, or by the environment",
    );
  }
  try {
    return parseArgs({ args, options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time as `90s`, `15m`, `12h`, `7d` or `2w`, in seconds; a bare number is seconds. */
export function seconds(text: string, option: string): number {
  const [, number, unit = "s"] = /^([0-9]{1,9})([smhdw])?$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`${option} takes a time, as 90s, 15m, 12h, 7d or 2w`);
  return Number(number) * UNITS[unit]!;
}

export function readText(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw new CommandError(`cannot read ${file}: ${reason(error)}`);
  }
}

/** Writes a file whole or not at all: whoever reads it meanwhile reads the one before. */
export function writeText(file: string, text: string): void {
  const beside = `${file}.${process.pid}.part`;
  try {
    writeFileSync(beside, text);
    renameSync(beside, file);
  } catch (error) {
    rmSync(beside, { force: true });
    throw new CommandError(`cannot write ${file}: ${reason(error)}`);
  }
}

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** For a person: standard error, so that what is printed for a program stays alone on standard output. */
export function say(words: string): void {
  process.stderr.write(`${words}\n`);
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
