// The moments at which something changes.
import { el } from "../dom.js";
import { date } from "../words.js";

const code = (text) => el("code", { translate: "no" }, text);
const verdict = (reason) => (reason === null ? "allowed" : ["refused (", code(reason), ")"]);
const turn = (from, to) => ["It turns from ", verdict(from), " to ", el("strong", null, verdict(to)), "."];

const OWN = {
  nbf: () => ["By ", code("nbf"), " it begins. Before that it is refused as too early."],
  exp: () => ["By ", code("exp"), " it ends. From that second on it is refused as expired."],
};

/** What changes when: by the policy as the verifier says, and without one what the times alone say. */
export function changes({ judged, edges, verdict: reason, own }) {
  const title = el("h3", { id: "edges-title" }, judged ? "When the verdict changes" : "What changes when");
  if (judged && !edges.length) {
    return [title, el("p", null, "By this policy, the clock changes nothing: it is ", verdict(reason), " at any moment.")];
  }
  const rows = judged ? edges.map(({ at, before, after }) => [at, turn(before, after)]) : own.map(([claim, at]) => [at, OWN[claim]()]);
  return [
    title,
    judged && el("p", { class: "hint" }, "Each was found by asking the verifier on either side of it, with the tolerance of the policy."),
    el("ol", { class: "edges" }, rows.map(([at, words]) => edge(at, words, judged))),
    !judged && el("p", { class: "hint" }, "A policy says more: how far clocks may differ, how long a token may live, until when keys may vouch. Give one in the tab “Policy”, and the moments at which its verdict changes stand here."),
  ];
}

function edge(at, words, judged) {
  const day = date(at);
  return el(
    "li",
    null,
    el("p", { class: "when" }, day ? [el("time", { datetime: day.machine }, day.text), " · ", el("span", { "data-at": at })] : "Beyond any calendar"),
    el("p", null, words),
    judged && day && el("div", { class: "actions" }, to("Look just before", at - 1, day), to("Look from then on", at, day)),
  );
}

const to = (words, at, day) => el("button", { type: "button", class: "quiet", value: at }, words, el("span", { class: "aside" }, ` ${day.text}`));
