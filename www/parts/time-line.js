// The line of a token's life, which is the track of the slider as well: the life in the middle, and what lies before and
// after it drawn the closer the farther away it is.
import { el } from "../dom.js";
import { paint } from "../paint.js";
import { date } from "../words.js";

/** The steps of the slider. */
export const STEPS = 1000;

/** Between these shares of the line lies the life. */
const [LEFT, RIGHT] = [0.16, 0.84];
const HOUR = 3600;
const LAST = 253_402_300_799;
const within = (low, value, high) => Math.min(Math.max(value, low), high);

/** Where moments (in seconds) lie on the line; null where there is nothing to hold them against. */
export function scaleOf({ issued, notBefore, expires }) {
  const starts = [issued, notBefore].filter((at) => at !== null && date(at));
  const end = expires !== null && date(expires) ? expires : null;
  if (!starts.length && end === null) return null;
  const all = [...starts, ...(end === null ? [] : [end])];
  const from = starts.length ? Math.min(...all) : end - HOUR;
  const to = end === null ? Math.max(...starts) + HOUR : Math.max(...all);
  const life = Math.max(to - from, 60);
  // A twentieth of the life beyond its ends is easily hit, and ten lives or a month can be reached.
  const unit = life / 20;
  const reach = Math.log1p(Math.max(10 * life, 30 * 24 * HOUR) / unit);
  const beyond = (share) => unit * Math.expm1(share * reach);
  const shareOf = (distance) => Math.min(Math.log1p(distance / unit) / reach, 1);
  const share = (at) => {
    if (at < from) return LEFT * (1 - shareOf(from - at));
    if (at > from + life) return RIGHT + (1 - RIGHT) * shareOf(at - from - life);
    return LEFT + ((RIGHT - LEFT) * (at - from)) / life;
  };
  return {
    ends: [from, life],
    share,
    value: (at) => Math.round(share(at) * STEPS),
    at(value) {
      const share = value / STEPS;
      let at = from + (life * (share - LEFT)) / (RIGHT - LEFT);
      if (share < LEFT) at = from - beyond((LEFT - share) / LEFT);
      if (share > RIGHT) at = from + life + beyond((share - RIGHT) / (1 - RIGHT));
      return within(0, at, LAST);
    },
  };
}

/** The scale that there was, where the other one is the same. */
export const sameOr = (was, scale) => (was && scale && was.ends.join() === scale.ends.join() ? was : scale);

/** Draws the line. All that it says stands beside it in words. */
export function drawLine(place, scale, { issued, notBefore, expires, begins }, { now, stands }) {
  const at = (moment) => (moment !== null && date(moment) ? percent(scale.share(moment)) : null);
  const from = at(begins);
  const to = at(expires);
  const here = percent(scale.share(stands));
  const good = from === null || to === null || from < to;
  const model = {
    // What is not said is drawn to the end of the line, and as not said.
    life: good && { from: from ?? 0, to: to ?? 100, open: [from === null && "start", to === null && "end"].filter(Boolean).join(" ") || null },
    lived: good && here > (from ?? 0) && { from: from ?? 0, to: Math.min(here, to ?? 100), open: from === null ? "start" : null },
    marks: marksOf(at(issued), notBefore === null ? null : from, to),
    now: percent(scale.share(now)),
    moved: Math.abs(now - stands) >= 1,
  };
  paint(place, model, ({ life, lived, marks, now, moved }) => [
    span("rail", 0, 100),
    life && span("life", life.from, life.to, life.open),
    lived && span("lived", lived.from, lived.to, lived.open),
    marks.map(({ at, words, side }, index) => mark("mark", at, words, side, index)),
    mark(moved ? "real" : "here", now, "now", now < 50 ? "left" : "right"),
  ]);
}

/** The marks under the line. Their words go to the side where nothing else stands; two moments close together are one mark. */
function marksOf(issued, begins, to) {
  const from = begins ?? issued;
  const apart = begins !== null && issued !== null && Math.abs(issued - begins) >= 4;
  const first = begins === null ? "issued" : issued === null || apart ? "begins" : "issued, begins";
  const later = apart && issued > begins;
  const short = from !== null && to !== null && to - from < 30;
  return [
    apart && { at: issued, words: "issued", side: later ? "left" : "right" },
    from !== null && { at: from, words: first, side: later || short ? "right" : "left" },
    to !== null && { at: to, words: "expires", side: short ? "left" : "right" },
  ].filter(Boolean);
}

const percent = (share) => Math.round(share * 1000) / 10;

function span(name, from, to, open = null) {
  const piece = el("span", { class: name, "data-open": open });
  piece.style.setProperty("--from", from / 100);
  piece.style.setProperty("--to", to / 100);
  return piece;
}

function mark(name, at, words, side) {
  const piece = el("span", { class: name, "data-side": side }, el("span", null, words));
  piece.style.setProperty("--from", at / 100);
  return piece;
}
