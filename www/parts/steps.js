// The steps of the verification, and the keys.
import { el } from "../dom.js";
import { paint } from "../paint.js";

export const steps = {
  id: "steps",
  name: "Steps",
  classes: ["m2m_token", "api_key"],
  mount: (place) => (state) => paint(place, state.report, () => el("section", { class: "panel" }, el("h3", null, "Step by step"))),
};
