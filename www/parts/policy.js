// What a policy makes of the credential, and its gate of a request that nobody sends.
import { el } from "../dom.js";
import { button, field } from "../fields.js";
import { paint } from "../paint.js";
import { answerCards, drawFaults, verdictCard } from "./policy-answer.js";
import { compact, examplePolicy } from "./policy-example.js";
import { requestFields } from "./policy-request.js";

const PAUSE = 250;

export const policy = { id: "policy", name: "Policy", classes: ["m2m_token", "api_key"], mount };

function mount(place, app) {
  const [text, textField] = field(
    "policy",
    "The policy of a gate, or of a verifier",
    "As JSON. It stays in this page like all else, and the other tabs go by it too.",
    "textarea",
    {
      rows: 12,
      placeholder: '{ "issuers": [ … ], "routes": [ … ] }',
      "aria-describedby": "policy-faults policy-hint",
    },
  );
  const faults = el("div", { id: "policy-faults" });
  const none = button("Take it out", () => put(""));
  const clause = el(
    "div",
    { class: "actions" },
    button("Fill in one that fits", () => put(compact(JSON.stringify(examplePolicy(app.state()), null, 2)))),
    none,
  );
  const request = requestFields(app, () => draw(app.state()));
  const said = el("div", { role: "status", "aria-atomic": "true", class: "part" });
  const answer = el("div", { class: "part" });
  place.append(
    el(
      "section",
      { class: "panel", "aria-labelledby": "policy-title" },
      el("h3", { id: "policy-title" }, "The policy"),
      textField,
      faults,
      clause,
    ),
    request.panel,
    said,
    answer,
  );

  let sent = "";
  let pending;
  const put = (value) => {
    request.forget();
    take(value);
    text.focus();
    text.setSelectionRange(0, 0);
    text.scrollTop = 0;
  };
  const take = (value) => {
    clearTimeout(pending);
    app.set({ policy: value.trim() });
  };
  text.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(() => take(text.value), PAUSE);
  });
  // Whoever goes on to another tab takes along what stands here.
  text.addEventListener("change", () => text.value.trim() !== app.state().policy && take(text.value));

  function draw(state) {
    const asked = request.ask(state);
    paint(said, asked.said, verdictCard);
    paint(answer, asked, answerCards);
  }

  return (state) => {
    if (state.policy !== sent) {
      // Typed here, it stands there already, with the blanks that were typed around it.
      if (text.value.trim() !== state.policy) text.value = state.policy;
      sent = state.policy;
    }
    none.hidden = state.policy === "";
    if (state.policyFaults) text.setAttribute("aria-invalid", "true");
    else text.removeAttribute("aria-invalid");
    paint(faults, state.policyFaults, drawFaults);
    draw(state);
  };
}
