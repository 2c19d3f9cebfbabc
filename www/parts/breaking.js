// What attackers make of a token, and what the core says to that.
import { el } from "../dom.js";
import { paint } from "../paint.js";

export const breaking = {
  id: "breaking",
  name: "Break it",
  classes: ["m2m_token"],
  mount: (place) => (state) => paint(place, state.report, () => el("section", { class: "panel" }, el("h3", null, "Break it"))),
};
