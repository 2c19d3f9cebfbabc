// Everybody can use the tabs for a policy, for attacks and for taking it along, and what a link brings.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { openPage } from "./helpers.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

const tab = (page, name) => page.getByRole("tab", { name }).click();
const press = (page, name) => page.getByRole("button", { name, exact: true }).first().click();

/** Each state, reached from the one before. */
const STATES = {
  "a policy that lets it through": async (page) => {
    await press(page, "a token");
    await tab(page, "Policy");
    await press(page, "Fill in one that fits");
    await page.getByText("More of the request").click();
    await page.getByRole("region", { name: "What the origin would get" }).waitFor();
  },
  "a route that refuses it": async (page) => {
    await page.getByLabel("Pick a route").selectOption("1");
    await page.getByRole("region", { name: "What the client would get" }).waitFor();
  },
  "a policy with faults": async (page) => {
    await page.getByLabel("The policy of a gate, or of a verifier").fill('{"rotues":[]}');
    await page.getByText("It cannot be used: one thing").waitFor();
  },
  attacks: async (page) => {
    await press(page, "Take it out");
    await tab(page, "Break it");
    await press(page, "Make the attacks");
    await page.locator("#part-breaking summary").first().click();
  },
  "one of the attacks": async (page) => {
    await press(page, "Look into this one");
    await tab(page, "Break it");
    await page.getByText("You are looking into one of these attacks").waitFor();
    await press(page, "Back to the token");
  },
  "what is taken along": async (page) => {
    await tab(page, "Take along");
    await page.locator("#part-take summary").click();
    await press(page, "Make the link");
    await page.getByLabel("The link").waitFor();
  },
  "an API key with its record": async (page) => {
    await press(page, "an API key");
    await tab(page, "Policy");
    await press(page, "Fill in one that fits");
    await press(page, "Fill in the record of the example key");
    await page.getByRole("region", { name: "As whom" }).waitFor();
  },
  "what is taken along of a key, and a link that was opened": async (page) => {
    await tab(page, "Take along");
    await press(page, "Make the link");
    const link = await page.getByLabel("The link").inputValue();
    await page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
    await page.locator("#shared summary").click();
  },
};

for (const [colorScheme, width] of [["light", 1280], ["dark", 320]]) {
  test(`axe finds no barrier, and nothing is too wide: ${colorScheme}, ${width} px`, async () => {
    const context = { colorScheme, reducedMotion: "reduce", viewport: { width, height: 800 } };
    const page = await openPage(browser, pages, { context, script: axe });
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
      const widest = await page.evaluate(() => document.documentElement.scrollWidth);
      assert.ok(widest <= width, `${state}: ${widest} px`);
    }
    await page.context().close();
  });
}

test("from a policy to a link by keyboard alone", async () => {
  const page = await openPage(browser, pages);
  await press(page, "a token");
  await page.getByRole("tab", { name: "Steps" }).focus();
  for (let times = 0; times < 4; times++) await page.keyboard.press("ArrowRight");
  assert.equal(await page.getByRole("tab", { name: "Policy" }).getAttribute("aria-selected"), "true");
  const reach = async (name) => {
    for (let times = 0; times < 40; times++) {
      await page.keyboard.press("Tab");
      const here = await page.evaluate(() => document.activeElement.labels?.[0]?.textContent ?? document.activeElement.textContent);
      if (here.startsWith(name)) return;
    }
    assert.fail(`${name} was not reached`);
  };
  await reach("Fill in one that fits");
  await page.keyboard.press("Enter");
  await page.locator("#part-policy .verdict").waitFor();
  // The text is where the focus then is, at its beginning.
  assert.equal(await page.evaluate(() => document.activeElement.id), "policy");
  await reach("Pick a route");
  await page.keyboard.press("ArrowDown");
  await page.getByText("scope_insufficient").first().waitFor();
  await page.getByRole("tab", { name: "Policy" }).focus();
  for (let times = 0; times < 2; times++) await page.keyboard.press("ArrowRight");
  await reach("Make the link");
  await page.keyboard.press("Space");
  await page.getByLabel("The link").waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
