// From a report to what is on the page. Each part is painted only when what it says has changed, so that a selection, a
// screen reader's place and the calm of the page survive every keystroke and every tick of the clock.
import { el, facts, foreign, revealed, rule, svg } from "./dom.js";
import { layOut } from "./json-text.js";
import { formFault } from "./verdicts.js";
import { date, duration, plural, relative } from "./words.js";

const painted = new WeakMap();

/** Replaces what is in an element where its model differs from the one painted last. */
export function paint(element, model, draw) {
  const said = JSON.stringify(model);
  if (painted.get(element) === said) return;
  painted.set(element, said);
  element.replaceChildren(...[draw(model)].flat(Infinity).filter(Boolean));
}

const SIGNS = { holds: "✓", fails: "✕", open: "?" };

export const verdicts = (all) =>
  all.map(({ question, state, answer, words, fault }) =>
    el(
      "div",
      { class: "verdict", "data-state": state },
      el("h3", null, el("span", { class: "question" }, question), answerOf(state, answer)),
      el("p", null, words),
      fault && faultOf(fault),
    ),
  );

const answerOf = (state, answer) =>
  el("span", { class: "answer" }, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]), answer);

function faultOf({ code, title, section, note }) {
  return el(
    "p",
    { class: "fault" },
    el("strong", null, title),
    note && [": ", foreign(note)],
    ". ",
    el("span", { class: "source" }, el("code", { translate: "no" }, code), " · ", rule(section)),
  );
}

/** When a token begins and ends, held against this device's clock. */
export function times({ token, now }) {
  const at = Object.fromEntries(token.times.map((time) => [time.claim, time.at]));
  if (!token.times.length && token.payload.text === null) return [];
  const { iat, nbf, exp } = at;
  const line = exp === undefined ? "It does not say when it ends" : exp <= now ? "It has expired" : nbf > now ? "It is not valid yet" : "It has not expired";
  const late = exp !== undefined && exp <= now;
  const state = late || nbf > now ? "fails" : exp === undefined ? "open" : "holds";
  return el(
    "section",
    { class: "panel", "aria-labelledby": "times-title" },
    el("h3", { id: "times-title" }, "Its time"),
    el("p", { class: "headline", "data-state": state }, answerOf(state, line)),
    exp > iat && lifetime(iat, exp, now),
    facts([
      iat !== undefined && [claimName("Issued", "iat"), moment(iat, now)],
      nbf !== undefined && [claimName("Not before", "nbf"), moment(nbf, now)],
      exp !== undefined && [claimName(late ? "Expired" : "Expires", "exp"), moment(exp, now)],
      exp > iat && ["Lives for", duration(exp - iat)],
    ]),
    el("p", { class: "hint" }, exp === undefined ? "A verifier refuses a token without a readable exp." : "By the clock of this device."),
  );
}

const claimName = (words, claim) => [words, " ", el("code", { translate: "no" }, claim)];

function moment(at, now) {
  const day = date(at);
  return [
    el("span", { class: "relative" }, relative(at, now)),
    day ? el("time", { datetime: day.machine }, day.text) : el("span", null, "beyond any calendar"),
    el("span", { class: "unix" }, "Unix ", el("code", null, String(at))),
  ];
}

/** A line from issued to expires with now on it. The facts below it say the same in words. */
function lifetime(iat, exp, now) {
  const share = Math.min(Math.max((now - iat) / (exp - iat), -0.06), 1.06);
  const x = Math.round(40 + share * 520);
  return svg(
    "svg",
    { class: "lifetime", viewBox: "0 0 600 34", "aria-hidden": "true", focusable: "false" },
    svg("line", { class: "rail", x1: 8, x2: 592, y1: 10, y2: 10 }),
    svg("line", { class: "life", x1: 40, x2: 560, y1: 10, y2: 10 }),
    share > 0 && svg("line", { class: "lived", x1: 40, x2: Math.min(x, 560), y1: 10, y2: 10 }),
    svg("circle", { class: "now", cx: x, cy: 10, r: 7 }),
  );
}

/** What stands in a token, as far as it can be read. */
export function token({ token }) {
  const { header, payload, mathematics, signatureBytes, keys } = token;
  const refused = keys.filter(({ serves }) => serves.length === 0);
  return [
    // What is wrong with the header is told with the verdict, and not twice.
    part("Header", header.text, null),
    part("Payload", payload.text, payload.fault),
    el(
      "section",
      { class: "panel", "aria-labelledby": "signature-title" },
      el("h3", { id: "signature-title" }, "Signature and key"),
      facts([
        ["Length", signatureBytes === null ? "not readable" : plural(signatureBytes, "byte")],
        ["Algorithm", mathematics.algorithm ?? (formFault(token) || header.fault ? "not looked at" : "none that is known")],
        mathematics.holds !== null && ["Key that fits", mathematics.kid === null ? "the only one; it has no id" : foreign(mathematics.kid)],
      ]),
      refused.length > 0 && [
        el("h4", null, "Keys of the set that were put aside"),
        el("ul", { class: "refused" }, refused.map(({ kid, index, why }) => el("li", null, foreign(`${kid ?? `key ${index} of the set`}: ${why}`)))),
      ],
    ),
  ];
}

function part(title, text, fault) {
  const id = `${title.toLowerCase()}-title`;
  return el(
    "section",
    { class: "panel", "aria-labelledby": id },
    el("h3", { id }, title),
    fault && faultOf(fault),
    text === null ? el("p", { class: "hint" }, "Nothing of it can be read.") : json(text),
  );
}

/** Longer texts are cut: nobody reads them, and the page must stay quick. */
const LONGEST_SHOWN = 32_768;

function json(text) {
  const shown = text.slice(0, LONGEST_SHOWN);
  const rest = text.length - shown.length;
  const pieces = layOut(shown).map(({ kind, text }) => {
    if (kind === "mark") return text;
    return el("span", { class: kind }, revealed(text, kind === "plain"));
  });
  return [
    el("pre", { dir: "ltr", translate: "no" }, el("code", null, pieces)),
    rest > 0 && el("p", { class: "hint" }, `${plural(rest, "character")} more ${rest === 1 ? "is" : "are"} not shown.`),
  ];
}

const ENVIRONMENTS = { live: "It opens what is real.", test: "It should open nothing that is real." };

/** What stands in an API key. It is drawn from the report, which does not hold the secret. */
export function key({ key }) {
  const [start, end] = key.secretAt;
  const length = end - start;
  const hidden = "•".repeat(length);
  const piece = (name, text) => el("span", { "data-part": name }, text);
  return el(
    "section",
    { class: "panel", "aria-labelledby": "parts-title" },
    el("h3", { id: "parts-title" }, "Its parts"),
    el(
      "p",
      { class: "anatomy", "aria-hidden": "true", translate: "no", dir: "ltr" },
      [piece("prefix", key.prefix), "_", piece("environment", key.environment), "_", piece("id", key.id), "_"],
      [piece("secret", hidden), piece("check", "••••••")],
    ),
    facts([
      row("prefix", "Prefix", code(key.prefix), "Whose keys these are."),
      row("environment", "Environment", code(key.environment), ENVIRONMENTS[key.environment]),
      row("id", "Id", code(key.id), "No secret: records, logs and reviews name the key by it."),
      row("secret", "Secret", `characters ${start + 1} to ${end}`, "Not repeated here. A store holds a digest of it, never itself."),
      row("check", "Check", "the last six characters", "By it a mistyped key is refused without asking the store."),
    ]),
  );
}

const code = (text) => el("code", { translate: "no" }, text);

const row = (part, name, value, why) => [el("span", { "data-part": part }, name), value, el("span", { class: "why" }, why)];

/** What the results are called for whoever comes to them by their heading. */
export const titleOf = (report) => (report?.token ? "An M2M token" : report?.key ? "An API key" : "What there is to say");

/** In words, which of the two classes is governed how. */
export const governanceTitle = (report) =>
  report?.class ? "What governs it" : "Two classes of credential, governed in two ways";
