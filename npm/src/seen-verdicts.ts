// What the core said of credentials that it knows by now. It looks at each of them again, every time, and where all holds as
// before it says so by a number: then nothing is written, carried over and read for the caller's sake.
import { readVerdict } from "./core.js";
import { instance } from "./instance.js";
import type { Verdict } from "../types/index.js";

/** So many characters of JSON are kept as objects, which take several times the room; the oldest make room. */
const MOST_CHARACTERS = 4 * 1024 * 1024;

interface Seen {
  readonly verdict: Verdict;
  readonly characters: number;
}

export interface SeenVerdicts {
  /** The verdict of this number, if it is still kept. */
  get(number: number): Verdict | undefined;
  /** Reads the verdict of this number, which nobody can change from then on: whoever asks gets the same one. */
  keep(number: number, text: string): Verdict;
}

/** The verdicts of one verifier. Another instance of the core begins its numbers anew. */
export function seenVerdicts(): SeenVerdicts {
  const seen = new Map<number, Seen>();
  let characters = 0;
  let of = instance();
  const current = () => {
    if (of === instance()) return seen;
    of = instance();
    seen.clear();
    characters = 0;
    return seen;
  };
  return {
    get: (number) => current().get(number)?.verdict,
    keep(number, text) {
      const verdict = frozen(readVerdict(text));
      // A token that has ended since has another answer, which is no answer for the next time.
      if (!verdict.ok || current().has(number)) return verdict;
      seen.set(number, { verdict, characters: text.length });
      characters += text.length;
      for (const [oldest, { characters: less }] of seen) {
        if (characters <= MOST_CHARACTERS) break;
        seen.delete(oldest);
        characters -= less;
      }
      return verdict;
    },
  };
}

function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
