// An API key in its parts.
import { el, facts } from "../dom.js";

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
