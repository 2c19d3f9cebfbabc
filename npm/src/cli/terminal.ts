// The two streams that a command writes to, and what a terminal at one of them changes: colour, width, and a line that
// says how far a long work is.

/** For a person: standard error, so that what is printed for a program stays alone on standard output. */
export function say(words: string): void {
  takeAway();
  process.stderr.write(`${words}\n`);
}

export function print(text: string): void {
  takeAway();
  process.stdout.write(`${text}\n`);
}

/** What a terminal could act on, and what turns the direction of text, by its number. */
export function shown(text: unknown): string {
  const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}\p{Cn}\p{Cs}]/gu;
  return String(text).replace(unseen, (one) => `\\u{${one.codePointAt(0)!.toString(16)}}`);
}

const STYLES = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, cyan: 36 } as const;

export type Style = keyof typeof STYLES;

/** Whether text on this stream is coloured: <https://no-color.org>, and `FORCE_COLOR` as Node's own tools read it. */
export function isColoured(stream: { isTTY?: boolean }): boolean {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env;
  if (NO_COLOR) return false;
  if (FORCE_COLOR !== undefined && FORCE_COLOR !== "") return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return stream.isTTY === true && TERM !== "dumb";
}

/** Text in a style, where the stream has colours; the words say the same without. */
export function paint(style: Style, text: string, stream: { isTTY?: boolean } = process.stdout): string {
  return isColoured(stream) ? `\u001b[${STYLES[style]}m${text}\u001b[0m` : text;
}

/** How many columns the terminal at standard output has; none where there is no terminal. */
export function columns(): number | undefined {
  return process.stdout.isTTY ? process.stdout.columns || 80 : undefined;
}

/** The least that a column is cut to. */
const NARROWEST = 6;

/**
 * The widths of columns that fit so many of the terminal. The widest give first, and the first one, by which a line is
 * known, gives nothing.
 */
export function fitted(widths: readonly number[], room: number, gap = 2): number[] {
  const fit = [...widths];
  const over = () => fit.reduce((sum, width) => sum + width + gap, -gap) - room;
  for (let left = over(); left > 0; left = over()) {
    const widest = Math.max(...fit.slice(1));
    if (!(widest > NARROWEST)) break;
    fit[fit.indexOf(widest, 1)] = widest - 1;
  }
  return fit;
}

/** Lines of at most so many columns, broken between words. */
export function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line];
}

/** Whether the line that says how far it is stands on the terminal. */
let standing = false;

function takeAway(): void {
  if (standing) process.stderr.write("\r\u001b[K");
  standing = false;
}

/** Before something is written to standard output in another way than by `print`. */
export const beforeOutput = takeAway;

/** How often the line is drawn anew, in milliseconds. */
const DRAWN_EVERY = 100;

export interface Progress {
  /** So many are done. */
  at(count: number, more?: string): void;
  /** It is over: the line is taken away. */
  done(): void;
}

/**
 * Says on standard error how far a long work is: a terminal has one line that changes, anything else a line every so many.
 */
export function progressOf(unit: string, every: number): Progress {
  let drawn = 0;
  let told = 0;
  return {
    at(count, more = "") {
      const words = `${count} ${unit} so far${more}`;
      if (process.stderr.isTTY) {
        const now = Date.now();
        if (now - drawn < DRAWN_EVERY) return;
        drawn = now;
        process.stderr.write(`\r\u001b[K${words}`);
        standing = true;
      } else if (Math.floor(count / every) > told) {
        told = Math.floor(count / every);
        say(words);
      }
    },
    done: takeAway,
  };
}

/** On a terminal, says what is waited for, until something else is said. */
export function waitingFor(words: string): { done(): void } {
  if (process.stderr.isTTY) {
    process.stderr.write(`\r\u001b[K${words} …`);
    standing = true;
  }
  return { done: takeAway };
}
