// What goes wrong in a command, and how it is told: in words with what to do about it, and for a program as JSON.
import type { PolicyError, PolicyFault } from "../../types/index.js";
import { paint, print, say, shown } from "./terminal.js";

/** The exit codes. They are documented, and never change their meaning. */
export const EXIT = {
  /** It was done, and there is nothing to object to. */
  good: 0,
  /** It was done, and there is something to object to. */
  objection: 1,
  /** The command line itself is wrong, or a policy that it names: to try again is of no use. */
  usage: 2,
  /** It could not be done: a file, a server, a key set. */
  failed: 3,
} as const;

/** What is told with an error. */
export interface About {
  /** What a program tells it by. */
  code?: string;
  /** What to do about it. */
  hint?: string;
  /** What was met on the way, for whoever looks for a mistake. */
  cause?: unknown;
}

/** The command line is wrong: said with the usage of the command. */
export class UsageError extends Error {
  readonly hint: string | undefined;

  constructor(message: string, { hint, cause }: About = {}) {
    super(message, { cause });
    this.hint = hint;
  }
}

/** It could not be done: said without a stack. */
export class CommandError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  constructor(message: string, { code = "failed", hint, cause }: About = {}) {
    super(message, { cause });
    this.code = code;
    this.hint = hint;
  }
}

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

export function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The faults of a policy that cannot be used, one by one; none where the error is another one. */
export function faultsOf(error: unknown): readonly PolicyFault[] {
  return error instanceof Error && error.name === "PolicyError" ? (error as PolicyError).faults : [];
}

export function faultInWords({ pointer, reason: words, hint }: PolicyFault): string {
  const place = pointer === "" ? "the document" : pointer;
  return `${paint("red", "fault", process.stderr)}  ${shown(place)}: ${shown(words)}${hint === null ? "" : `\n       ${hint}`}`;
}

/** What to do about what a store or a gate says, by its reason code. */
const HINTS: Readonly<Record<string, string>> = {
  key_not_found: "edgeward keys list says which keys there are; is it the right store, and the right --redis-prefix?",
  client_not_found: "edgeward clients list says which clients there are; is it the right store?",
  key_state_conflict: "edgeward keys show says how the key stands now",
  write_conflict: "somebody else changed it at the same time: look at it, and try again",
  store_unavailable: "try again once the store answers; what was begun is looked at with edgeward keys show or list",
  scope_insufficient: "the token lacks a scope that the gate asks of administrators: admin.readScope and admin.writeScope in its policy",
  credential_unrecognized: "the gate does not take what is in EDGEWARD_TOKEN or --token-file: a token of an administrator is an M2M token of admin.issuer, or the bootstrap secret before the first administrator has come",
  token_expired: "get a new token, and put it into EDGEWARD_TOKEN or --token-file",
  body_invalid: "the option that the message names is what to look at",
  key_malformed: "it has not the form of a key: was it cut off or mistyped, or is there something before it?",
  key_invalid: "the store has no key that is good with this text: is it the right store, the right policy, and the right seal?",
  key_check_mismatch: "the key was mistyped or cut off, or it was sealed with a seal that is not at hand (EDGEWARD_SEALS)",
};

function hintOf(error: unknown, name: string): string {
  const help = `edgeward ${name === "" ? "" : `${name} `}--help says more`;
  if (error instanceof StepError) {
    const known = Object.hasOwn(HINTS, error.code) ? HINTS[error.code] : undefined;
    if (known !== undefined) return known;
    if (error.status === 429) return "wait a while, and try again";
    if (error.unsettled) return "nothing is wrong with what was asked for: try again";
    return error.status === 401 ? HINTS["token_expired"]! : help;
  }
  if (error instanceof CommandError) return error.hint ?? help;
  if (error instanceof UsageError) return error.hint ?? help;
  if (faultsOf(error).length > 0) return "edgeward lint says what else is unwise in it";
  return "this is a mistake in edgeward itself: EDGEWARD_DEBUG=1 says where it was met, for a report of it";
}

/** The errors that the JSON on standard output says already. */
const TOLD = new WeakSet<object>();

/** Notes that the document on standard output says what went wrong: another one behind it would be no JSON. */
export function isInDocument<E>(error: E): E {
  if (typeof error === "object" && error !== null) TOLD.add(error);
  return error;
}

/** Says what went wrong, and how the command ends. `usage` is that of the command, whose first lines are repeated. */
export function tell(error: unknown, name: string, usage: string, asJson: boolean): number {
  if (error instanceof OutputClosed) return EXIT.failed;
  const faults = faultsOf(error);
  const hint = hintOf(error, name);
  const code = codeOf(error);
  const message = reason(error);
  // To a person, what a policy is refused for is said fault by fault, and not in one line.
  const words = faults.length > 0 ? "the policy cannot be used" : message;
  if (asJson && !(typeof error === "object" && error !== null && TOLD.has(error))) {
    const failed = error instanceof StepError ? { failed: { code, status: error.status, message } } : {};
    print(JSON.stringify({ error: { code, message, hint, ...(faults.length > 0 && { faults }) }, ...failed }));
  }
  const title = paint("bold", `edgeward${name === "" ? "" : ` ${name}`}:`, process.stderr);
  // Some of it may be what a gate or an issuer says: nothing of that acts on the terminal.
  say(`${title} ${shown(words)}${error instanceof StepError ? ` (${code})` : ""}`);
  for (const fault of faults) say(faultInWords(fault));
  if (error instanceof UsageError) say(`\n${synopsis(usage)}`);
  say(paint("dim", `  ${hint}`, process.stderr));
  if (process.env["EDGEWARD_DEBUG"]) say(frames(error));
  // To try again with the same policy is of no use, as with the same command line.
  if (error instanceof UsageError || code === "policy_invalid") return EXIT.usage;
  return error instanceof StepError ? error.exit : EXIT.failed;
}

function codeOf(error: unknown): string {
  if (error instanceof UsageError) return "usage";
  if (error instanceof StepError || error instanceof CommandError) return error.code;
  return faultsOf(error).length > 0 ? "policy_invalid" : "internal";
}

/** The first paragraph: how the command is called. */
function synopsis(usage: string): string {
  return usage.split("\n\n", 1)[0]!.trimEnd();
}

/** Where an error was met. The words of errors are left out: those of others could quote what they were given. */
function frames(error: unknown): string {
  const lines: string[] = [];
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth++) {
    lines.push(`${depth === 0 ? "" : "caused by "}${one.constructor.name}`);
    lines.push(...(one.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line)));
  }
  return lines.join("\n");
}
