// What a gate makes of a request, as it is drawn.
import { el, facts, foreign, revealed, worded } from "../dom.js";
import { layOut } from "../json-text.js";
import { answerOf } from "../verdicts.js";
import { date } from "../words.js";

const WAITS = {
  store: "Only the store can tell: it has the record of this key.",
  introspection: "Production would ask the issuer’s introspection endpoint, and this page asks nobody.",
  seal: "Its check is not the plain one. Either it was mistyped or made up, or its issuer seals keys, and only the seal can tell.",
  key_set: "The policy has the issuer’s keys elsewhere, and this page fetches nothing. Paste them into the field “Key set”.",
};

const CLASSES = { m2m_token: "an M2M token", api_key: "an API key" };

/** The verdict in one line and a few words: this is what is read aloud. */
export function verdictCard(said) {
  if (!said) return [];
  const { verdict, waitsFor, outcome, verifier } = said;
  const card = (state, answer, ...words) =>
    el(
      "div",
      { class: "verdict", "data-state": state },
      el("h3", null, el("span", { class: "question" }, verifier ? "This verifier" : "This gate"), answerOf(state, answer)),
      words,
    );
  if (!verdict) {
    if (waitsFor) return card("open", "Cannot be told here", el("p", null, WAITS[waitsFor]));
    return card("open", "Answers by itself", el("p", null, "No route is asked, and no verdict is given."));
  }
  if (verdict.ok) {
    const goes = verifier ? "" : outcome === "forward" ? " The request goes on to the origin." : "";
    return card("holds", "Lets it through", el("p", null, `As ${CLASSES[verdict.class]} that is good now.${goes}`));
  }
  const open = verdict.status === 503;
  return card(
    open ? "open" : "fails",
    open ? "Cannot tell" : "Refuses it",
    el("p", null, el("strong", null, verdict.title), ". ", verdict.detail),
    waitsFor && el("p", null, WAITS[waitsFor]),
    el("p", { class: "source" }, el("code", { translate: "no" }, verdict.code), ` · answered with ${verdict.status}`),
  );
}

/** All else: as whom, what then happens, and the routes. */
export function answerCards({ said, preview, faults }) {
  if (faults) return panel("No gate can be made of it", drawFaults(faults));
  return [
    said?.verdict?.ok && principal(said.verdict),
    said?.verifier &&
      el("p", { class: "hint" }, "It has no routes, so that there is no request to try. The steps show how it comes to this."),
    preview && [preview.outcome && outcome(preview.outcome), routes(preview), notes(preview)],
  ]
    .flat(Infinity)
    .filter(Boolean);
}

/** What is wrong with a policy, as the core lists it. */
export function drawFaults(all) {
  if (!all) return [];
  return [
    el(
      "p",
      { class: "error" },
      all.length === 1
        ? "It cannot be used: one thing is wrong with it."
        : `It cannot be used: ${all.length} things are wrong with it.`,
    ),
    el("ul", { class: "policy-faults" }, all.slice(0, 50).map(fault)),
  ];
}

const fault = ({ pointer, reason, hint }) =>
  el(
    "li",
    null,
    "At ",
    pointer === "" ? "the document as a whole" : el("code", null, foreign(pointer)),
    ": ",
    worded(reason),
    ".",
    hint && el("p", { class: "hint" }, "What to do: ", worded(hint), "."),
  );

function panel(title, ...contents) {
  const id = `policy-${title.toLowerCase().replaceAll(/\W+/g, "-")}`;
  return el("section", { class: "panel", "aria-labelledby": id }, el("h3", { id }, title), contents);
}

const names = (all) => all.map((name, index) => [index > 0 && " ", el("code", { class: "chip" }, foreign(name))]);

function principal(verdict) {
  const ends = verdict.expires === null ? null : date(verdict.expires);
  const row = (name, value) => value !== null && value !== undefined && [name, foreign(String(value))];
  return panel(
    "As whom",
    facts([
      row("Subject", verdict.subject),
      row("Client", verdict.clientId),
      row("Organization", verdict.organization),
      row("Issuer", verdict.issuer),
      row("Credential", verdict.credentialId),
      ["Scopes", verdict.scopes.length ? names(verdict.scopes) : "none"],
      verdict.sender && ["Bound to its sender", verdict.sender],
      ["Ends", ends ? ends.text : "not by itself"],
    ]),
  );
}

function table(label, pairs) {
  const head = el("thead", null, el("tr", null, el("th", { scope: "col" }, "Header"), el("th", { scope: "col" }, "Value")));
  const rows = pairs.map(([name, value]) =>
    el("tr", null, el("th", { scope: "row" }, el("code", null, name)), el("td", null, el("code", null, foreign(value)))),
  );
  return el("table", { class: "headers", "aria-label": label }, head, el("tbody", null, rows));
}

function outcome(made) {
  if (made.action === "forward") {
    return panel(
      "What the origin would get",
      el("p", null, "The request as it came, with these headers set by the gate:"),
      table("Headers that the gate sets", made.set),
      made.removed.length > 0 && [
        el("h4", null, "Taken out before"),
        el("p", { class: "hint" }, "Whatever a client writes there, the origin does not see it."),
        el("p", null, names(made.removed)),
      ],
    );
  }
  return panel(
    "What the client would get",
    el("p", null, "Status ", el("code", null, String(made.status)), ", with these headers:"),
    table("Headers of the answer", made.headers),
    made.body !== "" && [el("h4", null, "Body"), body(made.body)],
  );
}

function body(text) {
  const pieces = layOut(text.slice(0, 32_768)).map(({ kind, text }) =>
    kind === "mark" ? text : el("span", { class: kind }, revealed(text, kind === "plain")),
  );
  return el("pre", { dir: "ltr", translate: "no" }, el("code", null, pieces));
}

function routes({ routes, route }) {
  const line = ({ pattern, methods, hosts, classes, scopes, organization, senderConstraint, chosen, why }) =>
    el(
      "li",
      { class: chosen ? "chosen" : null },
      el(
        "p",
        { class: "route" },
        el("code", null, foreign(`${methods.join(", ")} ${pattern}`)),
        chosen && el("span", { class: "mark" }, "✓ chosen"),
      ),
      el("p", null, worded(why)),
      el(
        "p",
        { class: "hint" },
        `Takes ${classes.map((name) => CLASSES[name]).join(" or ")}`,
        scopes.allOf.length > 0 && [" with ", names(scopes.allOf)],
        scopes.anyOf.length > 0 && [scopes.allOf.length > 0 ? " and any of " : " with any of ", names(scopes.anyOf)],
        organization && ", of an organization that it checks",
        senderConstraint !== "optional" && ", bound to its sender",
        hosts && [", on ", names(hosts)],
        ".",
      ),
    );
  const head =
    routes.length === 0
      ? "It has no route, so that everything is denied."
      : route === null
        ? "None takes this request. What no route takes is denied."
        : "Of those that match a request, the first counts.";
  return panel("The routes", el("p", { class: "hint" }, head), el("ol", { class: "routes" }, routes.slice(0, 200).map(line)));
}

function notes({ notes, keysObjection }) {
  const all = [...notes, ...(keysObjection ? [`The keys that you pasted do not stand in: ${keysObjection}.`] : [])];
  return (
    all.length > 0 &&
    el(
      "ul",
      { class: "hint notes" },
      all.map((note) => el("li", null, worded(note))),
    )
  );
}
