// A shared document as people read it, drawn or as Markdown. It may come from a link, and then anybody wrote it: nothing in it
// is believed, and nothing of it is anything but text.
import { el, facts, foreign, worded } from "../dom.js";
import { exampleKey } from "../examples.js";
import { button } from "../fields.js";
import { date, plural } from "../words.js";
import { unpack } from "./take-share.js";

const CLASSES = { m2m_token: "An M2M token", api_key: "An API key" };
export const PLACES = { header: "Header", payload: "Claim", key: "Part" };
const OUTCOMES = { passed: "passed", failed: "failed", not_reached: "not reached", not_asked: "with nothing to ask" };

/** Its first lines: `[name, words, code]`. */
export function linesOf({ class: kind, at, mathematics, trust, policy, failed, steps }) {
  const count = (outcome) => steps.filter((step) => step[1] === outcome).length;
  const counted = Object.keys(OUTCOMES)
    .filter((outcome) => count(outcome) > 0)
    .map((outcome) => `${count(outcome)} ${OUTCOMES[outcome]}`);
  return [
    ["Class", CLASSES[kind]],
    ["Seen", date(at)?.text ?? `Unix ${at}`],
    ["The mathematics", mathematics === null ? "Not checked" : mathematics ? "Holds" : "Does not hold"],
    ["The trust", trust ? "Established by a policy" : "Not established"],
    policy && ["That policy", policy.length === 0 ? "Lets it through" : policy[1], policy[0]],
    failed && ["Ended by", failed[1], failed[0]],
    ["Steps", counted.join(", ")],
  ].filter(Boolean);
}

const TIMES = ["exp", "iat", "nbf"];

function valueOf([place, name, ...value]) {
  const day = place === "payload" && TIMES.includes(name) && Number.isSafeInteger(value[0]) ? date(value[0]) : null;
  return [el("code", null, foreign(JSON.stringify(value[0]))), day && el("span", { class: "why" }, day.text)];
}

/** The document, drawn. `titles` are those of the steps, by their names; `level` is that of its headings. */
export function drawSeen(shared, level, titles = {}) {
  const { members, steps, lint } = shared;
  const [valued, named] = [members.filter((member) => member.length > 2), members.filter((member) => member.length === 2)];
  const part = (title, ...contents) => [el(level, null, title), contents];
  return [
    facts(linesOf(shared).map(([name, words, code]) => [name, foreign(words), code && [" ", el("code", null, foreign(code))]])),
    members.length > 0 &&
      part(
        "What stood in it",
        facts([
          ...valued.map((member) => [[`${PLACES[member[0]]} `, el("code", null, foreign(member[1]))], valueOf(member)]),
          named.length > 0 && [
            "Without their values",
            named.map(([, name]) => [el("code", { class: "chip" }, foreign(name)), " "]),
          ],
        ]),
      ),
    lint.length > 0 &&
      part(
        "What is unwise about it",
        el(
          "ul",
          { class: "seen" },
          lint.map(([rule, severity, title]) =>
            el("li", null, el("bdi", null, worded(title)), " ", el("span", { class: "hint" }, foreign(`${severity}, ${rule}`))),
          ),
        ),
      ),
    el(
      "details",
      null,
      el("summary", null, plural(steps.length, "step")),
      el(
        "ol",
        { class: "seen" },
        steps.map(([step, outcome]) =>
          el(
            "li",
            null,
            titles[step] ? worded(titles[step]) : foreign(step.replaceAll("_", " ")),
            " ",
            el("span", { class: "hint" }, OUTCOMES[outcome]),
          ),
        ),
      ),
    ),
  ];
}

/** Takes what was shared out of the address, which does not keep it. Nothing else that stands there is looked at. */
export function takeShared() {
  if (!location.hash.startsWith("#shared=")) return null;
  const text = location.hash.slice("#shared=".length);
  history.replaceState(null, "", location.pathname + location.search);
  return text;
}

/** Draws what a link brought, where it brought anything, before all else in `place`. */
export async function showShared(place, text, core) {
  if (text === null) return;
  const shared = await unpack(text);
  const steps = shared && core ? core.inspect(shared.class === "api_key" ? exampleKey.credential : "e30.e30.") : null;
  const titles = Object.fromEntries((steps?.token ?? steps?.key)?.steps.map(({ step, title }) => [step, title]) ?? []);
  const title = el("h2", { id: "shared-title", tabindex: -1 }, "Somebody shared what they saw");
  const section = el("section", { id: "shared", class: "shared", "aria-labelledby": "shared-title" }, title);
  const close = button("Put it away", () => {
    section.remove();
    document.getElementById("credential").focus();
  });
  const words =
    "Nobody can check this from here: it came with the link, without the signature and without the secret, and whoever made the " +
    "link could have written anything.";
  section.append(
    el(
      "div",
      { class: "panel" },
      el("p", { class: "warned" }, shared ? words : "The link holds nothing that can be read: perhaps a part of it is missing."),
      shared && drawSeen(shared, "h3", titles),
      el("div", { class: "actions" }, close),
    ),
  );
  document.getElementById("shared")?.remove();
  place.prepend(section);
  title.focus();
}
