// An API key in its parts. It is drawn from the report, which does not hold the secret.
import { el, facts, foreign, rule, worded } from "../dom.js";
import { layOut } from "../json-text.js";
import { answerOf } from "../verdicts.js";

const ENVIRONMENTS = { live: "It opens what is real.", test: "It should open nothing that is real." };

/** What stands in an API key, and what its store holds. */
export function key({ key }) {
  return [key.spans ? parts(key) : foreignParts(key), key.spans && check(key), store(key)];
}

function parts(key) {
  const [start, end] = key.secretAt;
  const piece = (name, text, label) => el("span", { class: "piece" }, el("span", { "data-part": name }, text), el("small", null, label));
  const bits = key.entropyBits ? ` · about ${key.entropyBits} bits` : "";
  return panel(
    "parts-title",
    "Its parts",
    el("p", null, "It says whose it is and which one it is, and then the secret, which is all that counts. The secret and the check are not drawn here."),
    el(
      "p",
      { class: "anatomy", "aria-hidden": "true", translate: "no", dir: "ltr" },
      [
        [piece("prefix", key.prefix, "prefix"), "_", piece("environment", key.environment, "env"), "_", piece("id", key.id, "id"), "_"],
        [piece("secret", "•".repeat(end - start), "secret"), piece("check", "••••••", "check")],
      ],
    ),
    facts([
      row("prefix", "Prefix", code(key.prefix), "Whose keys these are. Scanners of repositories find leaked keys by it."),
      row("environment", "Environment", code(key.environment), ENVIRONMENTS[key.environment]),
      row("id", "Id", code(key.id), "Records, logs and reviews name the key by it."),
      row("secret", "Secret", `characters ${start + 1} to ${end}${bits}`, guessing(key.entropyBits)),
      row("check", "Check", "the last six characters", "They are computed from the secret too, and tell of it."),
    ]),
  );
}

/** What is secret, and what may be told. */
const SECRET = { prefix: false, environment: false, id: false, secret: true, check: true };

const row = (part, name, value, why) => [
  el("span", { "data-part": part }, name),
  value,
  el("span", { class: "tag", "data-secret": String(SECRET[part]) }, SECRET[part] ? "never log it" : "may be logged"),
  el("span", { class: "why" }, why),
];

// Below 128 bits nobody should rely on chance alone.
function guessing(bits) {
  if (!bits) return "Not repeated here.";
  return bits >= 128
    ? "Drawn at random, nobody finds it by trying, not even with all computers there are. So the store can do with a plain digest, where a password would need a slow one."
    : "Even drawn at random, it is short enough to worry about.";
}

function check({ checkHolds, checkWords }) {
  return panel(
    "check-title",
    "Its check",
    el("p", { class: "headline", "data-state": checkHolds ? "holds" : "open" }, answerOf(checkHolds ? "holds" : "open", checkHolds ? "The plain check, and it holds" : "Not the plain check")),
    el("p", null, checkHolds ? "Nothing was mistyped or cut off. It says no more than that." : "The key was mistyped, made up, or sealed by its issuer."),
    checkWords && el("p", null, worded(checkWords)),
    el("p", null, "A ", el("strong", null, "sealed"), " check is made with a secret of the issuer. Then nobody else can make up a key that reaches the store, and only the issuer can tell whether it holds."),
  );
}

function foreignParts({ id }) {
  return panel(
    "parts-title",
    "Its parts",
    el("p", null, "It is a key of another form, which the policy takes. It has no parts that could be told apart: ", el("strong", null, "all of it is secret"), ", and none of it may be logged. It has no check either, so that a mistyped one costs a look at the store."),
    id !== null && facts([["Id", code(id), el("span", { class: "tag", "data-secret": "false" }, "may be logged"), el("span", { class: "why" }, "Made of the digest of the key. Records, logs and reviews name the key by it.")]]),
  );
}

function store({ stored, storedAs, record, sections }) {
  return panel(
    "store-title",
    "What the store would hold",
    el("p", null, worded(stored), " Who loses a key gets another one: nobody can look it up."),
    storedAs && facts([["Under the name", code(storedAs)]]),
    record && [
      el("p", null, "An example of its record. The page knows the key and not its issuer, so what stands in parentheses is for the issuer to say."),
      el("pre", { dir: "ltr", translate: "no" }, el("code", null, layOut(JSON.stringify(record)).map(({ kind, text }) => (kind === "mark" ? text : el("span", { class: kind }, text))))),
    ],
    sections?.length > 0 && el(
      "details",
      null,
      el("summary", null, "Why each member is there"),
      facts(sections.map(({ member, why, section }) => [code(member), worded(why), el("span", { class: "why" }, rule(section))])),
    ),
  );
}

const panel = (id, title, ...contents) => el("section", { class: "panel", "aria-labelledby": id }, el("h3", { id }, title), ...contents);

const code = (text) => el("code", { translate: "no" }, foreign(text));
