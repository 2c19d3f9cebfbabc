// A policy out of a file, before the core judges it.
import { readText } from "./command.js";
import { readJson } from "./json.js";

/** The text of a policy, and what stands in it. */
export function readPolicy(file: string): { text: string; document: Readonly<Record<string, unknown>> } {
  const text = readText(file);
  const document = readJson(text, file, "policy_invalid");
  return { text, document: (document ?? {}) as Readonly<Record<string, unknown>> };
}
