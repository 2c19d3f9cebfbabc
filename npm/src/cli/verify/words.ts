// A verdict in words.
import type { AuditEvent, Verdict } from "../../../types/index.js";
import { moment } from "../keys/output.js";
import { paint, shown, wrapped } from "../terminal.js";

const CLASSES = { m2m_token: "an M2M token", api_key: "an API key" } as const;

/** `now` is in milliseconds; the event is what the gate would put down, which says more than a client learns. */
export function verdictInWords(verdict: Verdict, now: number, event: AuditEvent | undefined): string {
  const lines: [string, unknown][] = [];
  let head: string;
  if (verdict.ok) {
    head = `${paint("green", "allowed")}  ${CLASSES[verdict.class]}`;
    const { subject, organization, clientId, credentialId, scopes, expires, issuer, kid, algorithm, sender } = verdict;
    const key = [kid, algorithm].filter((part) => part !== null).join(", ");
    lines.push(
      ["subject", subject],
      ["organization", organization],
      ["client", clientId],
      [verdict.class === "api_key" ? "key id" : "token id", credentialId],
      ["scopes", scopes.length === 0 ? "none" : scopes.join(" ")],
      ["expires", expires === null ? "when it is revoked" : `${moment(expires)}, ${fromNow(expires - now / 1000)}`],
      ["issuer", issuer],
      ["signed by", key === "" ? null : key],
      ["bound to", sender],
    );
  } else {
    const { code, status, title, detail, challenge, retryAfter } = verdict;
    const refused = status >= 500 || status === 429 ? paint("yellow", "cannot tell") : paint("red", "refused");
    head = `${refused}  ${verdict.class === undefined ? "" : `${CLASSES[verdict.class]}: `}${code} (${status})`;
    const fact = event?.["status_code"];
    const more = event?.["status_detail"];
    lines.push(
      ["why", [title, detail].filter((text) => text !== "").map((text) => text.replace(/\.?$/, ".")).join(" ")],
      // What a client is not told, and whoever has the policy and the store may know.
      ["in fact", fact === undefined || fact === code ? null : fact],
      ["detail", more === undefined || more === "" ? null : more],
      ["challenge", challenge],
      ["try again", retryAfter === undefined ? null : `in ${retryAfter} s`],
    );
  }
  const room = process.stdout.isTTY ? Math.max(30, (process.stdout.columns || 80) - 14) : Infinity;
  const body = lines
    .filter(([, value]) => value !== null && value !== undefined)
    .map(([name, value]) => `${name.padEnd(12)}  ${wrapped(shown(value), room).join(`\n${" ".repeat(14)}`)}\n`);
  return `${head}\n${body.join("")}`;
}

const UNITS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]] as const;

/** A span from now on, or back, in the largest unit of which there are two. */
export function fromNow(seconds: number): string {
  const span = Math.abs(seconds);
  const [name, length] = UNITS.find(([, length]) => span >= 2 * length) ?? UNITS[3];
  const count = Math.floor(span / length);
  const words = `${count} ${name}${count === 1 ? "" : "s"}`;
  return seconds >= 0 ? `in ${words}` : `${words} ago`;
}
