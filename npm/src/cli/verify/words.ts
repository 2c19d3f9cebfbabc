// A verdict in words.
import type { AuditEvent, Verdict } from "../../../types/index.js";
import { members } from "../output.js";
import { paint } from "../terminal.js";
import { fromNow, moment } from "../times.js";

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
  return `${head}\n${members(lines)}`;
}
