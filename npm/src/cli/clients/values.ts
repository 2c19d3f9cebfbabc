// What the options of these commands say, as the core takes it.
import { UsageError } from "../command.js";
import { under } from "../declare.js";
import { keyMembers } from "../keys/values.js";
import { dateOf, when } from "../times.js";

/** What names the record of a client, and what it is called where it is missing. */
export const OPERAND = { name: "id", takes: "text" } as const;
export const ID = "the id of a client's record";

const text = (value: string, words: string) => ({ type: "string", value, takes: "text", words }) as const;

/** The options that say what is known of a client. */
export const CLIENT = under("The client:", {
  name: text("TEXT", "what it is for"),
  organization: text("ORG", "the customer that it belongs to"),
  owner: text("WHO", "who answers for its use"),
  revoker: text("WHO", "who can be asked to end it, when the owner cannot"),
  scopes: text("'A B'", "all that it may ask tokens for, parted by blanks"),
  "metadata-file": { type: "string", value: "FILE", takes: "file", words: "a JSON object with whatever else is to be kept" },
});

/** The options that say what is known of a secret: never the secret. */
export const SECRET = under("The secret, which itself is not asked for:", {
  "secret-id": text("ID", "what its issuer calls it; it gets a number where left out"),
  hint: text("LETTERS", "some letters of it, 12 at most"),
  created: text("WHEN", "when it was made: 2027-01-31, 2027-01-31T12:00:00Z, or seconds since 1970"),
  expires: text("WHEN", "when it ends: 90d, 12h, a date, or seconds since 1970"),
});

type Values<O> = { readonly [name in keyof O]?: string | undefined };

/** The members of a client that these options name. */
export function clientMembers(values: Values<typeof CLIENT>): Record<string, unknown> {
  const { name, organization, owner, revoker, scopes, "metadata-file": file } = values;
  const members = keyMembers({ name, owner, revoker, scopes, "metadata-file": file });
  return organization === undefined ? members : { ...members, organization };
}

/** The members of a secret that these options name. */
export function secretMembers({ "secret-id": id, hint, created, expires }: Values<typeof SECRET>): Record<string, unknown> {
  const members = { id, hint, created: dateOf(created, "--created"), expires: when(expires, "--expires") };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** The id of a client's record. */
export function recordId(text: string): string {
  if (/^[A-Za-z0-9]{1,64}$/.test(text)) return text;
  throw new UsageError("the id of a client's record has letters and digits alone: edgeward clients list names it");
}
