// What the options of these commands say, as the core takes it.
import { UsageError } from "../command.js";
import { keyMembers, when } from "../keys/values.js";

/** The options that say what is known of a client. */
export const CLIENT = {
  name: { type: "string" },
  organization: { type: "string" },
  owner: { type: "string" },
  revoker: { type: "string" },
  scopes: { type: "string" },
  "metadata-file": { type: "string" },
} as const;

export const CLIENT_USAGE = `  --name TEXT          what it is for
  --organization O     the customer that it belongs to
  --owner WHO          who answers for its use
  --revoker WHO        who can be asked to end it, when the owner cannot
  --scopes 'A B'       all that it may ask tokens for, parted by blanks
  --metadata-file F    a JSON object with whatever else is to be kept
`;

/** The options that say what is known of a secret: never the secret. */
export const SECRET = {
  "secret-id": { type: "string" },
  hint: { type: "string" },
  created: { type: "string" },
  expires: { type: "string" },
} as const;

export const SECRET_USAGE = `  --secret-id ID       what its issuer calls it; it gets a number where left out
  --hint LETTERS       some letters of it, 12 at most
  --created WHEN       when it was made: 2027-01-31, 2027-01-31T12:00:00Z, or seconds since 1970
  --expires WHEN       when it ends: 90d, 12h, a date, or seconds since 1970
`;

type Values<O> = { readonly [name in keyof O]?: string | undefined };

/** The members of a client that these options name. */
export function clientMembers(values: Values<typeof CLIENT>): Record<string, unknown> {
  const { name, organization, owner, revoker, scopes, "metadata-file": file } = values;
  const members = keyMembers({ name, owner, revoker, scopes, "metadata-file": file });
  return organization === undefined ? members : { ...members, organization };
}

/** The members of a secret that these options name. */
export function secretMembers({ "secret-id": id, hint, created, expires }: Values<typeof SECRET>): Record<string, unknown> {
  const made = when(created, "--created");
  if (typeof made === "string") throw new UsageError("--created takes a date as 2027-01-31, or seconds since 1970");
  const members = { id, hint, created: made, expires: when(expires, "--expires") };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}

/** The id of a client's record. */
export function recordId(text: string): string {
  if (/^[A-Za-z0-9]{1,64}$/.test(text)) return text;
  throw new UsageError("the id of a client's record has letters and digits alone: edgeward clients list names it");
}
