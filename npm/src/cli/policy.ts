// A policy and what goes with it: out of files, and judged.
import type { LintFinding } from "../../types/index.js";
import { CommandError, core, readText, reason } from "./command.js";
import { faultsOf } from "./errors.js";
import { readJson } from "./json.js";

/** The text of a policy, and what stands in it. */
export function readPolicy(file: string): { text: string; document: Readonly<Record<string, unknown>> } {
  const text = readText(file);
  const document = readJson(text, file, "policy_invalid");
  return { text, document: (document ?? {}) as Readonly<Record<string, unknown>> };
}

/** The text of a file of JSON that goes with a policy; none where it is not named. */
export function readBeside(file: string | undefined): string | undefined {
  if (file === undefined) return undefined;
  const text = readText(file);
  readJson(text, file);
  return text;
}

/** What the core says of a policy. Throws with every fault of one that cannot be used. */
export async function judged(policy: string, beside: { snapshots: string; workersRoutes?: string }): Promise<LintFinding[]> {
  const { lint } = await core();
  try {
    return lint(policy, beside);
  } catch (error) {
    throw unusable(error);
  }
}

/** The error of what the core does not take. What is wrong beside the policy has no place in it. */
export function unusable(error: unknown): unknown {
  if (faultsOf(error).length > 0 || error instanceof CommandError) return error;
  return new CommandError(reason(error), {
    code: "input_unusable",
    hint: "look at what the message names: a file beside the policy, or a secret in the environment",
    cause: error,
  });
}
