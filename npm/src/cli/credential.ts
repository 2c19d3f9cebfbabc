// The credential that a command is about. It is a secret: nothing of it is repeated, nor of what could be one.
import { CommandError, UsageError, readText } from "./command.js";
import { secretOf } from "./secrets.js";

const WAYS = "a file, by standard input, or in EDGEWARD_CREDENTIAL";

/** What begins or is parted as a token or an API key is. A file may be called so all the same. */
const LOOKS_LIKE_ONE = /^(?:bearer\s|eyJ|[A-Za-z0-9_-]*\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*$|[a-z0-9]{2,12}_(?:live|test)_)/i;

/** What stands before a credential in a request. */
const SPOKEN = /^(?:authorization\s*:\s*)?(?:bearer|dpop)\s+|^(?:authorization|x-api-key)\s*:\s*/i;

/** The credential of a file, of the environment where none is named, or of standard input, without what stands around it. */
export function credentialFrom(file: string | undefined): string {
  const text = (file === undefined ? secretOf("EDGEWARD_CREDENTIAL") : undefined) ?? read(file);
  const credential = text.trim().replace(SPOKEN, "").trim();
  if (credential === "") throw new CommandError("there is no credential: what was read is empty", { code: "credential_missing", hint: `it comes by ${WAYS}` });
  return credential;
}

function read(file = "-"): string {
  if (file === "-" && process.stdin.isTTY) {
    throw new UsageError(`the credential comes by ${WAYS}: on a terminal it would be seen`);
  }
  try {
    return readText(file);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    // What is named could be the credential itself, and is not repeated.
    if (error.code === "file_missing" && LOOKS_LIKE_ONE.test(file)) {
      throw new UsageError(`a credential itself does not stand in an argument, which everybody could read who lists the processes: it comes by ${WAYS}`);
    }
    const words = error.code === "file_missing" ? "there is no such file" : "it cannot be read";
    throw new CommandError(`the file with the credential: ${words}`, { code: error.code, hint: `a credential itself never stands in an argument: it comes by ${WAYS}`, cause: error });
  }
}
