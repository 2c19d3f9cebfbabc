// The clock: when a token begins and ends.
import { el, facts, svg } from "../dom.js";
import { paint } from "../paint.js";
import { answerOf } from "../verdicts.js";
import { date, duration, relative } from "../words.js";

export const time = {
  id: "time",
  name: "Time",
  classes: ["m2m_token"],
  mount: (place) => (state) => {
    const drawn = times({ token: state.report.token, now: Math.floor(state.now / 1000) });
    // The words change far less often than the clock.
    paint(place, [drawn].flat().map((node) => node.textContent).join(), () => drawn);
  },
};

/** When a token begins and ends, held against this device's clock. */
function times({ token, now }) {
  const at = Object.fromEntries(token.times.map((time) => [time.claim, time.at]));
  if (!token.times.length && token.payload.text === null) return [];
  const { iat, nbf, exp } = at;
  const line = exp === undefined ? "It does not say when it ends" : exp <= now ? "It has expired" : nbf > now ? "It is not valid yet" : "It has not expired";
  const late = exp !== undefined && exp <= now;
  const state = late || nbf > now ? "fails" : exp === undefined ? "open" : "holds";
  return el(
    "section",
    { class: "panel", "aria-labelledby": "times-title" },
    el("h3", { id: "times-title" }, "Its time"),
    el("p", { class: "headline", "data-state": state }, answerOf(state, line)),
    exp > iat && lifetime(iat, exp, now),
    facts([
      iat !== undefined && [claimName("Issued", "iat"), moment(iat, now)],
      nbf !== undefined && [claimName("Not before", "nbf"), moment(nbf, now)],
      exp !== undefined && [claimName(late ? "Expired" : "Expires", "exp"), moment(exp, now)],
      exp > iat && ["Lives for", duration(exp - iat)],
    ]),
    el("p", { class: "hint" }, exp === undefined ? "A verifier refuses a token without a readable exp." : "By the clock of this device."),
  );
}

const claimName = (words, claim) => [words, " ", el("code", { translate: "no" }, claim)];

function moment(at, now) {
  const day = date(at);
  return [
    el("span", { class: "relative" }, relative(at, now)),
    day ? el("time", { datetime: day.machine }, day.text) : el("span", null, "beyond any calendar"),
    el("span", { class: "unix" }, "Unix ", el("code", null, String(at))),
  ];
}

/** A line from issued to expires with now on it. The facts below it say the same in words. */
function lifetime(iat, exp, now) {
  const share = Math.min(Math.max((now - iat) / (exp - iat), -0.06), 1.06);
  const x = Math.round(40 + share * 520);
  return svg(
    "svg",
    { class: "lifetime", viewBox: "0 0 600 34", "aria-hidden": "true", focusable: "false" },
    svg("line", { class: "rail", x1: 8, x2: 592, y1: 10, y2: 10 }),
    svg("line", { class: "life", x1: 40, x2: 560, y1: 10, y2: 10 }),
    share > 0 && svg("line", { class: "lived", x1: 40, x2: Math.min(x, 560), y1: 10, y2: 10 }),
    svg("circle", { class: "now", cx: x, cy: 10, r: 7 }),
  );
}
