// Everybody can use the page: by keyboard, by screen reader, on a phone, in any colours, and as far as it goes without a script.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, panel, paste, tamper, verdict } from "./helpers.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

const STATES = {
  empty: async () => {},
  good: async (page) => {
    const { token, keys } = makeToken();
    const [key] = keys;
    await paste(page, token, keySet([key, { ...key, kid: "other", use: "enc" }]));
    await verdict(page, "mathematics", "Holds").waitFor();
  },
  tampered: async (page) => {
    const { token, keys } = makeToken({ iat: 1300815780, exp: 1300819380, text: "a\u202Eb", flags: [true, null] });
    await paste(page, tamper(token), keySet(keys));
    await verdict(page, "mathematics", "Does not hold").waitFor();
  },
  broken: async (page) => {
    await paste(page, "eyJhbGciOiJub25lIn0=.eyJleHAiOjF9", "{");
    await verdict(page, "mathematics", "Not checked").waitFor();
  },
  key: async (page) => {
    await paste(page, API_KEY.text);
    await panel(page, "Its parts").waitFor();
  },
};

for (const colorScheme of ["light", "dark"]) {
  test(`axe finds no barrier in any state, ${colorScheme}`, async () => {
    const page = await openPage(browser, pages, { context: { colorScheme, reducedMotion: "reduce" }, script: axe });
    await page.locator("summary").click();
    for (const [state, reach] of Object.entries(STATES)) {
      await reach(page);
      const violations = await page.evaluate(async () => {
        const result = await window.axe.run(document, {
          runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
          resultTypes: ["violations"],
        });
        return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
      });
      assert.deepEqual(violations, [], state);
    }
    await page.context().close();
  });
}

test("the page is used by keyboard alone, in the order in which it is read", async () => {
  const page = await openPage(browser, pages);
  const focused = () => page.evaluate(() => document.activeElement.id || document.activeElement.localName);
  const order = [];
  for (let step = 0; step < 7; step++) {
    await page.keyboard.press("Tab");
    order.push(await focused());
    const outline = await page.evaluate(() => {
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return outlineStyle !== "none" && parseFloat(outlineWidth) >= 2;
    });
    assert.ok(outline, `focus is seen on ${order.at(-1)}`);
  }
  assert.deepEqual(order, ["summary", "credential", "keys", "inspect", "clear", "example-token", "example-key"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await verdict(page, "mathematics", "Holds").waitFor();
  await page.waitForFunction(() => document.activeElement.id === "results-title");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(), "clear");
  await page.keyboard.press("Space");
  await page.getByText("Nothing pasted yet").waitFor();
  assert.equal(await focused(), "credential");
  await page.keyboard.type(API_KEY.text);
  await panel(page, "Its parts").waitFor();
  await page.keyboard.press("Control+Enter");
  assert.equal(await focused(), "results-title");
  await page.context().close();
});

test("the verdict is announced once, and an unchanged one is left alone", async () => {
  const page = await openPage(browser, pages);
  const { token, keys } = makeToken();
  await paste(page, token, keySet(keys));
  const status = page.getByRole("status");
  await status.getByText("Holds").waitFor();
  assert.equal(await page.getByRole("status").count(), 1);
  await status.evaluate((element) => {
    window.changes = 0;
    new MutationObserver(() => (window.changes += 1)).observe(element, { subtree: true, childList: true, characterData: true });
  });
  // Another credential with the same verdict: the payload changes and the status does not.
  const other = makeToken({ sub: "other" });
  await page.getByLabel("Token or API key").fill(other.token);
  await page.getByLabel("Key set").fill(keySet(other.keys));
  await panel(page, "Payload").getByText('"other"').waitFor();
  await status.getByText("Holds").waitFor();
  await page.getByRole("button", { name: "Look into it" }).click();
  const before = await page.evaluate(() => window.changes);
  await page.getByRole("button", { name: "Look into it" }).click();
  assert.equal(await page.evaluate(() => window.changes), before);
  await page.context().close();
});

test("headings go down one step at a time and landmarks frame the page", async () => {
  const page = await openPage(browser, pages);
  for (const reach of Object.values(STATES)) {
    await reach(page);
    const levels = await page.evaluate(() =>
      [...document.querySelectorAll("h1, h2, h3, h4")].filter((heading) => heading.checkVisibility()).map((heading) => Number(heading.localName[1])),
    );
    assert.equal(levels[0], 1);
    levels.forEach((level, index) => assert.ok(index === 0 || (level > 1 && level <= levels[index - 1] + 1), levels.join()));
  }
  for (const landmark of ["banner", "main", "contentinfo"]) assert.equal(await page.getByRole(landmark).count(), 1);
  await page.context().close();
});

// 320 CSS pixels are a 1280 px window at 400 % (WCAG 1.4.10).
test("nothing is wider than a phone, nor than a window at 400 %", async () => {
  const page = await openPage(browser, pages, { context: { hasTouch: true } });
  await page.locator("summary").click();
  for (const [state, reach] of Object.entries(STATES)) {
    await reach(page);
    for (const width of [360, 320]) {
      await page.setViewportSize({ width, height: 640 });
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(widest <= width, `${state} at ${width} px: ${widest} px`);
    }
  }
  await page.context().close();
});

test("with forced colours the verdicts still differ by words and signs", async () => {
  const page = await openPage(browser, pages, { context: { forcedColors: "active" } });
  await STATES.tampered(page);
  assert.match(await verdict(page, "mathematics", "Does not hold").textContent(), /✕/);
  assert.match(await verdict(page, "trust", "Not established").textContent(), /\?/);
  await page.context().close();
});

test("without JavaScript the page can be read and says why it does no more", async () => {
  const page = await openPage(browser, pages, { context: { javaScriptEnabled: false }, wait: false });
  const said = page.locator("noscript p");
  await said.waitFor();
  assert.match(await said.textContent(), /JavaScript is off, so nothing can be checked here\./);
  for (const heading of ["Look into a machine credential", "An M2M token expires by itself", "An API key stands until somebody ends it"]) {
    assert.ok(await page.getByRole("heading", { name: heading }).isVisible(), heading);
  }
  await page.context().close();
});

test("the page is read, and typed into, before the core arrives", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  let release;
  const held = new Promise((resolve) => (release = resolve));
  await page.route("**/edgeward/index.js", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(`${pages.base}/`, { waitUntil: "commit" });
  await page.getByText("The core that does the checking is on its way.").waitFor();
  const { token, keys } = makeToken();
  await paste(page, token, keySet(keys));
  release();
  await verdict(page, "mathematics", "Holds").waitFor();
  await context.close();
});

test("should the core never arrive, the page says so", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("**/edgeward/index.js", (route) => route.abort());
  await page.goto(`${pages.base}/`);
  await page.getByText("could not be started, so nothing can be checked here").waitFor();
  await context.close();
});
