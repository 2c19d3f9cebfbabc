import { group, type Command } from "../declare.js";
import { disable, enable, revoke, revokeHeld, show, update } from "./change.js";
import { importKeys } from "./import.js";
import { list } from "./list.js";
import { issue, rotate } from "./make.js";

export const keys: Command = group({
  name: "keys",
  summary: "make, look at, change and end API keys",
  called: "step",
  about: `The life of API keys, in a store or through the admin endpoints of a gate. No option takes a secret: secrets come by a file, by standard input or by the environment.`,
  missing: "which step is missing",
  unknown: "there is no such step in the life of a key",
  exits: { good: "done", objection: "there is no such key, or its state does not allow it, or it was refused", failed: "nobody can tell: the store or the gate did not answer" },
  parts: { issue, list, show, update, rotate, disable, enable, revoke, "revoke-held": revokeHeld, import: importKeys },
});
