// New keys: the one time that they are shown.
import { closeSync, fsyncSync, rmSync, writeSync } from "node:fs";
import { CommandError, EXIT, UsageError, readArguments, readOptions, reason, say, type Command } from "../command.js";
import { command, under } from "../declare.js";
import type { KeyRecord } from "../../../types/index.js";
import { when } from "../times.js";
import type { Keys } from "./access.js";
import { write, writeDocument } from "../output.js";
import { inWords } from "./record.js";
import { KEY, keyId, keyMembers, newSecretFile, span } from "./values.js";
import { WHERE, within } from "./where.js";

const HANDED_OVER = `The key is printed alone on standard output, so that it can be piped into a secret manager, and all else on standard error. It is shown this once.`;

const HAND_OVER = {
  "key-file": { type: "string", value: "FILE", takes: "file", words: "write the key to a new file that nobody else can read, in place of standard output" },
  json: { type: "boolean", words: "print the key and its record as JSON, errors too" },
} as const;

const EXITS = { objection: "it was refused, or the state of the old key does not allow it", failed: "nobody can tell: the store or the gate did not answer, or the key could not be handed over" };

const ISSUE = {
  ...HAND_OVER,
  ...under("The key:", { organization: { type: "string", value: "ORG", takes: "text", words: "the customer that it belongs to" } }),
  ...KEY,
  ...WHERE,
} as const;

export const issue: Command = command(
  {
    name: "keys issue",
    summary: "make a key",
    synopsis: "--organization ORG --owner WHO --revoker WHO --name TEXT [options]",
    about: `Makes a key. ${HANDED_OVER}`,
    options: ISSUE,
    exits: { good: "the key is made and handed over", ...EXITS, objection: "it was refused" },
  },
  async (args) => {
    const values = readOptions(args, ISSUE);
    const missing = (["organization", "owner", "revoker", "name"] as const).filter((name) => values[name] === undefined);
    if (missing.length > 0) throw new UsageError(`missing: ${missing.map((name) => `--${name}`).join(", ")}`);
    const body = { organization: values.organization, ...keyMembers(values) };
    return within(values, (keys) => handOver(values, () => keys.carryOut("issue", undefined, body)));
  },
);

const ROTATE = {
  ...HAND_OVER,
  overlap: { type: "string", value: "TIME", takes: "text", words: "how long the old key stays good: 90s, 15m, 12h, 7d, 2w; at once it is over where left out" },
  expires: { type: "string", value: "WHEN", takes: "text", words: "when the new key ends; where left out it lives for as long as the old one was to live" },
  ...WHERE,
} as const;

export const rotate: Command = command(
  {
    name: "keys rotate",
    summary: "make a key in the place of another, which stays good for a while",
    synopsis: "<id> --overlap TIME [options]",
    about: `Makes a key with the rights of another, which stays good until the overlap is over. ${HANDED_OVER}`,
    options: ROTATE,
    operand: { name: "id", takes: "text" },
    exits: { good: "the new key is made and handed over", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, ROTATE, "the id of a key");
    const id = keyId(operand);
    const overlap = span(values.overlap, "--overlap");
    const expires = when(values.expires, "--expires");
    const body = { ...(overlap !== undefined && { overlap }), ...(expires !== undefined && { expires }) };
    return within(values, (keys: Keys) => handOver(values, () => keys.carryOut("rotate", id, body)));
  },
);

interface HandOver {
  "key-file"?: string | undefined;
  json?: boolean | undefined;
}

/** Makes a key and hands it over. A file that cannot be had is found before there is a key. */
async function handOver({ "key-file": named, json }: HandOver, make: () => Promise<Record<string, unknown>>): Promise<number> {
  const file = named === "-" ? undefined : named;
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
      if (json === true) await writeDocument({ ...rest, keyFile: file });
      else say(`${inWords(made.record)}the key is in ${file}`);
    } else if (json === true) {
      await writeDocument(made);
    } else {
      say(inWords(made.record));
      if (process.stdout.isTTY) say("This is the one time that the key is shown. Whoever has it can use it: put it where secrets are kept.\n");
      await write(`${key}\n`);
    }
  } catch (error) {
    throw new CommandError(
      `the key ${made.id} was made and could not be handed over (${reason(error)}): nobody has it; end it with edgeward keys revoke ${made.id} --reason superseded`,
      { code: "key_not_handed_over", hint: "then make another", cause: error },
    );
  }
  return EXIT.good;
}
