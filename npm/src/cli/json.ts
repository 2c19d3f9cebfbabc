// JSON out of files, and where it goes wrong. The reader of the host quotes what it could not read, which may be a key.
import { CommandError } from "./errors.js";

/** The document of a text that came from a file. `code` is that of the error where it is none. */
export function readJson(text: string, file: string, code?: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw notJson(text, file, code);
  }
}

/** The error of a file that is no JSON, with the place where it ceases to be some. */
export function notJson(text: string, file: string, code = "not_json"): CommandError {
  const at = faultIn(text);
  const before = text.slice(0, at);
  const line = before.split("\n").length;
  const column = at - before.lastIndexOf("\n");
  const ends = at >= text.length ? ", where it ends" : "";
  return new CommandError(`${file === "-" ? "standard input" : file} is no JSON: line ${line}, column ${column}${ends}`, {
    code,
    hint: "JSON has no comments, no comma after the last member, and double quotes alone",
  });
}

/** A string, a number, a word, or a mark. */
const TOKEN = /[ \t\n\r]*(?:("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null)|([[\]{},:]))/y;

const BLANKS = /[ \t\n\r]*/y;

/** How many characters of the text are the beginning of some JSON. */
export function faultIn(text: string): number {
  let at = 0;
  let token = "";
  const blanks = () => {
    BLANKS.lastIndex = at;
    BLANKS.test(text);
    return BLANKS.lastIndex;
  };
  const next = (): boolean => {
    TOKEN.lastIndex = at;
    const match = TOKEN.exec(text);
    if (match === null) return false;
    token = match[1] !== undefined ? "string" : match[2] !== undefined ? "value" : match[3]!;
    at = TOKEN.lastIndex;
    return true;
  };
  // What may come next, by what is open: a stack, since a text may be nested deeper than calls can be.
  const open: ("[" | "{")[] = [];
  let due: "value" | "valueOrEnd" | "name" | "nameOrEnd" | "colon" | "commaOrEnd" = "value";
  for (;;) {
    if (due === "commaOrEnd" && open.length === 0) return blanks();
    const start = blanks();
    if (!next()) return start;
    const inside = open.at(-1);
    const ends = token === (inside === "{" ? "}" : "]");
    if (ends && (due === "valueOrEnd" || due === "nameOrEnd" || due === "commaOrEnd")) {
      open.pop();
      due = "commaOrEnd";
    } else if (due === "commaOrEnd") {
      if (token !== ",") return start;
      due = inside === "{" ? "name" : "value";
    } else if (due === "colon") {
      if (token !== ":") return start;
      due = "value";
    } else if (due === "name" || due === "nameOrEnd") {
      if (token !== "string") return start;
      due = "colon";
    } else if (token === "[" || token === "{") {
      open.push(token);
      due = token === "{" ? "nameOrEnd" : "valueOrEnd";
    } else if (token === "string" || token === "value") {
      due = "commaOrEnd";
    } else {
      return start;
    }
  }
}
