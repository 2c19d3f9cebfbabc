// Going through the whole page: every tab that there is, and every file that it is made of.
import { readdirSync } from "node:fs";

/** What was built. */
export const BUILT = new URL("../../dist/www/", import.meta.url);

/** The files under a directory of the page, by their paths in it. */
export function filesUnder(directory) {
  return readdirSync(new URL(directory, BUILT), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll("//", "/").slice(BUILT.pathname.length));
}

/** Opens each tab in turn, calls `look` with its id, and answers what each says. */
export async function everyTab(page, look = () => {}) {
  const said = {};
  for (const tab of await page.getByRole("tab").all()) {
    await tab.click();
    const id = (await tab.getAttribute("id")).replace("tab-", "");
    await look(id);
    said[id] = await page.locator(`#part-${id}`).textContent();
  }
  return said;
}

/** Waits until the browser has kept the page. */
export async function kept(page) {
  await page.evaluate(async () => {
    const { active, installing } = await navigator.serviceWorker.ready;
    const worker = active ?? installing;
    while (worker.state !== "activated") await new Promise((resolve) => worker.addEventListener("statechange", resolve, { once: true }));
  });
}
