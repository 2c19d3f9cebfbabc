// The two classes of credential, side by side.
import { el, rule, worded } from "../dom.js";

const CLASSES = [
  ["standing", "api_key", "An API key stands"],
  ["expiring", "m2m_token", "An M2M token expires"],
];

/**
 * The table, in which the class in hand stands out. Where there is no room for columns the cells stand under each other, so
 * that the roles are said and the heads stand in each cell as well.
 */
export function lifecycle({ rows, of }) {
  const mine = (name) => (name === of ? "mine" : null);
  const head = ([, name, words]) =>
    el("th", { scope: "col", role: "columnheader", class: mine(name) }, words, name === of && el("span", { class: "this" }, "this one"));
  const cell = (row) => ([member, name, words]) =>
    el("td", { role: "cell", class: mine(name) }, el("span", { class: "which", "aria-hidden": "true" }, words), worded(row[member]));
  return [
    el("h3", { id: "lifecycle-title" }, "What governs it"),
    el("p", null, of === "api_key"
      ? "It is a standing credential: good until somebody ends it. So people govern it, not time."
      : "It is an expiring credential: time ends it. So its issuer governs it, and the secret behind it, with which the next one is fetched."),
    el(
      "table",
      { role: "table", class: "lifecycle", "aria-labelledby": "lifecycle-title" },
      el("thead", { role: "rowgroup" }, el("tr", { role: "row" }, el("th", { scope: "col", role: "columnheader" }, "Asked of it"), CLASSES.map(head))),
      el(
        "tbody",
        { role: "rowgroup" },
        rows.map((row) =>
          el(
            "tr",
            { role: "row" },
            el("th", { scope: "row", role: "rowheader" }, worded(row.question), el("span", { class: "source" }, rule(row.section))),
            CLASSES.map(cell(row)),
          ),
        ),
      ),
    ),
  ];
}
