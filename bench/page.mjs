// How soon the page is painted, and how soon it answers, in a browser that has never seen it and in one that keeps it.
//
//   node bench/page.mjs [--quick] [--json] [--write]
//
// It is served compressed, by HTTP/1.1 from this machine, over the network as it is and over one that is slowed down by the
// browser. A token and its key set are put into the fields as soon as there are any: the first verdict is that of somebody
// who is faster than the page. Shown is the median of the runs and the range of their middle half; with
// --write it is put into docs/page.md.
import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { servePages, startBrowser } from "../tests/support/pages.mjs";
import { keySet, makeToken } from "../tests/page/helpers.mjs";
import { kept } from "../tests/page/walk.mjs";
import { summarize } from "./measure.mjs";
import { load, machine, options, versionOf } from "./report.mjs";

/** What mobile networks give where they are slow: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back. */
const SLOW = { offline: false, latency: 150, downloadThroughput: 200_000, uploadThroughput: 93_750 };

/** Run in the page before its own scripts: pastes as soon as there is a field, and notes when the verdict is painted. */
function paste({ token, keys }) {
  window.answered = new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      const [credential, set] = [document.getElementById("credential"), document.getElementById("keys")];
      if (credential && set && credential.value === "") [credential.value, set.value] = [token, keys];
      if (!document.querySelector(".verdict")) return;
      observer.disconnect();
      requestAnimationFrame(() => setTimeout(() => resolve(performance.now())));
    }).observe(document, { childList: true, subtree: true });
  });
}

async function times(page) {
  const answered = await page.evaluate(() => window.answered);
  const painted = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0].startTime);
  return { painted, answered };
}

const cache = new Map();
/** As small as it gets, and made once for all runs. */
function encode(name, body) {
  if (!cache.has(name)) {
    cache.set(name, brotliCompressSync(body, { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24 } }));
  }
  return cache.get(name);
}

async function measure(browser, { runs, network, again }) {
  const samples = [];
  for (let run = 0; run < runs; run++) {
    const pages = await servePages({ encode });
    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } });
    const page = await context.newPage();
    if (network) await (await context.newCDPSession(page)).send("Network.emulateNetworkConditions", network);
    if (again) {
      await page.goto(`${pages.base}/`);
      await kept(page);
    }
    const { token, keys } = makeToken();
    await page.addInitScript(paste, { token, keys: keySet(keys) });
    await page.goto(`${pages.base}/`);
    samples.push(await times(page));
    await context.close();
    await pages.stop();
  }
  return Object.fromEntries(["painted", "answered"].map((what) => [what, summarize(samples.map((sample) => sample[what]))]));
}

const { quick, json, write } = options("quick", "json", "write");
const before = load();
const runs = quick ? 3 : 15;
const browser = await startBrowser();
const results = [];
for (const [name, how] of [
  ["first visit", {}],
  ["first visit, slow network", { network: SLOW }],
  ["later visit, kept by the browser", { again: true }],
]) {
  results.push({ name, ...(await measure(browser, { runs, ...how })) });
}
const about = { chromium: browser.version(), playwright: versionOf("playwright-core"), runs, machine: machine(before) };
await browser.close();

const { version } = JSON.parse(readFileSync(new URL("../dist/npm/package.json", import.meta.url), "utf8"));
const shown = ({ median, low, high }) => `${median.toFixed(0)} ms (${low.toFixed(0)} to ${high.toFixed(0)})`;
const table = [
  "| | first paint | first verdict |\n|---|---|---|",
  ...results.map(({ name, painted, answered }) => `| ${name} | ${shown(painted)} | ${shown(answered)} |`),
  `\nedgeward ${version}, Chromium ${about.chromium}, ${runs} runs each, ${about.machine.cpu}, ${about.machine.cores} cores, load ${about.machine.load.before} to ${about.machine.load.after}.`,
].join("\n");
console.log(json ? JSON.stringify({ edgeward: version, ...about, results }, null, 2) : table);
if (write) {
  const page = new URL("../docs/page.md", import.meta.url);
  const text = readFileSync(page, "utf8");
  const begin = "<!-- page-bench:begin -->";
  const [start, end] = [text.indexOf(begin) + begin.length, text.indexOf("<!-- page-bench:end -->")];
  if (end < start) throw new Error("docs/page.md has no place for the figures");
  writeFileSync(page, `${text.slice(0, start)}\n${table}\n${text.slice(end)}`);
}
