// The request that a gate is asked about, and the question that is made of it.
import { el } from "../dom.js";
import { exampleKey, exampleRecord } from "../examples.js";
import { button, field } from "../fields.js";
import { paint } from "../paint.js";
import { read } from "./policy-example.js";

/** The request that the tab is about, for whoever wants to send it; null before there is one. */
let picked = null;
export const pickedRequest = (state) => (picked?.policy === state.policy ? picked : null);

/** The fields of the request, and the question that they make. */
export function requestFields(app, changed) {
  const choice = el("select", { id: "request-route" });
  const routeField = el("div", { class: "field wide" }, el("label", { for: "request-route" }, "Pick a route"), choice);
  const [method, methodField] = field("request-method", "Method", null, "input", { type: "text" });
  const [url, urlField] = field("request-url", "Path, or the whole URL", null, "input", { type: "text" });
  const where = el("select", { id: "request-in" });
  const whereField = el("div", { class: "field" }, el("label", { for: "request-in" }, "The header that it comes in"), where);
  const [record, recordField] = field(
    "request-record",
    "The record that the store has (optional)",
    [
      "Whether a key is good stands in its record alone. Paste what the store has for it, or what ",
      el("code", null, "edgeward keys show"),
      " prints; without it, this is where the answer ends.",
    ],
    "textarea",
    { rows: 6, placeholder: '{ "v": 1, "digest": "sha-256:…", … }' },
  );
  const example = button("Fill in the record of the example key", () => {
    record.value = JSON.stringify(exampleRecord(Math.floor(Date.now() / 1000)), null, 2);
    changed();
  });
  const [headers, headersField] = field(
    "request-headers",
    "Other headers",
    "One to a line, as in: x-organization: org_1",
    "textarea",
    { rows: 3 },
  );
  const [ip, ipField] = field("request-ip", "The client’s address", "For keys that are good from some addresses only.", "input", {
    type: "text",
  });
  const more = el(
    "details",
    null,
    el("summary", null, "More of the request"),
    el("div", { class: "request-fields" }, headersField, ipField),
  );
  const trouble = el("p", { class: "error", id: "request-error", hidden: true });
  const panel = el(
    "section",
    { class: "panel", "aria-labelledby": "request-title", hidden: true },
    el("h3", { id: "request-title" }, "A request that nobody sends"),
    el("div", { class: "request-fields" }, routeField, methodField, urlField, whereField),
    el("div", { class: "field" }, recordField, el("div", { class: "actions" }, example)),
    more,
    trouble,
  );

  /** Whether the method and the path were chosen by a person. */
  let chosen = false;
  let asked = null;
  let offered = [];

  const pick = (index) => {
    const { example, hosts } = offered[index];
    [method.value, url.value] = [example.method, hosts?.length ? `https://${hosts[0]}${example.path}` : example.path];
  };
  choice.addEventListener("change", () => {
    chosen = true;
    if (offered[choice.value]) pick(choice.value);
    changed();
  });
  for (const typed of [method, url]) typed.addEventListener("input", () => (chosen = true));
  for (const typed of [method, url, record, headers, ip, where]) typed.addEventListener("input", changed);

  function question(state) {
    const at = record.value.trim();
    return [
      {
        method: method.value.trim() || "GET",
        url: url.value.trim() || "/",
        credential: state.credential,
        in: where.value || undefined,
        headers: lines(headers.value),
        ip: ip.value.trim() || undefined,
      },
      { jwks: (!state.keysFault && state.keys) || undefined, record: (state.report.key && at) || undefined, now: state.now },
    ];
  }

  function offerHeaders(state) {
    const named = read(state.policy).credentials?.[state.report.token ? "m2mToken" : "apiKey"];
    const names = Array.isArray(named) ? named.filter((name) => typeof name === "string") : [];
    whereField.hidden = names.length < 2;
    paint(where, names.length < 2 ? [] : names, (all) => all.map((name) => el("option", { value: name }, name)));
  }

  function offerRoutes(routes, at) {
    offered = routes;
    paint(
      choice,
      routes.map(({ methods, pattern, example }) => [methods.join(", "), pattern, example === null]),
      (all) => [
        el("option", { value: "" }, "none of them"),
        ...all.map(([methods, pattern, without], index) =>
          el("option", { value: index, disabled: without }, `${methods}  ${pattern}`),
        ),
      ],
    );
    choice.value = at === null ? "" : String(at);
  }

  /** What the gate makes of it: the core's preview, its faults, or words for why there is none. */
  function ask(state) {
    const usable = state.policy !== "" && !state.policyFaults;
    const gate = usable && "routes" in read(state.policy);
    panel.hidden = !gate;
    if (!gate) {
      picked = null;
      return {
        said: usable
          ? { verdict: lean(state.report.verdict), waitsFor: state.report.key ? "store" : null, verifier: true }
          : null,
      };
    }
    recordField.parentElement.hidden = !state.report.key;
    example.hidden = state.credential !== exampleKey.credential;
    offerHeaders(state);
    // The clock alone changes nothing until the core has looked again.
    const key = () => [state.report, ...[method, url, where, record, headers, ip].map((control) => control.value)];
    if (!asked || key().some((one, index) => one !== asked.key[index])) {
      const answer = look(state);
      asked = { key: key(), answer };
    }
    return asked.answer;
  }

  function look(state) {
    let preview;
    try {
      preview = app.core.previewRequest(state.policy, ...question(state));
      if (!chosen) {
        const fitting = preview.routes.findIndex(({ classes, example }) => example && classes.includes(state.report.class));
        const first = fitting < 0 ? preview.routes.findIndex(({ example }) => example) : fitting;
        offerRoutes(preview.routes, null);
        if (first >= 0) {
          pick(first);
          preview = app.core.previewRequest(state.policy, ...question(state));
        }
      }
    } catch (error) {
      tell(error.name === "PolicyError" ? "" : error.message);
      picked = null;
      return { said: null, faults: error.name === "PolicyError" ? error.faults : null };
    }
    tell("");
    offerRoutes(preview.routes, preview.route);
    const { credential, ...request } = question(state)[0];
    picked = { policy: state.policy, ...request };
    const { verdict, waitsFor, outcome, ...rest } = preview;
    return { said: { verdict: lean(verdict), waitsFor, outcome: outcome?.action ?? null }, preview: { outcome, ...rest } };
  }

  function tell(words) {
    trouble.hidden = words === "";
    trouble.textContent = words === "" ? "" : `The request cannot be looked at: ${words}.`;
  }

  const forget = () => {
    chosen = false;
    asked = null;
  };
  return { panel, ask, forget };
}

/** Claims and record are not drawn, and may be long. */
const lean = (verdict) => verdict && { ...verdict, claims: undefined, record: undefined };

/** Headers as they stand in a request; what is no header is left out. */
function lines(text) {
  const named = text
    .split("\n")
    .map((line) => /^\s*([\w!#$%&'*+.^`|~-]+)\s*:\s*(.*?)\s*$/.exec(line))
    .filter(Boolean);
  return Object.fromEntries(named.map(([, name, value]) => [name.toLowerCase(), value]));
}
