// What the policy of a gate makes of a request.
import { el } from "../dom.js";
import { paint } from "../paint.js";

export const policy = {
  id: "policy",
  name: "Policy",
  classes: ["m2m_token", "api_key"],
  mount: (place) => (state) => paint(place, state.report, () => el("section", { class: "panel" }, el("h3", null, "Policy"))),
};
