// A text field does not keep up with what is very long: a megabyte takes it seconds for each key. Such a text is held beside
// the field, which shows its beginning, until somebody changes that.
import { el } from "./dom.js";
import { plural } from "./words.js";

const SHOWN = 1_000;

/** The text of a field, of which no more than `most` characters stand in it: `get` and `put`. */
export function hold(field, most) {
  let held = null;
  const note = el("p", { class: "hint", hidden: true });
  field.after(note);
  const isHeld = () => held !== null && field.value === held.shown;

  function put(text) {
    const isLong = text.length > most;
    field.value = isLong ? text.slice(0, SHOWN) : text;
    held = isLong ? { shown: field.value, whole: text } : null;
    tell();
  }

  function tell() {
    if (!isHeld()) held = null;
    note.hidden = !held;
    note.textContent = held ? `All ${plural(held.whole.length, "character")} of it are looked into; the field shows the first ${SHOWN.toLocaleString("en")}.` : "";
  }

  // Before it is in the field, which would begin to break its lines.
  field.addEventListener("beforeinput", (event) => {
    const text = event.data ?? "";
    if (text.length <= most) return;
    event.preventDefault();
    const { selectionStart, selectionEnd, value } = field;
    put(value.slice(0, selectionStart) + text + value.slice(selectionEnd));
    field.dispatchEvent(new Event("input"));
  });
  field.addEventListener("input", () => {
    if (field.value.length > most) put(field.value);
    else tell();
  });
  return { get: () => (isHeld() ? held.whole : field.value), put };
}
