// The members of a header or a payload: what each is called, what it holds, and what that means.
import { el, foreign, revealed } from "../dom.js";
import { date, plural } from "../words.js";
import { MEANINGS } from "./contents-meanings.js";

/** Longer values are cut. */
const LONGEST_VALUE = 2_000;

/** A list of the members. One of them is a stop of the Tab key, and arrows lead to the others. */
export function members(place, text, spans, times) {
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const seen = new Set();
  const children = new Map();
  for (const { pointer } of spans) {
    const parent = pointer.slice(0, pointer.lastIndexOf("/"));
    children.set(parent, (children.get(parent) ?? 0) + 1);
  }
  const rows = spans.map(({ pointer, value: [from, to] }, index) => {
    // A character is four bytes at most.
    const raw = decoder.decode(bytes.subarray(from, Math.min(to, from + 4 * LONGEST_VALUE)));
    const path = pointer.split("/").slice(1).map((name) => name.replaceAll("~1", "/").replaceAll("~0", "~"));
    const again = seen.has(pointer);
    seen.add(pointer);
    const means = MEANINGS[place].get(path.join("/"));
    return el(
      "div",
      { "data-member": index, "data-of": place, class: path.length > 1 && "within" },
      el(
        "dt",
        null,
        el("button", { type: "button", tabindex: index === 0 ? 0 : -1, "aria-describedby": "where" }, foreign(path.length > 1 ? pointer : path[0])),
      ),
      el(
        "dd",
        null,
        valueOf(raw, children.get(pointer) ?? 0, to - from),
        place === "payload" && when(pointer, raw, times),
        means && el("span", { class: "means" }, means),
        again && el("strong", { class: "again" }, "It stands here a second time."),
      ),
    );
  });
  return el("dl", { class: "members" }, rows);
}

function valueOf(raw, count, length) {
  if (raw.startsWith("{")) return el("span", null, count ? `an object with ${plural(count, "member")}` : "an empty object");
  if (raw.startsWith("[")) return el("span", null, count ? `a list of ${count}` : "an empty list");
  const kind = raw.startsWith('"') ? "string" : /^-?\d/.test(raw) ? "number" : "word";
  const shown = raw.slice(0, LONGEST_VALUE);
  const isCut = shown.length < raw.length || length > 4 * LONGEST_VALUE;
  return [
    el("code", { class: `foreign ${kind}`, translate: "no" }, revealed(shown)),
    isCut && el("span", { class: "means" }, `… It is ${plural(length, "byte")} long.`),
  ];
}

/** A time in words and by the calendar; as Unix time it is the value. */
function when(pointer, raw, times) {
  const known = times.find(({ claim }) => pointer === `/${claim}`);
  // The core tells no time of a payload that does not parse; nor of claims that it does not look at.
  const at = known?.at ?? (/^\/(iat|nbf|exp|auth_time|updated_at)$/.test(pointer) && /^\d{1,11}$/.test(raw) ? Number(raw) : null);
  if (at === null) return null;
  const day = date(at);
  return el(
    "span",
    { class: "when" },
    el("span", { class: "ago", "data-at": at }),
    " · ",
    day ? el("time", { datetime: day.machine }, day.text) : "beyond any calendar",
  );
}
