// What is pasted stays in the page, and is never anything but text.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, paste, segment, tamper, verdict } from "./helpers.mjs";
import { BUILT, everyTab, filesUnder, kept } from "./walk.mjs";

const www = (file) => readFileSync(new URL(`../../www/${file}`, import.meta.url), "utf8");

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

const FILES = /^offline\.js$|^_|^keys\//;

/** What a browser keeps of the page: all of it but what only the server reads, the frame, and the worker that keeps it. */
const keptFiles = () => filesUnder("").filter((file) => !FILES.test(file)).map((file) => (file === "index.html" ? "" : file)).sort();

async function use(page) {
  const { token, keys } = makeToken({ iss: "https://issuer.example", picture: "https://images.example/p.png" });
  await paste(page, token, keySet(keys));
  await verdict(page, "mathematics", "Holds").waitFor();
  await everyTab(page);
  await paste(page, API_KEY.text);
  await verdict(page, "trust", "Not established").getByText("Only the store").waitFor();
  await everyTab(page);
  await page.getByRole("button", { name: "a token", exact: true }).click();
  await verdict(page, "mathematics", "Holds").waitFor();
  return [token, keys[0].x, API_KEY.text, API_KEY.secret, API_KEY.id];
}

test("no request is made while the page is used, and nothing is kept of what was pasted", async () => {
  const page = await openPage(browser, pages);
  await page.evaluate(() => document.fonts.ready);
  await kept(page);
  const requests = [];
  page.context().on("request", (request) => requests.push(request.url()));
  const served = pages.requests.length;
  const pasted = await use(page);
  assert.deepEqual(requests, []);
  assert.equal(pages.requests.length, served);
  const left = await page.evaluate(async () => {
    const files = {};
    for (const name of await caches.keys()) {
      const cache = await caches.open(name);
      for (const request of await cache.keys()) files[request.url] = await (await cache.match(request)).text();
    }
    return {
      files,
      local: localStorage.length,
      session: sessionStorage.length,
      databases: (await indexedDB.databases()).length,
      cookies: document.cookie,
      address: location.pathname + location.search + location.hash,
      state: history.state,
      name: window.name,
      title: document.title,
    };
  });
  const { files, title, ...rest } = left;
  assert.deepEqual(rest, { local: 0, session: 0, databases: 0, cookies: "", address: "/", state: null, name: "" });
  // The page's own files, byte for byte, and nothing beside them.
  assert.deepEqual(Object.keys(files).sort(), keptFiles().map((file) => `${pages.base}/${file}`));
  for (const [url, text] of Object.entries(files)) {
    const file = new URL(url).pathname.slice(1) || "index.html";
    assert.ok(text === readFileSync(new URL(file, BUILT), "utf8"), `${file} is kept as it is`);
  }
  for (const secret of pasted) assert.ok(!title.includes(secret) && !JSON.stringify(rest).includes(secret));
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

/** A server elsewhere that hears whatever reaches it, down to a connection; and a socket that hears datagrams. */
async function elsewhere(t) {
  const heard = [];
  const server = createServer((request, response) => {
    heard.push(request.url);
    response.writeHead(200, { "access-control-allow-origin": "*", "cross-origin-resource-policy": "cross-origin" }).end();
  });
  server.on("connection", () => heard.push("a connection"));
  const socket = createSocket("udp4").on("message", () => heard.push("a datagram"));
  await Promise.all([
    new Promise((resolve) => server.listen(0, "127.0.0.1", resolve)),
    new Promise((resolve) => socket.bind(0, "127.0.0.1", resolve)),
  ]);
  t.after(() => {
    socket.close();
    server.close().closeAllConnections();
  });
  return { heard, target: `http://127.0.0.1:${server.address().port}`, udp: socket.address().port };
}

/** Every road out that a script could take. Run in the page; answers what became of each. */
async function tryRoads({ target, udp }) {
  const make = (name, attributes) => Object.assign(document.createElement(name), attributes);
  const settled = (element, place = document.body) =>
    new Promise((resolve, reject) => {
      for (const event of ["load", "loadeddata"]) element.addEventListener(event, resolve);
      element.addEventListener("error", reject);
      place.append(element);
    });
  const socket = (one) =>
    new Promise((resolve, reject) => {
      one.onopen = resolve;
      one.onerror = reject;
    });
  const refusedBy = (directive, act) =>
    new Promise((resolve, reject) => {
      document.addEventListener("securitypolicyviolation", function hear(event) {
        if (event.effectiveDirective !== directive) return;
        document.removeEventListener("securitypolicyviolation", hear);
        reject(new Error(directive));
      });
      act();
    });
  const blank = make("iframe", {});
  document.body.append(blank);
  const roads = {
    fetch: () => fetch(`${target}/fetch`),
    opaque: () => fetch(`${target}/opaque`, { mode: "no-cors", keepalive: true }),
    own: () => fetch("index.html"),
    later: () => refusedBy("connect-src", () => fetchLater(`${target}/later`, { activateAfter: 0 })),
    request: () => settled(Object.assign(new XMLHttpRequest(), {}), { append: (one) => (one.open("GET", `${target}/xhr`), one.send()) }),
    ofAnEmptyFrame: () => blank.contentWindow.fetch(`${target}/blank`),
    image: () => settled(make("img", { src: `${target}/image` })),
    ownImage: () => settled(make("img", { src: "icon.svg?carried" })),
    ownImagePlain: () => settled(make("img", { src: "icon.svg" })),
    imageSet: () => settled(make("img", { srcset: `${target}/set 2x` })),
    ownModule: () => import("/words.js?carried"),
    module: () => import(`${target}/module`),
    styles: () => settled(make("link", { rel: "stylesheet", href: `${target}/style` })),
    ownStyles: () => settled(make("link", { rel: "stylesheet", href: "style.css?carried" })),
    inStyles: () => refusedBy("img-src", () => document.body.style.setProperty("background-image", `url(${target}/css)`)),
    ofASheet: () => {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(`main { background-image: url(${target}/sheet) }`);
      return refusedBy("img-src", () => document.adoptedStyleSheets.push(sheet));
    },
    font: () => new FontFace("f", `url(${target}/font)`).load(),
    media: () => settled(make("audio", { src: `${target}/media`, preload: "auto" })),
    track: () => settled(make("video", { poster: `${target}/poster`, src: `${target}/video` })),
    object: () => (document.body.append(make("object", { data: `${target}/object` })), undefined),
    embed: () => (document.body.append(make("embed", { src: `${target}/embed` })), undefined),
    frame: () => refusedBy("frame-src", () => document.body.append(make("iframe", { src: `${target}/frame` }))),
    ownFrame: () => refusedBy("frame-src", () => document.body.append(make("iframe", { src: "keys/?carried" }))),
    keysFrame: () => refusedBy("frame-src", () => (document.getElementById("fetching").src = "keys/?carried")),
    prefetch: () => refusedBy("default-src", () => document.head.append(make("link", { rel: "prefetch", href: `${target}/prefetch` }))),
    preload: () => refusedBy("img-src", () => document.head.append(make("link", { rel: "preload", as: "image", href: `${target}/preload` }))),
    modulepreload: () => settled(make("link", { rel: "modulepreload", href: `${target}/modulepreload` }), document.head),
    icon: () => refusedBy("img-src", () => document.head.append(make("link", { rel: "icon", href: `${target}/icon` }))),
    ping: () => refusedBy("connect-src", () => make("a", { href: "#ping", ping: `${target}/ping` }).click()),
    beacon: () => refusedBy("connect-src", () => navigator.sendBeacon(`${target}/beacon`, "x")),
    form: () => {
      const form = make("form", { action: `${target}/form`, method: "post" });
      document.body.append(form);
      return refusedBy("form-action", () => form.submit());
    },
    events: () => socket(new EventSource(`${target}/events`)),
    socket: () => socket(new WebSocket(`${target.replace("http", "ws")}/socket`)),
    transport: () => new WebTransport(`${target.replace("http", "https")}/transport`).ready,
    worker: () => void new Worker("/words.js"),
    blobWorker: () => void new Worker(URL.createObjectURL(new Blob([`fetch("${target}/worker")`]))),
    sharedWorker: () => void new SharedWorker("/words.js"),
    otherKeeper: () => navigator.serviceWorker.register("words.js"),
    speculation: () => void document.head.append(make("script", { type: "speculationrules", textContent: `{"prefetch":[{"source":"list","urls":["${target}/rules"]}]}` })),
    refresh: () => void document.head.append(make("meta", { httpEquiv: "refresh", content: "" })),
    peer: async () => {
      const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:127.0.0.1:${udp}` }] });
      peer.createDataChannel("x");
      const gathered = new Promise((resolve) => peer.addEventListener("icegatheringstatechange", () => peer.iceGatheringState === "complete" && resolve()));
      await peer.setLocalDescription(await peer.createOffer());
      await gathered;
    },
    html: () => void (make("div").innerHTML = "<b>x</b>"),
    script: () => void (make("script").src = `${target}/script`),
    evaluated: () => void eval("1"),
    anyPolicy: () => void trustedTypes.createPolicy("any", {}),
    ownPolicyAgain: () => void trustedTypes.createPolicy("offline", { createScriptURL: (url) => url }),
  };
  const ends = {};
  for (const [road, go] of Object.entries(roads)) {
    try {
      await go();
      ends[road] = "open";
    } catch {
      ends[road] = "shut";
    }
  }
  blank.remove();
  return ends;
}

test("the browser lets nothing out, even if the page's own script tried", async (t) => {
  const { heard, target, udp } = await elsewhere(t);
  const page = await openPage(browser, pages);
  await kept(page);
  await paste(page, API_KEY.text);
  await verdict(page, "trust", "Not established").waitFor();
  const served = pages.requests.length;
  const { peer, refresh, ...ends } = await page.evaluate(tryRoads, { target, udp });
  for (const [road, end] of Object.entries(ends)) assert.equal(end, "shut", road);
  // A peer may be asked for and finds no way; an empty refresh is none.
  assert.deepEqual([peer, refresh], ["open", "open"]);
  assert.deepEqual(heard, []);
  assert.deepEqual(pages.requests.slice(served), []);
  // Not even by going there.
  await page.evaluate((target) => void open(`${target}/window`), target);
  await page.evaluate((target) => void (location.href = `${target}/away`), target);
  await page.waitForURL("chrome-error://**");
  assert.deepEqual(heard, []);
  await page.context().close();
});

test("from a server that sends no headers, the page's own policy shuts the same roads but those that only a header can", async (t) => {
  const plain = await servePages({ headers: false });
  t.after(() => plain.stop());
  const { heard, target, udp } = await elsewhere(t);
  const page = await openPage(browser, plain);
  await kept(page);
  await paste(page, API_KEY.text);
  await verdict(page, "trust", "Not established").waitFor();
  const served = plain.requests.length;
  const ends = await page.evaluate(tryRoads, { target, udp });
  const open = Object.keys(ends).filter((road) => ends[road] === "open");
  assert.deepEqual(open, ["refresh", "peer"]);
  // A host may be looked up and connected to, which only the header can forbid as well; nothing is asked of it.
  assert.deepEqual(heard.filter((one) => one.startsWith("/")), []);
  assert.deepEqual(plain.requests.slice(served), []);
  await page.context().close();
});

test("links to the standards still lead there, and every one of them may", async () => {
  const page = await openPage(browser, pages);
  await page.context().route("https://www.rfc-editor.org/**", (route) => route.fulfill({ contentType: "text/html", body: "the standard" }));
  const [opened] = await Promise.all([page.context().waitForEvent("page"), page.getByRole("link", { name: "RFC 7519" }).click()]);
  await opened.getByText("the standard").waitFor();
  const [, allowed] = /Connection-Allowlist: \(response-origin ([^)]+)\)/.exec(www("_headers"));
  const patterns = allowed.split(" ").map((pattern) => pattern.slice(1, -2));
  // Whatever host is named anywhere in the page but in comments; those of examples and of a namespace lead nowhere.
  for (const file of filesUnder("").filter((file) => /\.(?:js|html)$/.test(file) && !file.startsWith("edgeward/"))) {
    const text = readFileSync(new URL(file, BUILT), "utf8").replaceAll(/^\s*(?:\/\/|\*|\/\*).*/gm, "");
    for (const [link, host] of text.matchAll(/https?:\/\/([\w-]+(?:\.[\w-]+)+)\/?/g)) {
      if (/\.example$/.test(host) || host === "www.w3.org") continue;
      assert.ok(patterns.includes(link), `${file}: ${link} is not in Connection-Allowlist`);
    }
  }
  await page.context().close();
});

test("each policy is the same in the header and in the page, for servers that send none", () => {
  const directives = (text) => text.split(";").map((directive) => directive.trim());
  const policies = [...www("_headers").matchAll(/^ {2}Content-Security-Policy: (.+)/gm)].map(([, policy]) => directives(policy));
  for (const [index, file] of ["index.html", "keys/index.html"].entries()) {
    const [, inPage] = /http-equiv="Content-Security-Policy" content="([^"]+)"/.exec(www(file));
    // A <meta> can say neither who may frame a page nor what its sandbox is; all else is the same.
    const sayable = policies[index].filter((directive) => !/^(?:frame-ancestors|sandbox) /.test(directive));
    assert.deepEqual(directives(inPage), sayable, file);
    for (const needed of ["default-src 'none'", "form-action 'none'", "base-uri 'none'", "require-trusted-types-for 'script'"]) {
      assert.ok(sayable.includes(needed), `${file}: ${needed}`);
    }
  }
  assert.ok(policies[0].includes("connect-src 'none'") && policies[0].includes("frame-ancestors 'none'"));
  assert.ok(policies[1].includes("sandbox allow-scripts") && policies[1].includes("frame-ancestors 'self'"));
});

test("markup in claims and ids is text, and nothing of it runs", async () => {
  const page = await openPage(browser, pages, { script: "window.ran = 0;" });
  const attack = '</span></pre><img src=x onerror="window.ran++"><script>window.ran++</script><style>*{display:none}</style>';
  const { token, keys } = makeToken({ iss: attack, [attack]: 1 }, { typ: attack });
  const [key] = keys;
  await paste(page, token, keySet([key, { ...key, kid: attack, use: "enc" }]));
  await verdict(page, "mathematics", "Holds").waitFor();
  const said = await everyTab(page, async () => {
    assert.equal(await page.locator("main img, main script, main style").count(), 0);
  });
  assert.ok(Object.values(said).some((text) => text.includes("<script>window.ran++</script>")));
  assert.equal(await page.evaluate(() => window.ran), 0);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("what is invisible or turns text around is drawn as its code point", async () => {
  const page = await openPage(browser, pages);
  const { token, keys } = makeToken({ sub: "a\u202Eb\u200Bc\u0085d\u{E0041}e שלום", kid: "x" }, { kid: "k\u2066" });
  await paste(page, token, keySet([{ ...keys[0], kid: "k\u2066" }]));
  await verdict(page, "mathematics", "Holds").waitFor();
  const said = await everyTab(page, async () => {
    const everything = await page.evaluate(() => document.querySelector("main").textContent);
    assert.doesNotMatch(everything, /[\u202A-\u202E\u2066-\u2069\u200B]/);
  });
  for (const drawn of ["U+202E", "U+200B", "U+0085", "U+E0041", "U+2066"]) assert.ok(said.contents.includes(drawn), drawn);
  await page.context().close();
});

test("binary garbage and hostile nesting leave the page standing", async () => {
  const page = await openPage(browser, pages);
  const deep = Buffer.from("[".repeat(20_000)).toString("base64url");
  await paste(page, `${Buffer.from([0, 255, 254, 1, 127, 10]).toString("base64url")}.${deep}.AA`);
  await verdict(page, "mathematics", "Not checked").getByText("header_invalid").waitFor();
  const said = await everyTab(page);
  assert.match(said.contents, /U\+0000/);
  assert.ok(said.contents.length < 2_000_000);
  await paste(page, "\u0000.\u{10FFFF}.\uD800");
  await page.locator(".verdict").getByText("token_malformed").waitFor();
  await everyTab(page);
  const noise = Buffer.from(Array.from({ length: 60_000 }, (_, index) => 128 + ((index * 7919) % 128))).toString("latin1");
  await paste(page, noise);
  await page.locator(".verdict").getByText("neither class").waitFor();
  await paste(page, tamper(makeToken().token));
  await page.locator(".verdict").getByText("No key set was pasted").waitFor();
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a token of a megabyte and one with a signature of many kilobytes leave the page quick", async () => {
  const page = await openPage(browser, pages);
  const tokens = {
    megabyte: `${segment({ alg: "ES256" })}.${segment({ fill: "x".repeat(780_000) })}.AA`,
    signature: `${segment({ alg: "ML-DSA-65" })}.${segment({ sub: "s", list: Array.from({ length: 900 }, (_, n) => `v${n}`) })}.${"A".repeat(4412)}`,
  };
  for (const [name, token] of Object.entries(tokens)) {
    await paste(page, token);
    await page.locator(".verdict").first().waitFor();
    await everyTab(page, async (tab) => {
      // From a press until the next frame is drawn.
      const took = await page.evaluate(async (tab) => {
        const started = performance.now();
        document.getElementById(`tab-${tab}`).click();
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        return performance.now() - started;
      }, tab);
      assert.ok(took < 2000, `${name}, ${tab}: ${took} ms`);
    });
  }
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});
