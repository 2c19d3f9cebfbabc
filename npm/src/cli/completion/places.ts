// What can be written where, as the scripts of all shells tell it.
import type { Command, Operand, Options } from "../declare.js";
import type { Entry } from "../registry.js";

/** What a value can be: a file, a directory, one of these words, or text that nobody can guess. */
export type Takes = "file" | "directory" | "text" | readonly string[];

export interface Choice {
  readonly name: string;
  readonly words: string;
}

export interface Flag extends Choice {
  /** Nothing for one that takes no value. */
  readonly value: Takes | undefined;
}

/** Behind `edgeward`, a command, or a command and its part. */
export interface Place {
  /** The words that lead there, parted by a blank; none for the first place. */
  readonly at: string;
  /** What goes on from there. */
  readonly next: readonly Choice[];
  readonly flags: readonly Flag[];
  readonly operand: Takes | undefined;
}

export async function places(commands: Readonly<Record<string, Entry>>, global: Options): Promise<Place[]> {
  const names = Object.entries(commands).map(([name, { summary }]) => ({ name, words: summary }));
  const everywhere = flagsOf(global);
  const found: Place[] = [
    { at: "", next: [...names, { name: "help", words: "print how a command is used" }], flags: [...everywhere, { name: "version", words: "print the version", value: undefined }], operand: undefined },
    { at: "help", next: names, flags: [], operand: undefined },
  ];
  for (const [name, entry] of Object.entries(commands)) {
    const command = await entry.load();
    found.push(placeOf(name, command, everywhere));
    for (const [part, inner] of Object.entries(command.parts ?? {})) found.push(placeOf(`${name} ${part}`, inner, everywhere));
  }
  return found;
}

function placeOf(at: string, { options = {}, operand, parts = {} }: Command, everywhere: readonly Flag[]): Place {
  return {
    at,
    next: Object.entries(parts).map(([name, { summary }]) => ({ name, words: summary })),
    flags: [...flagsOf(options), ...everywhere],
    operand: takenBy(operand),
  };
}

function takenBy(operand: Operand | undefined): Takes | undefined {
  return operand?.takes;
}

function flagsOf(options: Options): Flag[] {
  return Object.entries(options).map(([name, option]) => ({ name, words: firstClause(option.words), value: option.type === "string" ? option.takes : undefined }));
}

/** As much as fits beside a name. */
function firstClause(words: string): string {
  const [clause = ""] = words.split(/[;:(]/, 1);
  return clause.trim();
}
