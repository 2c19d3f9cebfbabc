// What the documentation points to is there.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const within = (directory) => readdirSync(join(root, directory), { recursive: true }).map((file) => join(directory, file));
const pages = [...readdirSync(root), ...within("docs"), ...within("examples")].filter((file) => file.endsWith(".md") && !file.includes("node_modules"));

/** The names that headings can be linked by. */
function anchors(text) {
  const headings = [...text.replace(/^```[^]*?^```$/gm, "").matchAll(/^#+ (.+)$/gm)];
  return headings.map(([, title]) => title.toLowerCase().replaceAll(/[^\p{L}\p{N} _-]/gu, "").replaceAll(" ", "-"));
}

const read = (page) => readFileSync(join(root, page), "utf8");

test("every page and every example is led to from docs/README.md, and the README leads there", () => {
  const links = [...read("docs/README.md").matchAll(/\]\(([^)#\s]+)/g)].map(([, target]) => join("docs", target));
  const due = [...readdirSync(join(root, "docs")).filter((name) => name.endsWith(".md")).map((name) => join("docs", name)), ...readdirSync(join(root, "examples")).map((name) => join("examples", name))];
  assert.ok(due.length > 30);
  assert.deepEqual(due.filter((page) => !links.includes(page) && page !== join("docs", "README.md")), []);
  assert.ok(read("README.md").includes("](docs/README.md)"));
});

test("every file of this repository that a page names is there", () => {
  const lost = [];
  let count = 0;
  // What ARCHITECTURE.md says of a room is within that room, and so it is with the examples.
  for (const page of pages.filter((page) => page !== "ARCHITECTURE.md" && !page.startsWith("examples"))) {
    for (const [, path] of read(page).matchAll(/`((?:tests|src|npm|examples|worker|xtask|schema|docs|www|bench)\/[\w./-]+)`/g)) {
      count += 1;
      if (!existsSync(join(root, path))) lost.push(`${page}: ${path}`);
    }
  }
  assert.ok(count > 15, `${count} names`);
  assert.deepEqual(lost, []);
});

test("every link from a page to a place in this repository leads there", () => {
  assert.ok(pages.length > 30);
  const lost = [];
  for (const page of pages) {
    const text = readFileSync(join(root, page), "utf8").replace(/^```[^]*?^```$/gm, "");
    for (const [, target] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue;
      const [file, anchor] = target.split("#");
      const path = file === "" ? page : join(dirname(page), file);
      if (!existsSync(join(root, path))) lost.push(`${page}: ${target}`);
      else if (anchor !== undefined && path.endsWith(".md") && !path.startsWith("docs/api") && !anchors(readFileSync(join(root, path), "utf8")).includes(anchor)) {
        lost.push(`${page}: ${target}`);
      }
    }
  }
  assert.deepEqual(lost, []);
});
