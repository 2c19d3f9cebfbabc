// The steps of the verification with what became of each, and the keys that were at hand.
import { worded, el, rule } from "../dom.js";
import { paint } from "../paint.js";
import { plural } from "../words.js";
import { keyList } from "./steps-keys.js";

export const steps = {
  id: "steps",
  name: "Steps",
  classes: ["m2m_token", "api_key"],
  mount(place, app) {
    const [ladder, keys] = [el("section", { class: "panel", "aria-labelledby": "steps-title" }), el("div")];
    place.append(ladder, keys);
    ladder.addEventListener("click", ({ target }) => {
      const { show } = target.dataset;
      if (show) app.point(show, null);
    });
    let seen;
    return ({ report, keysFault }) => {
      if (report === seen) return;
      seen = report;
      const { token, key } = report;
      const broken = ["header", "payload"].filter((place) => token?.[place].broken);
      paint(ladder, { steps: (token ?? key).steps, groups: token ? OF_TOKENS : OF_KEYS, broken }, drawSteps);
      paint(keys, token && { keys: token.keys, objection: token.keysObjection, keysFault, fault: token.mathematics.fault }, keyList);
    };
  },
};

/** What the steps are about, each by the first of them. */
const OF_TOKENS = {
  size: "Its form",
  header: "Its header",
  payload: "Who issued it, and what kind it is",
  key: "The key and the signature",
  claim_types: "Its claims",
  expiry: "Its time",
  revocation: "Revocation, and who sends it",
};
const OF_KEYS = { form: "What its text tells", record: "What only the store tells" };

const SIGNS = { passed: "✓", failed: "✕", not_reached: "–", not_asked: "○" };
const WORDS = { passed: "passed", failed: "failed", not_reached: "not reached", not_asked: "not asked" };

function drawSteps({ steps, groups, broken }) {
  const numbered = steps.map((step, index) => ({
    ...step,
    number: index + 1,
    place: step.outcome === "failed" ? broken.find((place) => step.step.startsWith(place)) : undefined,
  }));
  // Where there was nothing to ask, and no more to say of it, a line is enough for all of them.
  const idle = numbered.filter(({ outcome, note }) => outcome === "not_asked" && note === null);
  const lists = [];
  for (const step of numbered) {
    if (groups[step.step] || !lists.length) lists.push([groups[step.step] ?? "The steps", []]);
    if (!idle.includes(step)) lists.at(-1)[1].push(step);
  }
  return [
    el("h3", { id: "steps-title" }, "Step by step"),
    summary(numbered),
    lists
      .filter(([, members]) => members.length)
      .map(([name, members]) => [el("h4", null, name), el("ol", { class: "steps" }, members.map(line))]),
    idle.length > 0 &&
      el(
        "details",
        { class: "idle" },
        el("summary", null, `${plural(idle.length, "step")} had nothing to ask`),
        el("p", { class: "hint" }, "What they ask about is neither in it nor in a policy."),
        el("ol", { class: "steps" }, idle.map(line)),
      ),
  ];
}

function summary(steps) {
  const count = (outcome) => steps.filter((step) => step.outcome === outcome).length;
  const passed = `${count("passed")} of ${plural(steps.length, "step")} passed`;
  const failed = steps.find(({ outcome }) => outcome === "failed");
  if (!failed) return el("p", { class: "sum" }, `${passed}, and none failed.`);
  const rest = count("not_reached");
  const after = rest ? ` What comes after was not reached: ${plural(rest, "step")}.` : "";
  return el("p", { class: "sum" }, `${passed}. It ended at step ${failed.number}, which asks for this: “`, worded(failed.title), "”", after);
}

function line({ number, step, outcome, title, section, code, reason, note, place }) {
  return el(
    "li",
    { value: number, "data-step": step, "data-outcome": outcome },
    el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[outcome]),
    el(
      "div",
      { class: "what" },
      el("span", { class: "title" }, worded(title)),
      reason && el("strong", { class: "reason" }, worded(reason), "."),
      note && el("span", { class: "note foreign" }, worded(note)),
      code && el("span", { class: "note" }, "The reason code, as in production: ", el("code", { translate: "no" }, code)),
      place && el("button", { type: "button", class: "quiet", "data-show": place }, "Show where"),
    ),
    el("span", { class: "from" }, el("span", { class: "outcome" }, WORDS[outcome]), " · ", rule(section)),
  );
}
