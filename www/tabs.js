// Tabs as the ARIA Authoring Practices describe them: one stop for the Tab key, arrows go along, and a tab opens when it is
// come to.
import { el } from "./dom.js";

/**
 * The tabs of these parts in `place`. `opened` is called with a part when it is come to. The answer opens a tab by its id,
 * and says which tabs there are to be.
 */
export function makeTabs(place, parts, opened) {
  const tabs = new Map();
  const list = el("div", { role: "tablist", class: "tabs", "aria-label": "What to see of it" });
  for (const part of parts) {
    const [tabId, panelId] = [`tab-${part.id}`, `part-${part.id}`];
    const tab = el("button", { type: "button", role: "tab", id: tabId, "aria-controls": panelId }, part.name);
    const panel = el("div", { role: "tabpanel", id: panelId, "aria-labelledby": tabId, tabindex: 0, class: "part", hidden: true });
    tab.addEventListener("click", () => open(part.id));
    tabs.set(part.id, { part, tab, panel });
    list.append(tab);
  }
  list.addEventListener("keydown", (event) => {
    const shown = [...tabs.values()].filter(({ tab }) => !tab.hidden);
    const at = shown.findIndex(({ part }) => part.id === current);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: shown.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    const next = shown.at(to % shown.length);
    open(next.part.id);
    next.tab.focus();
  });
  place.append(list, ...[...tabs.values()].map(({ panel }) => panel));

  let current = parts[0].id;

  function open(id) {
    current = id;
    for (const [name, { tab, panel }] of tabs) {
      const is = name === id;
      tab.setAttribute("aria-selected", String(is));
      tab.tabIndex = is ? 0 : -1;
      panel.hidden = !is;
    }
    opened(tabs.get(id).part);
  }

  /** Leaves out the tabs that say nothing of this class of credential. */
  function offer(classOf) {
    for (const { part, tab } of tabs.values()) tab.hidden = !part.classes.includes(classOf);
    open(tabs.get(current).tab.hidden ? parts.find(({ classes }) => classes.includes(classOf)).id : current);
  }

  return { open, offer, current: () => tabs.get(current).part, panelOf: (id) => tabs.get(id).panel };
}
