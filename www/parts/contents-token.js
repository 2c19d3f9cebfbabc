// A token as it is drawn: its segments with the characters of each, and what they decode to.
import { el, facts, foreign, revealed } from "../dom.js";
import { layOut } from "../json-text.js";
import { faultOf } from "../verdicts.js";
import { plural } from "../words.js";
import { members } from "./contents-members.js";

/** Longer texts are cut: nobody reads them, and the page must stay quick. */
const LONGEST_SHOWN = 32_768;

const NAMES = ["Header", "Payload", "Signature"];

export function drawToken(model) {
  const { header, payload, mathematics, signatureBytes, looked, segments } = model;
  return [
    segments.length > 0 && map(model),
    part("header", header, model),
    part("payload", payload, model),
    el(
      "section",
      { class: "panel", "aria-labelledby": "signature-title" },
      el("h3", { id: "signature-title" }, "Signature and key"),
      facts([
        ["Length", signatureBytes === null ? "not readable" : plural(signatureBytes, "byte")],
        ["Algorithm", mathematics.algorithm ?? (looked ? "none that is known" : "not looked at")],
        mathematics.holds !== null && ["Key it was checked with", mathematics.kid === null ? "the only one; it has no id" : foreign(mathematics.kid)],
      ]),
      el("p", { class: "hint" }, "Its value is not shown: together with the rest it is the token, which whoever has it can use."),
    ),
  ];
}

/** The token itself. Of the signature only the length is drawn. */
function map({ header, payload, segments, rest, signatureBytes }) {
  // Of five segments, as of an encrypted token, only the first is text.
  const encrypted = rest.length > 1;
  const name = (index) => (encrypted && index > 0 ? `Segment ${index + 1}` : NAMES[index]);
  const length = (count) => el("span", { class: "length" }, plural(count, "character"));
  const row = (index, count, ...drawn) => el("div", { "data-segment": index }, el("dt", null, name(index), length(count)), el("dd", null, drawn));
  const start = [0, segments[0].length + 1];
  return el(
    "section",
    { class: "panel map", "aria-labelledby": "map-title" },
    el("h3", { id: "map-title" }, "The token, character by character"),
    el(
      "div",
      { class: "characters", role: "region", tabindex: 0, "aria-label": "The characters of the token" },
      el(
        "dl",
        null,
        segments.map((text, index) => {
          const hidden = encrypted && index > 0;
          return row(index, text.length, hidden ? "not shown" : characters(text, start[index], [header, payload][index], index));
        }),
        rest.map((count, index) =>
          row(index + 2, count, el("span", { class: "hint" }, count === 0 ? "none" : `${!encrypted && signatureBytes !== null ? `${plural(signatureBytes, "byte")}, ` : ""}not shown`)),
        ),
      ),
    ),
    el("p", { class: "where", id: "where" }, HINT),
  );
}

/** What stands where nothing is pointed at. */
export const HINT = "Point at a member below to see which characters hold it, or at a character to see what it holds.";

/** A segment in pieces that begin and end where a member does, so that each member is a run of them. */
function characters(text, start, { spans, broken }, index) {
  const fault = broken?.character ?? null;
  const drawn = Math.min(text.length, LONGEST_SHOWN);
  const cuts = new Set([0, drawn]);
  const cut = (character) => {
    if (character >= start && character - start < drawn) cuts.add(character - start);
  };
  for (const { characters } of spans) characters?.forEach(cut);
  if (fault !== null) [fault, fault + 1].forEach(cut);
  const sorted = [...cuts].sort((one, other) => one - other);
  const piece = (from, next) => {
    const isFault = start + from === fault;
    const shown = el("span", { "data-from": start + from, "data-of": index, class: isFault && "broken" }, revealed(text.slice(from, next)));
    return isFault ? [caret(), shown] : shown;
  };
  const rest = text.length - drawn;
  return el(
    "code",
    { translate: "no", dir: "ltr" },
    sorted.slice(0, -1).map((from, at) => piece(from, sorted[at + 1])),
    fault === start + text.length && caret(),
    rest > 0 && el("span", { class: "hint" }, ` … ${plural(rest, "character")} more`),
  );
}

const caret = () => el("span", { class: "caret", "aria-hidden": "true" }, "▸");

function part(place, { text, fault, broken, spans, moreSpans }, model) {
  const index = place === "header" ? 0 : 1;
  const id = `${place}-title`;
  return el(
    "section",
    { class: "panel", "aria-labelledby": id, "data-place": place },
    el("h3", { id, tabindex: -1 }, NAMES[index]),
    fault && faultOf(fault),
    broken && brokenAt(broken, text, model, place, index),
    spans.length > 0 && members(place, text, spans, model.times),
    moreSpans && el("p", { class: "hint" }, "There is more in it than is listed here."),
    text === null
      ? el("p", { class: "hint" }, "Nothing of it can be read.")
      : spans.length > 0
        ? el("details", null, el("summary", null, "As JSON"), json(text))
        : json(text),
  );
}

/** Where it goes wrong, in words, with what stands around it. */
function brokenAt({ kind, byte, character }, text, { segments }, place, index) {
  const at = character === null ? "" : ` That is character ${(character + 1).toLocaleString("en")} of the token.`;
  if (kind === "base64url") {
    const start = index === 0 ? 0 : segments[0].length + 1;
    const wrong = String.fromCodePoint(segments[index].codePointAt(character - start) ?? 0xfffd);
    const number = `Character ${(character + 1).toLocaleString("en")} of the token`;
    const words = /[\w-]/.test(wrong)
      ? [`${number} is the last of the ${place}, `, el("code", null, wrong), ", and carries bits that belong to no byte."]
      : [`${number} is `, el("code", null, foreign(wrong)), ", which base64url does not have."];
    return el("p", { class: "amiss" }, words);
  }
  const bytes = new TextEncoder().encode(text ?? "");
  if (text === null) return el("p", { class: "amiss" }, "It is empty, and should be a JSON object.");
  const before = new TextDecoder().decode(bytes.subarray(0, byte)).length;
  const what = kind === "utf8" ? "is not UTF-8" : "is where the JSON goes wrong";
  // A text that breaks off goes wrong at its last byte, or behind it.
  const words =
    kind === "json" && byte >= bytes.length - 1
      ? `The JSON breaks off, or goes wrong, at its end, after ${plural(bytes.length, "byte")}.`
      : `Byte ${(byte + 1).toLocaleString("en")} of the decoded ${place} ${what}.`;
  const wrong = before < text.length ? String.fromCodePoint(text.codePointAt(before)) : "";
  const after = text.slice(before + wrong.length, before + 24);
  return [
    el("p", { class: "amiss" }, words, at),
    el(
      "pre",
      { class: "excerpt", dir: "ltr", translate: "no" },
      before > 36 && "…",
      el("span", null, revealed(text.slice(Math.max(before - 36, 0), before))),
      caret(),
      wrong && el("span", { class: "broken" }, revealed(wrong)),
      el("span", null, revealed(after)),
      before + wrong.length + after.length < text.length && "…",
    ),
  ];
}

function json(text) {
  const shown = text.slice(0, LONGEST_SHOWN);
  const rest = text.length - shown.length;
  const pieces = layOut(shown).map(({ kind, text }) => {
    if (kind === "mark") return text;
    return el("span", { class: kind }, revealed(text, kind === "plain"));
  });
  return [
    el("pre", { dir: "ltr", translate: "no" }, el("code", null, pieces)),
    rest > 0 && el("p", { class: "hint" }, `${plural(rest, "character")} more ${rest === 1 ? "is" : "are"} not shown.`),
  ];
}
