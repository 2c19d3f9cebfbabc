// From the command line to the credential. It is a secret: nothing of it is repeated, nor of what could be one.
import { readFileSync } from "node:fs";
import type { ParseArgsOptionsConfig } from "node:util";
import { CommandError, UsageError, parsed, seconds } from "../command.js";
import { when } from "../keys/values.js";

/** What begins like a token or like an API key, and is the name of no file. */
const CREDENTIAL = /^(?:bearer\s|eyJ|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$|[a-z0-9]{2,12}_(?:live|test)_)/i;

/** The options, and the file that is named, if any. */
export function operandOf<O extends ParseArgsOptionsConfig>(args: string[], options: O) {
  const { positionals, values } = parsed(args, options);
  const [file, ...others] = positionals;
  if (positionals.some((operand) => CREDENTIAL.test(operand))) {
    throw new UsageError(
      "a credential is no argument, which everybody could read who lists the processes: it comes by a file, by standard input, or in EDGEWARD_CREDENTIAL",
    );
  }
  if (others.length > 0) throw new UsageError("one file, and there is something else beside it");
  return { file, values };
}

/** What stands before a credential in a request. */
const SPOKEN = /^(?:authorization\s*:\s*)?(?:bearer|dpop)\s+|^(?:authorization|x-api-key)\s*:\s*/i;

/** The credential, without white space around it and without what stands before it in a request. */
export function credentialOf(file: string | undefined): string {
  const lent = process.env["EDGEWARD_CREDENTIAL"];
  const text = file === undefined && lent !== undefined ? lent : read(file ?? "-");
  const credential = text.trim().replace(SPOKEN, "").trim();
  if (credential === "") {
    throw new UsageError("there is no credential: it comes by a file, by standard input, or in EDGEWARD_CREDENTIAL");
  }
  return credential;
}

function read(file: string): string {
  try {
    return readFileSync(file === "-" ? 0 : file, "utf8");
  } catch (error) {
    // The name could be a credential, and stands in the words of the error.
    const { code } = error as NodeJS.ErrnoException;
    throw new CommandError(`cannot read ${file === "-" ? "standard input" : "the file that is named"} (${code ?? "failed"})`);
  }
}

/** A point in time, in milliseconds: a span from now on, a date, or seconds since 1970. */
export function momentOf(text: string): number {
  const moment = when(text, "--now")!;
  return typeof moment === "number" ? moment * 1000 : Date.now() + seconds(moment, "--now") * 1000;
}
