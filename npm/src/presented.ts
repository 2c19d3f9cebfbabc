// What is presented, as the core takes it.
import { longestInput } from "./glue.js";
import { enter } from "./instance.js";

let longest: number | undefined;

/**
 * A presented credential as the text to hand over. What is no string is the empty text, which the core refuses; what is
 * far too long is cut, so that it is refused without being copied.
 */
export function presentedText(credential: unknown): string {
  longest ??= enter(longestInput);
  return cut(credential, longest);
}

/** The same, cut where it is longer than so many bytes: each of its characters has one at the least. */
export function cut(credential: unknown, longest: number): string {
  if (typeof credential !== "string") return "";
  return credential.length > longest ? credential.slice(0, longest + 1) : credential;
}
