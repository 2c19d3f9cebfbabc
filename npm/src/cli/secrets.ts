// Secrets: by the environment, or from a file that the environment names, as secrets are mounted. No option takes one.
import { CommandError, UsageError, readText } from "./command.js";

/** The text of a secret: the variable itself, or the file that `NAME_FILE` names. What is empty is not there. */
export function secretOf(name: string): string | undefined {
  const file = process.env[`${name}_FILE`];
  const text = process.env[name];
  if (!file) return text || undefined;
  if (text) throw new UsageError(`${name} and ${name}_FILE: one of them`);
  const found = readText(file).replace(/\r?\n$/, "");
  if (found === "") throw new CommandError(`${name}_FILE: ${file} is empty`, { code: "secret_malformed", hint: "it holds the secret alone" });
  return found;
}

/** A secret that is a JSON document. What is wrong with it is not said in the words of the reader, which quote it. */
export function secretJson(name: string): string | undefined {
  const text = secretOf(name);
  if (text === undefined) return undefined;
  try {
    JSON.parse(text);
  } catch {
    throw new CommandError(`${name} is no JSON`, { code: "secret_malformed", hint: `look at ${name}, or at the file that ${name}_FILE names` });
  }
  return text;
}

/** The seals of the environment: a JSON array where they begin with `[`; else parted by commas, in a file one a line. */
export function sealsOfEnvironment(): string[] {
  return sealsIn(secretOf("EDGEWARD_SEALS") ?? "", process.env["EDGEWARD_SEALS_FILE"] ? "\n" : ",");
}

export function sealsIn(text: string, between: string): string[] {
  const seals = text.trim().startsWith("[") ? listed(text) : text.split(between).map((seal) => seal.trim());
  return seals.filter((seal) => seal !== "");
}

function listed(text: string): string[] {
  try {
    const seals: unknown = JSON.parse(text);
    if (Array.isArray(seals) && seals.every((seal) => typeof seal === "string")) return seals;
  } catch {
    // Said below.
  }
  throw new CommandError("the seals are no JSON array of strings", { code: "secret_malformed", hint: 'an array is written as ["…", "…"], the current seal first' });
}
