// What stands in a credential, as far as it can be read: the byte map of a token, or the parts of a key.
import { el } from "../dom.js";
import { paint } from "../paint.js";
import { formFault } from "../verdicts.js";
import { relative } from "../words.js";
import { drawToken } from "./contents-token.js";
import { pointing } from "./contents-pointing.js";
import { key } from "./key.js";

export const contents = {
  id: "contents",
  name: "Contents",
  classes: ["m2m_token", "api_key"],
  mount(panel) {
    // Its own, so that what listens here goes when the panel is emptied.
    const place = el("div", { class: "contents" });
    panel.append(place);
    const pointer = pointing(place);
    let seen;
    let followed = null;
    return ({ report, credential, pointed, now }) => {
      if (report !== seen) {
        seen = report;
        if (report.token) paint(place, tokenModel(report.token, credential), (model) => pointer.over(model, drawToken(model)));
        else paint(place, { key: report.key }, (report) => pointer.over(null, key(report)));
      }
      // The clock goes on under what is otherwise left alone.
      for (const moment of place.querySelectorAll("[data-at]")) {
        const words = relative(Number(moment.dataset.at), Math.floor(now / 1000));
        if (moment.textContent !== words) moment.textContent = words;
      }
      if (pointed !== followed) {
        followed = pointed;
        if (pointed) pointer.show(pointed.place, pointed.pointer);
      }
    };
  },
};

/** What is drawn of a token. Of the signature that is its length. */
function tokenModel(token, credential) {
  const { header, payload, signatureBytes, mathematics, times } = token;
  const segments = credential.startsWith("{") ? [] : credential.split(".");
  return {
    header,
    payload,
    signatureBytes,
    mathematics,
    times,
    // Where it was refused for its outline, no algorithm was looked at.
    looked: header.fault === null && formFault(token) === null,
    segments: segments.slice(0, 2),
    rest: segments.slice(2, 5).map((segment) => segment.length),
  };
}
