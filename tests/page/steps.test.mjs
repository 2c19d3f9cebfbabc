// The steps of the verification with what became of each, and every key with why it was chosen or not.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, lendApp, makeToken, openPage, openTab, panel, paste, segment, tamper, verdict } from "./helpers.mjs";

let pages;
let browser;
let shared;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  shared = await openPage(browser, pages, { before: lendApp });
});
after(() => Promise.all([browser.close(), pages.stop()]));

function story(name, tell) {
  test(name, async () => {
    shared.troubles.length = 0;
    await shared.getByRole("button", { name: "Clear" }).click();
    await shared.getByText("Nothing pasted yet").waitFor();
    await tell(shared);
    assert.deepEqual(shared.troubles, []);
  });
}

/** Pastes, and waits until the steps are those of what was pasted: of those with this name, with this outcome. */
async function see(page, credential, keys, step, outcome) {
  await paste(page, credential, keys);
  await page.locator("#tab-steps").waitFor();
  await openTab(page, "Steps");
  await page.locator(`.steps [data-step="${step}"][data-outcome="${outcome}"]`).waitFor({ state: "attached" });
}

/** The steps as they are drawn, folded ones included: number, outcome by the words, name. */
const drawn = (page) =>
  page.locator(".steps > li").evaluateAll((items) =>
    items.map((item) => ({ number: item.value, step: item.dataset.step, said: item.querySelector(".outcome").textContent })),
  );

story("every step of the core is there, under its number and with the core's outcome", async (page) => {
  const { token, keys } = makeToken();
  for (const [credential, step, outcome] of [
    [token, "signature", "passed"],
    [tamper(token), "signature", "failed"],
    [`${token}.x`, "form", "failed"],
    [`${segment({ alg: "none" })}.${segment({})}.`, "algorithm_known", "failed"],
  ]) {
    await see(page, credential, keySet(keys), step, outcome);
    const told = await page.evaluate(() => app.state().report.token.steps.map(({ step, outcome }) => ({ step, outcome })));
    const seen = (await drawn(page)).sort((one, other) => one.number - other.number);
    assert.deepEqual(
      seen,
      told.map(({ step, outcome }, index) => ({ number: index + 1, step, said: outcome.replace("_", " ") })),
    );
  }
});

story("where it ended stands out, and what comes after is said not to be reached", async (page) => {
  const { token, keys } = makeToken();
  await see(page, tamper(token), keySet(keys), "signature", "failed");
  const steps = panel(page, "Step by step");
  assert.match(
    await steps.locator("p").first().textContent(),
    /^13 of 32 steps passed\. It ended at step 17, which asks for this: “The signature holds under that key\.” What comes after was not reached: 15 steps\.$/,
  );
  const failed = steps.locator('[data-outcome="failed"]');
  assert.equal(await failed.count(), 1);
  assert.match(await failed.textContent(), /The token's signature is invalid\..*signature_invalid.*failed · RFC 7515 §5\.2/s);
  assert.equal(await failed.getByRole("link").getAttribute("href"), "https://www.rfc-editor.org/rfc/rfc7515#section-5.2");
  const after = steps.locator('[data-step="audience"]');
  assert.match(await after.textContent(), /not reached/);
  // What is dimmed can still be read: 4.5 to 1 and more.
  const [colour, soft] = await after.evaluate((element) => [getComputedStyle(element).color, getComputedStyle(document.querySelector(".hint")).color]);
  assert.equal(colour, soft);
});

story("where a segment goes wrong, the step leads to the place", async (page) => {
  await see(page, `${segment({ alg: "ES256" })}.${segment('{"sub":"s"')}.AA`, "", "payload", "failed");
  await panel(page, "Step by step").getByRole("button", { name: "Show where" }).click();
  assert.equal(await page.evaluate(() => document.activeElement.id), "payload-title");
  assert.ok(await panel(page, "Payload").getByText("The JSON breaks off").isVisible());
  await see(page, makeToken().token, keySet(makeToken().keys), "signature", "failed");
  assert.equal(await page.getByRole("button", { name: "Show where" }).count(), 0);
});

story("a token that nothing speaks against is told so, and what nobody asked is folded away", async (page) => {
  const { token, keys } = makeToken();
  await see(page, token, keySet(keys), "signature", "passed");
  const steps = panel(page, "Step by step");
  assert.match(await steps.locator("p").first().textContent(), /^\d+ of 32 steps passed, and none failed\.$/);
  const idle = steps.locator("details");
  const [, count] = /^(\d+) steps had nothing to ask$/.exec(await idle.locator("summary").textContent());
  assert.equal(await idle.locator("li").count(), Number(count));
  assert.ok(!(await idle.locator("li").first().isVisible()));
  // What the core has a word on is not folded away.
  assert.match(await steps.locator('[data-step="issuer"]').textContent(), /not asked/);
  assert.ok(await steps.getByText("without a policy nobody says which are trusted").first().isVisible());
});

story("what was unfolded stays so while the clock goes on and while the token does not change", async (page) => {
  const { token, keys } = makeToken();
  await see(page, token, keySet(keys), "signature", "passed");
  const [idle, thumbprint] = [page.locator(".idle"), page.locator(".keys details").first()];
  await idle.locator("summary").click();
  await thumbprint.locator("summary").click();
  await page.evaluate(() => app.set({}));
  assert.equal(await idle.getAttribute("open"), "");
  assert.equal(await thumbprint.getAttribute("open"), "");
});

story("steps are grouped, and the numbers go on from group to group", async (page) => {
  const { token, keys } = makeToken();
  await see(page, tamper(token), keySet(keys), "signature", "failed");
  const headings = await panel(page, "Step by step").getByRole("heading", { level: 4 }).allTextContents();
  assert.deepEqual(headings, ["Its form", "Its header", "Who issued it, and what kind it is", "The key and the signature", "Its claims", "Its time", "Revocation, and who sends it"]);
  const numbers = (await drawn(page)).map(({ number }) => number);
  assert.deepEqual([...numbers].sort((one, other) => one - other), Array.from({ length: 32 }, (_, index) => index + 1));
});

story("the steps of an API key end where the store begins", async (page) => {
  await see(page, API_KEY.text, "", "check", "passed");
  const steps = panel(page, "Step by step");
  assert.match(await steps.locator('[data-step="record"]').textContent(), /the store is not asked here/);
  assert.equal(await panel(page, "The keys").count(), 0);
});

story("each key is told with what it is and why the choice fell on it or not", async (page) => {
  const { token, keys } = makeToken();
  const [key] = keys;
  const set = [key, { ...key, kid: "for-encryption", use: "enc" }, { ...key, kid: "private", d: "AQ" }, { kty: "RSA", n: "AQAB", e: "AQAB" }];
  await see(page, token, keySet(set), "signature", "passed");
  const list = panel(page, "The keys").locator(".keys > li");
  assert.match(await list.nth(0).textContent(), /k1Chosen: the one key that fits kid and alg\.The signature holds under it\.kind ECcurve P-256for ES256use sig/);
  assert.match(await list.nth(1).textContent(), /for-encryptionNot chosen: not meant for verifying signatures/);
  assert.match(await list.nth(2).textContent(), /privateNot chosen: a private or symmetric key in a public key set/);
  assert.match(await list.nth(3).textContent(), /key 4, which has no idNot chosen: of another kind: it serves no ES256/);
  const thumbprint = await page.evaluate(() => app.state().report.token.keys[0].thumbprint);
  await list.nth(0).locator("summary").click();
  await list.nth(0).getByText(thumbprint, { exact: true }).waitFor();
});

story("a signature that holds under a key that was not chosen is pointed out", async (page) => {
  const { token, keys } = makeToken();
  await see(page, token, keySet([{ ...keys[0], kid: "renamed" }]), "key", "failed");
  assert.match(await panel(page, "The keys").textContent(), /There is one, and it was not chosen\..*the token names another kid\.The signature holds under it all the same\./);
});

story("more keys than anybody reads at once unfold, and more than the core takes are refused with its word", async (page) => {
  const { token, keys } = makeToken();
  const many = (count) => Array.from({ length: count }, (_, index) => ({ ...keys[0], kid: index ? `k${index}-other` : "k1" }));
  await see(page, token, keySet(many(60)), "signature", "passed");
  const list = panel(page, "The keys");
  assert.equal(await list.locator(".keys > li:visible").count(), 50);
  await list.getByText("The other 10 keys").click();
  assert.equal(await list.locator(".keys > li:visible").count(), 60);
  await see(page, token, keySet(many(500)), "key", "failed");
  assert.match(await list.textContent(), /500 keys, at most 64/);
});

story("without keys it is said what to do", async (page) => {
  await see(page, makeToken().token, "", "key", "not_asked");
  assert.match(await panel(page, "The keys").textContent(), /None is at hand\. Paste the key set/);
});

story("hostile ids and notes are text, cut and with nothing invisible in them", async (page) => {
  const attack = `<img src=x onerror="window.ran=1">\u202E${"x".repeat(1000)}`;
  const { token, keys } = makeToken();
  await see(page, token, keySet([...keys, { ...keys[0], kid: attack, use: attack }]), "signature", "passed");
  const said = await panel(page, "The keys").textContent();
  assert.match(said, /<img src=x onerror="window\.ran=1">U\+202Ex+… \(\d+ characters more\)/);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  await verdict(page, "mathematics", "Holds").waitFor();
});
