// The page: reads the two fields, asks the core, and paints what it says. Nothing is stored and nothing is sent.
import { exampleKey, exampleToken } from "./examples.js";
import { el } from "./dom.js";
import * as paint from "./paint.js";
import { bare, verdictsOf } from "./verdicts.js";

const at = (id) => document.getElementById(id);
const credential = at("credential");
const keys = at("keys");
const details = at("details");
const parts = { times: el("div"), contents: el("div") };
details.append(parts.times, parts.contents);

/** Long enough that a burst of keys is one look, short enough that it is felt as at once. */
const PAUSE = 120;
const seconds = () => Math.floor(Date.now() / 1000);

let core;
let report = null;
let pending;

function look() {
  clearTimeout(pending);
  if (!core) return;
  const text = bare(credential.value);
  const answer = ask(text, keys.value.trim());
  if (answer.failure) return say(answer.failure);
  tellKeysFault(answer.keysFault);
  if (!text) return rest();
  seal();
  report = answer.report;
  const context = { keysGiven: keys.value.trim() !== "", keysFault: answer.keysFault, credential: text };
  paint.paint(at("verdicts"), verdictsOf(report, context), paint.verdicts);
  paint.paint(parts.contents, report, contents);
  frame();
}

const contents = (report) => (report.token ? paint.token(report) : report.key ? paint.key(report) : []);

/** Asks the core. A key set that cannot be read does not keep the credential from being read. */
function ask(text, jwks) {
  const now = Date.now();
  try {
    return { report: core.inspect(text, { jwks: jwks || undefined, now }), keysFault: null };
  } catch (error) {
    if (!jwks || error instanceof WebAssembly.RuntimeError) return failed(error);
    try {
      return { report: core.inspect(text, { now }), keysFault: error.message };
    } catch (second) {
      return failed(second);
    }
  }
}

function failed(error) {
  console.error(error);
  return { failure: "The core failed at this, which it never should: please report it. Reload the page to go on." };
}

function tellKeysFault(fault) {
  const place = at("keys-error");
  place.hidden = !fault;
  place.textContent = fault ? `It cannot be read: ${fault.replace(/^the key set: /, "")}.` : "";
  if (fault) keys.setAttribute("aria-invalid", "true");
  else keys.removeAttribute("aria-invalid");
}

/**
 * Everything is here once a credential is. From then on not even the page's own files may be asked for, whose addresses
 * could carry something out to the server: a policy can be added to and never taken back.
 */
function seal() {
  if (at("seal")) return;
  const policy = "default-src 'none'; base-uri 'none'; form-action 'none'";
  document.head.append(el("meta", { id: "seal", "http-equiv": "Content-Security-Policy", content: policy }));
}

/** Nothing pasted. */
function rest() {
  say("Nothing pasted yet. What you paste is looked into as you type; the examples show what comes of it.");
}

function say(words) {
  report = null;
  paint.paint(at("verdicts"), words, (words) => el("p", { class: "waiting" }, words));
  paint.paint(parts.contents, null, () => []);
  frame();
}

/** The headings, the time and what governs the class in hand. */
function frame() {
  at("results-title").textContent = paint.titleOf(report);
  at("governance-title").textContent = paint.governanceTitle(report);
  for (const name of ["m2m_token", "api_key"]) at(`governs-${name}`).hidden = report?.class ? report.class !== name : false;
  tick();
}

function tick() {
  const now = seconds();
  const model = report?.token ? { token: report.token, now } : null;
  const drawn = model ? paint.times(model) : [];
  // The words change far less often than the clock.
  const said = [drawn].flat().map((node) => node.textContent).join();
  paint.paint(parts.times, said, () => drawn);
}

function fill(example) {
  credential.value = example.credential;
  keys.value = example.keys;
  lookAndGo();
}

function lookAndGo() {
  look();
  at("results-title").focus();
}

for (const field of [credential, keys]) {
  field.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(look, PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) lookAndGo();
  });
}
at("inspect").addEventListener("click", lookAndGo);
at("clear").addEventListener("click", () => {
  credential.value = "";
  keys.value = "";
  look();
  credential.focus();
});
at("example-token").addEventListener("click", async () => fill(await exampleToken(seconds())));
at("example-key").addEventListener("click", () => fill(exampleKey));

setInterval(() => {
  if (!document.hidden && report?.token) tick();
}, 1000);
document.addEventListener("visibilitychange", tick);

try {
  core = await import("./edgeward/index.js");
  at("version").textContent = `Edgeward ${core.version()}.`;
  look();
} catch (error) {
  console.error(error);
  say("The core that does the checking could not be started, so nothing can be checked here. Reload the page, or use a browser that runs WebAssembly.");
}
