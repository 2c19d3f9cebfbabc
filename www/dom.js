// Building what is shown. Text is only ever set as text: no function here, or anywhere on the page, reads markup.

/** An element with attributes and children: elements, or strings that become text. What is null or false is left out. */
export function el(name, attributes, ...children) {
  return fill(document.createElement(name), attributes, children);
}

/** The same for SVG. */
export function svg(name, attributes, ...children) {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (value != null && value !== false) element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child != null && child !== false));
  return element;
}

/** Text that came with the credential: isolated from its surroundings, and with nothing invisible in it. */
export function foreign(text) {
  return el("bdi", { class: "foreign", translate: "no" }, revealed(text));
}

// Controls, formats, bidirectional overrides, odd spaces, private and lone code units, and what is drawn as nothing.
export const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/** So many boxes are drawn in one text. */
const MOST_BOXES = 256;

/**
 * The text in pieces, each character that could hide or reorder others replaced by its code point in a box; where there are
 * very many of them, by the sign for what cannot be shown.
 */
export function revealed(text, keepNewlines = false) {
  const pieces = [];
  let end = 0;
  const isPlain = (character) => character === " " || (keepNewlines && character === "\n");
  for (const { 0: character, index } of text.matchAll(UNSEEN)) {
    if (isPlain(character)) continue;
    if (pieces.length >= 2 * MOST_BOXES) {
      pieces.push(text.slice(end).replace(UNSEEN, (character) => (isPlain(character) ? character : "\ufffd")));
      return pieces;
    }
    const point = `U+${character.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
    pieces.push(text.slice(end, index), el("span", { class: "unseen", title: "a character that is not drawn" }, point));
    end = index + character.length;
  }
  pieces.push(text.slice(end));
  return pieces;
}

/** Words of the core, with what stands between backticks as code. What is foreign in them is drawn as such. */
export function worded(text) {
  return text.split("`").map((piece, index) => (index % 2 ? el("code", { translate: "no" }, revealed(piece)) : revealed(piece)));
}

/** Where sections stand in public. The header `Connection-Allowlist` has the same hosts. */
const SOURCES = [
  [/^RFC (\d{3,5})(?: §([\w.]+))?$/, (number, part) => `https://www.rfc-editor.org/rfc/rfc${number}${anchor(part)}`],
  [/^(draft-[a-z\d-]+)(?: §([\w.]+))?$/, (name, part) => `https://datatracker.ietf.org/doc/html/${name}${anchor(part)}`],
  [/^OWASP NHI\d+:2025$/, () => "https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025"],
];

const anchor = (part) => (part ? `#${/^\d/.test(part) ? "section" : "appendix"}-${part}` : "");

/** A section of a standard, linked where it is public. */
export function rule(section) {
  for (const [form, link] of SOURCES) {
    const parts = form.exec(section);
    if (!parts) continue;
    const href = link(...parts.slice(1));
    return el("a", { href, target: "_blank", rel: "noopener noreferrer" }, section, el("span", { class: "aside" }, " (new tab)"));
  }
  return section.replace(/^contract /, "Edgeward’s contract ");
}

/** Names and what is to be said of each: `[name, ...contents]`. Falsy rows are left out. */
export function facts(rows) {
  const items = rows.filter(Boolean).map(([name, ...contents]) => el("div", null, el("dt", null, name), el("dd", null, contents)));
  return el("dl", { class: "facts" }, items);
}
