// What somebody may have meant who mistyped a name.

/** The known name that is nearest, where one is near enough to be what was meant. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  // Longer words leave room for more slips, and a word that shares nothing is no suggestion.
  let best: { name: string; distance: number } | undefined;
  for (const candidate of known) {
    const allowed = Math.max(1, Math.floor(Math.max(name.length, candidate.length) / 3));
    const distance = slips(name, candidate);
    if (distance <= allowed && (best === undefined || distance < best.distance)) best = { name: candidate, distance };
  }
  if (best !== undefined) return best.name;
  if (name.length < 3) return undefined;
  const begun = [...known].filter((candidate) => candidate.startsWith(name));
  return begun.length === 1 ? begun[0] : undefined;
}

/** How many letters were left out, added, changed, or swapped with their neighbour. */
function slips(one: string, other: string): number {
  if (Math.abs(one.length - other.length) > 3) return Infinity;
  let [before, last]: [number[], number[]] = [[], Array.from({ length: other.length + 1 }, (_, place) => place)];
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let least = Math.min(last[column]! + 1, current[column - 1]! + 1, last[column - 1]! + (same ? 0 : 1));
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) {
        least = Math.min(least, before[column - 2]! + 1);
      }
      current.push(least);
    }
    [before, last] = [last, current];
  }
  return last[other.length]!;
}

/** A name that may be repeated: what was typed could be a secret. */
export function isName(text: string): boolean {
  return /^(--?)?[a-z][a-z0-9-]{0,30}$/.test(text);
}
