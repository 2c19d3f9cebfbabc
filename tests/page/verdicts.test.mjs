// What the page says of a pasted credential: two verdicts, and everything that can be read.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, panel, paste, segment, tamper, verdict } from "./helpers.mjs";

let pages;
let browser;
let shared;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  shared = await openPage(browser, pages);
});
after(() => Promise.all([browser.close(), pages.stop()]));

/** A story begins with empty fields. The page stays the same, as it does for a person who pastes one thing after another. */
function story(name, tell) {
  test(name, async () => {
    shared.troubles.length = 0;
    await shared.getByRole("button", { name: "Clear" }).click();
    await shared.getByText("Nothing pasted yet").waitFor();
    await tell(shared);
    assert.deepEqual(shared.troubles, []);
  });
}

story("a good token under its key set: the mathematics holds, and trust is not claimed", async (page) => {
  const { token, keys } = makeToken({ sub: "nightly-report" });
  await paste(page, token, keySet(keys));
  await verdict(page, "mathematics", "Holds").waitFor();
  const trust = await verdict(page, "trust", "Not established").textContent();
  assert.match(trust, /The key came from what you pasted\. Whoever gave you the key set could have made the token too\./);
  assert.match(await panel(page, "Payload").textContent(), /"sub": "nightly-report"/);
  assert.match(await panel(page, "Signature and key").textContent(), /64 bytes.*ES256.*k1/s);
  assert.equal(await page.locator(".verdict").count(), 2);
});

story("a tampered token: the mathematics does not hold, with the code and rule of the core", async (page) => {
  const { token, keys } = makeToken();
  await paste(page, tamper(token), keySet(keys));
  const said = verdict(page, "mathematics", "Does not hold");
  assert.match(await said.textContent(), /signature_invalid/);
  assert.equal(
    await said.getByRole("link").getAttribute("href"),
    "https://www.rfc-editor.org/rfc/rfc7515#section-5.2",
  );
});

story("without keys the signature is not checked, and the token is read all the same", async (page) => {
  await paste(page, makeToken({ sub: "s" }).token);
  const said = await verdict(page, "mathematics", "Not checked").textContent();
  assert.match(said, /No key set was pasted/);
  await verdict(page, "trust", "Not established").waitFor();
  assert.match(await panel(page, "Payload").textContent(), /"sub": "s"/);
});

story("of broken base64 and a missing segment, what can be read is read", async (page) => {
  await paste(page, `${segment({ alg: "ES256" })}.${segment({ sub: "first", exp: 1300819380 })}!!.`);
  assert.match(await verdict(page, "mathematics", "Not checked").textContent(), /token_malformed/);
  assert.match(await panel(page, "Header").textContent(), /"alg": "ES256"/);
  assert.match(await panel(page, "Payload").textContent(), /"sub": "first"/);
  assert.match(await panel(page, "Its time").textContent(), /It has expired/);
  await paste(page, `${segment('{"alg":"ES256","k')}`.concat("."));
  await panel(page, "Payload").getByText("Nothing of it can be read").waitFor();
  assert.match(await panel(page, "Header").textContent(), /"k$/);
});

story("members that stand twice and large numbers are shown as they stand", async (page) => {
  const { token, keys } = makeToken('{"a":1,"a":2,"n":12345678901234567890}');
  await paste(page, token, keySet(keys));
  const payload = panel(page, "Payload");
  assert.match(await payload.textContent(), /"a": 1,\s+"a": 2,\s+"n": 12345678901234567890/);
  assert.match(await payload.textContent(), /payload_invalid/);
  // Two verdicts: what is wrong with the payload does not change the mathematics.
  await verdict(page, "mathematics", "Holds").waitFor();
});

story("times are told in words, by the calendar and as Unix time", async (page) => {
  const now = Math.floor(Date.now() / 1000);
  const { token } = makeToken({ iat: 1300815780, exp: 1300819380, nbf: now + 864_000 });
  await paste(page, token);
  const time = panel(page, "Its time");
  const expires = time.locator("time", { hasText: "Tuesday, 22 March 2011 at 18:43:00 UTC" });
  assert.equal(await expires.getAttribute("datetime"), "2011-03-22T18:43:00.000Z");
  const said = await time.textContent();
  assert.match(said, /Unix 1300819380/);
  assert.match(said, /\d+ years( \d+ days)? ago/);
  assert.match(said, /in (10|9) days/);
  assert.match(said, /Lives for1 hour/);
});

story("a time no calendar reaches is told as its number", async (page) => {
  await paste(page, makeToken({ exp: 9_007_199_254_740_991 }).token);
  assert.match(await panel(page, "Its time").textContent(), /beyond any calendar.*9007199254740991/);
});

test("the clock goes on: a token expires before one's eyes", async () => {
  const page = await openPage(browser, pages);
  await page.clock.install();
  const now = Math.floor((await page.evaluate(() => Date.now())) / 1000);
  await paste(page, makeToken({ iat: now - 60, exp: now + 30 }).token);
  await page.clock.runFor(500);
  await panel(page, "Its time").getByText("It has not expired").waitFor();
  await page.clock.runFor(40_000);
  await panel(page, "Its time").getByText("It has expired").waitFor();
  await page.context().close();
});

story("keys that were put aside are listed with the reason", async (page) => {
  const { token, keys } = makeToken();
  const [key] = keys;
  await paste(page, token, keySet([key, { ...key, kid: "for-encryption", use: "enc" }, { ...key, kid: "private", d: "AQ" }]));
  await verdict(page, "mathematics", "Holds").waitFor();
  const said = await panel(page, "Signature and key").textContent();
  assert.match(said, /for-encryption: not meant for verifying signatures/);
  assert.match(said, /private: a private or symmetric key in a public key set/);
});

story("no key that fits is told apart from a signature that does not hold", async (page) => {
  const { token, keys } = makeToken();
  await paste(page, token, keySet([{ ...keys[0], kid: "k2" }]));
  assert.match(await verdict(page, "mathematics", "Not checked").textContent(), /signing_key_unknown/);
});

story("a key set that is no JSON is told at its field, and the token is read", async (page) => {
  await paste(page, makeToken({ sub: "s" }).token, "{ not json");
  const field = page.getByLabel("Key set");
  await page.getByText("It cannot be read: not JSON in UTF-8.").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), "true");
  assert.match(await verdict(page, "mathematics", "Not checked").textContent(), /cannot be read/);
  assert.match(await panel(page, "Payload").textContent(), /"sub": "s"/);
  await field.fill('{"keys":[]}');
  await page.getByText("signing_key_unknown").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), null);
});

story("`none` is refused whatever the keys, and a key of the token's own is named and not used", async (page) => {
  await paste(page, `${segment({ alg: "none", jku: "https://attacker.example/keys" })}.${segment({ sub: "s" })}.`);
  assert.match(await verdict(page, "mathematics", "Not checked").textContent(), /algorithm_not_allowed/);
  assert.match(await verdict(page, "trust", "Not established").textContent(), /a key of its own \(jku\)/);
});

story("an API key is shown in its parts, without its secret", async (page) => {
  await paste(page, API_KEY.text);
  await verdict(page, "mathematics", "Holds").waitFor();
  assert.match(await verdict(page, "trust", "Not established").textContent(), /Only the store/);
  const parts = await panel(page, "Its parts").textContent();
  for (const shown of ["acme", "live", API_KEY.id, "characters 28 to 59"]) assert.ok(parts.includes(shown), shown);
  const everything = await page.evaluate(() => document.documentElement.outerHTML);
  assert.ok(!everything.includes(API_KEY.secret));
  assert.ok(!everything.includes(API_KEY.check));
});

story("an API key whose check is not the plain one may be sealed, and that is said", async (page) => {
  await paste(page, API_KEY.text.slice(0, -1) + "w");
  assert.match(await verdict(page, "mathematics", "Cannot be told").textContent(), /seals its keys/);
});

story("each class is told what governs it, and no class is told both", async (page) => {
  const token = page.getByRole("heading", { name: "An M2M token expires by itself" });
  const key = page.getByRole("heading", { name: "An API key stands until somebody ends it" });
  await token.waitFor();
  await key.waitFor();
  await paste(page, API_KEY.text);
  await token.waitFor({ state: "hidden" });
  assert.ok(await key.isVisible());
  await paste(page, makeToken().token);
  await key.waitFor({ state: "hidden" });
  assert.ok(await token.isVisible());
});

story("what stands before a credential in a request is left out", async (page) => {
  const { token, keys } = makeToken();
  await paste(page, `  Authorization: Bearer ${token}\n`, keySet(keys));
  await verdict(page, "mathematics", "Holds").waitFor();
  await paste(page, `X-API-Key: ${API_KEY.text}`);
  await page.getByRole("heading", { name: "An API key", exact: true }).waitFor();
});

story("what is neither is said to be neither, with a guess at what it is", async (page) => {
  await paste(page, '{"keys": []}');
  await page.getByText("a key set belongs in the second field").waitFor();
  await paste(page, "hello");
  await page.getByText("This has the form of neither class").waitFor();
});

story("the examples show both classes at once, and clearing leaves nothing", async (page) => {
  await page.getByRole("button", { name: "a token" }).click();
  await verdict(page, "mathematics", "Holds").waitFor();
  await panel(page, "Its time").getByText("It has not expired").waitFor();
  await page.getByRole("button", { name: "an API key" }).click();
  await page.getByText("the checksum of the rest").waitFor();
  assert.equal(await page.getByLabel("Key set").inputValue(), "");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing pasted yet").waitFor();
  assert.equal(await page.getByLabel("Token or API key").inputValue(), "");
  assert.equal(await page.locator("#details section").count(), 0);
});

story("a token of megabytes is answered, and what is shown of it is bounded", async (page) => {
  await paste(page, `${segment({ alg: "ES256" })}.${segment({ fill: "x".repeat(700_000) })}.AA`);
  await page.getByText(/characters? more are not shown/).waitFor();
  await paste(page, `${segment({ alg: "ES256" })}.${segment({ fill: "x".repeat(1_600_000) })}.AA`);
  await verdict(page, "mathematics", "Not checked").getByText("token_too_large").waitFor();
  assert.ok((await page.evaluate(() => document.body.textContent.length)) < 100_000);
});
