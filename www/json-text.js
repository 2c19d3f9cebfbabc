// JSON laid out for reading, as it stands: nothing is parsed, so a member that stands twice stays twice, a large number
// keeps every digit, and what breaks off half-way is shown up to there.

const TOKEN = /"(?:[^"\\]+|\\[^])*"?|[{}[\],:]|[^\s{}[\],:"]+/g;
const INDENT = "  ";
/** Hostile nesting must not become a wall of blanks. */
const DEEPEST_INDENT = 24;

/**
 * The text in pieces `{ kind, text }`. The kinds are `name`, `string`, `number`, `word` and `mark`; blanks are `mark` too.
 * What does not begin as JSON does is one piece of kind `plain`.
 */
export function layOut(text) {
  if (!/^\s*[{[]/.test(text)) return [{ kind: "plain", text }];
  const tokens = text.match(TOKEN) ?? [];
  const pieces = [];
  let depth = 0;
  const newline = () => mark(`\n${INDENT.repeat(Math.min(Math.max(depth, 0), DEEPEST_INDENT))}`);
  const mark = (text) => {
    const last = pieces.at(-1);
    if (last?.kind === "mark") last.text += text;
    else pieces.push({ kind: "mark", text });
  };
  tokens.forEach((token, index) => {
    const next = tokens[index + 1];
    switch (token) {
      case "{":
      case "[":
        mark(token);
        depth += 1;
        if (next !== undefined && next !== "}" && next !== "]") newline();
        break;
      case "}":
      case "]": {
        depth -= 1;
        const previous = tokens[index - 1];
        if (previous !== "{" && previous !== "[") newline();
        mark(token);
        break;
      }
      case ",":
        mark(token);
        newline();
        break;
      case ":":
        mark(": ");
        break;
      default:
        pieces.push({ kind: kindOf(token, next), text: token });
    }
  });
  return pieces;
}

function kindOf(token, next) {
  if (token.startsWith('"')) return next === ":" ? "name" : "string";
  return /^-?\d/.test(token) ? "number" : "word";
}
