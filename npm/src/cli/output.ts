// What is printed: in bounded memory, and harmless on a terminal.
import { CommandError, EXIT, OutputClosed, StepError, isInDocument, reason } from "./errors.js";
import { beforeOutput, columns, fitted, say, shown, wrapped } from "./terminal.js";

/** Writes to standard output, and waits until it was taken: what is printed is never kept in memory. */
export function write(text: string): Promise<void> {
  beforeOutput();
  return new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(new OutputClosed(error.message)) : resolve()));
  });
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

/** The columns of the names, and of what parts them from what is said. */
const NAMES = 14;

/** A line for each member that says something, by its name. What is too long for the terminal goes on below. */
export function members(lines: readonly (readonly [name: string, value: unknown])[]): string {
  const room = columns() === undefined ? Infinity : Math.max(30, columns()! - NAMES);
  return lines
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => `${name.padEnd(NAMES - 2)}  ${wrapped(shown(value), room).join(`\n${" ".repeat(NAMES)}`)}\n`)
    .join("");
}

/** A document as a line of JSON. */
export const writeDocument = (document: object): Promise<void> => write(`${JSON.stringify(document)}\n`);

/** A record as JSON, or in words with what was done with it. */
export async function writeRecord<R>(document: { id: string; record: R }, asJson: boolean | undefined, inWords: (record: R) => string, done: string): Promise<number> {
  if (asJson === true) await writeDocument(document);
  else {
    await write(inWords(document.record));
    say(`${document.id} ${done}`);
  }
  return EXIT.good;
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
      throw isInDocument(brokenOff(error, cursor(), begun));
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
