// What the options of these commands say, as the core takes it.
import { openSync, readSync } from "node:fs";
import { CommandError, UsageError, fileError, readText, say, takeInput } from "../command.js";
import { under } from "../declare.js";
import { readJson } from "../json.js";
import { seconds, when } from "../times.js";

/** The options that say what a key shall be. */
export const KEY = under("The key:", {
  owner: { type: "string", value: "WHO", takes: "text", words: "who answers for its use" },
  revoker: { type: "string", value: "WHO", takes: "text", words: "who can be asked to revoke it, when the owner cannot" },
  name: { type: "string", value: "TEXT", takes: "text", words: "what it is for" },
  scopes: { type: "string", value: "'A B'", takes: "text", words: "all that it may do, parted by blanks" },
  expires: { type: "string", value: "WHEN", takes: "text", words: "when it ends: 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z, or seconds since 1970" },
  "not-before": { type: "string", value: "WHEN", takes: "text", words: "when it begins to be good" },
  "allowed-cidrs": { type: "string", value: "'A B'", takes: "text", words: "the only addresses that may use it, as 192.0.2.0/24" },
  "rate-limit-class": { type: "string", value: "C", takes: "text", words: "the rate limit that it is under" },
  publishable: { type: "boolean", words: "it is meant to be seen, as one that stands in a page" },
  "metadata-file": { type: "string", value: "FILE", takes: "file", words: "a JSON object with whatever else is to be kept" },
});

type KeyValues = { readonly [name in keyof typeof KEY]?: string | boolean | undefined };

/** The members of a key that these options name. */
export function keyMembers(values: KeyValues): Record<string, unknown> {
  const text = (name: keyof typeof KEY) => values[name] as string | undefined;
  const members: Record<string, unknown> = {
    owner: text("owner"),
    revoker: text("revoker"),
    name: text("name"),
    scopes: words(text("scopes")),
    notBefore: when(text("not-before"), "--not-before"),
    expires: when(text("expires"), "--expires"),
    allowedCidrs: words(text("allowed-cidrs")),
    rateLimitClass: text("rate-limit-class"),
    publishable: values.publishable,
    metadata: text("metadata-file") === undefined ? undefined : metadataIn(text("metadata-file")!),
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

function words(text: string | undefined): string[] | undefined {
  return text?.split(/[\s,]+/).filter((word) => word !== "");
}

/** A span in seconds. */
export function span(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : seconds(text, option);
}

function metadataIn(file: string): object {
  const metadata = readJson(readText(file), file);
  if (typeof metadata === "object" && metadata !== null && !Array.isArray(metadata)) return metadata;
  throw new CommandError(`${file} is no JSON object`, { code: "not_json", hint: 'metadata is an object, as {"ticket": 7}' });
}

/** The id of a key. What is none is not repeated: it could be the key itself. */
export function keyId(text: string): string {
  if (/^[A-Za-z0-9]{1,64}$/.test(text)) return text;
  const advice = text.includes("_") ? "; a key itself never stands in an argument, and its id is the third part of it" : "";
  throw new UsageError(`the id of a key has letters and digits alone${advice}`);
}

/** Who ends a credential. */
export const BY = { type: "string", value: "WHO", takes: "text", words: "who ends it; a gate knows that by the token, and takes no other word for it" } as const;

/** Who is put down as having ended it: nobody is named to a side that knows who asks. */
export function whoEnds({ knowsWho }: { readonly knowsWho: boolean }, by: string | undefined): { by?: string } {
  if (knowsWho) {
    if (by !== undefined) say("the gate puts down whose token it is, and not what --by says");
    return {};
  }
  if (by === undefined) throw new UsageError("--by is missing: who ends it");
  return { by };
}

/** A secret from a file or from standard input, without the end of its line. */
export function secretFrom(file: string | undefined, what: string): string {
  if (file === undefined && process.stdin.isTTY) {
    throw new UsageError(`${what} comes by standard input, as from a secret manager, or by --key-file: on a terminal it would be seen`);
  }
  const secret = (file === undefined ? standardInput() : readText(file)).trim();
  if (secret === "") throw new UsageError(`${what} is missing`);
  if (!/^[\x21-\x7e]+$/.test(secret)) {
    throw new CommandError("what was handed over as a key is none", { code: "key_malformed", hint: "the file, or standard input, holds the key alone: no name before it, and no blank in it" });
  }
  return secret;
}

/** As much of standard input as a secret can be. */
function standardInput(): string {
  takeInput();
  const bytes = Buffer.alloc(16_384);
  let length = 0;
  try {
    for (let read; length < bytes.length && (read = readSync(0, bytes, length, bytes.length - length, null)) > 0; ) length += read;
  } catch {
    // Nothing is there, or it ended: what came is looked at.
  }
  return bytes.toString("utf8", 0, length);
}

/** A file that nobody but its owner reads, and that was not there before. */
export function newSecretFile(file: string): number {
  try {
    return openSync(file, "wx", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw fileError("write", file, error);
    throw new CommandError(`${file} is there already, and is not written over`, { code: "file_exists", hint: "name another file, or take that one away", cause: error });
  }
}
