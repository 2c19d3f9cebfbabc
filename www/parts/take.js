// Copying and sharing.
import { el, foreign } from "../dom.js";
import { button, copyable } from "../fields.js";
import { paint } from "../paint.js";
import { pickedRequest } from "./policy-request.js";
import { PLACES, drawSeen } from "./take-seen.js";
import { choices, pack, sharedOf } from "./take-share.js";
import { code, curl, json, markdown } from "./take-text.js";

export const take = { id: "take", name: "Take along", classes: ["m2m_token", "api_key"], mount };

const panel = (id, title, ...contents) =>
  el("section", { class: "panel", "aria-labelledby": id }, el("h3", { id }, title), contents);

function mount(place, app) {
  const [setCurl, curlField] = copyable(
    app,
    "take-curl",
    "A request, for bash or zsh",
    "It asks for the credential and hands it to curl by standard input. So it stands neither in the history of the shell nor in " +
      "the list of processes, where everybody on the machine reads arguments.",
    "the request",
  );
  const [setCode, codeField] = copyable(
    app,
    "take-code",
    "A program for the package, in TypeScript",
    "It reads the credential from its environment and judges it as this page does. With a policy, save that as policy.json beside it.",
    "the program",
  );
  const [setReport, reportField] = copyable(
    app,
    "take-report",
    "The whole report of the core, as JSON",
    "It has neither the signature nor the secret. It does have the claims, with all that they name: look through it before you pass it on.",
    "the report",
  );
  const share = sharing(app);
  place.append(
    panel("take-do", "To do it yourself", curlField, codeField),
    share.panel,
    panel("take-all", "The report", reportField),
  );
  let [seen, wanted] = [null, null];
  return (state) => {
    const request = pickedRequest(state);
    if (seen === state.report && wanted === request) return;
    [seen, wanted] = [state.report, request];
    setCurl(curl(state, request));
    setCode(code(state, request));
    setReport(json(state.report));
    share.update(state);
  };
}

/** The link, and what goes along in it. */
function sharing(app) {
  /** What was decided of the members of this credential, by place and name, beside what is usual. */
  const decided = new Map();
  let about = null;
  const nameOf = ({ place, name }) => `${place} ${name}`;
  const taken = (one) => one.fits && (decided.get(nameOf(one)) ?? one.usual);
  const list = el("div", { class: "choices" });
  const preview = el("div", { class: "preview" });
  const [setLink, linkField] = copyable(
    app,
    "take-link",
    "The link",
    "What it holds stands behind its #, which a browser never sends to a server. Who opens it sees what stands above.",
    "the link",
  );
  const [setNotes, notesField] = copyable(app, "take-notes", "The same for an issue tracker, in Markdown", null, "the notes");
  const made = el("div", { class: "made", hidden: true }, linkField, notesField);
  const make = button(
    "Make the link",
    async () => {
      const shared = current();
      const packed = await pack(shared);
      setLink(`${location.origin}${location.pathname}#shared=${packed}`);
      setNotes(markdown(shared));
      made.hidden = false;
      app.say("The link stands below the button.");
    },
    "primary",
  );

  const current = () => sharedOf(app.state().report, taken, Math.floor(app.state().now / 1000));
  function draw() {
    made.hidden = true;
    const shared = current();
    const titles = Object.fromEntries(
      (app.state().report.token ?? app.state().report.key).steps.map(({ step, title }) => [step, title]),
    );
    paint(preview, { ...shared, at: null }, () => drawSeen(shared, "h5", titles));
  }

  function update({ report, credential }) {
    if (about !== credential) decided.clear();
    about = credential;
    const all = choices(report);
    paint(
      list,
      all.map((one) => [one, taken(one)]),
      () => all.map(checkbox),
    );
    draw();
  }

  function checkbox(one) {
    const box = el("input", { type: "checkbox", checked: taken(one), disabled: !one.fits });
    box.addEventListener("change", () => {
      decided.set(nameOf(one), box.checked);
      draw();
    });
    const value = JSON.stringify(one.value);
    const shown = one.fits ? foreign(value.length > 60 ? `${value.slice(0, 60)}…` : value) : "too long to share";
    return el(
      "label",
      { class: "choice" },
      box,
      el("span", null, `${PLACES[one.place]} `, el("code", null, foreign(one.name)), " ", el("span", { class: "hint" }, shown)),
    );
  }

  const node = panel(
    "take-share",
    "Share what you see",
    el(
      "p",
      null,
      "A link that holds how the credential is built and what became of it. It never holds the signature or the secret, so that " +
        "nobody can use the credential by it.",
    ),
    el(
      "fieldset",
      null,
      el("legend", null, "Whose values go along"),
      el(
        "p",
        { class: "hint" },
        "The names of all members do. Values that could name somebody are left out until you choose them.",
      ),
      list,
    ),
    el("h4", null, "This is all that it holds"),
    preview,
    el("div", { class: "actions" }, make),
    made,
  );
  return { panel: node, update };
}
