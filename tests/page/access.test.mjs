// Everybody can use the page: by keyboard, by screen reader, on a phone, in any colours, and as far as it goes without a script.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, paste, tamper, verdict } from "./helpers.mjs";
import { everyTab } from "./walk.mjs";

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
    const { token, keys } = makeToken({ aud: ["https://api.example", "https://other.example"], scope: "read write", nested: { list: [1, null] } });
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
  garbage: async (page) => {
    await paste(page, "\u0000\u{10FFFF} neither the one nor the other");
    await page.locator(".verdict").getByText("neither class").waitFor();
  },
  key: async (page) => {
    await paste(page, API_KEY.text);
    await verdict(page, "trust", "Not established").getByText("Only the store").waitFor();
  },
  mistyped: async (page) => {
    await paste(page, `${API_KEY.text.slice(0, -1)}w`);
    await verdict(page, "mathematics", "Cannot be told").waitFor();
  },
};

/** What axe finds in the whole page but the frame, which has a test of its own. */
async function barriers(page) {
  return page.evaluate(async () => {
    const result = await window.axe.run({ exclude: ["#fetching"] }, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
      resultTypes: ["violations"],
    });
    return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
  });
}

async function openAll(page) {
  await page.evaluate(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
  });
}

// Light and dark differ in colours alone, so the second goes through the states that have the most of them.
for (const [how, context, states] of [
  ["light", { colorScheme: "light" }, ["empty", "good", "tampered"]],
  ["light, what is wrong", { colorScheme: "light" }, ["broken", "garbage", "key", "mistyped"]],
  ["dark", { colorScheme: "dark" }, ["empty", "tampered", "key"]],
  ["forced colours", { forcedColors: "active" }, ["tampered", "key"]],
  ["a phone", { viewport: { width: 360, height: 740 }, hasTouch: true, isMobile: true }, ["good", "key"]],
]) {
  test(`axe finds no barrier in any state and any tab: ${how}`, async () => {
    const page = await openPage(browser, pages, { context: { reducedMotion: "reduce", ...context }, script: axe });
    for (const state of states) {
      await STATES[state](page);
      await openAll(page);
      if (!(await page.getByRole("tablist").isVisible())) assert.deepEqual(await barriers(page), [], state);
      await everyTab(page, async (tab) => {
        await openAll(page);
        assert.deepEqual(await barriers(page), [], `${state}, ${tab}`);
      });
    }
    await page.context().close();
  });
}

/** What has the focus, and whether that is seen. */
const focused = (page) =>
  page.evaluate(() => {
    const { activeElement: element } = document;
    const { outlineStyle, outlineWidth } = getComputedStyle(element);
    const seen = element.localName === "iframe" || (outlineStyle !== "none" && parseFloat(outlineWidth) >= 2);
    return { what: element.id || element.closest("details")?.className || element.localName, seen };
  });

test("the page is used by keyboard alone, in the order in which it is read", async () => {
  const page = await openPage(browser, pages);
  const order = [];
  for (let step = 0; step < 8; step++) {
    await page.keyboard.press("Tab");
    const { what, seen } = await focused(page);
    order.push(what);
    assert.ok(seen, `focus is seen on ${what}`);
  }
  assert.deepEqual(order, ["promise", "credential", "keys", "fetching", "inspect", "clear", "example-token", "example-key"]);
  await page.keyboard.press("Shift+Tab");
  await page.keyboard.press("Enter");
  await verdict(page, "mathematics", "Holds").waitFor();
  await page.waitForFunction(() => document.activeElement.id === "results-title");
  for (let step = 0; step < 3; step++) await page.keyboard.press("Shift+Tab");
  assert.equal((await focused(page)).what, "clear");
  await page.keyboard.press("Space");
  await page.getByText("Nothing pasted yet").waitFor();
  assert.equal((await focused(page)).what, "credential");
  await page.keyboard.type(API_KEY.text);
  await verdict(page, "trust", "Not established").waitFor();
  await page.keyboard.press("Control+Enter");
  assert.equal((await focused(page)).what, "results-title");
  await page.context().close();
});

test("the tabs are one stop, arrows go through all of them, and every control in each is reached and seen", async () => {
  const page = await openPage(browser, pages);
  for (const state of ["good", "key"]) {
    await STATES[state](page);
    const ids = await Promise.all((await page.getByRole("tab").all()).map((tab) => tab.getAttribute("id")));
    await page.locator("[role=tab][tabindex='0']").focus();
    await page.keyboard.press("Home");
    for (const [place, id] of ids.entries()) {
      assert.deepEqual(await focused(page), { what: id, seen: true });
      const inside = page.locator(`#part-${id.replace("tab-", "")}`);
      await inside.waitFor();
      // Each control of the open tab in its turn, until the focus leaves it.
      const stops = await inside.evaluate((panel) => {
        const all = [...panel.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")];
        return all.filter((one) => one.checkVisibility() && !one.disabled && one.tabIndex >= 0 && one.type !== "radio").length;
      });
      await page.keyboard.press("Tab");
      const panelIsStop = await inside.evaluate((panel) => panel === document.activeElement);
      if (panelIsStop) await page.keyboard.press("Tab");
      let reached = 0;
      while (await inside.evaluate((panel) => panel.contains(document.activeElement))) {
        assert.ok((await focused(page)).seen, `focus is seen in ${id}`);
        reached += await inside.evaluate((panel) => Number(document.activeElement.type !== "radio"));
        assert.ok(reached <= stops + 1, `${id}: the focus is caught`);
        await page.keyboard.press("Tab");
      }
      assert.ok(reached >= stops, `${id}: ${reached} of ${stops} controls are reached`);
      await page.locator(`#${id}`).focus();
      await page.keyboard.press(place === ids.length - 1 ? "Home" : "ArrowRight");
    }
    assert.equal((await focused(page)).what, ids[0]);
  }
  await page.context().close();
});

test("the verdict is announced once, and an unchanged one is left alone", async () => {
  const page = await openPage(browser, pages);
  const { token, keys } = makeToken();
  await paste(page, token, keySet(keys));
  const status = page.locator("#announced");
  await status.getByText("The mathematics: holds.").waitFor({ state: "attached" });
  assert.deepEqual(await status.evaluate((element) => [element.getAttribute("role"), element.textContent.match(/The mathematics|The trust/g)]), ["status", ["The mathematics", "The trust"]]);
  await status.evaluate((element) => {
    window.changes = 0;
    new MutationObserver(() => (window.changes += 1)).observe(element, { subtree: true, childList: true, characterData: true });
  });
  // Another credential with the same verdict: what is in it changes and the status does not.
  const other = makeToken({ sub: "other" });
  await page.getByRole("tab", { name: "Contents" }).click();
  await page.getByLabel("Token or API key").fill(other.token);
  await page.getByLabel("Key set").fill(keySet(other.keys));
  await page.locator("#part-contents").getByText("other").first().waitFor();
  await status.getByText("The mathematics: holds.").waitFor({ state: "attached" });
  await page.getByRole("button", { name: "Look into it" }).click();
  const before = await page.evaluate(() => window.changes);
  await page.getByRole("button", { name: "Look into it" }).click();
  assert.equal(await page.evaluate(() => window.changes), before);
  await page.context().close();
});

test("headings go down one step at a time and landmarks frame the page", async () => {
  const page = await openPage(browser, pages);
  const check = async () => {
    const levels = await page.evaluate(() =>
      [...document.querySelectorAll("h1, h2, h3, h4, h5")].filter((heading) => heading.checkVisibility()).map((heading) => Number(heading.localName[1])),
    );
    assert.equal(levels[0], 1);
    levels.forEach((level, index) => assert.ok(index === 0 || (level > 1 && level <= levels[index - 1] + 1), levels.join()));
  };
  for (const reach of Object.values(STATES)) {
    await reach(page);
    await check();
    await everyTab(page, check);
  }
  for (const landmark of ["banner", "main", "contentinfo"]) assert.equal(await page.getByRole(landmark).count(), 1);
  await page.context().close();
});

// 320 CSS pixels are a 1280 px window at 400 % (WCAG 1.4.10).
test("nothing is wider than a phone, nor than a window at 400 %, in any tab", async () => {
  const page = await openPage(browser, pages, { context: { hasTouch: true } });
  for (const [state, reach] of Object.entries(STATES)) {
    await reach(page);
    const check = async (tab) => {
      await openAll(page);
      for (const width of [360, 320]) {
        await page.setViewportSize({ width, height: 640 });
        const widest = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(widest <= width, `${state}, ${tab} at ${width} px: ${widest} px`);
      }
    };
    await check("no tab");
    await everyTab(page, check);
  }
  await page.context().close();
});

test("who wants less motion gets none", async () => {
  const page = await openPage(browser, pages, { context: { reducedMotion: "reduce" } });
  for (const state of ["good", "key"]) {
    await STATES[state](page);
    await everyTab(page, async (tab) => {
      const moving = await page.evaluate(() => [
        ...document.getAnimations().map((animation) => animation.animationName ?? animation.transitionProperty),
        ...[...document.querySelectorAll("*")]
          .filter((element) => {
            const { transitionDuration, animationName } = getComputedStyle(element);
            return animationName !== "none" || transitionDuration.split(", ").some((duration) => parseFloat(duration) > 0);
          })
          .map((element) => element.outerHTML.slice(0, 80)),
      ]);
      assert.deepEqual(moving, [], tab);
    });
  }
  assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
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

test("in a browser without WebAssembly the page says so, and can be read", async () => {
  const context = await browser.newContext();
  await context.addInitScript("delete globalThis.WebAssembly");
  const page = await context.newPage();
  await page.goto(`${pages.base}/`);
  await page.locator("#verdicts").getByText("use a browser that runs WebAssembly").waitFor();
  await page.getByText("could not be started, so nothing can be checked here").waitFor();
  assert.ok(await page.getByRole("heading", { name: "An M2M token expires by itself" }).isVisible());
  await context.close();
});
