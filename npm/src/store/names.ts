// What all stores have in common: which names are good, how they are ordered, what a page of them is, and when values end.
import type { StoreListing } from "../../types/index.js";

/** The bounds of Cloudflare KV, kept by every store so that what is good in one is good in all. */
const LONGEST_NAME = 512;
const SHORTEST_LIFE = 60;

const encoder = new TextEncoder();

/** Throws where no store could keep a value under this name and find it again. */
export function checkName(name: unknown): asserts name is string {
  if (typeof name !== "string" || name === "" || name === "." || name === "..") {
    throw new TypeError('the name of a record is a string that is neither empty nor "." nor ".."');
  }
  if (/\p{Surrogate}/u.test(name)) throw new TypeError("the name of a record has half a character in it");
  if (name.length > LONGEST_NAME || encoder.encode(name).length > LONGEST_NAME) {
    throw new RangeError(`the name of a record has ${LONGEST_NAME} bytes at most`);
  }
}

/** Throws where this is no value. */
export function checkValue(value: unknown): asserts value is string {
  if (typeof value !== "string") throw new TypeError("the value of a record is a string");
}

/** The seconds that a value is to live, or undefined where it stays. */
export function lifeOf(options: { expirationTtl?: number } | undefined): number | undefined {
  const life = options?.expirationTtl;
  if (life === undefined) return undefined;
  if (!Number.isSafeInteger(life) || life < SHORTEST_LIFE) {
    throw new RangeError(`\`expirationTtl\` is a whole number of seconds, ${SHORTEST_LIFE} at least`);
  }
  return life;
}

/** When a value ends, in milliseconds since the Unix epoch, or null where it stays. */
export function endOf(options: { expirationTtl?: number } | undefined, now: number): number | null {
  const life = lifeOf(options);
  return life === undefined ? null : now + life * 1000;
}

/** Whether a value is over. */
export function isOver(ends: number | null, now: number): boolean {
  return ends !== null && ends <= now;
}

/** The order of the bytes in UTF-8, which is that of the code points; JavaScript's own puts U+FFFF behind U+1F600. */
export function byBytes(one: string, other: string): number {
  const shorter = Math.min(one.length, other.length);
  for (let index = 0; index < shorter; index++) {
    const [left, right] = [one.charCodeAt(index), other.charCodeAt(index)];
    if (left !== right) return rank(left) - rank(right);
  }
  return one.length - other.length;
}

/** Puts the halves of characters past U+FFFF behind all others. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}

/** What a page is asked for with. */
export interface Asked {
  prefix: string;
  cursor?: string;
  limit: number;
}

/** Throws where no page can be asked for so. */
export function checkAsked({ prefix, cursor, limit }: Asked): void {
  if (typeof prefix !== "string") throw new TypeError("`prefix` is a string");
  if (cursor !== undefined && typeof cursor !== "string") throw new TypeError("`cursor` is what the page before ended with");
  if (!Number.isSafeInteger(limit) || limit < 1) throw new RangeError("`limit` is a whole number, 1 at least");
}

/** The names that are asked for, behind the cursor; `sorted` is in order. The cursor is the last name of the page before. */
export function* following(sorted: readonly string[], { prefix, cursor }: Asked): Generator<string> {
  for (let index = after(sorted, prefix, cursor); index < sorted.length; index++) {
    const name = sorted[index]!;
    if (!name.startsWith(prefix)) return;
    yield name;
  }
}

/** The place of the first name that is asked for. */
function after(sorted: readonly string[], prefix: string, cursor: string | undefined): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const name = sorted[middle]!;
    const before = byBytes(name, prefix) < 0 || (cursor !== undefined && byBytes(name, cursor) <= 0);
    if (before) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A page of these names; `more` says whether others follow. */
export function page(names: readonly string[], more: boolean): StoreListing {
  const keys = names.map((name) => ({ name }));
  const last = names.at(-1);
  return more && last !== undefined ? { keys, list_complete: false, cursor: last } : { keys, list_complete: true };
}

/**
 * A name in letters, digits, `_`, `-` and `=` alone, for places that take neither every byte nor both cases: a letter's
 * upper case is `-` and the letter, every other byte is `=` and its two hexadecimal digits.
 */
export function encodeName(name: string): string {
  let text = "";
  for (const byte of encoder.encode(name)) {
    const character = String.fromCharCode(byte);
    if (/[a-z0-9_]/.test(character)) text += character;
    else if (/[A-Z]/.test(character)) text += `-${character.toLowerCase()}`;
    else text += `=${byte.toString(16).padStart(2, "0")}`;
  }
  return text;
}

/** The name that was encoded, or undefined where this is none. */
export function decodeName(text: string): string | undefined {
  if (!/^(?:[a-z0-9_]|-[a-z]|=[0-9a-f]{2})+$/.test(text)) return undefined;
  const bytes: number[] = [];
  for (const [part] of text.matchAll(/-.|=..|./g)) {
    if (part.startsWith("=")) bytes.push(Number.parseInt(part.slice(1), 16));
    else if (part.startsWith("-")) bytes.push(part.toUpperCase().charCodeAt(1));
    else bytes.push(part.charCodeAt(0));
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Uint8Array.from(bytes));
  } catch {
    return undefined;
  }
}
