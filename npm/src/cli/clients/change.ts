// One client whose record is changed, or whose secrets are.
import { UsageError, readArguments, type Command } from "../command.js";
import { JSON_OPTION, command, under } from "../declare.js";
import { BY, whoEnds } from "../keys/values.js";
import { writeRecord } from "../output.js";
import type { ClientRecord } from "../../../types/index.js";
import { EXITS, WHERE, within, type Clients, type Step } from "./access.js";
import { inWords } from "./record.js";
import { CLIENT, ID, OPERAND, SECRET, clientMembers, recordId, secretMembers } from "./values.js";

const UPDATE = {
  ...JSON_OPTION,
  ...CLIENT,
  ...under("What is taken away:", { "no-organization": { type: "boolean", words: "it belongs to no customer" } }),
  ...WHERE,
} as const;

export const update: Command = command(
  {
    name: "clients update",
    summary: "change what is known of a client",
    synopsis: "<id> [options]",
    about: "Changes the record of a client. What is not named stays as it is.",
    options: UPDATE,
    operand: OPERAND,
    exits: { good: "it is changed", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, UPDATE, ID);
    const id = recordId(operand);
    const change = clientMembers(values);
    if (values["no-organization"] === true) {
      if ("organization" in change) throw new UsageError("--organization and --no-organization: one of them");
      change["organization"] = null;
    }
    if (Object.keys(change).length === 0) throw new UsageError("what shall be changed is missing");
    return within(values, async (clients) => tell(await clients.carryOut("update", id, change), values.json, "is changed"));
  },
);

const ADD_SECRET = { ...JSON_OPTION, ...SECRET, ...WHERE } as const;

export const addSecret: Command = command(
  {
    name: "clients add-secret",
    summary: "note another secret of a client, as when one is rotated",
    synopsis: "<id> [options]",
    about: "Notes that a client has another secret at its issuer. The secret itself is kept nowhere here, and is not asked for. The old one stays on record as good until edgeward clients revoke-secret.",
    options: ADD_SECRET,
    operand: OPERAND,
    exits: { good: "it is noted", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, ADD_SECRET, ID);
    const id = recordId(operand);
    const secret = secretMembers(values);
    return within(values, async (clients) => tell(await clients.carryOut("add-secret", id, secret), values.json, "has another secret"));
  },
);

const REVOKE_SECRET = {
  "secret-id": { type: "string", value: "ID", takes: "text", words: "which of its secrets" },
  by: BY,
  ...JSON_OPTION,
  ...WHERE,
} as const;

export const revokeSecret: Command = command(
  {
    name: "clients revoke-secret",
    summary: "note that a secret of a client was ended at its issuer",
    synopsis: "<id> --secret-id ID --by WHO [options]",
    about: "Notes that a secret of a client was ended at its issuer, where that is done first.",
    options: REVOKE_SECRET,
    operand: OPERAND,
    exits: { good: "it is noted", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, REVOKE_SECRET, ID);
    const id = recordId(operand);
    const secret = values["secret-id"];
    if (secret === undefined) throw new UsageError("--secret-id is missing: which of its secrets");
    return within(values, (clients) => ended(clients, "revoke-secret", id, { secret }, values, "has a secret less"));
  },
);

const REMOVE = { by: BY, ...JSON_OPTION, ...WHERE } as const;

export const remove: Command = command(
  {
    name: "clients remove",
    summary: "note that a client is no more",
    synopsis: "<id> --by WHO [options]",
    about: "Notes that a client was deleted at its issuer, or is of no more interest. Its record stays, without findings. An import that lists the client brings it back.",
    options: REMOVE,
    operand: OPERAND,
    exits: { good: "it is noted", ...EXITS },
  },
  async (args) => {
    const { operand, values } = readArguments(args, REMOVE, ID);
    const id = recordId(operand);
    return within(values, (clients) => ended(clients, "remove", id, {}, values, "is removed"));
  },
);

interface Asked {
  by?: string | undefined;
  json?: boolean | undefined;
}

/** A step of which it is put down who did it. */
async function ended(clients: Clients, step: Step, id: string, body: object, { by, json }: Asked, done: string): Promise<number> {
  return tell(await clients.carryOut(step, id, { ...body, ...whoEnds(clients, by) }), json, done);
}

const tell = (document: Record<string, unknown>, json: boolean | undefined, done: string) =>
  writeRecord(document as unknown as { id: string; record: ClientRecord }, json, inWords, done);
