// The page opens without a network, always as one version, and what keeps it answers for nothing else.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFileSync, cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { servePages, startBrowser } from "../support/pages.mjs";
import { keySet, makeToken, openPage, paste, verdict } from "./helpers.mjs";
import { BUILT, everyTab, filesUnder, kept } from "./walk.mjs";

let browser;
before(async () => {
  browser = await startBrowser();
});
after(() => browser.close());

const SOURCE = fileURLToPath(new URL("../../www/offline.js", import.meta.url));
const LIST = fileURLToPath(new URL("../../xtask/src/offline.mjs", import.meta.url));

/** A copy of the page that can be changed as a deployment would. */
function copyOfThePage(t) {
  const root = mkdtempSync(join(tmpdir(), "edgeward-page-"));
  t.after(() => rmSync(root, { recursive: true }));
  cpSync(fileURLToPath(BUILT), root, { recursive: true });
  const list = () => execFileSync(process.execPath, [LIST, root]);
  /** Marks the version in a script and a style sheet, which must never be seen apart. */
  const deploy = (version) => {
    appendFileSync(join(root, "words.js"), `\ndocument.documentElement.dataset.script = "${version}";\n`);
    appendFileSync(join(root, "style.css"), `\n:root { --version: ${version}; }\n`);
    cpSync(SOURCE, join(root, "offline.js"));
    list();
  };
  return { root, deploy };
}

const version = (page) =>
  page.evaluate(() => [document.documentElement.dataset.script, getComputedStyle(document.documentElement).getPropertyValue("--version")]);

async function ready(page) {
  await page.getByText("Nothing pasted yet").waitFor();
  return page;
}

for (const [where, options] of Object.entries({
  "as the edge serves it": {},
  "from a plain file server, in a directory": { headers: false, under: "/some/where/" },
})) {
  test(`after the first load everything works without a server, ${where}`, async () => {
    const pages = await servePages(options);
    const page = await openPage(browser, pages);
    await kept(page);
    await pages.stop();
    await page.reload();
    await ready(page);
    const { token, keys } = makeToken();
    await paste(page, token, keySet(keys));
    await verdict(page, "mathematics", "Holds").waitFor();
    await everyTab(page);
    await page.getByText("Fetch the keys of an issuer").click();
    await page.getByText("This part needs the network and did not load.").waitFor();
    assert.ok(await page.locator("#fetching").isHidden());
    // The policy of the edge is kept with the page.
    const sealed = await page.evaluate(() => fetch("https://attacker.example/").then(() => "sent", () => "blocked"));
    assert.equal(sealed, "blocked");
    assert.equal(await page.evaluate(() => crossOriginIsolated), options.headers !== false);
    await page.context().close();
  });
}

test("once kept, the page is answered from what was kept, and the server hears of nothing that is added to an address", async (t) => {
  const pages = await servePages();
  t.after(() => pages.stop());
  const page = await openPage(browser, pages);
  await kept(page);
  await page.reload();
  await ready(page);
  await page.locator("#fetching").waitFor({ state: "attached" });
  const served = pages.requests.length;
  const ends = await page.evaluate(async () => {
    const load = (src) =>
      new Promise((resolve) => {
        const image = new Image();
        image.onload = () => resolve("loaded");
        image.onerror = () => resolve("refused");
        image.src = src;
      });
    return [await load("icon.svg"), await load("icon.svg?carried"), await load("icon.svg?")];
  });
  assert.deepEqual(ends, ["loaded", "refused", "refused"]);
  const own = (url) => !url.startsWith("/keys/") && url !== "/style.css";
  assert.deepEqual(pages.requests.slice(served).filter(own), []);
  await page.goto(`${pages.base}/index.html`);
  await ready(page);
  assert.deepEqual(pages.requests.slice(served).filter(own).filter((url) => url !== "/offline.js"), []);
  // What is not the page's is left to the browser, as it was.
  await page.goto(`${pages.base}/v1/reports`);
  assert.ok(pages.requests.slice(served).includes("/v1/reports"));
  await page.context().close();
});

test("a new version is taken over whole at the next load, and the old one is forgotten", async (t) => {
  const { root, deploy } = copyOfThePage(t);
  deploy("1");
  const pages = await servePages({ root });
  t.after(() => pages.stop());
  const page = await openPage(browser, pages);
  await kept(page);
  await page.reload();
  await ready(page);
  assert.deepEqual(await version(page), ["1", "1"]);
  deploy("2");
  await page.reload();
  await ready(page);
  assert.deepEqual(await version(page), ["1", "1"], "the version that was kept opens at once");
  await page.evaluate(async () => {
    const registration = await navigator.serviceWorker.ready;
    await registration.update();
    const next = registration.installing ?? registration.waiting;
    while (next.state === "installing") await new Promise((resolve) => next.addEventListener("statechange", resolve, { once: true }));
  });
  assert.deepEqual(await version(page), ["1", "1"], "and is not changed under the hands of who uses it");
  await page.reload();
  await ready(page);
  assert.deepEqual(await version(page), ["2", "2"]);
  await page.evaluate(async () => {
    while ((await caches.keys()).length !== 1) await new Promise((resolve) => setTimeout(resolve));
  });
  await pages.stop();
  await page.reload();
  await ready(page);
  assert.deepEqual(await version(page), ["2", "2"]);
  await page.context().close();
});

test("a version of which a file is not the one that was built is not had at all", async (t) => {
  const { root, deploy } = copyOfThePage(t);
  deploy("1");
  appendFileSync(join(root, "words.js"), "\n// Changed on the way.\n");
  const pages = await servePages({ root });
  t.after(() => pages.stop());
  const script = `
    const { register } = ServiceWorkerContainer.prototype;
    ServiceWorkerContainer.prototype.register = function (...how) {
      return (window.registered = register.apply(this, how));
    };`;
  const page = await openPage(browser, pages, { script });
  const end = await page.evaluate(async () => {
    const { installing } = await window.registered;
    while (!["redundant", "activated"].includes(installing.state)) {
      await new Promise((resolve) => installing.addEventListener("statechange", resolve, { once: true }));
    }
    return { state: installing.state, caches: await caches.keys() };
  });
  assert.deepEqual(end, { state: "redundant", caches: [] });
  await page.context().close();
});

test("the list is of every file of the page but the frame's, and the version changes with any of them", (t) => {
  const { root, deploy } = copyOfThePage(t);
  const read = () => {
    const [, version, list] = /const \[VERSION, FILES\] = \["([^"]+)", (\{.*\})\];/.exec(readFileSync(join(root, "offline.js"), "utf8"));
    return { version, files: JSON.parse(list) };
  };
  deploy("1");
  const first = read();
  const expected = filesUnder("").filter((file) => !/^_|^keys\/|^offline\.js$/.test(file));
  assert.deepEqual(Object.keys(first.files).sort(), expected.map((file) => (file === "index.html" ? "./" : file)).sort());
  writeFileSync(join(root, "icon.svg"), "<svg xmlns='http://www.w3.org/2000/svg'/>");
  cpSync(SOURCE, join(root, "offline.js"));
  execFileSync(process.execPath, [LIST, root]);
  assert.notEqual(read().version, first.version);
  assert.throws(() => execFileSync(process.execPath, [LIST, root], { stdio: "pipe" }), /exactly one line/);
});

test("what was built has its list, and every module is asked for at once", () => {
  assert.match(readFileSync(new URL("offline.js", BUILT), "utf8"), /"sha256-/);
  const page = readFileSync(new URL("index.html", BUILT), "utf8");
  const preloaded = [...page.matchAll(/rel="modulepreload" href="([^"]+)"/g)].map(([, file]) => file);
  const modules = filesUnder("").filter((file) => file.endsWith(".js") && !/^(?:keys\/|offline\.js$|main\.js$)/.test(file));
  assert.deepEqual(preloaded.sort(), modules.sort());
});

test("opened as a file, the page can be read and says why it does no more", async () => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(pathToFileURL(fileURLToPath(new URL("index.html", BUILT))).href);
  await page.getByText("Opened as a file it never arrives").waitFor();
  assert.ok(await page.getByRole("heading", { name: "An API key stands until somebody ends it" }).isVisible());
  await page.context().close();
});
