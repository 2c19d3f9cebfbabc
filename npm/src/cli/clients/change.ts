// One client whose record is changed, or whose secrets are.
import { EXIT, UsageError, readArguments, say } from "../command.js";
import { write } from "../keys/output.js";
import type { ClientRecord } from "../../../types/index.js";
import { WHERE, WHERE_USAGE, within, type Clients, type Step } from "./access.js";
import { inWords } from "./output.js";
import { CLIENT, CLIENT_USAGE, SECRET, SECRET_USAGE, clientMembers, recordId, secretMembers } from "./values.js";

const JSON_USAGE = "  --json               print it as JSON\n";
const BY_USAGE = "  --by WHO             who did it; a gate knows that by the token, and takes no other word for it\n";
const ID = "the id of a client's record";

export const UPDATE_OPTIONS = { ...WHERE, ...CLIENT, "no-organization": { type: "boolean" }, json: { type: "boolean" } } as const;

export const update = {
  summary: "change what is known of a client",
  options: UPDATE_OPTIONS,
  usage: `Usage: edgeward clients update <id> [options]

Changes the record of a client. What is not named stays as it is.

${CLIENT_USAGE}  --no-organization    take it away
${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, UPDATE_OPTIONS, ID);
    const id = recordId(operand);
    const change = clientMembers(values);
    if (values["no-organization"] === true) {
      if ("organization" in change) throw new UsageError("--organization and --no-organization: one of them");
      change["organization"] = null;
    }
    if (Object.keys(change).length === 0) throw new UsageError("what shall be changed is missing");
    return within(values, async (clients) => tell(await clients.carryOut("update", id, change), values.json, "is changed"));
  },
};

export const ADD_SECRET_OPTIONS = { ...WHERE, ...SECRET, json: { type: "boolean" } } as const;

export const addSecret = {
  summary: "note another secret of a client, as when one is rotated",
  options: ADD_SECRET_OPTIONS,
  usage: `Usage: edgeward clients add-secret <id> [options]

Notes that a client has another secret at its issuer. The secret itself is kept nowhere here, and is not asked for. The old
one stays on record as good until edgeward clients revoke-secret.

${SECRET_USAGE}${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, ADD_SECRET_OPTIONS, ID);
    const id = recordId(operand);
    const secret = secretMembers(values);
    return within(values, async (clients) => tell(await clients.carryOut("add-secret", id, secret), values.json, "has another secret"));
  },
};

export const REVOKE_SECRET_OPTIONS = { ...WHERE, "secret-id": { type: "string" }, by: { type: "string" }, json: { type: "boolean" } } as const;

export const revokeSecret = {
  summary: "note that a secret of a client was ended at its issuer",
  options: REVOKE_SECRET_OPTIONS,
  usage: `Usage: edgeward clients revoke-secret <id> --secret-id ID --by WHO [options]

Notes that a secret of a client was ended at its issuer, where that is done first.

  --secret-id ID       which of its secrets
${BY_USAGE}${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, REVOKE_SECRET_OPTIONS, ID);
    const id = recordId(operand);
    const secret = values["secret-id"];
    if (secret === undefined) throw new UsageError("--secret-id is missing: which of its secrets");
    return within(values, (clients) => ended(clients, "revoke-secret", id, { secret }, values, "has a secret less"));
  },
};

export const REMOVE_OPTIONS = { ...WHERE, by: { type: "string" }, json: { type: "boolean" } } as const;

export const remove = {
  summary: "note that a client is no more",
  options: REMOVE_OPTIONS,
  usage: `Usage: edgeward clients remove <id> --by WHO [options]

Notes that a client was deleted at its issuer, or is of no more interest. Its record stays, without findings. An import that
lists the client brings it back.

${BY_USAGE}${JSON_USAGE}
${WHERE_USAGE}`,
  async run(args: string[]): Promise<number> {
    const { operand, values } = readArguments(args, REMOVE_OPTIONS, ID);
    const id = recordId(operand);
    return within(values, (clients) => ended(clients, "remove", id, {}, values, "is removed"));
  },
};

interface Asked {
  by?: string | undefined;
  json?: boolean | undefined;
}

/** A step of which it is put down who did it. */
async function ended(clients: Clients, step: Step, id: string, body: object, { by, json }: Asked, done: string): Promise<number> {
  if (clients.knowsWho) {
    if (by !== undefined) say("the gate puts down whose token it is, and not what --by says");
    return tell(await clients.carryOut(step, id, body), json, done);
  }
  if (by === undefined) throw new UsageError("--by is missing: who did it");
  return tell(await clients.carryOut(step, id, { ...body, by }), json, done);
}

async function tell(document: Record<string, unknown>, json: boolean | undefined, done: string): Promise<number> {
  const { id, record } = document as unknown as { id: string; record: ClientRecord };
  if (json === true) await write(`${JSON.stringify(document)}\n`);
  else {
    await write(inWords(record));
    say(`${id} ${done}`);
  }
  return EXIT.good;
}
