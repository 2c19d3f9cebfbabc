// The contents of a token: its characters, what they decode to, and which belongs to which.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { keySet, lendApp, makeToken, openPage, openTab, panel, paste, segment, verdict } from "./helpers.mjs";

let pages;
let browser;
let shared;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  shared = await openPage(browser, pages, { before: lendApp, context: { permissions: ["clipboard-read", "clipboard-write"] } });
});
after(() => Promise.all([browser.close(), pages.stop()]));

function story(name, tell) {
  test(name, async () => {
    shared.troubles.length = 0;
    await shared.getByRole("button", { name: "Clear" }).click();
    await shared.getByText("Nothing pasted yet").waitFor();
    await shared.mouse.move(0, 0);
    await tell(shared);
    assert.deepEqual(shared.troubles, []);
  });
}

/** Pastes a credential and opens its contents. */
async function see(page, credential, keys = "") {
  await paste(page, credential, keys);
  await page.waitForFunction((credential) => app.state().report && app.state().credential === credential, credential);
  await openTab(page, "Contents");
}

const member = (page, part, name) => panel(page, part).getByRole("button", { name, exact: true });
/** The characters that are lit, in one text. */
const lit = (page) => page.locator(".characters .on").evaluateAll((pieces) => pieces.map((piece) => piece.textContent).join(""));
const where = (page) => page.locator("#where").textContent();

/** A member with its neighbours taken by its place in the report, as the token writes it. */
async function spanOf(page, place, pointer) {
  return page.evaluate(([place, pointer]) => app.state().report.token[place].spans.find((span) => span.pointer === pointer), [place, pointer]);
}

story("coming to a member lights exactly the characters that hold it, and says which they are", async (page) => {
  const { token } = makeToken({ sub: "nightly-report", nested: { deep: ["é", { "a/b": 1 }] }, last: true });
  await see(page, token);
  for (const [place, part, pointer, name] of [
    ["header", "Header", "/kid", "kid"],
    ["payload", "Payload", "/sub", "sub"],
    ["payload", "Payload", "/nested", "nested"],
    ["payload", "Payload", "/nested/deep/0", "/nested/deep/0"],
    ["payload", "Payload", "/nested/deep/1/a~1b", "/nested/deep/1/a~1b"],
    ["payload", "Payload", "/last", "last"],
  ]) {
    await member(page, part, name).focus();
    const { characters: [from, to], bytes } = await spanOf(page, place, pointer);
    assert.equal(await lit(page), token.slice(from, to), pointer);
    assert.equal(await where(page), `${pointer}: characters ${from + 1} to ${to} of the token, bytes ${bytes[0] + 1} to ${bytes[1]} of the decoded ${place}.`);
    // What is lit decodes to the member: the core's places are right, and so is what is drawn of them.
    const start = place === "header" ? 0 : token.indexOf(".") + 1;
    const decoded = Buffer.from(token.slice(start).split(".")[0], "base64url").subarray(...bytes).toString();
    assert.ok(JSON.stringify(JSON.parse(Buffer.from(token.slice(start).split(".")[0], "base64url"))).includes(decoded));
  }
});

story("pointing lights for as long as it lasts, in both directions, and what was come to stays", async (page) => {
  const { token } = makeToken({ sub: "nightly-report" });
  await see(page, token);
  await member(page, "Payload", "sub").focus();
  const sub = await lit(page);
  await member(page, "Payload", "iss").hover();
  const iss = await lit(page);
  assert.notEqual(iss, sub);
  await page.mouse.move(0, 0);
  assert.equal(await lit(page), sub);
  const { characters: [from] } = await spanOf(page, "payload", "/exp");
  const piece = page.locator(`.characters [data-from="${from + 1}"], .characters [data-from="${from}"]`).last();
  await piece.hover();
  assert.match(await where(page), /^\/exp: characters/);
  assert.equal(await page.locator(".members .on button").textContent(), "exp");
  await piece.click();
  await page.mouse.move(0, 0);
  assert.equal(await page.locator(".members [aria-current]").textContent(), "exp");
  assert.match(await where(page), /^\/exp:/);
});

story("a list of members is one stop of the Tab key, and arrows go along it", async (page) => {
  await see(page, makeToken({ sub: "s" }).token);
  const focused = () => page.evaluate(() => document.activeElement.textContent);
  await member(page, "Payload", "iss").focus();
  await page.keyboard.press("ArrowDown");
  assert.equal(await focused(), "iat");
  await page.keyboard.press("ArrowUp");
  await page.keyboard.press("ArrowUp");
  assert.equal(await focused(), "sub");
  await page.keyboard.press("Home");
  assert.equal(await focused(), "iss");
  await page.keyboard.press("End");
  assert.equal(await focused(), "sub");
  assert.equal(await page.locator('[data-place="payload"] .members button[tabindex="0"]').textContent(), "sub");
  await page.keyboard.press("Tab");
  assert.equal(await focused(), "As JSON");
  await page.keyboard.press("Shift+Tab");
  assert.equal(await focused(), "sub");
  assert.match(await where(page), /^\/sub:/);
  await page.keyboard.press("Escape");
  assert.equal(await lit(page), "");
  assert.match(await where(page), /^Point at a member/);
});

story("another part leads to a member where it stands, or to where it would stand", async (page) => {
  await see(page, makeToken({ sub: "s", filler: Array.from({ length: 60 }, () => "x") }).token);
  await openTab(page, "Steps");
  await page.evaluate(() => app.point("payload", "/filler/59"));
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "/filler/59");
  assert.match(await where(page), /^\/filler\/59:/);
  await page.waitForFunction(() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    return top >= 0 && bottom <= innerHeight;
  });
  await page.evaluate(() => app.point("header", "/not-there"));
  assert.equal(await page.evaluate(() => document.activeElement.id), "header-title");
  // The clock goes on, and does not lead there a second time.
  await member(page, "Payload", "iss").focus();
  await openTab(page, "Contents");
  assert.equal(await page.locator(".members [aria-current]").textContent(), "iss");
});

story("members are told with what they mean, and times in words, by the calendar and as Unix time", async (page) => {
  await see(page, makeToken({ exp: 1300819380, cnf: { jkt: "x" }, own: 1 }).token);
  const row = (name) => panel(page, "Payload").locator(".members > div", { has: page.getByRole("button", { name, exact: true }) });
  assert.match(await row("exp").textContent(), /exp1300819380\d+ years( \d+ days)? ago · Tuesday, 22 March 2011 at 18:43:00 UTCWhen it ends\./);
  assert.equal(await row("exp").locator("time").getAttribute("datetime"), "2011-03-22T18:43:00.000Z");
  assert.match(await row("iss").textContent(), /"https:\/\/issuer\.example"Who issued it\./);
  assert.match(await row("cnf").textContent(), /an object with 1 member.*prove to hold/);
  assert.match(await row("/cnf/jkt").textContent(), /"x".*DPoP/);
  assert.match(await row("own").textContent(), /^own1$/);
});

test("how long ago something was goes on under an unchanged list", async () => {
  const page = await openPage(browser, pages);
  await page.clock.install();
  const now = Math.floor((await page.evaluate(() => Date.now())) / 1000);
  await paste(page, makeToken({ iat: now - 60, exp: now + 30 }).token);
  await page.clock.runFor(500);
  await openTab(page, "Contents");
  await member(page, "Payload", "exp").focus();
  await page.clock.runFor(10_000);
  await page.locator(".ago", { hasText: /^in (1\d|20) seconds$/ }).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.textContent), "exp");
  await page.context().close();
});

story("the signature is told by its length and not shown", async (page) => {
  const { token, keys } = makeToken();
  await see(page, token, keySet(keys));
  assert.match(await panel(page, "Signature and key").textContent(), /64 bytes.*ES256.*k1/s);
  const signature = token.split(".")[2];
  for (const tab of ["Contents", "Steps"]) {
    await openTab(page, tab);
    assert.ok(!(await page.evaluate(() => document.documentElement.outerHTML)).includes(signature.slice(0, 20)));
  }
});

story("a character that base64url does not have is marked, and what can be read is read", async (page) => {
  const token = `${segment({ alg: "ES256" })}.${segment({ sub: "first", exp: 1300819380 })}!!.`;
  await see(page, token);
  const at = token.indexOf("!");
  await panel(page, "Payload").getByText(`Character ${at + 1} of the token is !, which base64url does not have.`).waitFor();
  const mark = page.locator(".characters .broken");
  assert.equal(await mark.textContent(), "!");
  assert.equal(await mark.getAttribute("data-from"), String(at));
  assert.equal(await page.locator(".characters .caret").count(), 1);
  assert.match(await panel(page, "Payload").textContent(), /"first"/);
  assert.match(await panel(page, "Header").textContent(), /"ES256"/);
});

story("bits that belong to no byte are pointed at in the last character", async (page) => {
  const [head, body] = [segment({ alg: "ES256" }), segment({ sub: "ab" })];
  // The last character of two that hold one byte, or of three that hold two, has bits to spare.
  const padded = body.length % 4 === 0 ? segment({ sub: "abc" }) : body;
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet[alphabet.indexOf(padded.at(-1)) + 1];
  const token = `${head}.${padded.slice(0, -1)}${last}.AA`;
  await see(page, token);
  await panel(page, "Payload").getByText(`Character ${head.length + 1 + padded.length} of the token is the last of the payload, ${last}, and carries bits`).waitFor();
});

story("where the JSON goes wrong, and where it is no UTF-8, is shown with what stands around it", async (page) => {
  const json = '{"iss":"https://issuer.example","exp":13008x,"sub":"a"}';
  await see(page, `${segment({ alg: "ES256" })}.${segment(json)}.AA`);
  await panel(page, "Payload").getByText(`Byte ${json.indexOf("x,") + 1} of the decoded payload is where the JSON goes wrong.`).waitFor();
  assert.match(await page.locator(".excerpt").textContent(), /"exp":13008▸x,"sub"/);
  assert.equal(await page.locator(".characters .broken").count(), 1);
  await see(page, `${segment('{"alg":"ES256"')}.${Buffer.from([0x7b, 0x22, 0xff, 0x22]).toString("base64url")}.AA`);
  assert.match(await panel(page, "Header").textContent(), /The JSON breaks off, or goes wrong, at its end, after 14 bytes\./);
  assert.match(await panel(page, "Payload").textContent(), /Byte 3 of the decoded payload is not UTF-8\. That is character \d+ of the token\./);
  await see(page, `${segment('{"alg":"ES256","k')}.`);
  assert.match(await panel(page, "Header").textContent(), /"k$/);
  await panel(page, "Payload").getByText("Nothing of it can be read").waitFor();
});

story("members that stand twice and large numbers are shown as they stand", async (page) => {
  const { token, keys } = makeToken('{"a":1,"a":2,"n":12345678901234567890}');
  await see(page, token, keySet(keys));
  const payload = panel(page, "Payload");
  assert.match(await payload.textContent(), /a1a2It stands here a second time\.n12345678901234567890/);
  assert.match(await payload.textContent(), /"a": 1,\s+"a": 2,\s+"n": 12345678901234567890/);
  assert.match(await payload.textContent(), /payload_invalid/);
  // Two verdicts: what is wrong with the payload does not change the mathematics.
  await verdict(page, "mathematics", "Holds").waitFor();
});

story("white space in a token leaves its members readable, without their characters", async (page) => {
  const { token } = makeToken({ sub: "s" });
  const at = token.indexOf(".") + 9;
  await see(page, `${token.slice(0, at)}\n${token.slice(at)}`);
  await member(page, "Payload", "sub").focus();
  assert.match(await where(page), /White space stands in the token/);
  assert.equal(await lit(page), "");
});

story("of an encrypted token the header is read, and nothing is said to be its payload", async (page) => {
  await see(page, `${segment({ alg: "dir", enc: "A256GCM" })}..AAAA.BBBB.CCCC`);
  assert.match(await panel(page, "Header").textContent(), /"A256GCM".*How the content is encrypted/);
  const map = await panel(page, "The token, character by character").textContent();
  assert.match(map, /Segment 54 characters/);
  assert.ok(!map.includes("BBBB"));
});

story("on a phone a member says itself which characters hold it", async (page) => {
  const { token } = makeToken({ sub: "s" });
  await page.setViewportSize({ width: 360, height: 640 });
  await see(page, token);
  await member(page, "Payload", "sub").click();
  assert.match(await page.locator(".here").textContent(), /characters \d+ to \d+ of the token/);
  assert.ok(await page.locator(".here").isVisible());
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 360);
  await page.setViewportSize({ width: 1280, height: 900 });
  assert.ok(!(await page.locator(".here").isVisible()));
});

story("markup and what turns text around are shown as what they are", async (page) => {
  const attack = '<img src=x onerror="window.ran=1">';
  await see(page, makeToken({ [attack]: `${attack}\u202Eabc\u200B`, hebrew: "שלום" }).token);
  await member(page, "Payload", attack).focus();
  const said = await page.locator("#part-contents").textContent();
  assert.ok(said.includes(`${JSON.stringify(attack).slice(0, -1)}U+202EabcU+200B"`));
  assert.doesNotMatch(said, /[\u202A-\u202E\u2066-\u2069\u200B]/);
  assert.equal(await page.locator("main img").count(), 0);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  const isolated = await panel(page, "Payload").locator(".members .string", { hasText: "שלום" }).evaluate((element) => getComputedStyle(element).unicodeBidi);
  assert.equal(isolated, "isolate");
});

/** Puts a text where pasting takes it from. */
async function copy(page, text) {
  await page.bringToFront();
  await page.evaluate((text) => navigator.clipboard.writeText(text), text);
}

/** How long the page takes from a key to the next frame, the middle of five. */
async function typing(page) {
  const field = page.getByLabel("Token or API key");
  await field.evaluate((field) => {
    window.taken = [];
    field.onkeydown = () => {
      const start = performance.now();
      requestAnimationFrame(() => requestAnimationFrame(() => window.taken.push(performance.now() - start)));
    };
  });
  for (let round = 1; round <= 5; round++) {
    await field.press("x");
    await page.waitForFunction((round) => window.taken.length === round, round);
  }
  return page.evaluate(() => window.taken.sort((one, other) => one - other)[2]);
}

const many = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`claim${index}`, `value ${index}`]));
const HUGE = {
  "a token of 16 KB with an ML-DSA signature": `${segment({ alg: "ML-DSA-87", typ: "at+jwt" })}.${segment({ iss: "https://issuer.example", scope: "reports:read ".repeat(450) })}.${"A".repeat(6170)}`,
  "a token of a megabyte in one claim": `${segment({ alg: "ES256" })}.${segment({ fill: "x".repeat(750_000) })}.AA`,
  "a token of 20,000 claims": `${segment({ alg: "ES256" })}.${segment(many)}.AA`,
  "binary garbage in the form of a token": `${Buffer.from(Array.from({ length: 60_000 }, (_, index) => (index * 7919) % 256)).toString("base64url")}.\u0001\u00ff.x`,
  "a megabyte of binary garbage": "\u0001\u00ff".repeat(500_000),
  "what is not drawn, in claims": `${segment({ alg: "ES256" })}.${segment({ sub: "\u200B\u202E".repeat(15_000) })}.AA`,
  "what is not drawn, as a token": `${"\u202E".repeat(30_000)}.${"\u2066".repeat(30_000)}.x`,
};

for (const [name, text] of Object.entries(HUGE)) {
  story(`${name} is shown safely, and the page stays quick`, async (page) => {
    await copy(page, text);
    await page.getByLabel("Token or API key").focus();
    await page.keyboard.press("Control+V");
    await page.waitForFunction((length) => app.state().report && app.state().credential.length >= length - 2, text.length);
    await page.locator(".verdict").first().waitFor();
    if (await page.locator("#tab-contents").isVisible()) await openTab(page, "Contents");
    const { elements, characters } = await page.evaluate(() => ({
      elements: document.querySelectorAll("*").length,
      characters: document.body.textContent.length,
    }));
    assert.ok(elements < 6_000, `${elements} elements`);
    assert.ok(characters < 150_000, `${characters} characters`);
    const taken = await typing(page);
    assert.ok(taken < 200, `${Math.round(taken)} ms for a key`);
  });
}

story("what is too long for its field is held beside it, until that is changed", async (page) => {
  const { token, keys } = makeToken({ fill: "x".repeat(30_000), sub: "s" });
  const field = page.getByLabel("Token or API key");
  await paste(page, "", keySet(keys));
  await copy(page, token);
  await field.focus();
  await page.keyboard.press("Control+V");
  await page.getByText(`All ${token.length.toLocaleString("en")} characters of it are looked into; the field shows the first 1,000.`).waitFor();
  assert.equal(await field.inputValue(), token.slice(0, 1000));
  await verdict(page, "mathematics", "Does not hold").or(verdict(page, "mathematics", "Holds")).waitFor();
  assert.equal(await page.evaluate(() => app.state().credential), token);
  await field.press("End");
  await field.press("x");
  await page.waitForFunction(() => app.state().credential.length === 1001);
  assert.ok(!(await page.getByText("of it are looked into").isVisible()));
});

story("a value, and a token, longer than anybody reads is cut, and the rest is counted", async (page) => {
  await see(page, `${segment({ alg: "ES256" })}.${segment({ fill: "x".repeat(700_000), list: Array.from({ length: 400 }, () => 1) })}.AA`);
  assert.match(await panel(page, "The token, character by character").textContent(), / … [\d,]+ characters more/);
  const payload = await panel(page, "Payload").textContent();
  assert.match(payload, /… It is 700,002 bytes long\./);
  assert.match(payload, /There is more in it than is listed here\./);
  assert.match(payload, /[\d,]+ characters more are not shown\./);
});
