// The tab "Time": when a token begins and ends, and how it stands at another moment.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { STEPS, scaleOf } from "../../www/parts/time-line.js";
import { keySet, makeToken, openPage, panel, paste, segment } from "./helpers.mjs";

let pages;
let browser;
let shared;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  shared = await openPage(browser, pages);
});
after(() => Promise.all([browser.close(), pages.stop()]));

const seconds = () => Math.floor(Date.now() / 1000);
const openTime = (page) => page.getByRole("tab", { name: "Time", exact: true }).click();
// At once, and not when the typing has paused.
const lookNow = (page) => page.getByRole("button", { name: "Look into it" }).click();
const slider = (page) => page.getByRole("slider", { name: "What if the clock moves?" });
const moment = (page, name) => page.getByRole("group", { name: "Moments to look at" }).getByRole("button", { name, exact: true });
const banner = (page) => page.locator("#clock");

/** A story begins with empty fields and ends without a trouble. */
function story(name, tell) {
  test(name, async () => {
    shared.troubles.length = 0;
    await shared.getByRole("button", { name: "Clear" }).click();
    await tell(shared, async (claims) => {
      const { token } = makeToken(claims);
      await paste(shared, token);
      await lookNow(shared);
      await openTime(shared);
      return panel(shared, "Its time");
    });
    assert.deepEqual(shared.troubles, []);
  });
}

/** A page whose clock stands still until the test moves it. */
async function pageAt(now, claims) {
  const page = await openPage(browser, pages);
  await page.clock.install({ time: now * 1000 });
  await page.clock.pauseAt(now * 1000 + 1);
  const { token, keys } = makeToken(claims);
  await paste(page, token, keySet(keys));
  await page.clock.runFor(200);
  await openTime(page);
  return page;
}

story("times are told in words, by the calendar and as Unix time", async (page, look) => {
  const time = await look({ iat: 1300815780, exp: 1300819380 });
  const expired = time.locator("time", { hasText: "Tuesday, 22 March 2011 at 18:43:00 UTC" });
  assert.equal(await expired.getAttribute("datetime"), "2011-03-22T18:43:00.000Z");
  const said = await time.textContent();
  assert.match(said, /It has expired/);
  assert.match(said, /Unix 1300819380/);
  assert.match(said, /It ended \d+ years( \d+ days?)? ago, after a life of 1 hour\./);
  assert.match(said, /Lives for1 hour/);
});

story("what has not begun is told apart from what was issued in the future", async (page, look) => {
  assert.match(await (await look({ nbf: seconds() + 864_000, exp: seconds() + 900_000 })).textContent(), /It is not valid yet.*It begins in (10|9) days/);
  assert.match(await (await look({ iat: seconds() + 864_000, exp: seconds() + 900_000 })).textContent(), /It was issued in the future/);
});

story("what says nothing of its end, or nothing that can be read, is said to", async (page, look) => {
  const time = await look({ exp: undefined });
  assert.match(await time.textContent(), /It does not say when it ends.*refuses a token without a readable exp/);
  await look({ exp: "tomorrow" });
  assert.match(await time.textContent(), /Its end is no time that can be read.*It is there, and is no number of seconds/);
  await time.getByRole("button", { name: "Show it where exp stands" }).click();
  assert.equal(await page.getByRole("tab", { name: "Contents" }).getAttribute("aria-selected"), "true");
});

story("times no calendar reaches, times in disorder, fractions and no times at all", async (page, look) => {
  const time = await look({ exp: 9_007_199_254_740_991 });
  assert.match(await time.textContent(), /Its end lies beyond any calendar.*beyond any calendar.*Unix 9007199254740991/);
  assert.ok(await slider(page).isVisible());
  await look({ iat: 2_000_000_000, exp: 1_900_000_000 });
  assert.match(await time.textContent(), /It ends before it begins.*no moment at which it is good/);
  assert.equal(await page.getByRole("region", { name: "What changes when" }).count(), 0);
  // The core rounds as the verifier does: what begins in a second begins when it is over.
  await look({ iat: 1_700_000_000.5, exp: 1_700_000_100.5 });
  assert.match(await time.textContent(), /Unix 1700000001.*Unix 1700000100/);
  await look('{"sub":"s"}');
  assert.match(await time.textContent(), /Nothing in it depends on the clock/);
  assert.ok(await slider(page).isHidden());
  await paste(page, `${segment({ alg: "ES256" })}.!!.AA`);
  await time.getByText("Its times cannot be read").waitFor();
});

test("the clock goes on: a token expires before one's eyes", async () => {
  const now = seconds();
  const page = await pageAt(now, { iat: now - 60, exp: now + 30 });
  await panel(page, "Its time").getByText("It has not expired").waitFor();
  await page.clock.runFor(40_000);
  await panel(page, "Its time").getByText("It has expired").waitFor();
  assert.ok(await banner(page).isHidden());
  await page.context().close();
});

test("the moments that matter are looked at to the second, and the page says where its clock stands", async () => {
  const now = 1_800_000_000;
  const page = await pageAt(now, { iat: now - 600, nbf: now - 600, exp: now + 3000 });
  const time = panel(page, "Its time");
  const go = async (name) => {
    await moment(page, name).click();
    await page.clock.runFor(20);
  };
  await go("Just before it expires");
  assert.match(await time.textContent(), /It has not expired59 minutes old, 1 second to go\./);
  assert.match(await banner(page).textContent(), /The clock of this page stands at Friday, 15 January 2027 at 08:49:59 UTC\./);
  // The clock stands: the moment that is looked at does not pass.
  await page.clock.runFor(10_000);
  assert.match(await time.textContent(), /1 second to go/);
  assert.equal(await moment(page, "Just before it expires").getAttribute("aria-pressed"), "true");
  await page.locator("#said").getByText("It has not expired.").waitFor({ state: "attached" });
  await go("Just after it expires");
  assert.match(await time.textContent(), /It has expired.*the second at which it expires/);
  await go("A minute before it begins");
  assert.match(await time.textContent(), /It is not valid yet/);
  for (const tab of await page.getByRole("tab").all()) {
    await tab.click();
    assert.ok(await banner(page).isVisible());
  }
  await page.getByRole("button", { name: "Back to now" }).click();
  assert.ok(await banner(page).isHidden());
  assert.equal(await page.evaluate(() => document.activeElement.id), "results-title");
  await openTime(page);
  assert.match(await time.textContent(), /It has not expired10 minutes old/);
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("the slider is moved by keyboard, says in words where it is, and keeps its focus and its value while the page ticks", async () => {
  const now = 1_800_000_000;
  const page = await pageAt(now, { iat: now - 600, exp: now + 3000 });
  await slider(page).focus();
  assert.equal(await slider(page).getAttribute("aria-valuetext"), "now, 50 minutes before it expires");
  const press = async (key) => {
    await page.keyboard.press(key);
    await page.clock.runFor(20);
  };
  await press("End");
  await panel(page, "Its time").getByText("It has expired").waitFor();
  await press("Home");
  assert.match(await panel(page, "Its time").textContent(), /It was issued in the future/);
  for (let step = 0; step < 5; step++) await press("PageUp");
  const read = () => slider(page).evaluate((input) => [input.value, input.getAttribute("aria-valuetext"), document.activeElement === input]);
  const was = await read();
  assert.match(was[1], /^\d+ minutes before it expires, Friday, 15 January 2027 at 08:\d\d:\d\d UTC$/);
  await press("ArrowRight");
  assert.equal(Number((await read())[0]), Number(was[0]) + 1);
  await press("ArrowLeft");
  await page.clock.runFor(5_000);
  assert.deepEqual(await read(), was);
  assert.equal(was[2], true);
  await page.context().close();
});

test("each turn of a policy's verdict is listed as the verifier found it, and can be looked at", async () => {
  const page = await openPage(browser, pages);
  const now = 1_800_000_000;
  const { token, keys } = makeToken({ aud: "api", iat: now, nbf: now + 60, exp: now + 600 }, { typ: "at+jwt" });
  const policy = JSON.stringify({ issuers: [{ issuer: "https://issuer.example", audience: "api", algorithms: ["ES256"], jwks: { keys } }] });
  // The part by itself, over the core's own report: the policy is given in another tab.
  const said = await page.evaluate(
    async ([token, policy, now]) => {
      const [{ time }, core] = await Promise.all([import("./parts/time.js"), import("./edgeward/index.js")]);
      const place = document.createElement("div");
      document.body.append(place);
      const asked = [];
      const update = time.mount(place, { core, set: ({ offset }) => asked.push(Math.floor((Date.now() + offset) / 1000)), say() {}, point() {} });
      const at = (policy) => update({ report: core.inspect(token, { policy, now: now * 1000 }), policy: policy ?? "", policyFaults: null, offset: 0, now: now * 1000 });
      at(policy);
      const panel = () => place.querySelector("[aria-labelledby=edges-title]");
      const turns = [...panel().querySelectorAll("li")].map(({ textContent }) => textContent);
      for (const button of panel().querySelectorAll("button")) {
        button.click();
        await new Promise(requestAnimationFrame);
      }
      at(undefined);
      return { turns, asked, alone: panel().textContent };
    },
    [token, policy, now],
  );
  assert.match(said.turns[0], /^Friday, 15 January 2027 at 08:00:55 UTC · in 55 secondsIt turns from refused \(token_not_yet_valid\) to allowed\./);
  assert.match(said.turns[1], /08:10:00 UTC · in 10 minutesIt turns from allowed to refused \(token_expired\)\./);
  assert.deepEqual(said.asked, [now + 54, now + 55, now + 599, now + 600]);
  assert.match(said.alone, /By nbf it begins\..*By exp it ends\..*A policy says more/);
  await page.context().close();
});

test("nothing of it is wider than a window at 400 %, and with forced colours the line is still drawn", async () => {
  const page = await openPage(browser, pages, { context: { viewport: { width: 320, height: 640 }, forcedColors: "active" } });
  const now = seconds();
  for (const claims of [{ iat: now - 60, nbf: now + 600 }, { iat: now - 9e6, exp: now - 8e6 }, { exp: 9e15 }, { exp: now + 9e8, iat: now - 1 }]) {
    await paste(page, makeToken(claims).token);
    await lookNow(page);
    await openTime(page);
    await slider(page).fill("1000");
    await banner(page).waitFor();
    assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
    const life = page.locator(".line .life");
    assert.notEqual(await life.evaluate((piece) => getComputedStyle(piece).borderTopColor), await page.evaluate(() => getComputedStyle(document.querySelector(".its-time")).backgroundColor));
    assert.ok((await life.boundingBox()).width > 20);
    await page.getByRole("button", { name: "Back to now" }).click();
  }
  await page.context().close();
});

test("the line keeps the order of moments, and the slider leads back to the moment that it stands for", () => {
  const lives = [[0, null, 3600], [1e9, 1e9 + 5, 1e9 + 10], [1e9, null, null], [null, null, 1e9], [1e9, 2e9, 2e9 + 1], [1e9, null, 1e9], [2e9, null, 1e9], [0, null, 253_402_300_799]];
  for (const [issued, notBefore, expires] of lives) {
    const scale = scaleOf({ issued, notBefore, expires });
    let last = -1;
    for (let value = 0; value <= STEPS; value += 10) {
      const at = scale.at(value);
      assert.ok(at >= last && at >= 0 && at <= 253_402_300_799, `${issued} ${expires} ${value}`);
      // At either end of the calendar several steps are one moment.
      if (at > 0 && at < 253_402_300_799) assert.equal(scale.value(at), value);
      last = at;
    }
    for (const at of [-1e18, 0, 1e9, 1e18]) assert.ok(scale.share(at) >= 0 && scale.share(at) <= 1);
  }
  assert.equal(scaleOf({ issued: null, notBefore: null, expires: 1e17 }), null);
});
