// Every key that was at hand, and why it was chosen or not.
import { worded, el, foreign } from "../dom.js";
import { plural } from "../words.js";

/** So many keys are shown at once; the others unfold. */
const AT_ONCE = 50;

const WHENCE = { policy: "from the policy", handed_over: "from the set that you pasted" };

export function keyList(given) {
  if (!given) return [];
  const { keys, objection, keysFault, fault } = given;
  const item = (key) => el("li", { "data-chosen": String(key.chosen) }, one(key, keys));
  const rest = keys.length - AT_ONCE;
  return el(
    "section",
    { class: "panel", "aria-labelledby": "keys-title" },
    el("h3", { id: "keys-title" }, "The keys"),
    el("p", { class: "sum" }, told(keys, keysFault, fault)),
    objection && el("p", null, "What was pasted cannot stand in for the keys of the policy: ", foreign(objection), "."),
    keys.length > 0 && el("ul", { class: "keys" }, keys.slice(0, AT_ONCE).map(item)),
    rest > 0 &&
      el(
        "details",
        null,
        el("summary", null, `The other ${plural(rest, "key")}`),
        el("ul", { class: "keys" }, keys.slice(AT_ONCE).map(item)),
      ),
  );
}

function told(keys, keysFault, fault) {
  if (keys.length === 0) {
    if (keysFault) return "None is at hand: the key set that you pasted cannot be read.";
    if (fault?.code.startsWith("signing_key")) return [`${fault.title}: `, foreign(fault.note ?? "none is at hand"), "."];
    return "None is at hand. Paste the key set of the issuer to see which of its keys fits, and why the others do not.";
  }
  const chosen = keys.some((key) => key.chosen);
  if (keys.length === 1) return chosen ? "There is one, and it was chosen." : "There is one, and it was not chosen.";
  return `There are ${keys.length}, and ${chosen ? "one" : "none"} of them was chosen.`;
}

function one(key, all) {
  const { kid, index, kty, crv, alg, use, thumbprint, origin, chosen, why, holds } = key;
  const mixed = all.some((other) => other.origin !== origin);
  const kind = [
    kty !== null && ["kind", kty],
    crv !== null && ["curve", crv],
    alg !== null && ["for", alg],
    use !== null && ["use", use],
  ].filter(Boolean);
  return [
    el("span", { class: "sign", "aria-hidden": "true" }, chosen ? "✓" : "–"),
    el(
      "div",
      { class: "what" },
      el("strong", { class: "kid" }, kid === null ? `key ${index + 1}, which has no id` : foreign(clipped(kid))),
      el("span", null, chosen ? "Chosen: " : "Not chosen: ", el("bdi", { class: "foreign" }, worded(clipped(why))), ".", mixed && ` It is ${WHENCE[origin]}.`),
      holds !== null &&
        el(
          "span",
          { class: "fits", "data-state": holds ? (chosen ? "holds" : "open") : "fails" },
          holds ? (chosen ? "The signature holds under it." : "The signature holds under it all the same.") : "The signature does not hold under it.",
        ),
      kind.length > 0 &&
        el(
          "ul",
          { class: "kind" },
          kind.map(([name, value]) => el("li", null, `${name} `, el("b", null, foreign(clipped(value))))),
        ),
      thumbprint !== null &&
        el(
          "details",
          null,
          el("summary", null, "Thumbprint ", el("code", { translate: "no" }, `${thumbprint.slice(0, 10)}…`)),
          el("code", { class: "whole", translate: "no" }, thumbprint),
          el("p", { class: "hint" }, "SHA-256 by RFC 7638. It names the key whatever its id says."),
        ),
    ),
  ];
}

const LONGEST = 200;

const clipped = (text) => (text.length > LONGEST ? `${text.slice(0, LONGEST)}… (${plural(text.length - LONGEST, "character")} more)` : text);
