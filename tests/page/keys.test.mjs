// What the tab "Contents" says of an API key: its parts, its check, and what its store holds. Never its secret.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, openPage, panel, paste } from "./helpers.mjs";

let pages;
let browser;
let page;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  page = await openPage(browser, pages);
});
after(() => Promise.all([browser.close(), pages.stop()]));

async function look(key) {
  await paste(page, key);
  await page.getByRole("button", { name: "Look into it" }).click();
  await page.getByRole("tab", { name: "Contents" }).click();
}

test("a key is shown in its parts, with what may be logged and what may not", async () => {
  await look(API_KEY.text);
  const parts = panel(page, "Its parts");
  const rows = await parts.locator(".facts > div").evaluateAll((all) => all.map(({ textContent }) => textContent));
  const told = [/^Prefix.*may be logged/, /^Environment.*may be logged/, /^Id.*may be logged/, /^Secret.*never log it/, /^Check.*never log it/];
  assert.equal(rows.length, told.length);
  told.forEach((form, index) => assert.match(rows[index], form));
  const said = await parts.textContent();
  for (const shown of ["acme", "live", API_KEY.id, "characters 28 to 59", "about 190 bits"]) assert.ok(said.includes(shown), shown);
  assert.match(await parts.locator(".anatomy").textContent(), /^acmeprefix_liveenv_4fJ9aZ0kQ2mX7bTeid_•{32}secret•{6}check$/);
});

test("neither its secret nor its check is anywhere in the page, whichever tab was open", async () => {
  await look(API_KEY.text);
  for (const tab of await page.getByRole("tab").all()) {
    if (!(await tab.isVisible())) continue;
    await tab.click();
    const everything = await page.evaluate(() => document.documentElement.outerHTML);
    for (const part of [API_KEY.secret, API_KEY.check, API_KEY.secret.slice(4, 16)]) assert.ok(!everything.includes(part));
  }
});

test("the check is explained, where it holds and where only a seal could tell", async () => {
  await look(API_KEY.text);
  assert.match(await panel(page, "Its check").textContent(), /The plain check, and it holds.*CRC-32.*sealed/);
  await look(`${API_KEY.text.slice(0, -1)}w`);
  assert.match(await panel(page, "Its check").textContent(), /Not the plain check.*mistyped, made up, or sealed.*HMAC-SHA-256/);
});

test("what the store would hold is shown as a document, with why, and gives no more of the secret than a hint of its digest", async () => {
  await look(API_KEY.text);
  const store = panel(page, "What the store would hold");
  const said = await store.textContent();
  assert.match(said, new RegExp(`never the secret.*key/${API_KEY.id}`));
  const record = JSON.parse(await store.locator("pre").textContent());
  assert.equal(record.environment, "live");
  for (const member of ["digest", "owner", "revoker", "expires", "scopes"]) assert.ok(member in record, member);
  assert.match(record.digest, /^.{0,24}…$/);
  await store.getByText("Why each member is there").click();
  assert.match(await store.textContent(), /revokerWho can end it when the owner cannot/);
});

test("a key of another form that a policy takes is all secret, and said to be", async () => {
  const text = "sk_live_51HxAbCdEfGhIjKlMnOpQrStUvWxYz0123456789abc";
  const fresh = await openPage(browser, pages);
  // The part by itself, over the core's own report: the policy is given in another tab.
  const said = await fresh.evaluate(async (text) => {
    const [{ key }, core] = await Promise.all([import("./parts/key.js"), import("./edgeward/index.js")]);
    const apiKeys = { prefix: "acme", environment: "live", foreignKeys: { prefixes: ["sk_live_"] } };
    const policy = { origin: "https://origin.example", apiKeys, routes: [{ methods: ["GET"], path: "/v1", classes: ["api_key"] }] };
    const report = core.inspect(text, { policy });
    const place = document.createElement("div");
    place.append(...[key(report)].flat(Infinity).filter(Boolean));
    return { html: place.innerHTML, text: place.textContent, key: report.key };
  }, text);
  assert.equal(said.key.foreign, true);
  assert.match(said.text, /a key of another form.*all of it is secret.*no check/);
  assert.match(said.text, new RegExp(`Id${said.key.id}may be logged.*Made of the digest.*key/${said.key.id}`));
  assert.match(said.text, /"imported": true/);
  assert.ok(!said.html.includes(text.slice(8, 20)));
  await fresh.context().close();
});
