// Pictures of the page for people to look at, not a test: every tab of every kind of credential, at desk and at phone width,
// light and dark, in target/edgeward/screens.
//
//   node tests/page/screens.mjs [tab ...]
import { mkdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, paste, tamper } from "./helpers.mjs";

const OUT = fileURLToPath(new URL("../../target/edgeward/screens/", import.meta.url));
const asked = process.argv.slice(2);

const { token, keys } = makeToken({ aud: "https://api.example", scope: "reports:read", jti: "0193f1" });
const STATES = {
  empty: () => {},
  token: (page) => paste(page, token, keySet([...keys, { ...keys[0], kid: "older", use: "enc" }])),
  tampered: (page) => paste(page, tamper(token), keySet(keys)),
  key: (page) => paste(page, API_KEY.text),
  garbage: (page) => paste(page, "\u0000\u202E neither the one nor the other"),
};
const SIZES = { desk: { width: 1280, height: 900 }, phone: { width: 360, height: 740 } };

mkdirSync(OUT, { recursive: true });
const [pages, browser] = await Promise.all([servePages(), startBrowser()]);
let pictures = 0;
const picture = async (page, name) => {
  await page.screenshot({ path: `${OUT}${name}.png`, fullPage: true });
  pictures++;
};
for (const [size, viewport] of Object.entries(SIZES)) {
  for (const colorScheme of ["light", "dark"]) {
    const page = await openPage(browser, pages, { context: { viewport, colorScheme, reducedMotion: "reduce" } });
    for (const [state, reach] of Object.entries(STATES)) {
      await reach(page);
      // At once, where typing would be waited for.
      await page.getByRole("button", { name: "Look into it" }).click();
      const name = (what) => `${state}-${what}-${size}-${colorScheme}`;
      const tabs = await page.getByRole("tab").all();
      if (tabs.length === 0) await picture(page, name("alone"));
      for (const tab of tabs) {
        const id = (await tab.getAttribute("id")).replace("tab-", "");
        if (asked.length > 0 && !asked.includes(id)) continue;
        await tab.click();
        await picture(page, name(id));
      }
    }
    // What is behind a summary, and the frame.
    await page.getByRole("button", { name: "Clear" }).click();
    await page.locator(".promise summary").click();
    await page.locator(".fetching summary").click();
    await page.frames().at(-1).getByRole("button", { name: "Fetch its keys" }).waitFor();
    await picture(page, `promise-and-frame-${size}-${colorScheme}`);
    for (const trouble of page.troubles) console.error(trouble);
    await page.context().close();
  }
}
await browser.close();
await pages.stop();
console.log(`${pictures} pictures in target/edgeward/screens`);
