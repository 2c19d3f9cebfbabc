// The verdict of a gate that runs, on a credential alone.
import type { Verdict } from "../../../types/index.js";
import { CommandError } from "../command.js";
import { NO_GATE, parsed, send } from "../keys/gate.js";

/** Asks the endpoint `verify`. What it refuses with is a problem document (RFC 9457), and the challenge stands beside it. */
export async function verdictOfGate(base: string, credential: string): Promise<Verdict> {
  // What a header cannot carry would be quoted by whoever refuses it.
  if (!/^[\x21-\x7e]+$/.test(credential)) {
    throw new CommandError("what was read is no credential: there are characters in it that none has", {
      code: "credential_malformed",
      hint: "the file, or standard input, holds the credential alone: no word Bearer before it, and no blank in it",
    });
  }
  const answer = await send(new URL(`${base}/verify`), "GET", credential, undefined);
  const document = await parsed<Record<string, unknown>>(answer, base);
  const { ok, code, title, detail } = document;
  if (answer.ok && ok === true) return document as unknown as Verdict;
  if (answer.ok || typeof code !== "string") throw new CommandError(`what answers at ${base} is no gate: status ${answer.status}`, NO_GATE);
  return {
    ok: false,
    code,
    status: answer.status,
    title: typeof title === "string" ? title : code,
    detail: typeof detail === "string" ? detail : "",
    challenge: answer.headers.get("www-authenticate"),
  };
}
