// What the page says of a pasted credential: two verdicts, and everything that can be read.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, card, keySet, lendApp, makeToken, openPage, openTab, paste, segment, tamper, verdict } from "./helpers.mjs";

let pages;
let browser;
let shared;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  shared = await openPage(browser, pages, { before: lendApp });
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
  assert.match(trust, /The key was handed over with the token\. Whoever handed it over could have made the token too\./);
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
  assert.match(await verdict(page, "trust", "Not established").textContent(), /a token cannot vouch for itself/);
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
  await field.fill('{"keys":[]}');
  await verdict(page, "mathematics", "Not checked").getByText("signing_key_unknown").waitFor();
  assert.equal(await field.getAttribute("aria-invalid"), null);
});

story("`none` is refused whatever the keys, and a key of the token's own is named and not used", async (page) => {
  await paste(page, `${segment({ alg: "none", jku: "https://attacker.example/keys" })}.${segment({ sub: "s" })}.`);
  assert.match(await verdict(page, "mathematics", "Not checked").textContent(), /algorithm_not_allowed/);
  assert.match(await verdict(page, "trust", "Not established").textContent(), /a key of its own \(jku\)/);
});

story("of an API key nothing that is secret stands on the page", async (page) => {
  await paste(page, API_KEY.text);
  await verdict(page, "mathematics", "Holds").waitFor();
  assert.match(await verdict(page, "trust", "Not established").textContent(), /Only the store/);
  for (const tab of await page.getByRole("tab").all()) {
    await tab.click();
    const everything = await page.evaluate(() => document.documentElement.outerHTML);
    assert.ok(!everything.includes(API_KEY.secret));
    assert.ok(!everything.includes(API_KEY.check));
  }
});

story("an API key whose check is not the plain one may be sealed, and that is said", async (page) => {
  await paste(page, API_KEY.text.slice(0, -1) + "w");
  assert.match(await verdict(page, "mathematics", "Cannot be told").textContent(), /seals its keys/);
});

story("what governs either class is told until a credential is in hand, and then by a tab", async (page) => {
  const token = page.getByRole("heading", { name: "An M2M token expires by itself" });
  const key = page.getByRole("heading", { name: "An API key stands until somebody ends it" });
  await token.waitFor();
  await key.waitFor();
  for (const credential of [API_KEY.text, makeToken().token]) {
    await paste(page, credential);
    await token.waitFor({ state: "hidden" });
    assert.ok(await key.isHidden());
    await openTab(page, "Practice");
    await page.getByRole("table", { name: "What governs it" }).waitFor();
  }
  await page.getByRole("button", { name: "Clear" }).click();
  await token.waitFor();
  await key.waitFor();
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
  await setPolicy(page, policyOf(makeToken().keys));
  assert.equal(await page.locator(".verdict").count(), 2);
});

story("the examples show both classes at once, and clearing leaves nothing", async (page) => {
  await page.getByRole("button", { name: "a token" }).click();
  await verdict(page, "mathematics", "Holds").waitFor();
  await page.getByRole("button", { name: "an API key" }).click();
  await page.getByText("the checksum of the rest").waitFor();
  assert.equal(await page.getByLabel("Key set").inputValue(), "");
  await page.getByRole("button", { name: "Clear" }).click();
  await page.getByText("Nothing pasted yet").waitFor();
  assert.equal(await page.getByLabel("Token or API key").inputValue(), "");
  assert.ok(!(await page.locator("#parts").isVisible()));
});

/** A policy with the keys of an issuer. */
const policyOf = (keys, more = { jwks: { keys } }) =>
  JSON.stringify({
    issuers: [{ issuer: "https://issuer.example", audience: "https://api.example", algorithms: ["ES256"], ...more }],
  });
const setPolicy = (page, policy) => page.evaluate((policy) => globalThis.app.set({ policy }), policy);

story("with a policy that has the key, trust is established, and the policy's word stands apart", async (page) => {
  const { token, keys } = makeToken({ aud: "https://api.example", exp: 4_102_444_800 });
  await paste(page, token);
  await setPolicy(page, policyOf(keys));
  assert.match(await verdict(page, "mathematics", "Holds").textContent(), /a key of the policy/);
  const trust = await verdict(page, "trust", "Established").textContent();
  assert.match(trust, /The policy trusts this issuer and its key.*https:\/\/issuer\.example/);
  assert.doesNotMatch(trust, /A gate trusts a key because/);
  const said = await card(page, "This policy says", "Allowed").textContent();
  assert.match(said, /Until Friday, 1 January 2100 at 00:00:00 UTC\. From then on it is refused: token_expired\./);
  assert.equal(await page.locator(".verdict").count(), 3);
});

story("what a policy refuses is told with the step that decides, whatever the mathematics", async (page) => {
  const { token, keys } = makeToken({ aud: "https://other.example" });
  await paste(page, token);
  await setPolicy(page, policyOf(keys));
  await verdict(page, "mathematics", "Holds").waitFor();
  await verdict(page, "trust", "Established").waitFor();
  const said = await card(page, "This policy says", "Refused").textContent();
  assert.match(said, /step 25 of 32.*aud names this API/);
  assert.match(said, /audience_mismatch · RFC 7519 §4\.1\.3/);
});

story("keys that a policy has elsewhere can be lent, and that is no trust", async (page) => {
  const { token, keys } = makeToken({ aud: "https://api.example" });
  const elsewhere = policyOf(null, { jwksUri: "https://issuer.example/keys" });
  await paste(page, token);
  await setPolicy(page, elsewhere);
  await card(page, "This policy says", "Cannot be told here").waitFor();
  await paste(page, token, keySet(keys));
  await card(page, "This policy says", "Allowed").waitFor();
  assert.match(await verdict(page, "trust", "Not established").textContent(), /it is for the policy to say where they are/);
});

story("a policy that cannot be used takes nothing from what is told without it", async (page) => {
  const { token, keys } = makeToken();
  await paste(page, token, keySet(keys));
  await setPolicy(page, '{"issuers": 1}');
  assert.match(await card(page, "This policy says", "Nothing").textContent(), /cannot be used.*“Policy” says why/);
  await verdict(page, "mathematics", "Holds").waitFor();
});

story("of an API key that a policy takes, the store has the last word", async (page) => {
  await paste(page, API_KEY.text);
  await setPolicy(page, JSON.stringify({ apiKeys: { prefix: "acme", environment: "live" } }));
  await card(page, "This policy says", "Not without the store").waitFor();
  await setPolicy(page, JSON.stringify({ apiKeys: { prefix: "acme", environment: "test" } }));
  assert.match(await card(page, "This policy says", "Refused").textContent(), /It is of the environment that this is.*key_environment_mismatch/);
});

story("what is read aloud is short", async (page) => {
  const { token, keys } = makeToken({ aud: "https://api.example" }, { jku: "https://attacker.example/keys" });
  await paste(page, tamper(token), keySet(keys));
  await page.getByRole("status").getByText("The mathematics: does not hold. The trust: not established.").waitFor();
  await setPolicy(page, policyOf(keys));
  await page.getByRole("status").getByText("This policy says: refused.").waitFor();
  assert.ok((await page.locator("#announced").textContent()).length < 120);
});
