// The API reference is what the types say, and names every entry that has types.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const pages = (directory) =>
  readdirSync(directory, { recursive: true })
    .filter((file) => file.endsWith(".md"))
    .sort();

test("what is in docs/api is what `cargo xtask docs` writes", (context) => {
  const scratch = mkdtempSync(join(tmpdir(), "edgeward-api-"));
  context.after(() => rmSync(scratch, { recursive: true, force: true }));
  execFileSync(process.execPath, ["node_modules/typedoc/bin/typedoc", "--options", "docs/typedoc.json", "--out", scratch], { cwd: root, stdio: "pipe" });
  const kept = join(root, "docs/api");
  assert.deepEqual(pages(kept), pages(scratch));
  for (const page of pages(scratch)) {
    const [there, due] = [kept, scratch].map((directory) => readFileSync(join(directory, page), "utf8"));
    assert.ok(there === due, `docs/api/${page} is not what the types say: run \`cargo xtask docs\``);
  }
});

test("every entry that has types has a page", () => {
  const { exports } = JSON.parse(readFileSync(join(root, "npm/package.json"), "utf8"));
  const typed = Object.entries(exports).filter(([, entry]) => JSON.stringify(entry).includes(".d.ts"));
  assert.ok(typed.length > 8);
  const names = pages(join(root, "docs/api"));
  for (const [name] of typed) {
    const page = `${name.replace(".", "edgeward")}.md`;
    assert.ok(names.includes(page), `${page} is missing`);
  }
});
