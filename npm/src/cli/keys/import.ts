// Keys that were issued elsewhere, line by line, of which only digests are known.
import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { CommandError, EXIT, StepError, UsageError, fileError, readOptions, say, takeInput, type Command } from "../command.js";
import { command } from "../declare.js";
import { progressOf, shown } from "../terminal.js";
import { write } from "../output.js";
import { WHERE, within } from "./where.js";

const OPTIONS = {
  "digests-file": { type: "string", value: "FILE", takes: "file", words: "the file; standard input where left out" },
  from: { type: "string", value: "LINE", takes: "text", words: "begin at this line" },
  json: { type: "boolean", words: "print a JSON object for each line, errors too" },
  ...WHERE,
} as const;

export const importKeys: Command = command(
  {
    name: "keys import",
    summary: "store the digests of keys that were issued elsewhere",
    synopsis: "--digests-file FILE [options]",
    about: `Stores the records of keys that were issued elsewhere. Each line of the file is a JSON object: a "digest", which is sha-256: and the SHA-256 of the key's text in hexadecimal, and the members of a new key: "organization", "owner", "revoker", "name", and if need be "scopes", "expires" and the others. The form of the keys has to take foreign ones (foreignKeys in the policy). A line that fails is named, and the others go on.`,
    options: OPTIONS,
    exits: { good: "all were imported", objection: "some lines failed", failed: "the file cannot be read, or nobody can tell what became of many lines in a row" },
  },
  async (args) => {
    const values = readOptions(args, OPTIONS);
    const file = values["digests-file"];
    const from = values.from ?? "1";
    if (!/^[1-9][0-9]{0,9}$/.test(from)) throw new UsageError("--from takes the number of a line, from 1 on");
    return within(values, async (keys) => {
      const lines = linesOf(file, Number(from));
      return importAll(lines, (text) => keys.carryOut("import", undefined, text), { json: values.json === true, what: "keys", goOn: "--from" });
    });
  },
);

/** How many lines are under way at once. */
const AT_ONCE = 16;

/** After how many lines in a row of which nobody can tell it stops. */
const PATIENCE = 32;

/** How often it says how far it is, in lines. */
const PROGRESS = 1000;

interface Told {
  line: number;
  id?: unknown;
  failure?: StepError;
}

/** A line, by its number from 1 on. */
export type Line = readonly [number: number, text: string];

/** The lines of a file, or of standard input, but for those that are blank. */
export async function* linesOf(file = "-", from: number): AsyncGenerator<Line, void, void> {
  if (file === "-") takeInput();
  const input = file === "-" ? process.stdin : createReadStream(file);
  const lines = createInterface({ input, crlfDelay: Infinity });
  let line = 0;
  try {
    for await (const text of lines) {
      line++;
      if (line >= from && text.trim() !== "") yield [line, text];
    }
  } catch (error) {
    throw fileError("read", file === "-" ? "standard input" : file, error);
  } finally {
    lines.close();
    input.destroy();
  }
}

/** Imports lines, some at once. One that fails is named, and the others go on. `goOn` is the option that begins at a line. */
export async function importAll(
  lines: AsyncIterable<Line> | Iterable<Line>,
  take: (text: string) => Promise<Record<string, unknown>>,
  { json, what, goOn }: { json: boolean; what: string; goOn: string },
): Promise<number> {
  let [last, imported, failed, unsettled] = [0, 0, 0, 0];
  let batch: Promise<Told>[] = [];
  const progress = progressOf(what, PROGRESS);
  const settle = async () => {
    for (const { line, id, failure } of await Promise.all(batch)) {
      if (failure === undefined) {
        imported++;
        unsettled = 0;
        if (json) await write(`${JSON.stringify({ line, id })}\n`);
      } else {
        failed++;
        unsettled = failure.unsettled ? unsettled + 1 : 0;
        const { code, message } = failure;
        if (json) await write(`${JSON.stringify({ line, code, message })}\n`);
        else say(`line ${line}: ${shown(message)} (${code})`);
      }
      progress.at(imported + failed, `, ${failed} of them failed`);
    }
    batch = [];
    if (unsettled >= PATIENCE) {
      throw new CommandError(`nobody can tell what became of the last ${unsettled} lines: ${goOn} ${last - unsettled + 1} goes on once that is mended`, {
        code: "import_stopped",
        hint: `does the store, or the gate, answer? edgeward ${what} list asks it`,
      });
    }
  };
  try {
    for await (const [line, text] of lines) {
      last = line;
      batch.push(importOne(take, line, text));
      if (batch.length === AT_ONCE) await settle();
    }
    await settle();
  } finally {
    progress.done();
    await Promise.allSettled(batch);
  }
  say(`${imported} imported, ${failed} failed`);
  return failed === 0 ? EXIT.good : EXIT.objection;
}

/** The line goes to the core as it stands, whose words never quote what could be a secret. */
async function importOne(take: (text: string) => Promise<Record<string, unknown>>, line: number, text: string): Promise<Told> {
  try {
    const { id } = await take(text);
    return { line, id };
  } catch (error) {
    if (error instanceof StepError) return { line, failure: error };
    if (error instanceof CommandError) return { line, failure: new StepError({ code: "no_answer", status: 503, message: error.message }) };
    throw error;
  }
}
