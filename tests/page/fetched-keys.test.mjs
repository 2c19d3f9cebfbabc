// Keys are fetched by a frame that reaches the network and cannot be told anything, least of all what was pasted.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:https";
import { createServer as createPlainServer } from "node:http";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { certificate } from "../support/certificate.mjs";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, paste, verdict } from "./helpers.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

/** An issuer by https whose answers are given by path: a text, or what answers by itself. Requests are kept with their headers. */
async function startIssuer(t, answers, headers = { "access-control-allow-origin": "*" }) {
  const requests = [];
  const server = createServer(certificate("issuer.example"), (request, response) => {
    requests.push({ url: request.url, headers: request.headers });
    const answer = answers[request.url];
    if (typeof answer === "function") return answer(response);
    response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json", ...headers }).end(answer);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close().closeAllConnections());
  return { base: `https://127.0.0.1:${server.address().port}`, requests };
}

/** The page with the frame open. */
async function open(options = {}) {
  const page = await openPage(browser, options.pages ?? pages, { ...options, context: { ignoreHTTPSErrors: true, ...options.context } });
  await page.getByText("Fetch the keys of an issuer").click();
  const frame = page.frames().find((one) => one.url().endsWith("/keys/"));
  await page.locator("#fetching").waitFor();
  return { page, frame };
}

async function fetchFrom(frame, address) {
  await frame.getByLabel("Address of the issuer").fill(address);
  // Not by its place: the frame grows with what it says, and a press would land where the button was.
  await frame.getByRole("button", { name: "Fetch its keys" }).dispatchEvent("click");
}

const said = (frame) => frame.getByRole("status").textContent();

test("an issuer's keys are found by its metadata, after a token was pasted, and check it", async (t) => {
  const { token, keys } = makeToken();
  const answers = { "/keys.json": keySet(keys) };
  const issuer = await startIssuer(t, answers);
  answers["/.well-known/openid-configuration"] = JSON.stringify({ issuer: issuer.base, jwks_uri: `${issuer.base}/keys.json` });
  const { page, frame } = await open();
  await paste(page, token);
  await verdict(page, "mathematics", "Not checked").waitFor();
  await fetchFrom(frame, issuer.base);
  await verdict(page, "mathematics", "Holds").waitFor();
  assert.equal(await page.getByLabel("Key set").inputValue(), keySet(keys));
  assert.match(await said(frame), /^1 key from https:\/\/127\.0\.0\.1:\d+\/keys\.json, now in the field\.$/);
  assert.deepEqual(issuer.requests.map(({ url }) => url), ["/.well-known/openid-configuration", "/keys.json"]);
  for (const { headers } of issuer.requests) {
    assert.deepEqual([headers.cookie, headers.referer, headers.authorization, headers.origin], [undefined, undefined, undefined, "null"]);
    assert.ok(!JSON.stringify(headers).includes(token.slice(0, 20)));
  }
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the address of a key set, of metadata, and of an issuer with a path or by RFC 8414 alone all lead there", async (t) => {
  const { keys } = makeToken();
  const answers = { "/keys": keySet(keys) };
  const { base } = await startIssuer(t, answers);
  const metadata = (issuer) => JSON.stringify({ issuer, jwks_uri: `${base}/keys` });
  answers["/tenant/.well-known/openid-configuration"] = metadata(`${base}/tenant`);
  answers["/.well-known/oauth-authorization-server"] = metadata(`${base}/`);
  answers["/.well-known/oauth-authorization-server/other"] = metadata(`${base}/other`);
  const { page, frame } = await open();
  for (const address of [`${base}/keys`, `${base}/tenant`, `${base}/tenant/`, base, `${base}/other`, `${base}/tenant/.well-known/openid-configuration`]) {
    await page.getByLabel("Key set").fill("");
    await fetchFrom(frame, ` ${address} `);
    await page.waitForFunction((keys) => document.getElementById("keys").value === keys, keySet(keys));
  }
  await page.context().close();
});

test("what cannot be had is explained, place by place, and the field stays as it is", async (t) => {
  const { keys } = makeToken();
  const plain = createPlainServer((_, response) => response.end(keySet(keys)));
  await new Promise((resolve) => plain.listen(0, "127.0.0.1", resolve));
  t.after(() => plain.close().closeAllConnections());
  const open_ = { "access-control-allow-origin": "*" };
  const answers = {
    "/html": "<html>",
    "/list": "[]",
    "/null": "null",
    "/long": " ".repeat(513 * 1024),
    "/latin": Buffer.from([0x7b, 0xff, 0x7d]),
    "/elsewhere": (response) => response.writeHead(302, { ...open_, location: `http://127.0.0.1:${plain.address().port}/` }).end(),
    "/broken": (response) => {
      response.writeHead(200, { ...open_, "content-length": "100" }).write("{");
      setImmediate(() => response.destroy());
    },
    "/http/.well-known/openid-configuration": (response) =>
      response.writeHead(200, open_).end(JSON.stringify({ issuer: `${issuer.base}/http`, jwks_uri: "http://issuer.example/keys" })),
    "/wrong/.well-known/openid-configuration": (response) =>
      response.writeHead(200, open_).end(JSON.stringify({ issuer: `${issuer.base}/other`, jwks_uri: `${issuer.base}/keys` })),
    "/keys": keySet(keys),
  };
  const issuer = await startIssuer(t, answers);
  const silent = await startIssuer(t, { "/keys": keySet(keys) }, {});
  const { page, frame } = await open();
  await page.getByLabel("Key set").fill("mine");
  for (const [address, words] of [
    ["http://issuer.example/keys", /Not asked: only https is asked/],
    ["https://user:pass@issuer.example/keys", /Not asked: an address with a name or a password/],
    ["issuer", /Not asked: this is no address/],
    ["javascript:alert(1)", /Not asked: only https/],
    [`${issuer.base}/nothing`, /nothing: it answers 404\./],
    [`${issuer.base}/html`, /html: what it answers is not JSON\./],
    [`${issuer.base}/list`, /neither a key set nor the metadata/],
    [`${issuer.base}/null`, /neither a key set nor the metadata/],
    [`${issuer.base}/long`, /more than 512 KiB/],
    [`${issuer.base}/latin`, /not UTF-8/],
    [`${issuer.base}/broken`, /broke off/],
    [`${issuer.base}/elsewhere`, /cannot be reached, or leads away from https/],
    [`${issuer.base}/http`, /only https is asked/],
    [`${issuer.base}/wrong`, /that of another issuer/],
    [`${silent.base}/keys`, /it answers, and does not allow pages to read what it says \(CORS\)/],
    ["https://127.0.0.1:1/keys", /cannot be reached/],
  ]) {
    await fetchFrom(frame, address);
    // By a timer: a frame that is out of sight is drawn no more.
    await frame.waitForFunction(() => !/^$|Asking/.test(document.getElementById("outcome").textContent), undefined, { polling: 50 });
    await frame.getByRole("status").getByText(words).first().waitFor();
    if (!/^Not asked/.test(await said(frame))) assert.match(await said(frame), /with curl or edgeward snapshot, and paste it\.$/);
    assert.equal(await page.getByLabel("Key set").inputValue(), "mine", address);
  }
  await page.context().close();
});

test("nothing that the page does tells the frame anything", async (t) => {
  const { keys } = makeToken();
  const issuer = await startIssuer(t, { "/keys": keySet(keys) });
  const { page, frame } = await open();
  const before = await frame.evaluate(() => document.documentElement.outerHTML);
  // Before anything was pasted its address could still be set, and it looks at none.
  await page.evaluate((address) => {
    const element = document.getElementById("fetching");
    element.name = address;
    element.src = `keys/?address=${address}#${address}`;
  }, `${issuer.base}/keys`);
  await page.waitForFunction(() => document.getElementById("fetching").contentWindow.length === 0);
  await frame.waitForURL("**/keys/?address=**");
  await frame.getByRole("button", { name: "Fetch its keys" }).waitFor();
  await paste(page, API_KEY.text);
  await verdict(page, "trust", "Not established").waitFor();
  await page.evaluate((address) => {
    const { contentWindow } = document.getElementById("fetching");
    for (const message of [address, { address }, { fetch: address }, { keySet: address }, new MessageChannel().port1.toString()]) {
      contentWindow.postMessage(message, "*");
    }
    contentWindow.postMessage("", "*", [new MessageChannel().port2]);
    try {
      contentWindow.location = `keys/?${address}`;
    } catch {}
  }, `${issuer.base}/keys`);
  // After a paste it cannot be sent anywhere.
  const blocked = await page.evaluate(
    () =>
      new Promise((resolve) => {
        document.addEventListener("securitypolicyviolation", (event) => event.effectiveDirective === "frame-src" && resolve(event.effectiveDirective));
        document.getElementById("fetching").src = "keys/?carried";
      }),
  );
  assert.equal(blocked, "frame-src");
  assert.ok(!pages.requests.some((url) => url.includes("carried")));
  assert.deepEqual(issuer.requests, []);
  assert.equal((await open()).frame.url().endsWith("/keys/"), true);
  assert.ok(before.includes("Address of the issuer"));
  await page.context().close();
});

test("the frame's script listens to no message and reads nothing that its embedder could set", () => {
  const source = readFileSync(new URL("../../www/keys/fetch.js", import.meta.url), "utf8").replaceAll(/^\s*(?:\/\/|\/\*\*).*/gm, "");
  const script = source.replaceAll(/"[^"\n]*"/g, '""');
  for (const road of [/message\b(?! \?)/i, /Channel|Worker/, /\b(?:location|name|window|self|globalThis|opener|top|history|frameElement|onstorage)\b/, /referrer(?!Policy)/, /document\.(?!getElementById|createElement|documentElement)/, /parent\.(?!postMessage)/, /storage/i, /import/, /eval|Function\(/]) {
    assert.doesNotMatch(script.replaceAll("error.message", "").replaceAll("parent.postMessage(", ""), road);
  }
  // What it hears: its own field and button, and its own size.
  assert.deepEqual([...source.matchAll(/addEventListener\("(\w+)"/g)].map(([, event]) => event), ["click", "keydown"]);
  const page = readFileSync(new URL("../../www/index.html", import.meta.url), "utf8");
  assert.match(page, /<iframe id="fetching" title="[^"]+" sandbox="allow-scripts" referrerpolicy="no-referrer" hidden><\/iframe>/);
});

test("the page takes keys from that frame alone, and nothing but a text of bounded length", async () => {
  const { page, frame } = await open();
  await page.evaluate(() => postMessage({ keySet: "of the page itself" }, "*"));
  await page.evaluate(() => {
    const blank = document.createElement("iframe");
    document.body.append(blank);
    window.dispatchEvent(new MessageEvent("message", { source: blank.contentWindow, data: { keySet: "of another frame" } }));
  });
  await frame.evaluate(() => {
    for (const message of [null, 1, "text", [], { keySet: 1 }, { keySet: ["x"] }, { keySet: "x".repeat(512 * 1024 + 1) }, { height: "9px" }, { height: 1e9 }, { height: -1 }, { height: 5.5 }]) {
      parent.postMessage(message, "*");
    }
    parent.postMessage({ keySet: "the last" }, "*");
  });
  await page.waitForFunction(() => document.getElementById("keys").value === "the last");
  const height = await page.locator("#fetching").evaluate((element) => element.getBoundingClientRect().height);
  assert.ok(height > 50 && height < 1000, `${height}`);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the frame is of no origin and keeps to its own policy, from any server", async (t) => {
  const plain = await servePages({ headers: false, under: "/some/where/" });
  t.after(() => plain.stop());
  for (const served of [pages, plain]) {
    const { page, frame } = await open({ pages: served });
    const ends = await frame.evaluate(async (base) => {
      const attempt = async (act) => {
        try {
          await act();
          return "done";
        } catch {
          return "refused";
        }
      };
      return {
        origin,
        page: await attempt(() => parent.document.body),
        storage: await attempt(() => localStorage.length),
        cookies: await attempt(() => document.cookie),
        plain: await attempt(() => fetch(`${base}/index.html`)),
        markup: await attempt(() => (document.createElement("div").innerHTML = "<b>x</b>")),
        away: await attempt(() => (top.location = "https://attacker.example/")),
      };
    }, served.base);
    assert.deepEqual(ends, { origin: "null", page: "refused", storage: "refused", cookies: "refused", plain: "refused", markup: "refused", away: "refused" });
    await page.context().close();
  }
});

test("opened by itself, the frame is of no origin either; and only the page may embed it", async (t) => {
  const page = await browser.newPage();
  await page.goto(`${pages.base}/keys/`);
  assert.equal(await page.evaluate(() => origin), "null");
  const stranger = createPlainServer((_, response) => {
    response.setHeader("content-type", "text/html");
    response.end(`<iframe src="${pages.base}/keys/"></iframe>`);
  });
  await new Promise((resolve) => stranger.listen(0, "127.0.0.1", resolve));
  t.after(() => stranger.close().closeAllConnections());
  const refused = page.waitForEvent("console", (message) => /frame-ancestors/.test(message.text()));
  await page.goto(`http://127.0.0.1:${stranger.address().port}/`);
  await refused;
  await page.close();
});

test("the frame is used by keyboard, follows the theme, fits a phone, and axe finds no barrier in it", async (t) => {
  const { keys } = makeToken();
  const issuer = await startIssuer(t, { "/keys": keySet(keys) });
  const grounds = [];
  for (const colorScheme of ["light", "dark"]) {
    const { page, frame } = await open({ context: { colorScheme, viewport: { width: 320, height: 640 } }, script: axe });
    await page.locator(".fetching summary").focus();
    await page.keyboard.press("Tab");
    // The frame is of another process, which learns of the focus a moment later.
    const reached = () => document.hasFocus() && document.activeElement.id === "address";
    await frame.waitForFunction(reached, undefined, { polling: 50 });
    await page.keyboard.type(`${issuer.base}/nothing`);
    await page.keyboard.press("Enter");
    await frame.getByRole("status").getByText("No keys were found.").waitFor();
    assert.equal(await frame.evaluate(() => document.activeElement.id), "address");
    const fits = await frame.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert.ok(fits, "nothing is wider than the frame");
    await frame.waitForFunction(() => document.documentElement.scrollHeight <= innerHeight);
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
    const violations = await frame.evaluate(async () => {
      const result = await window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], resultTypes: ["violations"] });
      return result.violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`);
    });
    assert.deepEqual(violations, [], colorScheme);
    grounds.push(await frame.evaluate(() => getComputedStyle(document.getElementById("address")).backgroundColor));
    await page.keyboard.press("Tab");
    assert.equal(await frame.evaluate(() => document.activeElement.id), "fetch");
    await page.context().close();
  }
  assert.notEqual(grounds[0], grounds[1]);
});
