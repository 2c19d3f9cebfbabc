// One key that is looked at, changed, or ended.
import { EXIT, UsageError, oneOf, print, readArguments, readOptions, say, type Command } from "../command.js";
import { JSON_OPTION, command, under } from "../declare.js";
import type { KeyRecord, KeyUsage } from "../../../types/index.js";
import { write, writeDocument, writeRecord } from "../output.js";
import { inWords } from "./record.js";
import { BY, KEY, keyId, keyMembers, secretFrom, whoEnds } from "./values.js";
import { WHERE, within } from "./where.js";

const OPERAND = { name: "id", takes: "text" } as const;
const ID = "the id of a key";
const EXITS = { objection: "there is no such key, its state does not allow it, or it was refused", failed: "nobody can tell: the store or the gate did not answer" };

const PLAIN = { ...JSON_OPTION, ...WHERE } as const;

export const show: Command = command(
  {
    name: "keys show",
    summary: "show a key's record and what is known of its use",
    synopsis: "<id> [options]",
    about: "Shows the record of a key, and what is noted of its use.",
    options: PLAIN,
    operand: OPERAND,
    exits: { good: "it was shown", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, PLAIN, ID);
    const id = keyId(operand);
    const view = await within(values, (keys) => keys.carryOut("show", id, {}));
    const { record, usage } = view as { record: KeyRecord; usage: KeyUsage };
    await (values.json === true ? writeDocument(view) : write(inWords(record, usage)));
    return EXIT.good;
  },
);

/** What an option takes away. */
const NONE = { "no-expires": "expires", "no-not-before": "notBefore", "no-rate-limit-class": "rateLimitClass" } as const;

const TAKE_AWAY = {
  "no-expires": { type: "boolean", words: "it is good until it is revoked" },
  "no-not-before": { type: "boolean", words: "it is good at once" },
  "no-rate-limit-class": { type: "boolean", words: "it is under no rate limit of its own" },
  "no-publishable": { type: "boolean", words: "it is a secret" },
} as const;

const CHANGES = { ...JSON_OPTION, ...KEY, ...under("What is taken away:", TAKE_AWAY), ...WHERE } as const;

export const update: Command = command(
  {
    name: "keys update",
    summary: "change what is known of a key",
    synopsis: "<id> [options]",
    about: "Changes the record of a key. What is not named stays as it is.",
    options: CHANGES,
    operand: OPERAND,
    exits: { good: "it is changed", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, CHANGES, ID);
    const id = keyId(operand);
    const change = keyMembers(values);
    const takeAway = (option: keyof typeof TAKE_AWAY, member: string, nothing: unknown) => {
      if (values[option] !== true) return;
      if (member in change) throw new UsageError(`--${option.slice("no-".length)} and --${option}: one of them`);
      change[member] = nothing;
    };
    for (const [option, member] of Object.entries(NONE)) takeAway(option as keyof typeof NONE, member, null);
    takeAway("no-publishable", "publishable", false);
    if (Object.keys(change).length === 0) throw new UsageError("what shall be changed is missing");
    return within(values, async (keys) => tell(await keys.carryOut("update", id, change), values.json, "changed"));
  },
);

const switching = (step: "disable" | "enable", summary: string, about: string): Command =>
  command(
    {
      name: `keys ${step}`,
      summary,
      synopsis: "<id> [options]",
      about,
      options: PLAIN,
      operand: OPERAND,
      exits: { good: `it is ${step}d`, ...EXITS },
    },
    async (args) => {
      const { operand, values } = readArguments(args, PLAIN, ID);
      const id = keyId(operand);
      return within(values, async (keys) => tell(await keys.carryOut(step, id, {}), values.json, `${step}d`));
    },
  );

export const disable = switching("disable", "switch a key off", "Switches a key off, until it is switched on again.");
export const enable = switching("enable", "switch a key on again", "Switches a key on again.");

const REASONS = ["key_compromise", "superseded", "affiliation_changed", "privilege_withdrawn", "unused"] as const;

const reasonOption = (words: string) => ({ type: "string", value: "REASON", takes: REASONS, words: `${words}: ${REASONS.join(", ")}` }) as const;

const REVOKE = {
  reason: reasonOption("why it ends"),
  by: BY,
  ...PLAIN,
} as const;

export const revoke: Command = command(
  {
    name: "keys revoke",
    summary: "end a key for good",
    synopsis: "<id> --reason REASON --by WHO [options]",
    about: "Ends a key for good.",
    options: REVOKE,
    operand: OPERAND,
    exits: { good: "it is revoked", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, REVOKE, ID);
    const id = keyId(operand);
    if (values.reason === undefined) throw new UsageError(`--reason is missing: ${REASONS.join(", ")}`);
    const reason = oneOf(values.reason, "--reason", REASONS);
    return within(values, async (keys) => tell(await keys.carryOut("revoke", id, { reason, ...whoEnds(keys, values.by) }), values.json, "revoked"));
  },
);

const REVOKE_HELD = {
  "key-file": { type: "string", value: "FILE", takes: "file", words: "the file with the key" },
  reason: reasonOption("why it ends, key_compromise where left out"),
  ...PLAIN,
} as const;

export const revokeHeld: Command = command(
  {
    name: "keys revoke-held",
    summary: "end a key by holding it",
    synopsis: "[options] <key.txt",
    about: "Ends a key for good, for whoever holds it. The key comes by standard input or a file, and never as an argument. A gate needs no token for it.",
    options: REVOKE_HELD,
    exits: { good: "it is revoked", ...EXITS },
  },
  async (args) => {
    const values = readOptions(args, REVOKE_HELD);
    const reason = oneOf(values.reason ?? "key_compromise", "--reason", REASONS);
    const key = secretFrom(values["key-file"], "the key");
    await within(values, (keys) => keys.revokeHeld(key, reason), { bare: true });
    if (values.json === true) print(JSON.stringify({ revoked: true }));
    else say("the key is revoked");
    return EXIT.good;
  },
);

const tell = (document: Record<string, unknown>, json: boolean | undefined, done: string) =>
  writeRecord(document as { id: string; record: KeyRecord }, json, inWords, `is ${done}`);
