// What belongs together lights up together: a member, and the characters of the token that hold it. Pointing at either, or
// coming to a member by keyboard, shows both and says where it is.
import { el, foreign } from "../dom.js";
import { HINT } from "./contents-token.js";

const PLACES = ["header", "payload"];

export function pointing(place) {
  let model = null;
  // The member that was come to, which stays lit, and the one under the pointer, which comes before it.
  let chosen = null;
  let hovered = null;
  let lit = null;

  const row = (member) => member && place.querySelector(`[data-of="${member.of}"][data-member="${member.index}"]`);
  const same = (one, other) => one?.of === other?.of && one?.index === other?.index;

  function light() {
    const member = hovered ?? chosen;
    if (same(member, lit)) return;
    lit = member;
    for (const element of place.querySelectorAll(".on")) element.classList.remove("on");
    const where = place.querySelector("#where");
    if (!member) {
      where?.replaceChildren(HINT);
      return;
    }
    const span = model[member.of].spans[member.index];
    row(member).classList.add("on");
    where?.replaceChildren(...placeOf(span, member.of));
    if (!span.characters) return;
    const [from, to] = span.characters;
    const pieces = [...place.querySelectorAll(`[data-from][data-of="${PLACES.indexOf(member.of)}"]`)];
    const run = pieces.filter(({ dataset }) => from <= Number(dataset.from) && Number(dataset.from) < to);
    for (const piece of run) piece.classList.add("on");
    return run[0];
  }

  function choose(member) {
    place.querySelector("[aria-current]")?.removeAttribute("aria-current");
    place.querySelector(".here")?.remove();
    chosen = member;
    hovered = null;
    const button = row(member)?.querySelector("button");
    if (button) {
      for (const other of button.closest("dl").querySelectorAll("button")) other.tabIndex = other === button ? 0 : -1;
      button.setAttribute("aria-current", "true");
      // Where the characters are out of sight, as on a phone, it says so itself.
      const span = model[member.of].spans[member.index];
      row(member).lastChild.append(el("span", { class: "here", "aria-hidden": "true" }, placeOf(span, member.of)));
    }
    intoView(light());
  }

  /** Scrolls the characters alone, so that the page stands still. */
  function intoView(piece) {
    const box = piece?.closest(".characters");
    if (!box) return;
    const [inner, outer] = [piece.getBoundingClientRect(), box.getBoundingClientRect()];
    if (inner.top < outer.top || inner.bottom > outer.bottom) box.scrollTop += inner.top - outer.top - outer.height / 3;
  }

  /** The member that an element is about: its own, or the innermost that a character belongs to. */
  function memberAt(element) {
    const own = element.closest("[data-member]");
    if (own) return { of: own.dataset.of, index: Number(own.dataset.member) };
    const piece = element.closest("[data-from]");
    if (!piece) return null;
    const [of, at] = [PLACES[piece.dataset.of], Number(piece.dataset.from)];
    // Members come in the order of their beginnings, so the last that holds it is the innermost.
    const index = model[of].spans.findLastIndex(({ characters }) => characters && characters[0] <= at && at < characters[1]);
    return index < 0 ? null : { of, index };
  }

  // What is scrolled under a pointer that stands still is not pointed at.
  let last = "";
  place.addEventListener("pointermove", ({ target, clientX, clientY }) => {
    if (!model || last === (last = `${clientX},${clientY}`)) return;
    hovered = memberAt(target);
    light();
  });
  place.addEventListener("pointerleave", () => {
    hovered = null;
    if (model) light();
  });
  place.addEventListener("focusin", ({ target }) => {
    const member = model && target.closest("dt button") && memberAt(target);
    if (member && !same(member, chosen)) choose(member);
  });
  place.addEventListener("click", ({ target }) => {
    const member = model && memberAt(target);
    if (!member) return;
    choose(member);
    if (!target.closest("[data-member]")) row(member).scrollIntoView({ block: "nearest" });
  });
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && chosen) return choose(null);
    const button = event.target.closest(".members dt button");
    if (!button) return;
    const buttons = [...button.closest("dl").querySelectorAll("button")];
    const at = buttons.indexOf(button);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    buttons.at(to % buttons.length).focus();
  });

  return {
    /** What is drawn is about this model from now on. */
    over(next, drawn) {
      [model, chosen, hovered, lit] = [next, null, null, null];
      return drawn;
    },
    /** Leads to the member at a pointer, or to where it would be. */
    show(of, pointer) {
      const index = model?.[of]?.spans.findIndex((span) => span.pointer === pointer) ?? -1;
      const target = index < 0 ? place.querySelector(`[data-place="${of}"] h3`) : row({ of, index }).querySelector("button");
      target?.focus({ preventScroll: true });
      target?.scrollIntoView({ block: "center" });
    },
  };
}

const range = ([from, to]) => (to - from === 1 ? `${to.toLocaleString("en")}` : `${(from + 1).toLocaleString("en")} to ${to.toLocaleString("en")}`);

/** Where a member is, counted from 1 as people do. */
function placeOf({ pointer, bytes, characters }, of) {
  const inText = `bytes ${range(bytes)} of the decoded ${of}.`;
  const said = characters
    ? `: characters ${range(characters)} of the token, ${inText}`
    : `: ${inText} White space stands in the token, so its characters are not told.`;
  return [el("code", null, foreign(pointer)), said];
}
