// What is printed of keys: in bounded memory, and harmless on a terminal.
import { CommandError, OutputClosed, StepError, reason, say } from "../command.js";
import { beforeOutput, columns, fitted, shown } from "../terminal.js";
import type { KeyRecord, KeyUsage } from "../../../types/index.js";

export { shown } from "../terminal.js";

/** Writes to standard output, and waits until it was taken: what is printed is never kept in memory. */
export function write(text: string): Promise<void> {
  beforeOutput();
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(new OutputClosed(error.message)) : resolve()));
  });
}

/** A second since the Unix epoch, for a person. */
export function moment(second: number): string {
  const date = new Date(second * 1000);
  return Number.isNaN(date.getTime()) ? String(second) : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A line of a table. On a terminal it fits, and a cell that is too long is cut. */
export function row(cells: readonly (readonly [text: unknown, width: number])[]): string {
  const room = columns();
  const widths = cells.map(([, width]) => width);
  const fit = room === undefined ? widths : fitted(widths, room);
  const padded = cells.map(([text], place) => {
    const width = fit[place]!;
    // By characters: half of one is none.
    const cell = [...shown(text ?? "")];
    const cut = room !== undefined && cell.length > width ? [...cell.slice(0, width - 1), "…"] : cell;
    return cut.join("") + " ".repeat(Math.max(0, width - cut.length));
  });
  return `${padded.join("  ").trimEnd()}\n`;
}

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
  return lines
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name.padEnd(12)}  ${shown(value)}\n`)
    .join("");
}

/** Writes a JSON document whose one array comes page by page. Where it breaks off, it says so, and where to go on. */
export async function writeJson(
  name: string,
  items: AsyncGenerator<readonly object[], Record<string, unknown>, void>,
  cursor: () => string | null,
): Promise<Record<string, unknown>> {
  let begun = false;
  let separator = "\n";
  const tail = (rest: object) => write(`\n],${JSON.stringify(rest).slice(1)}\n`);
  for (;;) {
    let step;
    try {
      step = await items.next();
    } catch (error) {
      if (!begun) throw error;
      const { code, status } = error instanceof StepError ? error : { code: "host_failed", status: 503 };
      await tail({ cursor: cursor(), failed: { code, status, message: reason(error) } });
      const broken = brokenOff(error, cursor(), begun);
      if (broken instanceof CommandError) broken.told = true;
      throw broken;
    }
    if (!begun) await write(`{${JSON.stringify(name)}:[`);
    begun = true;
    if (step.done) {
      await tail(step.value);
      return step.value;
    }
    if (step.value.length === 0) continue;
    await write(separator + step.value.map((item) => JSON.stringify(item)).join(",\n"));
    separator = ",\n";
  }
}

/** The error of a list that is not whole; where it was not begun, there is none to take for one that is. */
export function brokenOff(error: unknown, cursor: string | null, begun: boolean): unknown {
  if (!begun) return error;
  if (!(error instanceof StepError) && !(error instanceof CommandError)) return error;
  const more = cursor === null ? "" : `; --cursor '${shown(cursor)}' goes on`;
  return new CommandError(`this is not the whole list: ${error.message}${more}`, {
    code: error.code,
    hint: "what was printed is right as far as it goes: begin again, or go on where it broke off",
    cause: error,
  });
}

/** Says where the rest is, where there is one. */
export function sayRest(cursor: string | null): void {
  if (cursor !== null) say(`there is more: --cursor '${shown(cursor)}' goes on`);
}
