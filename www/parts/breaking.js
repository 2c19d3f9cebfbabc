// What attackers make of a token, and what the core says to each.
import { el, foreign, revealed, rule, worded } from "../dom.js";
import { exampleToken } from "../examples.js";
import { button } from "../fields.js";
import { paint } from "../paint.js";
import { answerOf } from "../verdicts.js";
import { plural } from "../words.js";

export const breaking = { id: "breaking", name: "Break it", classes: ["m2m_token"], mount };

function mount(place, app) {
  // What was made of which token, under which keys and policy, and where the clock stood.
  let made = null;
  // The clock to which one of them led.
  let led = null;
  let count = 0;
  const press = button("Make the attacks", () => make(app.state()), "primary");
  const unproven = el("div");
  const back = el("div");
  const said = el("div", { role: "status", "aria-atomic": "true" });
  const list = el("div");
  place.append(
    el(
      "section",
      { class: "panel", "aria-labelledby": "breaking-title" },
      el("h3", { id: "breaking-title" }, "Try to break it"),
      el(
        "p",
        null,
        "One press makes of this token what an attacker would: unsigned, signed with a key that everybody has, with a key of its " +
          "own, changed, spelt otherwise, too late. The same core that guards the edge then judges each of them.",
      ),
      unproven,
      el("div", { class: "actions" }, press),
      said,
    ),
    back,
    list,
  );

  function make(state) {
    const { credential, keys, policy, offset, report } = state;
    const options = {
      policy: (!state.policyFaults && policy) || undefined,
      jwks: (!state.keysFault && keys) || undefined,
      now: state.now,
    };
    const titles = Object.fromEntries(report.token.steps.map(({ step, title }) => [step, title]));
    const all = app.core
      .forgeries(credential, options)
      .map((forgery) => ({ ...forgery, stepTitle: titles[forgery.step] ?? null }));
    [made, led] = [{ credential, keys, policy, offset, all, count: (count += 1) }, null];
    draw(state);
  }

  const example = async () => {
    app.set({ policy: "", offset: 0, ...(await exampleToken(Math.floor(Date.now() / 1000))) });
    make(app.state());
    press.focus();
  };

  /** Puts an attacker's token into the field, so that the other tabs explain it. */
  const into = ({ token, at }) => {
    led = token === null ? at - Date.now() : null;
    app.set({ credential: token ?? made.credential, offset: led ?? made.offset });
    app.open("steps");
    document.getElementById("results-title").focus();
  };
  const goBack = () => {
    led = null;
    app.set({ credential: made.credential, offset: made.offset });
    press.focus();
  };

  function draw(state) {
    const elsewhere = made !== null && (state.credential !== made.credential || state.offset === led);
    const proven = elsewhere || state.report.token.mathematics.holds === true;
    press.parentElement.hidden = elsewhere;
    paint(
      unproven,
      proven,
      () =>
        !proven && [
          el(
            "p",
            { class: "hint" },
            "The signature of the token in hand does not hold here, or there are no keys to tell. Attacks on it are refused all " +
              "the same, but many at the missing key, which shows less of what stops each.",
          ),
          el("div", { class: "actions" }, button("Do it on the example token", example)),
        ],
    );
    paint(
      back,
      elsewhere,
      () =>
        elsewhere &&
        el(
          "div",
          { class: "panel attacked" },
          el("p", null, "You are looking into one of these attacks, not into the token that you had."),
          button("Back to the token", goBack),
        ),
    );
    paint(said, made && made.count, () => drawSummary(made?.all.map(({ verdict }) => verdict === null)));
    paint(list, made && made.count, () => made && made.all.length > 0 && drawList(made.all, into));
  }

  return (state) => {
    const same = made && state.keys === made.keys && state.policy === made.policy;
    const known = same && (state.credential === made.credential || made.all.some(({ token }) => token === state.credential));
    if (!known) made = null;
    draw(state);
  };
}

function drawSummary(through) {
  if (!through) return [];
  if (through.length === 0)
    return el("p", null, "There is nothing to forge from: the payload of this token cannot be read, or the token is too long.");
  const passed = through.filter(Boolean).length;
  const words = `${plural(through.length, "attack")}, ${through.length - passed} refused`;
  return [
    el(
      "p",
      { class: "headline", "data-state": passed ? "fails" : "holds" },
      answerOf(passed ? "fails" : "holds", passed ? `${words}, ${passed} let through` : words),
    ),
    passed > 0 &&
      el("p", { class: "fault" }, el("strong", null, "This must never be. "), "Please report it: the README says how."),
  ];
}

function drawList(all, into) {
  return el(
    "section",
    { class: "panel", "aria-labelledby": "attacks-title" },
    el("h3", { id: "attacks-title" }, "The attacks"),
    el(
      "ol",
      { class: "attacks" },
      all.map((forgery) => attack(forgery, into)),
    ),
  );
}

const LONGEST_SHOWN = 2048;

function attack(forgery, into) {
  const { title, means, section, token, verdict, stepTitle } = forgery;
  const shown = token?.slice(0, LONGEST_SHOWN);
  return el(
    "li",
    { "data-state": verdict ? "holds" : "fails" },
    el(
      "div",
      { class: "attack" },
      el("h4", null, title),
      el("strong", { class: "outcome" }, verdict ? "✓ Refused" : "✕ Let through"),
    ),
    el("p", null, worded(means), " ", el("span", { class: "source" }, "Warned of in ", rule(section))),
    verdict
      ? el(
          "p",
          { class: "refusal" },
          verdict.title,
          verdict.note && [" (", foreign(verdict.note), ")"],
          ". ",
          el(
            "span",
            { class: "source" },
            el("code", { translate: "no" }, verdict.code),
            " · ",
            rule(verdict.section),
            stepTitle && [el("br"), "Stopped at the step: ", worded(stepTitle)],
          ),
        )
      : el("p", { class: "refusal" }, "No step refused it."),
    token === null
      ? el(
          "div",
          { class: "actions" },
          button("Move the clock there", () => into(forgery), "quiet"),
        )
      : el(
          "details",
          null,
          el("summary", null, "The attacker’s token"),
          el("pre", { dir: "ltr", translate: "no" }, el("code", null, revealed(shown))),
          shown.length < token.length && el("p", { class: "hint" }, `${plural(token.length - shown.length, "character")} more.`),
          // What has not the form of a token would leave these tabs behind.
          !token.startsWith("{") &&
            el(
              "div",
              { class: "actions" },
              button("Look into this one", () => into(forgery), "quiet"),
            ),
        ),
  );
}
