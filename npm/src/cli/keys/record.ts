// How a key is shown.
import type { KeyRecord, KeyUsage } from "../../../types/index.js";
import { members } from "../output.js";
import { moment } from "../times.js";

/** A record in words, a line for each member that says something. */
export function inWords(record: KeyRecord, usage?: KeyUsage): string {
  const { revocation, rotation = {}, metadata } = record;
  const lines: [string, unknown][] = [
    ["id", record.id],
    ["name", record.name],
    ["organization", record.organization],
    ["owner", record.owner],
    ["revoker", record.revoker],
    ["environment", record.environment],
    ["scopes", record.scopes.length === 0 ? "none" : record.scopes.join(" ")],
    ["created", moment(record.created)],
    ["not before", record.notBefore === undefined ? undefined : moment(record.notBefore)],
    ["expires", record.expires === undefined ? "when it is revoked" : moment(record.expires)],
    ["disabled", record.disabled ? "yes" : undefined],
    ["revoked", revocation === undefined ? undefined : `${moment(revocation.at)}, by ${revocation.by}: ${revocation.reason}`],
    ["addresses", record.allowedCidrs.length === 0 ? undefined : record.allowedCidrs.join(" ")],
    ["rate limit", record.rateLimitClass],
    ["replaces", rotation.replaces],
    ["replaced by", rotation.replacedBy],
    ["good until", rotation.overlapUntil === undefined ? undefined : `${moment(rotation.overlapUntil)}, when its overlap ends`],
    ["imported", record.imported ? "yes" : undefined],
    ["publishable", record.publishable ? "yes" : undefined],
    ["metadata", Object.keys(metadata).length === 0 ? undefined : JSON.stringify(metadata)],
  ];
  if (usage !== undefined) {
    const { lastUsed, precision, exercised = {}, exposed, otherEnvironment } = usage;
    lines.push(
      ["last used", lastUsed === undefined ? "never, as far as it was noted" : `${moment(lastUsed)}, or up to ${precision} s later`],
      ["exercised", Object.keys(exercised).length === 0 ? undefined : Object.keys(exercised).join(" ")],
      ["exposed", exposed === undefined ? undefined : `${moment(exposed.at)}, at ${exposed.place}`],
      ["misplaced", otherEnvironment === undefined ? undefined : `${moment(otherEnvironment)}, in the other environment`],
    );
  }
  return members(lines);
}
