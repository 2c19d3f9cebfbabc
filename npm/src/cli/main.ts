#!/usr/bin/env node
import { version } from "../index.js";
import { CommandError, EXIT, OutputClosed, StepError, UsageError, print, reason, say, type Command } from "./command.js";
import { clients } from "./clients/clients.js";
import { inspect } from "./inspect.js";
import { inventory } from "./keys/inventory.js";
import { keys } from "./keys/keys.js";
import { review } from "./keys/review.js";
import { lint } from "./lint.js";
import { serve } from "./serve/serve.js";
import { snapshot } from "./snapshot.js";

const COMMANDS: Readonly<Record<string, Command>> = { inspect, keys, clients, inventory, review, lint, snapshot, serve };

const width = Math.max(...Object.keys(COMMANDS).map((name) => name.length));
const usage = `Usage: edgeward <command> [arguments]

Commands:
${Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(width)}   ${summary}`).join("\n")}

edgeward <command> --help says more. edgeward --version prints the version.

Exit codes: 0 done, 1 no: there is something to object to, or it was refused, 2 wrong usage, 3 could not be done.
`;

async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    const asked = args[0] === undefined ? undefined : commandOf(args[0]);
    process.stdout.write(asked?.part?.(args.slice(1))?.usage ?? asked?.usage ?? usage);
    return name === undefined ? EXIT.usage : EXIT.good;
  }
  if (name === "--version" || name === "-V") {
    print(version());
    return EXIT.good;
  }
  const command = commandOf(name);
  if (command === undefined) {
    say(`edgeward: there is no command "${name}"\n\n${usage}`);
    return EXIT.usage;
  }
  const asked = command.part?.(args) ?? { name, usage: command.usage };
  if (args.includes("--help") || args.includes("-h")) {
    process.stdout.write(asked.usage);
    return EXIT.good;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (error instanceof UsageError) {
      say(`edgeward ${asked.name}: ${error.message}\n\n${asked.usage}`);
      return EXIT.usage;
    }
    if (error instanceof StepError) {
      const { code, status, message } = error;
      if (args.includes("--json")) print(JSON.stringify({ failed: { code, status, message } }));
      say(`edgeward ${asked.name}: ${message} (${code})`);
      return error.exit;
    }
    if (error instanceof CommandError) {
      say(`edgeward ${asked.name}: ${error.message}`);
      return EXIT.failed;
    }
    if (error instanceof OutputClosed) return EXIT.failed;
    throw error;
  }
}

function commandOf(name: string): Command | undefined {
  return Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
}

// A pipe that was closed is told to whoever writes into it.
process.stdout.on("error", () => undefined);

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(`edgeward: ${reason(error)}`);
    process.exitCode = EXIT.failed;
  },
);
