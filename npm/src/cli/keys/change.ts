// One key that is looked at, changed, or ended.
import { EXIT, UsageError, print, readArguments, readOptions, say } from "../command.js";
import type { KeyRecord, KeyUsage } from "../../../types/index.js";
import { inWords, write } from "./output.js";
import { KEY, KEY_USAGE, keyId, keyMembers, secretFrom } from "./values.js";
import { WHERE, WHERE_USAGE, within } from "./where.js";

const JSON_OPTION = { json: { type: "boolean" } } as const;
const JSON_USAGE = "  --json               print it as JSON\n";
const ID = "the id of a key";

export const show = {
  summary: "show a key's record and what is known of its use",
  usage: `Usage: edgeward keys show <id> [options]

Shows the record of a key, and what is noted of its use.

${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, { ...WHERE, ...JSON_OPTION }, ID);
    const id = keyId(operand);
    const view = await within(values, (keys) => keys.carryOut("show", id, {}));
    const { record, usage } = view as { record: KeyRecord; usage: KeyUsage };
    await write(values.json === true ? `${JSON.stringify(view)}\n` : inWords(record, usage));
    return EXIT.good;
  },
};

/** What an option takes away. */
const NONE = { "no-expires": "expires", "no-not-before": "notBefore", "no-rate-limit-class": "rateLimitClass" } as const;

export const update = {
  summary: "change what is known of a key",
  usage: `Usage: edgeward keys update <id> [options]

Changes the record of a key. What is not named stays as it is.

${KEY_USAGE}  --no-expires, --no-not-before, --no-rate-limit-class, --no-publishable   take it away
${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const none = {
      "no-expires": { type: "boolean" },
      "no-not-before": { type: "boolean" },
      "no-rate-limit-class": { type: "boolean" },
      "no-publishable": { type: "boolean" },
    } as const;
    const { operand, values } = readArguments(args, { ...WHERE, ...KEY, ...none, ...JSON_OPTION }, ID);
    const id = keyId(operand);
    const change = keyMembers(values);
    const takeAway = (option: keyof typeof none, member: string, nothing: unknown) => {
      if (values[option] !== true) return;
      if (member in change) throw new UsageError(`--${option.slice("no-".length)} and --${option}: one of them`);
      change[member] = nothing;
    };
    for (const [option, member] of Object.entries(NONE)) takeAway(option as keyof typeof NONE, member, null);
    takeAway("no-publishable", "publishable", false);
    if (Object.keys(change).length === 0) throw new UsageError("what shall be changed is missing");
    return within(values, async (keys) => tell(await keys.carryOut("update", id, change), values.json, "changed"));
  },
};

const switching = (step: "disable" | "enable", summary: string, words: string) => ({
  summary,
  usage: `Usage: edgeward keys ${step} <id> [options]

${words}

${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, { ...WHERE, ...JSON_OPTION }, ID);
    const id = keyId(operand);
    return within(values, async (keys) => tell(await keys.carryOut(step, id, {}), values.json, `${step}d`));
  },
});

export const disable = switching("disable", "switch a key off", "Switches a key off, until it is switched on again.");
export const enable = switching("enable", "switch a key on again", "Switches a key on again.");

const REASONS = ["key_compromise", "superseded", "affiliation_changed", "privilege_withdrawn", "unused"];
const REASON_USAGE = `  --reason REASON      ${REASONS.join(", ")}\n`;

function reasonOf(reason: string): string {
  if (!REASONS.includes(reason)) throw new UsageError(`--reason takes ${REASONS.join(", ")}`);
  return reason;
}

export const revoke = {
  summary: "end a key for good",
  usage: `Usage: edgeward keys revoke <id> --reason REASON --by WHO [options]

Ends a key for good.

${REASON_USAGE}  --by WHO             who ends it; a gate knows that by the token, and takes no other word for it
${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, { ...WHERE, ...JSON_OPTION, reason: { type: "string" }, by: { type: "string" } }, ID);
    const id = keyId(operand);
    if (values.reason === undefined) throw new UsageError(`--reason is missing: ${REASONS.join(", ")}`);
    const reason = reasonOf(values.reason);
    return within(values, async (keys) => {
      if (keys.knowsWho) {
        if (values.by !== undefined) say("the gate puts down whose token it is, and not what --by says");
        return tell(await keys.carryOut("revoke", id, { reason }), values.json, "revoked");
      }
      if (values.by === undefined) throw new UsageError("--by is missing: who ends it");
      return tell(await keys.carryOut("revoke", id, { reason, by: values.by }), values.json, "revoked");
    });
  },
};

export const revokeHeld = {
  summary: "end a key by holding it",
  usage: `Usage: edgeward keys revoke-held [options] <key.txt

Ends a key for good, for whoever holds it. The key comes by standard input or a file, and never as an argument. A gate
needs no token for it.

  --key-file FILE      the file with the key
${REASON_USAGE}                       (key_compromise where left out)
${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const values = readOptions(args, { ...WHERE, ...JSON_OPTION, "key-file": { type: "string" }, reason: { type: "string" } });
    const reason = reasonOf(values.reason ?? "key_compromise");
    const key = secretFrom(values["key-file"], "the key");
    await within(values, (keys) => keys.revokeHeld(key, reason), { bare: true });
    if (values.json === true) print(JSON.stringify({ revoked: true }));
    else say("the key is revoked");
    return EXIT.good;
  },
};

async function tell(document: Record<string, unknown>, json: boolean | undefined, done: string): Promise<number> {
  const { id, record } = document as { id: string; record: KeyRecord };
  if (json === true) {
    await write(`${JSON.stringify(document)}\n`);
  } else {
    await write(inWords(record));
    say(`${id} is ${done}`);
  }
  return EXIT.good;
}
