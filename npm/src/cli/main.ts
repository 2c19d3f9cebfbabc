#!/usr/bin/env node
import { readFileSync } from "node:fs";
import { listUsage, paragraphs, type Command } from "./declare.js";
import { CommandError, EXIT, UsageError, reason, tell } from "./errors.js";
import { COMMANDS, entryOf } from "./registry.js";
import { isName, nearest } from "./suggest.js";
import { print } from "./terminal.js";

const ABOUT = `edgeward <command> --help says more, as does edgeward help <command>. edgeward --version prints the version. Every command takes --no-color, and with --json prints JSON for programs, errors too.

Exit codes: 0 done; 1 no: there is something to object to, or it was refused; 2 wrong usage, or a policy that cannot be used; 3 it could not be done, or nobody can tell.`;

const usage = () => `Usage: edgeward <command> [arguments]

Commands:
${listUsage(Object.entries(COMMANDS).map(([name, { summary }]) => [name, summary] as const))}

${paragraphs(ABOUT).join("\n")}`;

async function main(args: string[]): Promise<number> {
  const asJson = asksForJson(args);
  const [name, ...rest] = withoutColour(args);
  try {
    if (name === undefined || name === "--help" || name === "-h" || name === "help") {
      print((await usageAsked(rest)).trimEnd());
      return name === undefined ? EXIT.usage : EXIT.good;
    }
    if (name === "--version" || name === "-V") {
      print(version());
      return EXIT.good;
    }
  } catch (error) {
    return tell(error, "help", usage(), asJson);
  }
  let command: Command;
  try {
    command = await commandOf(name);
  } catch (error) {
    return tell(error, "", usage(), asJson);
  }
  const asked = command.part?.(rest) ?? { name, usage: command.usage };
  if (ownArguments(rest).some((arg) => arg === "--help" || arg === "-h")) {
    print(asked.usage.trimEnd());
    return EXIT.good;
  }
  try {
    return await command.run(rest);
  } catch (error) {
    return tell(error, asked.name, asked.usage, asJson);
  }
}

async function commandOf(name: string): Promise<Command> {
  const entry = entryOf(name);
  if (entry !== undefined) return entry.load();
  // What was typed in its place could be a secret.
  if (name.startsWith("-")) throw new UsageError("the command comes first, and its options behind it");
  if (!isName(name)) throw new UsageError("the first argument is a command, and this is none");
  const meant = nearest(name, Object.keys(COMMANDS));
  throw new UsageError(`there is no command "${name}"${meant === undefined ? "" : `; did you mean ${meant}?`}`, {
    hint: `commands: ${Object.keys(COMMANDS).join(", ")}`,
  });
}

/** The usage of a command, or of a part of one. */
async function usageAsked([name, ...rest]: string[]): Promise<string> {
  if (name === undefined || name.startsWith("-")) return usage();
  const command = await commandOf(name);
  const [part] = rest;
  const found = command.part?.(rest);
  if (part !== undefined && !part.startsWith("-") && found === undefined) {
    throw new UsageError(`edgeward ${name} has no part of this name`, { hint: `edgeward ${name} --help lists what there is` });
  }
  return found?.usage ?? command.usage;
}

/** The version of the package, which the core carries as well: it need not be loaded for that. */
function version(): string {
  try {
    const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
    return (JSON.parse(text) as { version: string }).version;
  } catch (error) {
    throw new CommandError(`the package.json of edgeward cannot be read: ${reason(error)}`, { hint: "install edgeward again", cause: error });
  }
}

/** What stands before a `--`, behind which nothing is an option. */
function ownArguments(args: string[]): string[] {
  const end = args.indexOf("--");
  return end < 0 ? args : args.slice(0, end);
}

function asksForJson(args: string[]): boolean {
  const own = ownArguments(args);
  return own.includes("--json") || own.includes("--format=json") || own.some((arg, place) => arg === "json" && own[place - 1] === "--format");
}

/** Every command takes `--no-color`; what reads the environment need not know. */
function withoutColour(args: string[]): string[] {
  const own = ownArguments(args);
  if (!own.includes("--no-color")) return args;
  process.env["NO_COLOR"] = "1";
  delete process.env["FORCE_COLOR"];
  return [...own.filter((arg) => arg !== "--no-color"), ...args.slice(own.length)];
}

// A pipe that was closed is told to whoever writes into it, and to nobody else.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

// What nobody waited for ends the command as what somebody did, and without a stack.
const args = process.argv.slice(2);
process.on("uncaughtException", (error) => process.exit(tell(error, "", usage(), asksForJson(args))));

process.exitCode = await main(args).catch((error: unknown) => tell(error, "", usage(), asksForJson(args)));
