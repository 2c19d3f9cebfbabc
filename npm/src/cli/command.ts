// What the commands share: their arguments, their files and their words.
import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { Options, Values } from "./declare.js";
import { CommandError, UsageError, reason } from "./errors.js";
import { isName, nearest } from "./suggest.js";

export type { Command, Option, Options, Values } from "./declare.js";
export { CommandError, EXIT, OutputClosed, StepError, UsageError, reason } from "./errors.js";
export { print, say } from "./terminal.js";
export { seconds } from "./times.js";

/** The package, and with it the core: a command that does not need it does not wait for it. */
export const core = () => import("../index.js");

/** The options and the one operand of a command. */
export function readArguments<O extends Options>(args: string[], options: O, operand: string) {
  const { operand: first, values } = readOptional(args, options, operand);
  if (first === undefined) throw new UsageError(`${operand} is missing`);
  return { operand: first, values };
}

/** The options and the operand of a command that can go without it. */
export function readOptional<O extends Options>(args: string[], options: O, operand: string) {
  const { positionals, values } = parsed(args, options);
  const [first, ...others] = positionals;
  if (others.length > 0) throw new UsageError(`${operand}, and not ${others.length + 1} of them`);
  return { operand: first, values };
}

/** The options of a command that has no operand. An operand is not repeated: it could be a secret. */
export function readOptions<O extends Options>(args: string[], options: O) {
  const { positionals, values } = parsed(args, options);
  if (positionals.length > 0) throw new UsageError("it takes options alone, and there is something else among them");
  return values;
}

/** What people take for the name of an option that takes a secret. */
const SECRETS = /^--?(token|bearer|key|(api|private|secret|signing)-?key|([a-z]+-)*(secret|password|token|credential)s?|pass(wd|phrase)?|seals?|digests?|bootstrap|jwk)(=|$)/;

/** What has the form of a token or of an API key, as a word of its own. */
const CREDENTIAL = /(^|[=\s])(eyJ[\w-]+\.[\w-]+\.[\w-]*|[a-z0-9]{2,12}_(live|test)_[0-9A-Za-z]{16}_[0-9A-Za-z]{32,})($|\s)/;

/** What has a password before its host. */
const WITH_PASSWORD = /:\/\/[^/\s@]*:[^/\s@]+@/;

const BY_OTHER_WAYS = "secrets come by a file, by standard input, or by the environment";

/** The options, and whatever stands beside them. */
function parsed<O extends Options>(args: string[], options: O): { positionals: string[]; values: Values<O> } {
  if (args.some((arg) => SECRETS.test(arg))) {
    throw new UsageError(`no option takes a secret, which everybody could read who lists the processes: ${BY_OTHER_WAYS}`);
  }
  if (args.some((arg) => CREDENTIAL.test(arg))) {
    throw new UsageError(`a credential, a token or a key itself, does not stand in an argument, which everybody could read who lists the processes: ${BY_OTHER_WAYS}`, {
      hint: "whoever could list the processes may know it by now: revoke it, or let it expire",
    });
  }
  if (args.some((arg) => WITH_PASSWORD.test(arg))) {
    throw new UsageError("a password does not stand in an argument, which everybody could read who lists the processes", {
      hint: "the URL of a store with its password stands in EDGEWARD_STORE; others take none",
    });
  }
  const { positionals, values, tokens } = parseArgs({ args, options, allowPositionals: true, strict: false, tokens: true });
  // Strictly, in words of our own: those of Node change with its version, and repeat what they were given.
  for (const token of tokens) if (token.kind === "option") judge(token, options);
  const ofInput = Object.entries(values).filter(([name, value]) => value === "-" && (options[name] as { takes?: unknown }).takes === "file");
  if (ofInput.length + positionals.filter((operand) => operand === "-").length > 1) throw new UsageError(ONE_READER);
  // What is judged has the types that the strict reading gives.
  return { positionals, values: values as unknown as Values<O> };
}

interface OptionToken {
  name: string;
  rawName: string;
  value?: string | undefined;
  inlineValue?: boolean | undefined;
}

function judge({ name, rawName, value, inlineValue }: OptionToken, options: Options): void {
  const option = Object.hasOwn(options, name) ? options[name] : undefined;
  if (option === undefined) {
    if (!isName(rawName)) throw new UsageError("there is an option among them that it does not have");
    const meant = nearest(name, Object.keys(options));
    throw new UsageError(`there is no option ${rawName}${meant === undefined ? "" : `; did you mean --${meant}?`}`);
  }
  if (option.type === "boolean") {
    if (value !== undefined) throw new UsageError(`${rawName} takes no value`);
  } else if (value === undefined) {
    throw new UsageError(`${rawName} takes a value, which is missing`);
  } else if (inlineValue !== true && value.length > 1 && value.startsWith("-")) {
    throw new UsageError(`${rawName} takes a value, and another option follows; a value that begins with - is written ${rawName}=…`);
  }
}

/** The value of an option that takes one of these words. */
export function oneOf<const W extends string>(value: string, option: string, words: readonly W[]): W {
  if ((words as readonly string[]).includes(value)) return value as W;
  const meant = isName(value) ? nearest(value, words) : undefined;
  throw new UsageError(`${option} takes ${words.join(", ")}${meant === undefined ? "" : `; did you mean ${meant}?`}`);
}

/** What the system says of a file, in words, with what to do about it. */
const OF_FILES: Readonly<Record<string, readonly [words: string, hint: string]>> = {
  ENOENT: ["there is no such file", "is the path right? It is looked for from the directory that the command runs in"],
  EEXIST: ["there is a file of this name", "name another place, or take that one away"],
  EISDIR: ["it is a directory", "name a file in it"],
  ENOTDIR: ["a part of its path is no directory", "is the path right?"],
  EACCES: ["this user may not", "look at its owner and its mode, and at those of its directory"],
  EPERM: ["this user may not", "look at its owner and its mode, and at those of its directory"],
  EROFS: ["the file system takes no writes", "name a file elsewhere"],
  ENOSPC: ["the disk is full", "make room, and try again"],
  EMFILE: ["too many files are open", "raise the limit of open files (ulimit -n)"],
};

/** What is written is made where it is not there, but for the directory around it. */
const NO_DIRECTORY = ["there is no such directory", "make it, or name a file elsewhere"] as const;

/** The error of a file that could not be read or written. */
export function fileError(doing: string, file: string, error: unknown): CommandError {
  const code = (error as NodeJS.ErrnoException | null)?.code ?? "";
  const known = doing !== "read" && code === "ENOENT" ? NO_DIRECTORY : Object.hasOwn(OF_FILES, code) ? OF_FILES[code] : undefined;
  const [words, hint] = known ?? [reason(error), "look at the file and at its directory"];
  return new CommandError(`cannot ${doing} ${file}: ${words}`, { code: code === "ENOENT" ? "file_missing" : "file_failed", hint, cause: error });
}

const ONE_READER = "standard input can be one thing alone, and more than one was to be read from it";

let isInputTaken = false;

/** Before standard input is read: what reads it after somebody else would find nothing. */
export function takeInput(): void {
  if (isInputTaken) throw new UsageError(ONE_READER);
  isInputTaken = true;
}

/** The text of a file, or of standard input where it is `-`. */
export function readText(file: string): string {
  if (file === "-") takeInput();
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    throw fileError("read", file === "-" ? "standard input" : file, error);
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
    throw fileError("write", file, error);
  }
}
