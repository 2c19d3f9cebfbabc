// What is pasted stays in the page, and is never anything but text.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, panel, paste, verdict } from "./helpers.mjs";

const www = (file) => readFileSync(new URL(`../../www/${file}`, import.meta.url), "utf8");

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

async function use(page) {
  const { token, keys } = makeToken({ iss: "https://issuer.example", picture: "https://images.example/p.png" });
  await paste(page, token, keySet(keys));
  await verdict(page, "mathematics", "Holds").waitFor();
  await paste(page, API_KEY.text);
  await panel(page, "Its parts").waitFor();
  await page.getByRole("button", { name: "a token" }).click();
  await verdict(page, "mathematics", "Holds").waitFor();
}

test("no request is made while the page is used, and nothing is kept", async () => {
  const page = await openPage(browser, pages);
  await page.evaluate(() => document.fonts.ready);
  const requests = [];
  page.context().on("request", (request) => requests.push(request.url()));
  const served = pages.requests.length;
  await use(page);
  assert.deepEqual(requests, []);
  assert.equal(pages.requests.length, served);
  const kept = await page.evaluate(async () => ({
    local: localStorage.length,
    session: sessionStorage.length,
    databases: (await indexedDB.databases()).length,
    caches: (await caches.keys()).length,
    cookies: document.cookie,
    history: history.length,
    address: location.pathname + location.search + location.hash,
    title: document.title.includes("eyJ"),
  }));
  assert.deepEqual(kept, {
    local: 0,
    session: 0,
    databases: 0,
    caches: 0,
    cookies: "",
    history: kept.history,
    address: "/",
    title: false,
  });
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the browser lets nothing out, even if the page's own script tried", async (t) => {
  const heard = [];
  const elsewhere = createServer((request, response) => {
    heard.push(request.url);
    response.writeHead(200, { "access-control-allow-origin": "*" }).end();
  });
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  t.after(() => elsewhere.close().closeAllConnections());
  const target = `http://127.0.0.1:${elsewhere.address().port}`;
  const page = await openPage(browser, pages);
  await paste(page, API_KEY.text);
  await panel(page, "Its parts").waitFor();
  const served = pages.requests.length;
  const outcome = await page.evaluate(async (target) => {
    const blocked = new Set();
    document.addEventListener("securitypolicyviolation", (event) => blocked.add(event.effectiveDirective));
    const failing = (element) =>
      new Promise((resolve) => {
        element.addEventListener("error", () => resolve("blocked"));
        element.addEventListener("load", () => resolve("loaded"));
        document.body.append(element);
      });
    const make = (name, attributes) => Object.assign(document.createElement(name), attributes);
    const answers = {
      fetch: await fetch(`${target}/fetch`).then(() => "sent", () => "blocked"),
      ownOrigin: await fetch("/index.html").then(() => "sent", () => "blocked"),
      ownImage: await failing(make("img", { src: "/icon.svg?carried" })),
      ownModule: await import("/words.js?carried").then(() => "sent", () => "blocked"),
      image: await failing(make("img", { src: `${target}/image` })),
      styles: await failing(make("link", { rel: "stylesheet", href: `${target}/style` })),
    };
    navigator.sendBeacon(`${target}/beacon`, "x");
    answers.socket = await new Promise((resolve) => {
      try {
        const socket = new WebSocket(`${target.replace("http", "ws")}/socket`);
        socket.onerror = () => resolve("blocked");
        socket.onopen = () => resolve("sent");
      } catch {
        resolve("blocked");
      }
    });
    const form = make("form", { action: `${target}/form`, method: "post" });
    document.body.append(form);
    form.submit();
    document.body.append(make("iframe", { src: `${target}/frame` }));
    const sinks = {};
    for (const [name, sink] of [
      ["innerHTML", () => (make("div").innerHTML = "<b>x</b>")],
      ["script", () => (make("script").src = `${target}/script`)],
      ["eval", () => eval("1")],
      ["policy", () => trustedTypes.createPolicy("any", {})],
    ]) {
      try {
        sink();
        sinks[name] = "done";
      } catch {
        sinks[name] = "refused";
      }
    }
    while (!["frame-src", "form-action"].every((directive) => blocked.has(directive))) {
      await new Promise((resolve) => document.addEventListener("securitypolicyviolation", resolve, { once: true }));
    }
    return { answers, sinks };
  }, target);
  for (const [road, end] of Object.entries(outcome.answers)) assert.equal(end, "blocked", road);
  assert.deepEqual(outcome.sinks, { innerHTML: "refused", script: "refused", eval: "refused", policy: "refused" });
  assert.deepEqual(heard, []);
  assert.equal(pages.requests.length, served);
  await page.context().close();
});

test("the policy holds from a server that sends no headers too", () => {
  const [, inPage] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(www("index.html"));
  const [, inHeader] = /Content-Security-Policy: (.+)/.exec(www("_headers"));
  const directives = (text) => text.split(";").map((directive) => directive.trim());
  // A <meta> cannot say who may frame the page; all else is the same.
  assert.deepEqual(directives(inPage), directives(inHeader).filter((directive) => !directive.startsWith("frame-ancestors")));
  assert.ok(directives(inHeader).includes("frame-ancestors 'none'"));
  for (const needed of ["default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'"]) {
    assert.ok(directives(inPage).includes(needed), needed);
  }
});

test("markup in claims and ids is text, and nothing of it runs", async () => {
  const page = await openPage(browser, pages, { script: "window.ran = 0;" });
  const attack = '</span></pre><img src=x onerror="window.ran++"><script>window.ran++</script><style>*{display:none}</style>';
  const { token, keys } = makeToken({ iss: attack, [attack]: 1 }, { typ: attack });
  const [key] = keys;
  await paste(page, token, keySet([key, { ...key, kid: attack, use: "enc" }]));
  await verdict(page, "mathematics", "Holds").waitFor();
  assert.ok((await panel(page, "Payload").textContent()).includes(JSON.stringify(attack)));
  assert.ok((await panel(page, "Signature and key").textContent()).includes(`${attack}: not meant`));
  assert.equal(await page.locator("main img, main script, main style").count(), 0);
  assert.equal(await page.evaluate(() => window.ran), 0);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("what is invisible or turns text around is drawn as its code point", async () => {
  const page = await openPage(browser, pages);
  const { token, keys } = makeToken({ sub: "a\u202Eb\u200Bc\u0085d\u{E0041}e שלום", kid: "x" }, { kid: "k\u2066" });
  await paste(page, token, keySet([{ ...keys[0], kid: "k\u2066" }]));
  await verdict(page, "mathematics", "Holds").waitFor();
  const payload = await panel(page, "Payload").textContent();
  assert.match(payload, /"aU\+202EbU\+200BcU\+0085dU\+E0041e שלום"/);
  assert.match(await panel(page, "Signature and key").textContent(), /kU\+2066/);
  const everything = await page.evaluate(() => document.querySelector("main").textContent);
  assert.doesNotMatch(everything, /[\u202A-\u202E\u2066-\u2069\u200B]/);
  const isolated = await panel(page, "Payload").locator(".string", { hasText: "שלום" }).evaluate((element) => {
    const { direction, unicodeBidi } = getComputedStyle(element);
    return [direction, unicodeBidi];
  });
  assert.deepEqual(isolated, ["ltr", "isolate"]);
  await page.context().close();
});

test("binary garbage and hostile nesting leave the page standing", async () => {
  const page = await openPage(browser, pages);
  const deep = Buffer.from("[".repeat(20_000)).toString("base64url");
  await paste(page, `${Buffer.from([0, 255, 254, 1, 127, 10]).toString("base64url")}.${deep}.AA`);
  await page.getByText("header_invalid").waitFor();
  assert.match(await panel(page, "Header").textContent(), /U\+0000/);
  assert.ok((await panel(page, "Payload").textContent()).length < 2_000_000);
  await paste(page, "\u0000.\u{10FFFF}.\uD800");
  await page.getByText("token_malformed").waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
