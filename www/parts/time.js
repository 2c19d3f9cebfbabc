// The clock: when a token begins and ends, what changes then, and how it all stands at another moment.
import { el, facts, worded } from "../dom.js";
import { paint } from "../paint.js";
import { answerOf } from "../verdicts.js";
import { date, duration, relative } from "../words.js";
import { changes } from "./time-edges.js";
import { STEPS, drawLine, sameOr, scaleOf } from "./time-line.js";

/** In milliseconds: a look that takes longer makes the slider halt, and how long it is then waited for. */
const [SLOW, REST] = [50, 150];

export const time = {
  id: "time",
  name: "Time",
  classes: ["m2m_token"],
  mount(place, app) {
    const goTo = (at) => move(at * 1000 - Date.now());
    const told = el("div", { class: "told" });
    const line = el("div", { class: "line", "aria-hidden": "true" });
    const slider = el("input", { type: "range", id: "slider", min: 0, max: STEPS, step: 1, "aria-describedby": "slider-hint" });
    const stands = el("p", { class: "stands" });
    const moments = el("div", { class: "actions moments", role: "group", "aria-label": "Moments to look at" });
    const what = el(
      "div",
      { class: "what-if" },
      el("label", { for: "slider" }, "What if the clock moves?"),
      el("p", { class: "hint", id: "slider-hint" }, "Slide along its life. The verdicts and all the tabs then say what would be said at that moment."),
      el("div", { class: "track" }, line, slider),
      stands,
      moments,
    );
    const rows = el("div", null);
    const hint = el("p", { class: "hint" });
    const edges = el("section", { class: "panel", "aria-labelledby": "edges-title" });
    place.append(
      el("section", { class: "panel its-time", "aria-labelledby": "times-title" }, el("h3", { id: "times-title" }, "Its time"), told, what, rows, hint),
      edges,
    );

    let [scale, frame, timer, took, own, spoken] = [null, 0, 0, 0, null, ""];

    /** Looks at another moment: with each frame that is drawn, and once the slider rests where a look takes long. */
    function move(offset, value = null) {
      own = value === null ? null : { value, offset, scale, waits: true };
      const look = () => {
        const begun = performance.now();
        if (own) own.waits = false;
        app.set({ offset });
        took = performance.now() - begun;
        if (value === null) app.say(`${stands.textContent} ${spoken}.`);
      };
      clearTimeout(timer);
      cancelAnimationFrame(frame);
      if (took > SLOW) timer = setTimeout(look, REST);
      else frame = requestAnimationFrame(look);
    }

    slider.addEventListener("input", () => move(Math.round(scale.at(slider.valueAsNumber) * 1000) - Date.now(), slider.value));
    for (const list of [moments, edges]) {
      list.addEventListener("click", ({ target }) => {
        const to = target.closest("button")?.value;
        if (to) to === "now" ? move(0) : goTo(Number(to));
      });
    }

    return (state) => {
      const { token, lint } = state.report;
      const now = Math.floor(state.now / 1000);
      const life = lifeOf(token);
      scale = sameOr(scale, scaleOf(life));
      what.hidden = !scale;
      const first = headline(life, now);
      spoken = first[1];
      paint(told, first, ([state, answer, words]) => [
        el("p", { class: "headline", "data-state": state }, answerOf(state, answer)),
        words && el("p", null, words),
      ]);
      if (scale) {
        drawLine(line, scale, life, { now: Date.now() / 1000, stands: state.now / 1000 });
        // What was chosen on the slider stays as it was chosen.
        const value = own?.waits || (own?.offset === state.offset && own.scale === scale) ? own.value : String(scale.value(state.now / 1000));
        if (slider.value !== value) slider.value = value;
        const words = whereIn(life, now);
        slider.setAttribute("aria-valuetext", state.offset ? `${words}, ${date(now)?.text}` : `now, ${words}`);
        paint(stands, [state.offset !== 0, words, state.offset && date(now)?.text], ([moved, words, text]) =>
          moved ? ["The clock stands at ", el("strong", null, text), `: ${words}.`] : [`The clock shows the time of this device: ${words}.`],
        );
        paint(moments, momentsOf(life), (all) => all.map(([words, at]) => el("button", { type: "button", class: "quiet", value: at }, words)));
        for (const button of moments.children) {
          const at = button.value === "now" ? state.offset === 0 : state.offset !== 0 && Number(button.value) === now;
          button.setAttribute("aria-pressed", String(at));
        }
      }
      paint(rows, times(life), (all) => all.length > 0 && facts(all.map(({ words, claim, at, unread, value }) => [
        claim ? [words, " ", el("code", { translate: "no" }, claim)] : words,
        at !== undefined ? moment(at) : unread ? showIt(claim, app) : value,
      ])));
      paint(hint, hints(life, lint).join(" "), worded);
      hint.hidden = !hint.textContent;
      edges.hidden = !paintEdges(edges, state, life);
      // These change by themselves, and what stands around them is left alone.
      for (const word of place.querySelectorAll("[data-at]")) {
        const words = relative(Number(word.dataset.at), now);
        if (word.textContent !== words) word.textContent = words;
      }
    };
  },
};

/**
 * What the times of a token say: the core has read them, and says of each whether it is past. `unread` names those that
 * stand there and are no times.
 */
function lifeOf(token) {
  const { issued, notBefore, expires, seconds } = token.lifetime;
  const past = (name) => token.times.find(({ claim }) => claim === name)?.past ?? null;
  const has = (name) => token.payload.spans.some(({ pointer }) => pointer === `/${name}`);
  const unread = [["iat", issued], ["nbf", notBefore], ["exp", expires]].filter(([name, at]) => at === null && has(name)).map(([name]) => name);
  return {
    issued,
    notBefore,
    expires,
    seconds,
    unread,
    begins: notBefore ?? issued,
    readable: token.payload.text !== null,
    late: past("exp") === true,
    early: past("nbf") === false,
    ahead: past("iat") === false,
  };
}

/** What there is to say first: the state, the answer, and a sentence. */
function headline({ issued, notBefore, expires, begins, seconds, unread, readable, late, early, ahead }, now) {
  if (!readable) return ["open", "Its times cannot be read", null];
  if (seconds !== null && seconds <= 0) return ["fails", seconds ? "It ends before it begins" : "It ends as it begins", "There is no moment at which it is good."];
  if (late) return ["fails", "It has expired", `It ended ${relative(expires, now)}${seconds ? `, after a life of ${duration(seconds)}` : ""}.`];
  if (early) return ["fails", "It is not valid yet", `It begins ${relative(notBefore, now)}.`];
  if (ahead) return ["open", "It was issued in the future", `It says that it will be issued ${relative(issued, now)}: the clock of its issuer or this one is wrong.`];
  if (expires === null) {
    const words = unread.includes("exp") ? "Its end is no time that can be read" : "It does not say when it ends";
    return ["open", words, issued === null && notBefore === null && !unread.length ? "Nothing in it depends on the clock." : null];
  }
  if (!date(expires)) return ["holds", "It has not expired", "Its end lies beyond any calendar."];
  const old = begins === null ? "" : `${duration(now - begins)} old, `;
  return ["holds", "It has not expired", `${old}${duration(expires - now)} to go.`];
}

/** Where a moment lies in the life of the token. */
function whereIn({ begins, expires, late }, now) {
  if (begins !== null && now < begins) return `${duration(begins - now)} before it begins`;
  if (expires === null || !date(expires)) return `${duration(now - begins)} after it began`;
  if (now === expires) return "the second at which it expires";
  return late ? `${duration(now - expires)} after it expired` : `${duration(expires - now)} before it expires`;
}

/** The moments that matter, by the times alone. */
function momentsOf({ begins, expires, seconds }) {
  const ends = expires !== null && date(expires);
  const starts = begins !== null && date(begins - 60);
  return [
    starts && ["A minute before it begins", begins - 60],
    starts && ["When it begins", begins],
    ["Now", "now"],
    ends && ["Just before it expires", expires - 1],
    ends && ["Just after it expires", expires],
  ].filter(Boolean);
}

/** The rows of the table of times. */
function times({ issued, notBefore, expires, seconds, unread, late }) {
  const row = (words, claim, at) =>
    at !== null ? { words, claim, at } : unread.includes(claim) && { words, claim, unread: true };
  return [
    row("Issued", "iat", issued),
    row("Not before", "nbf", notBefore),
    row(late ? "Expired" : "Expires", "exp", expires),
    seconds > 0 && { words: "Lives for", value: date(expires) ? duration(seconds) : "longer than any calendar reaches" },
  ].filter(Boolean);
}

function moment(at) {
  const day = date(at);
  return [
    el("span", { class: "relative", "data-at": day && at }, day ? null : "beyond any calendar"),
    day && el("time", { datetime: day.machine }, day.text),
    el("span", { class: "unix" }, "Unix ", el("code", null, String(at))),
  ];
}

function showIt(claim, app) {
  const button = el("button", { type: "button", class: "quiet" }, "Show it", el("span", { class: "aside" }, ` where ${claim} stands`));
  button.addEventListener("click", () => app.point("payload", `/${claim}`));
  return [el("span", { class: "relative" }, "It is there, and is no number of seconds."), button];
}

function hints({ expires, readable }, lint) {
  return [
    readable && expires === null && "A verifier refuses a token without a readable `exp`, unless its policy says otherwise.",
    ...lint.filter(({ rule }) => rule === "time_in_milliseconds" || rule === "lifetime_long").map(({ title, advice }) => `${title} ${advice}`),
  ].filter(Boolean);
}

/** Whether there is anything to say of what changes. */
function paintEdges(place, { report, policy, policyFaults }, { begins, notBefore, expires, seconds }) {
  const judged = policy !== "" && !policyFaults;
  const own = [notBefore !== null && ["nbf", notBefore], expires !== null && ["exp", expires]].filter(Boolean);
  const model = { judged, edges: report.token.clockEdges, verdict: report.verdict, own: judged || !(seconds === null || seconds > 0) ? [] : own };
  if (judged && report.verdict) model.verdict = report.verdict.ok ? null : report.verdict.code;
  paint(place, model, changes);
  return judged || model.own.length > 0;
}
