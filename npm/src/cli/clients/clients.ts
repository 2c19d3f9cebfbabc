import { group, type Command } from "../declare.js";
import { add } from "./add.js";
import { addSecret, remove, revokeSecret, update } from "./change.js";
import { importClients } from "./import.js";
import { list, show } from "./look.js";

export const clients: Command = group({
  name: "clients",
  summary: "keep records of M2M clients and of the age of their secrets",
  called: "step",
  about: `The records of M2M clients, whose tokens are minted elsewhere: whose each client is, and what is known of its secrets, so that edgeward review covers them. Nothing here reaches an issuer: what is noted is what somebody did there. No step takes a secret, and none is kept.`,
  missing: "which step is missing",
  unknown: "there is no such step with the records of clients",
  exits: { good: "done", objection: "there is no such client, or its record does not allow it, or it was refused", failed: "nobody can tell: the store or the gate did not answer" },
  parts: { add, import: importClients, list, show, update, "add-secret": addSecret, "revoke-secret": revokeSecret, remove },
});
