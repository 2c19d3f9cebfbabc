// Times as they are written on the command line, and as they are said.
import { UsageError } from "./errors.js";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 };

/** A time as `90s`, `15m`, `12h`, `7d` or `2w`, in seconds; a bare number is seconds. */
export function seconds(text: string, option: string): number {
  const [, number, unit = "s"] = /^([0-9]{1,9})([smhdw])?$/.exec(text) ?? [];
  if (number === undefined) throw new UsageError(`${option} takes a time, as 90s, 15m, 12h, 7d or 2w`);
  return Number(number) * UNITS[unit]!;
}

/** A point in time: a span from now on as it stands, or seconds since the Unix epoch. */
export function when(text: string | undefined, option: string): string | number | undefined {
  if (text === undefined || /^[0-9]{1,9}[smhdw]$/.test(text)) return text;
  const at = pointOf(text);
  if (at !== undefined) return at;
  throw new UsageError(`${option} takes a time from now on as 90d or 12h, a date as 2027-01-31 or 2027-01-31T12:00:00Z, or seconds since 1970`);
}

/** A point in time that is over, or could be: no span from now on. In seconds since the Unix epoch. */
export function dateOf(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined;
  const at = pointOf(text);
  if (at !== undefined) return at;
  throw new UsageError(`${option} takes a date as 2027-01-31 or 2027-01-31T12:00:00Z, or seconds since 1970`);
}

/** A point in time, in milliseconds. */
export function momentOf(text: string | undefined, option: string): number | undefined {
  const moment = when(text, option);
  return typeof moment === "string" ? Date.now() + seconds(moment, option) * 1000 : moment === undefined ? undefined : moment * 1000;
}

function pointOf(text: string): number | undefined {
  if (/^[0-9]{1,12}$/.test(text)) return Number(text);
  const date = /^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z)?$/.test(text) ? Date.parse(text) : NaN;
  // A day that a month does not have is the first of the next for some readers.
  return Number.isNaN(date) || !new Date(date).toISOString().startsWith(text.slice(0, 10)) ? undefined : date / 1000;
}

/** A second since the Unix epoch, for a person. */
export function moment(second: number): string {
  const date = new Date(second * 1000);
  return Number.isNaN(date.getTime()) ? String(second) : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

const LENGTHS = [["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]] as const;

/** A span in the largest unit of which there are two. */
export function spanInWords(span: number): string {
  const [name, length] = LENGTHS.find(([, length]) => span >= 2 * length) ?? LENGTHS[3];
  const count = Math.floor(span / length);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

/** How far a moment is, in seconds from now on. */
export function fromNow(seconds: number): string {
  if (Math.floor(Math.abs(seconds)) === 0) return "now";
  return seconds > 0 ? `in ${spanInWords(seconds)}` : `${spanInWords(-seconds)} ago`;
}
