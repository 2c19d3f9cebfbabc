// Copying and sharing.
import { el } from "../dom.js";
import { paint } from "../paint.js";

export const take = {
  id: "take",
  name: "Take along",
  classes: ["m2m_token", "api_key"],
  mount: (place) => (state) => paint(place, state.report, () => el("section", { class: "panel" }, el("h3", null, "Take along"))),
};
