// The tab "Practice": what is unwise about a credential, and what governs it.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { RULES } from "../../www/parts/practice.js";
import { API_KEY, keySet, makeToken, openPage, panel, paste, segment } from "./helpers.mjs";

let pages;
let browser;
let shared;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  shared = await openPage(browser, pages);
});
after(() => Promise.all([browser.close(), pages.stop()]));

function story(name, tell) {
  test(name, async () => {
    shared.troubles.length = 0;
    await shared.getByRole("button", { name: "Clear" }).click();
    await tell(shared, async (credential, keys) => {
      await paste(shared, credential, keys);
      await shared.getByRole("button", { name: "Look into it" }).click();
      await shared.getByRole("tab", { name: "Practice" }).click();
      return panel(shared, "Its practice");
    });
    assert.deepEqual(shared.troubles, []);
  });
}

/** A token with nothing against it, but for what a test changes. */
const sound = (claims, header) => makeToken({ aud: "https://api.example", sub: "nightly-report", jti: "j", iat: Math.floor(Date.now() / 1000), ...claims }, { typ: "at+jwt", ...header });

story("findings come worst first, with advice, code and a link to the section", async (page, look) => {
  const { token } = makeToken({ aud: undefined, exp: undefined, email: "ada@example.com" }, { kid: "../../etc/passwd" });
  const found = await look(token);
  const items = await found.locator(".lint > li").evaluateAll((all) => all.map((item) => [item.dataset.severity, item.textContent]));
  const order = items.map(([severity]) => ["high", "medium", "low"].indexOf(severity));
  assert.deepEqual(order, order.toSorted());
  const item = (code) => items.find(([, text]) => text.includes(code))?.[1] ?? "";
  assert.match(item("kid_characters"), /^Serious: Its kid has characters/);
  assert.match(item("aud_missing"), /^Unwise: It has no aud: every service that trusts the issuer may take it\.Have the issuer name the one API/);
  assert.match(item("personal_data"), /^Minor: It tells of a person/);
  const link = found.getByRole("link", { name: "RFC 8725 §3.9" });
  assert.equal(await link.getAttribute("href"), "https://www.rfc-editor.org/rfc/rfc8725#section-3.9");
  assert.match(await found.textContent(), /findings: 2 serious, \d unwise, \d minor/);
});

story("a finding shows the member that it is about, whatever its name is", async (page, look) => {
  const name = "<img src=x onerror=alert(1)>\u202E";
  const found = await look(makeToken({ [name]: { email: "ada@example.com" } }, { kid: "a'b" }).token);
  const button = found.getByRole("button", { name: /onerror/ });
  assert.match(await button.textContent(), /^Show \/<img src=x onerror=alert\(1\)>U\+202E\/email in the payload$/);
  assert.equal(await page.locator("#parts img").count(), 0);
  await found.getByRole("button", { name: "Show /kid in the header" }).click();
  assert.equal(await page.getByRole("tab", { name: "Contents" }).getAttribute("aria-selected"), "true");
});

story("where nothing is found, it is said what was looked for, and by how many rules", async (page, look) => {
  const { token, keys } = sound();
  const found = await look(token, keySet(keys));
  const said = await found.textContent();
  assert.match(said, /Nothing unwise was found/);
  assert.match(said, new RegExp(`through the header and the payload and the key set\\. It has ${RULES} rules`));
  assert.equal(await found.locator("li").count(), 0);
});

test("the number of rules is that of the core", () => {
  const table = readFileSync(new URL("../../docs/inspect-rules.md", import.meta.url), "utf8");
  assert.equal(table.match(/^\| `\w+` \| (high|medium|low) \|/gm).length, RULES);
});

story("weak secrets are tried for tokens that are signed with a secret, and it is said where", async (page, look) => {
  const body = `${segment({ alg: "HS256", typ: "at+jwt", kid: "k" })}.${segment({ iss: "https://issuer.example", aud: "a", jti: "j", iat: 1, exp: 2 })}`;
  const signed = (secret) => `${body}.${createHmac("sha256", secret).update(body).digest("base64url")}`;
  const found = await look(signed("your-256-bit-secret"));
  assert.match(await found.textContent(), /secret_known.*Its secret is a well-known one\. The list of \d+ secrets is a part of this page, and was tried here and nowhere else/);
  await look(signed("Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7"));
  assert.match(await found.textContent(), /\d+ well-known secrets tried, and none of them signed it/);
  await look(sound().token);
  assert.doesNotMatch(await found.textContent(), /well-known secret/);
});

story("both classes stand side by side, and the one in hand stands out", async (page, look) => {
  await look(API_KEY.text);
  const table = page.getByRole("table", { name: "What governs it" });
  const heads = await table.getByRole("columnheader").allTextContents();
  assert.deepEqual(heads, ["Asked of it", "An API key standsthis one", "An M2M token expires"]);
  const rows = (await table.getByRole("row").all()).length - 1;
  assert.ok(rows >= 6);
  assert.equal(await table.getByRole("cell").count(), 2 * rows);
  const said = await table.textContent();
  for (const asked of [/Who answers for it\?/, /owner/, /revoker/, /rotat/i, /leak/, /store/]) assert.match(said, asked);
  // It says what the articles say for readers without wasm.
  assert.ok(await page.locator("#governance").isHidden());
  await look(sound().token);
  assert.deepEqual((await table.getByRole("columnheader").allTextContents()).slice(1), ["An API key stands", "An M2M token expiresthis one"]);
  await page.getByRole("button", { name: "Clear" }).click();
  await page.locator("#governance").waitFor();
});

test("on a phone the table becomes pairs that say which is which, and nothing is too wide", async () => {
  const page = await openPage(browser, pages, { context: { viewport: { width: 320, height: 640 } } });
  await paste(page, makeToken({ ["x".repeat(200)]: { password: "p" } }, { kid: `'${"k".repeat(200)}` }).token);
  await page.getByRole("button", { name: "Look into it" }).click();
  await page.getByRole("tab", { name: "Practice" }).click();
  const first = page.getByRole("table", { name: "What governs it" }).getByRole("cell").first();
  assert.ok(await first.getByText("An API key stands").isVisible());
  assert.ok((await first.boundingBox()).width > 200);
  assert.ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 320);
  await page.context().close();
});

test("sections are linked where they are public", async () => {
  const page = await openPage(browser, pages);
  const links = await page.evaluate(async () => {
    const { rule } = await import("./dom.js");
    const sections = ["RFC 8725 §3.1", "RFC 7518 §A.1", "draft-ietf-oauth-rfc8725bis-02 §3.1", "OWASP NHI7:2025", "NIST CSF 2.0 PR.AA-01", "NIST SP 800-57 Part 1 §5.3.4", "contract §5.1"];
    return sections.map((section) => rule(section).href ?? rule(section));
  });
  assert.deepEqual(links, [
    "https://www.rfc-editor.org/rfc/rfc8725#section-3.1",
    "https://www.rfc-editor.org/rfc/rfc7518#appendix-A.1",
    "https://datatracker.ietf.org/doc/html/draft-ietf-oauth-rfc8725bis-02#section-3.1",
    "https://owasp.org/www-project-non-human-identities-top-10/2025/top-10-2025",
    "NIST CSF 2.0 PR.AA-01",
    "NIST SP 800-57 Part 1 §5.3.4",
    "Edgeward’s contract §5.1",
  ]);
  await page.context().close();
});
