// What stands in a credential, as far as it can be read.
import { el, facts, foreign, revealed } from "../dom.js";
import { layOut } from "../json-text.js";
import { paint } from "../paint.js";
import { faultOf, formFault } from "../verdicts.js";
import { plural } from "../words.js";
import { key } from "./key.js";

export const contents = {
  id: "contents",
  name: "Contents",
  classes: ["m2m_token", "api_key"],
  mount: (place) => (state) => paint(place, state.report, (report) => (report.token ? token(report) : key(report))),
};

/** What stands in a token, as far as it can be read. */
function token({ token }) {
  const { header, payload, mathematics, signatureBytes, keys } = token;
  const refused = keys.filter(({ serves }) => serves.length === 0);
  return [
    // What is wrong with the header is told with the verdict, and not twice.
    part("Header", header.text, null),
    part("Payload", payload.text, payload.fault),
    el(
      "section",
      { class: "panel", "aria-labelledby": "signature-title" },
      el("h3", { id: "signature-title" }, "Signature and key"),
      facts([
        ["Length", signatureBytes === null ? "not readable" : plural(signatureBytes, "byte")],
        ["Algorithm", mathematics.algorithm ?? (formFault(token) || header.fault ? "not looked at" : "none that is known")],
        mathematics.holds !== null && ["Key that fits", mathematics.kid === null ? "the only one; it has no id" : foreign(mathematics.kid)],
      ]),
      refused.length > 0 && [
        el("h4", null, "Keys of the set that were put aside"),
        el("ul", { class: "refused" }, refused.map(({ kid, index, why }) => el("li", null, foreign(`${kid ?? `key ${index} of the set`}: ${why}`)))),
      ],
    ),
  ];
}

function part(title, text, fault) {
  const id = `${title.toLowerCase()}-title`;
  return el(
    "section",
    { class: "panel", "aria-labelledby": id },
    el("h3", { id }, title),
    fault && faultOf(fault),
    text === null ? el("p", { class: "hint" }, "Nothing of it can be read.") : json(text),
  );
}

/** Longer texts are cut: nobody reads them, and the page must stay quick. */
const LONGEST_SHOWN = 32_768;

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
