// The same core runs in the browser, from the one module that the page loads.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { version } from "edgeward";
import { servePages, startBrowser } from "../support/pages.mjs";

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

test("the core answers in Chromium as it does in Node.js", async () => {
  const page = await browser.newPage();
  await page.goto(`${pages.base}/nothing-here`);
  const answer = await page.evaluate(async () => (await import("/edgeward/index.js")).version());
  assert.equal(answer, version());
  assert.deepEqual(
    pages.requests.filter((url) => url !== "/favicon.ico"),
    ["/nothing-here", "/edgeward/index.js"],
  );
  await page.close();
});
