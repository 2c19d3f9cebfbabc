// The page: holds what was given and what the core says of it, and tells its parts. Nothing is stored and nothing is sent.
import { el } from "./dom.js";
import { exampleKey, exampleToken } from "./examples.js";
import { takeFetchedKeys } from "./fetched-keys.js";
import { hold } from "./held.js";
import { keep } from "./keep.js";
import { paint } from "./paint.js";
import { PARTS } from "./parts.js";
import { showShared, takeShared } from "./parts/take-seen.js";
import { makeTabs } from "./tabs.js";
import { bare, spoken, verdictCards, verdictsOf } from "./verdicts.js";
import { date } from "./words.js";

const at = (id) => document.getElementById(id);
const fields = { credential: at("credential"), keys: at("keys") };
const texts = { credential: hold(fields.credential, 20_000), keys: hold(fields.keys, 200_000) };

/** Long enough that a burst of keys is one look, short enough that it is felt as at once. */
const PAUSE = 120;
/** What is as long as this takes a moment to look into, so typing comes first. */
const [LONG, LONG_PAUSE] = [65_536, 600];

let core;
let pending;
/** Where the clock stands while it is moved, in milliseconds: it would be hard to look at a moment that passes. */
let stands;
const clock = () => (state.offset ? stands : Date.now());

/**
 * What the parts are told: what was given (`credential` without what stands before it in a request, `keys` and `policy` as
 * text, empty for none), what cannot be read of it (`keysFault` in words, `policyFaults` as the core lists them), `offset` by
 * which the page's clock was moved, to stand there, and `now`, both in milliseconds, and the core's `report`, null where there is none.
 * `pointed` is the member that the contents are to show: `{ place, pointer }`.
 */
const state = { credential: "", keys: "", policy: "", keysFault: null, policyFaults: null, offset: 0, now: Date.now(), report: null, pointed: null };

/** What a part may do. */
const app = {
  get core() {
    return core;
  },
  state: () => state,
  /** Takes over what was given or chosen (`credential`, `keys`, `policy`, `offset`) and looks again. */
  set(changes) {
    for (const [name, value] of Object.entries(changes)) {
      if (name in texts) texts[name].put(value);
      else state[name] = value;
    }
    if ("offset" in changes) stands = Date.now() + state.offset;
    look();
  },
  /** Shows a member where it stands: `place` is `header` or `payload`, `pointer` a JSON pointer. */
  point(place, pointer) {
    state.pointed = { place, pointer };
    tabs.open("contents");
  },
  /** Opens a tab by its id. */
  open: (id) => tabs.open(id),
  /** Says something that happened and changes nothing else that is read aloud. */
  say(words) {
    at("said").textContent = words;
  },
};

const updates = new Map();
const tabs = makeTabs(at("parts"), PARTS, update);

function update(part) {
  if (!state.report) return;
  if (!updates.has(part.id)) updates.set(part.id, part.mount(tabs.panelOf(part.id), app));
  updates.get(part.id)(state);
}

function look() {
  clearTimeout(pending);
  if (!core) return;
  state.now = clock();
  state.credential = bare(texts.credential.get());
  state.keys = texts.keys.get().trim();
  try {
    ask();
  } catch (error) {
    console.error(error);
    return say("The core failed at this, which it never should: please report it. Reload the page to go on.", "alert");
  }
  tellKeysFault();
  if (!state.credential) {
    return say("Nothing pasted yet. What you paste is looked into as you type; the examples show what comes of it.");
  }
  seal();
  const verdicts = verdictsOf(state);
  paint(at("verdicts"), verdicts, verdictCards);
  paint(at("announced"), spoken(verdicts), String);
  frame();
}

/** Asks the core. A key set or a policy that cannot be used does not keep the credential from being read. */
function ask() {
  const [jwks, policy] = [state.keys || undefined, state.policy || undefined];
  Object.assign(state, { keysFault: null, policyFaults: null, pointed: null });
  const tries = [{ jwks, policy }, { policy }, { jwks }, {}];
  for (const options of tries) {
    try {
      state.report = core.inspect(state.credential, { ...options, now: state.now });
      return;
    } catch (error) {
      if (error.name === "PolicyError" && options.policy) state.policyFaults = error.faults;
      else if (/^the key set: /.test(error.message) && options.jwks) state.keysFault = error.message.replace(/^the key set: /, "");
      else throw error;
    }
  }
}

function tellKeysFault() {
  const place = at("keys-error");
  place.hidden = !state.keysFault;
  place.textContent = state.keysFault ? `It cannot be read: ${state.keysFault}.` : "";
  if (state.keysFault) fields.keys.setAttribute("aria-invalid", "true");
  else fields.keys.removeAttribute("aria-invalid");
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

function say(words, role) {
  state.report = null;
  paint(at("verdicts"), words, (words) => el("p", { class: "waiting", role }, words));
  paint(at("announced"), "", String);
  frame();
}

const TITLES = { m2m_token: "An M2M token", api_key: "An API key" };

/** The headings, the tabs, and, until a credential is in hand, what governs either class: then the tab "Practice" says it. */
function frame() {
  const kind = state.report?.class ?? null;
  at("results-title").textContent = TITLES[kind] ?? "What there is to say";
  at("governance").hidden = Boolean(kind);
  at("parts").hidden = !kind;
  at("clock").hidden = !state.offset || !kind;
  at("clock-at").textContent = date(Math.floor(state.now / 1000))?.text;
  if (kind) tabs.offer(kind);
}

/** Each second: the clock goes on, and where it passes a moment that the verdict hangs on, the core is asked again. */
function tick() {
  if (document.hidden || !state.report?.token) return;
  const [before, now] = [state.now, clock()];
  const { times, clockEdges } = state.report.token;
  const passed = [...times, ...clockEdges].some(({ at }) => before < at * 1000 && at * 1000 <= now);
  if (passed) return look();
  state.now = now;
  update(tabs.current());
}

function lookAndGo() {
  look();
  at("results-title").focus();
}

for (const [name, field] of Object.entries(fields)) {
  field.addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(look, texts[name].get().length < LONG ? PAUSE : LONG_PAUSE);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) lookAndGo();
  });
}
at("inspect").addEventListener("click", lookAndGo);
at("clear").addEventListener("click", () => {
  app.set({ credential: "", keys: "", policy: "", offset: 0 });
  // What was drawn and typed in the tabs is cleared too, and made anew for what comes next. No model is like this one.
  updates.clear();
  for (const { id } of PARTS) paint(tabs.panelOf(id), performance.now(), () => []);
  fields.credential.focus();
});
at("clock-back").addEventListener("click", () => {
  app.set({ offset: 0 });
  at("results-title").focus({ preventScroll: true });
});
at("example-token").addEventListener("click", async () => {
  app.set(await exampleToken(Math.floor(Date.now() / 1000)));
  at("results-title").focus();
});
at("example-key").addEventListener("click", () => {
  app.set(exampleKey);
  at("results-title").focus();
});

const shared = takeShared();
const showLink = (text) => showShared(document.querySelector(".findings"), text, core);
addEventListener("hashchange", () => showLink(takeShared()));

takeFetchedKeys(at("fetching"), at("fetching-otherwise"), (keys) => app.set({ keys }));

setInterval(tick, 1000);
document.addEventListener("visibilitychange", tick);

try {
  core = await import("./edgeward/index.js");
  at("version").textContent = `Edgeward ${core.version()}.`;
  keep();
  look();
} catch (error) {
  console.error(error);
  say("The core that does the checking could not be started, so nothing can be checked here. Reload the page, or use a browser that runs WebAssembly.", "alert");
}
showLink(shared);
