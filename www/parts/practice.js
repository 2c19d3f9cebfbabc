// What is unwise about a credential, and what governs it.
import { el } from "../dom.js";
import { paint } from "../paint.js";

export const practice = {
  id: "practice",
  name: "Practice",
  classes: ["m2m_token", "api_key"],
  mount: (place) => (state) => paint(place, state.report, () => el("section", { class: "panel" }, el("h3", null, "Practice"))),
};
