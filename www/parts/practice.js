// What is unwise about a credential, and what governs it.
import { el, foreign, rule, worded } from "../dom.js";
import { paint } from "../paint.js";
import { plural } from "../words.js";
import { lifecycle } from "./practice-lifecycle.js";

/** The rules of the core (docs/inspect-rules.md); a test counts them. */
export const RULES = 43;

export const practice = {
  id: "practice",
  name: "Practice",
  classes: ["m2m_token", "api_key"],
  mount(place, app) {
    const found = el("section", { class: "panel", "aria-labelledby": "lint-title" });
    const governs = el("section", { class: "panel", "aria-labelledby": "lifecycle-title" });
    place.append(found, governs);
    found.addEventListener("click", ({ target }) => {
      const { place, pointer } = target.closest("button")?.dataset ?? {};
      if (place) app.point(place, pointer);
    });
    return ({ report, keys, keysFault }) => {
      const { secretsTried = null } = report.token ?? {};
      paint(found, { lint: report.lint, secretsTried, token: Boolean(report.token), keys: keys !== "" && !keysFault }, findings);
      const rows = app.core.lifecycle?.() ?? [];
      governs.hidden = rows.length === 0;
      paint(governs, { rows, of: report.class }, lifecycle);
    };
  },
};

const SEVERITIES = { high: "Serious", medium: "Unwise", low: "Minor" };
const WHERE = { header: "in the header", payload: "in the payload", keys: "in the key set", credential: null };

function findings({ lint, secretsTried, token, keys }) {
  // The same said of several places is said once.
  const rules = grouped(lint);
  return [
    el("h3", { id: "lint-title" }, "Its practice"),
    summary(rules, token, keys),
    rules.length > 0 && el("ol", { class: "lint" }, rules.map(finding)),
    secretsTried !== null && tried(secretsTried, lint),
  ];
}

function grouped(lint) {
  const groups = new Map();
  for (const finding of lint) groups.set(finding.rule, [...(groups.get(finding.rule) ?? []), finding]);
  return [...groups.values()];
}

function summary(rules, token, keys) {
  const counts = Object.entries(SEVERITIES)
    .map(([severity, words]) => [rules.filter(([first]) => first.severity === severity).length, words.toLowerCase()])
    .filter(([count]) => count > 0);
  const state = counts[0]?.[1] === "serious" ? "fails" : rules.length ? "open" : "holds";
  const answer =
    counts.length === 1
      ? plural(rules.length, `${counts[0][1]} finding`)
      : rules.length
        ? `${plural(rules.length, "finding")}: ${counts.map((count) => count.join(" ")).join(", ")}`
        : "Nothing unwise was found";
  const where = token ? `the header and the payload${keys ? " and the key set" : ""}` : "the key";
  return [
    el(
      "p",
      { class: "headline", "data-state": state },
      el("span", { class: "answer" }, el("span", { class: "sign", "aria-hidden": "true" }, rules.length ? "!" : "✓"), answer),
    ),
    el(
      "p",
      { class: "hint" },
      `The core looked through ${where}. It has ${RULES} rules about tokens, keys and key sets, from RFC 8725 and what came after it. `,
      token && !keys && "No key set was given. ",
      rules.length
        ? "This changes no verdict: what is unwise may still be let in."
        : "Among other things it looked for a missing signature, secrets that are known, keys that it brings along, an end that is missing or far away, a missing audience, and data that do not belong there.",
    ),
  ];
}

function finding(all) {
  const [{ rule: code, severity, title, advice, section }] = all;
  return el(
    "li",
    { "data-severity": severity },
    el("h4", null, el("span", { class: "severity" }, SEVERITIES[severity], el("span", { class: "aside" }, ": ")), worded(title)),
    el("p", null, worded(advice)),
    el("div", { class: "actions" }, el("span", { class: "source" }, el("code", { translate: "no" }, code), " · ", rule(section)), all.map(place)),
  );
}

/** Where it is, with a button that shows it where there is a member to be shown. */
function place({ place, pointer }) {
  const where = WHERE[place];
  if (!where || (pointer === null && place !== "keys")) return null;
  const at = pointer === null ? where : [foreign(pointer), " ", where];
  if (pointer === null || place === "keys") return el("span", { class: "source" }, at);
  return el("button", { type: "button", class: "quiet", "data-place": place, "data-pointer": pointer }, "Show ", at);
}

function tried(count, lint) {
  const known = lint.some(({ rule }) => rule === "secret_known");
  return el(
    "p",
    { class: "tried" },
    el("strong", null, known ? "Its secret is a well-known one. " : `${plural(count, "well-known secret")} tried, and none of them signed it. `),
    `The list of ${plural(count, "secret")} is a part of this page, and was tried here and nowhere else. `,
    known ? null : "That says nothing of a secret that is short, or stands in a longer list.",
  );
}
