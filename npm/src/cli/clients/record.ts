// How a client is shown.
import type { ClientRecord, ClientSecretRecord, ClientUsage } from "../../../types/index.js";
import { members } from "../output.js";
import { moment } from "../times.js";

/** A record in words, a line for each member that says something, and one for each secret. */
export function inWords(record: ClientRecord, usage?: ClientUsage): string {
  const { removal, metadata, secrets } = record;
  const lines: [string, unknown][] = [
    ["id", record.id],
    ["name", record.name],
    ["issuer", record.issuer],
    ["client", record.clientId],
    ["organization", record.organization],
    ["owner", record.owner ?? "nobody is named"],
    ["revoker", record.revoker ?? "nobody is named"],
    ["scopes", record.scopes.length === 0 ? "none on record" : record.scopes.join(" ")],
    ["created", record.created === undefined ? undefined : moment(record.created)],
    ["on record", `since ${moment(record.noted)}`],
    ["removed", removal === undefined ? undefined : `${moment(removal.at)}, by ${removal.by}`],
    ...secrets.map((secret): [string, unknown] => ["secret", secretInWords(secret)]),
    ["metadata", Object.keys(metadata).length === 0 ? undefined : JSON.stringify(metadata)],
  ];
  if (usage !== undefined) {
    const { lastToken, precision } = usage;
    lines.push(["last token", lastToken === undefined ? "none was noted" : `${moment(lastToken)}, or up to ${precision} s later`]);
  }
  return members(lines);
}

function secretInWords({ id, hint, created, noted, expires, revoked, lastUsed }: ClientSecretRecord): string {
  const parts = [
    hint === undefined ? id : `${id} (${hint})`,
    created === undefined ? `on record since ${moment(noted)}` : `made ${moment(created)}`,
    ...(expires === undefined ? [] : [`ends ${moment(expires)}`]),
    ...(lastUsed === undefined ? [] : [lastUsed === null ? "never used" : `last used ${moment(lastUsed)}`]),
    ...(revoked === undefined ? [] : [`ended ${moment(revoked.at)}, by ${revoked.by}`]),
  ];
  return parts.join(", ");
}
