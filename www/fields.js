// Fields that parts bring along, and what is copied out of them.
import { el } from "./dom.js";

/** Nothing typed here is completed, corrected or looked up: each of these could send it somewhere. */
const QUIET = {
  autocomplete: "off",
  autocapitalize: "off",
  autocorrect: "off",
  spellcheck: "false",
  writingsuggestions: "false",
  "data-gramm": "false",
  translate: "no",
  dir: "ltr",
};

/** A control with its label and a hint: `[control, field]`. */
export function field(id, label, hint, name = "textarea", attributes = {}) {
  const control = el(name, { id, ...QUIET, "aria-describedby": hint ? `${id}-hint` : null, ...attributes });
  const words = hint && el("p", { class: "hint", id: `${id}-hint` }, hint);
  return [control, el("div", { class: "field" }, el("label", { for: id }, label), control, words)];
}

export function button(words, press, className) {
  const made = el("button", { type: "button", class: className }, words);
  made.addEventListener("click", press);
  return made;
}

/** A text to take along, with a button that copies it: `[set, field]`. It is always there to be selected by hand. */
export function copyable(app, id, label, hint, name) {
  const [area, place] = field(id, label, hint, "textarea", { readonly: true, rows: 3, class: "copyable" });
  const done = el("span", { class: "hint", "aria-hidden": "true" });
  const press = async () => {
    const said = (await copied(area))
      ? `Copied: ${name}.`
      : "This browser does not let the page copy. The text is selected: press Ctrl+C, or ⌘C.";
    done.textContent = said;
    app.say(said);
  };
  place.append(el("div", { class: "actions" }, button(`Copy ${name}`, press), done));
  const set = (text) => {
    if (area.value === text) return;
    area.value = text;
    area.rows = Math.min(Math.max(text.slice(0, 4096).split("\n").length, 2), 16);
    done.textContent = "";
  };
  return [set, place];
}

async function copied(area) {
  try {
    await navigator.clipboard.writeText(area.value);
    return true;
  } catch {
    // Refused, or a page that came without TLS, to which the clipboard is not given.
    area.focus();
    area.select();
    return document.execCommand("copy");
  }
}
