// What the options of these commands say, as the core takes it.
import { openSync, readSync } from "node:fs";
import { CommandError, UsageError, readText, seconds } from "../command.js";

/** The options that say what a key shall be. */
export const KEY = {
  owner: { type: "string" },
  revoker: { type: "string" },
  name: { type: "string" },
  scopes: { type: "string" },
  "not-before": { type: "string" },
  expires: { type: "string" },
  "allowed-cidrs": { type: "string" },
  "rate-limit-class": { type: "string" },
  publishable: { type: "boolean" },
  "metadata-file": { type: "string" },
} as const;

export const KEY_USAGE = `  --owner WHO          who answers for its use
  --revoker WHO        who can be asked to revoke it, when the owner cannot
  --name TEXT          what it is for
  --scopes 'A B'       all that it may do, parted by blanks
  --expires WHEN       when it ends: 90d, 12h, 2027-01-31, 2027-01-31T12:00:00Z, or seconds since 1970
  --not-before WHEN    when it begins to be good
  --allowed-cidrs 'A B'  the only addresses that may use it, as 192.0.2.0/24
  --rate-limit-class C   the rate limit that it is under
  --publishable        it is meant to be seen, as one that stands in a page
  --metadata-file F    a JSON object with whatever else is to be kept
`;

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

/** A point in time: a span from now on as it stands, or seconds since the Unix epoch. */
export function when(text: string | undefined, option: string): string | number | undefined {
  if (text === undefined || /^[0-9]{1,9}[smhdw]$/.test(text)) return text;
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?$/.test(text) ? Date.parse(text) : NaN;
  // A day that a month does not have is the first of the next for some readers.
  if (Number.isNaN(date) || !new Date(date).toISOString().startsWith(text.slice(0, 10))) {
    throw new UsageError(`${option} takes a time from now on as 90d or 12h, a date as 2027-01-31 or 2027-01-31T12:00:00Z, or seconds since 1970`);
  }
  return date / 1000;
}

/** A span in seconds. */
export function span(text: string | undefined, option: string): number | undefined {
  return text === undefined ? undefined : seconds(text, option);
}

function metadataIn(file: string): object {
  try {
    const metadata: unknown = JSON.parse(readText(file));
    if (typeof metadata === "object" && metadata !== null && !Array.isArray(metadata)) return metadata;
  } catch (error) {
    if (error instanceof CommandError) throw error;
  }
  throw new CommandError(`${file} is no JSON object`);
}

/** The id of a key. What is none is not repeated: it could be the key itself. */
export function keyId(text: string): string {
  if (/^[A-Za-z0-9]{1,64}$/.test(text)) return text;
  const advice = text.includes("_") ? "; a key itself never stands in an argument, and its id is the third part of it" : "";
  throw new UsageError(`the id of a key has letters and digits alone${advice}`);
}

/** How many keys at most; all where left out. */
export function limitOf(text: string | undefined): number {
  if (text === undefined) return Infinity;
  if (!/^[1-9][0-9]{0,8}$/.test(text)) throw new UsageError("--limit takes a number of keys, from 1 on");
  return Number(text);
}

/** The most keys of a page. */
export const MOST = 100;

/** A secret from a file or from standard input, without the end of its line. */
export function secretFrom(file: string | undefined, what: string): string {
  if (file === undefined && process.stdin.isTTY) {
    throw new UsageError(`${what} comes by standard input, as from a secret manager, or by --key-file: on a terminal it would be seen`);
  }
  const secret = (file === undefined ? standardInput() : readText(file)).trim();
  if (secret === "") throw new UsageError(`${what} is missing`);
  if (!/^[\x21-\x7e]+$/.test(secret)) throw new CommandError("what was handed over as a key is none");
  return secret;
}

/** As much of standard input as a secret can be. */
function standardInput(): string {
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
    const there = (error as NodeJS.ErrnoException).code === "EEXIST";
    throw new CommandError(there ? `${file} is there already, and is not written over` : `cannot write ${file}: ${(error as Error).message}`);
  }
}
