// What whoever opens the page loads, all of it, is small.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { servePages, startBrowser } from "../support/pages.mjs";
import { openPage } from "./helpers.mjs";
import { BUILT, filesUnder, kept } from "./walk.mjs";

/** For every file together, the core, the frame and the worker that keeps them among them, in bytes by brotli. */
const MOST = 410_000;

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

test("the whole page with the core is under 410 KB by brotli", () => {
  const measure = fileURLToPath(new URL("../../xtask/src/sizes.mjs", import.meta.url));
  const sizes = execFileSync(process.execPath, [measure, fileURLToPath(BUILT)], { encoding: "utf8" });
  const [raw, gzip, brotli] = sizes.trim().split(" ").map(Number);
  assert.ok(raw > gzip && gzip > brotli && brotli > 50_000, sizes);
  assert.ok(brotli < MOST, `${brotli} bytes`);
});

test("what is measured is all that is loaded, and nothing is built that is not", async () => {
  const page = await openPage(browser, pages);
  await kept(page);
  await page.locator("#fetching[src]").waitFor({ state: "attached" });
  await page.frames().at(-1).waitForLoadState();
  const asked = new Set(pages.requests.map((url) => url.slice(1).replace(/(^|\/)$/, "$1index.html")));
  asked.delete("favicon.ico");
  assert.deepEqual([...asked].sort(), filesUnder("").filter((file) => !file.startsWith("_")).sort());
  await page.context().close();
});
