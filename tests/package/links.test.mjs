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
