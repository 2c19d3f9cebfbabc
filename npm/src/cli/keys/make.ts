// New keys: the one time that they are shown.
import { closeSync, fsyncSync, rmSync, writeSync } from "node:fs";
import { CommandError, EXIT, UsageError, readArguments, readOptions, reason, say } from "../command.js";
import type { KeyRecord } from "../../../types/index.js";
import type { Keys } from "./access.js";
import { inWords, write } from "./output.js";
import { KEY, KEY_USAGE, keyId, keyMembers, newSecretFile, span, when } from "./values.js";
import { WHERE, WHERE_USAGE, within } from "./where.js";

const HANDED_OVER = `The key is printed alone on standard output, so that it can be piped into a secret manager, and all else on standard error.
It is shown this once.

  --key-file FILE      write the key to a new file that nobody else can read, in place of standard output
  --json               print the key and its record as JSON
`;

export const issue = {
  summary: "make a key",
  usage: `Usage: edgeward keys issue --organization ORG --owner WHO --revoker WHO --name TEXT [options]

Makes a key. ${HANDED_OVER}
The key:
  --organization ORG   the customer that it belongs to
${KEY_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const values = readOptions(args, { ...WHERE, ...KEY, ...HAND_OVER, organization: { type: "string" } });
    const missing = (["organization", "owner", "revoker", "name"] as const).filter((name) => values[name] === undefined);
    if (missing.length > 0) throw new UsageError(`missing: ${missing.map((name) => `--${name}`).join(", ")}`);
    const body = { organization: values.organization, ...keyMembers(values) };
    return within(values, (keys) => handOver(values, () => keys.carryOut("issue", undefined, body)));
  },
};

export const rotate = {
  summary: "make a key in the place of another, which stays good for a while",
  usage: `Usage: edgeward keys rotate <id> --overlap TIME [options]

Makes a key with the rights of another, which stays good until the overlap is over. ${HANDED_OVER}
  --overlap TIME       how long the old key stays good: 90s, 15m, 12h, 7d, 2w; at once it is over where left out
  --expires WHEN       when the new key ends; where left out it lives for as long as the old one was to live

${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(
      args,
      { ...WHERE, ...HAND_OVER, overlap: { type: "string" }, expires: { type: "string" } },
      "the id of a key",
    );
    const id = keyId(operand);
    const overlap = span(values.overlap, "--overlap");
    const expires = when(values.expires, "--expires");
    const body = { ...(overlap !== undefined && { overlap }), ...(expires !== undefined && { expires }) };
    return within(values, (keys: Keys) => handOver(values, () => keys.carryOut("rotate", id, body)));
  },
};

const HAND_OVER = { "key-file": { type: "string" }, json: { type: "boolean" } } as const;

interface HandOver {
  "key-file"?: string | undefined;
  json?: boolean | undefined;
}

/** Makes a key and hands it over. A file that cannot be had is found before there is a key. */
async function handOver({ "key-file": file, json }: HandOver, make: () => Promise<Record<string, unknown>>): Promise<number> {
  const open = file === undefined ? undefined : newSecretFile(file);
  let made;
  try {
    made = (await make()) as unknown as { id: string; key: string; record: KeyRecord };
  } catch (error) {
    if (open !== undefined) {
      closeSync(open);
      rmSync(file!, { force: true });
    }
    throw error;
  }
  const { key, ...rest } = made;
  try {
    if (open !== undefined) {
      try {
        writeSync(open, `${key}\n`);
        fsyncSync(open);
      } finally {
        closeSync(open);
      }
      if (json === true) await write(`${JSON.stringify({ ...rest, keyFile: file })}\n`);
      else say(`${inWords(made.record)}the key is in ${file}`);
    } else if (json === true) {
      await write(`${JSON.stringify(made)}\n`);
    } else {
      say(inWords(made.record));
      if (process.stdout.isTTY) say("This is the one time that the key is shown. Whoever has it can use it: put it where secrets are kept.\n");
      await write(`${key}\n`);
    }
  } catch (error) {
    throw new CommandError(
      `the key ${made.id} was made and could not be handed over (${reason(error)}): nobody has it; end it with edgeward keys revoke ${made.id} --reason superseded`,
    );
  }
  return EXIT.good;
}
