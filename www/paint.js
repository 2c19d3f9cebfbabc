// Each place is painted only when what it says has changed, so that a selection, a screen reader's place and the calm of the
// page survive every keystroke and every tick of the clock.
const painted = new WeakMap();

/** Replaces what is in an element where its model differs from the one painted last. */
export function paint(element, model, draw) {
  const said = JSON.stringify(model);
  if (painted.get(element) === said) return;
  painted.set(element, said);
  element.replaceChildren(...[draw(model)].flat(Infinity).filter(Boolean));
}
