// What a policy makes of a credential, and its gate of a request.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, panel, paste } from "./helpers.mjs";

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

function story(name, told) {
  test(name, async () => {
    const page = await openPage(browser, pages);
    await told(page);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  });
}

const AUDIENCE = "https://api.example";
const ISSUER = { issuer: "https://issuer.example", audience: AUDIENCE, algorithms: ["ES256"] };
const field = (page) => page.getByLabel("The policy of a gate, or of a verifier");
const said = (page, answer) => page.locator("#part-policy .verdict", { has: page.getByText(answer) });
const policyTab = (page) => page.getByRole("tab", { name: "Policy" }).click();

/** A token pasted with its keys, the tab open, and a policy in it. */
async function open(page, policy, claims = {}) {
  const { token, keys } = makeToken({ aud: AUDIENCE, sub: "nightly", scope: "reports:read", ...claims });
  await paste(page, token, keySet(keys));
  await policyTab(page);
  if (policy) await field(page).fill(JSON.stringify(policy(keys)));
  return { token, keys };
}

const gate =
  (routes, issuer = {}) =>
  (keys) => ({ issuers: [{ ...ISSUER, jwks: { keys }, ...issuer }], routes });
const REPORTS = { methods: ["GET"], path: "/v1/reports/:id", classes: ["m2m_token"], scopes: ["reports:read"] };
const PUBLISH = { methods: ["POST"], path: "/v1/reports", classes: ["m2m_token"], scopes: ["reports:publish"] };

story("a policy that fits is filled in, and lets the token through", async (page) => {
  await open(page);
  await page.getByRole("button", { name: "Fill in one that fits" }).click();
  await said(page, "Lets it through").waitFor();
  const policy = JSON.parse(await field(page).inputValue());
  assert.deepEqual([policy.issuers[0].issuer, policy.issuers[0].audience], [ISSUER.issuer, AUDIENCE]);
  assert.match(await panel(page, "As whom").textContent(), /Subject\s*nightly.*Scopes.*reports:read/s);
  await page.getByRole("button", { name: "Take it out" }).click();
  await panel(page, "As whom").waitFor({ state: "detached" });
  assert.equal(await field(page).inputValue(), "");
});

story("picking a route fills in a request, and says why the others were not chosen", async (page) => {
  await open(page, gate([REPORTS, PUBLISH]));
  await said(page, "Lets it through").waitFor();
  assert.equal(await page.getByLabel("Method").inputValue(), "GET");
  assert.match(await page.getByLabel("Path, or the whole URL").inputValue(), /^\/v1\/reports\/[^/]+$/);
  await page.getByLabel("Pick a route").selectOption({ label: "POST  /v1/reports" });
  assert.match(await said(page, "Refuses it").textContent(), /scope_insufficient.*403/);
  assert.equal(await page.getByLabel("Method").inputValue(), "POST");
  const routes = await panel(page, "The routes").locator("li").allTextContents();
  assert.equal(routes.length, 2);
  assert.match(routes[0], /It does not take the path/);
  assert.match(routes[1], /POST \/v1\/reports.*chosen/s);
});

story("what is typed is asked about, and the choice follows", async (page) => {
  await open(page, gate([REPORTS, PUBLISH]));
  await said(page, "Lets it through").waitFor();
  await page.getByLabel("Path, or the whole URL").fill("/elsewhere");
  assert.match(await said(page, "Refuses it").textContent(), /route_unknown/);
  assert.equal(await page.getByLabel("Pick a route").inputValue(), "");
  await page.getByLabel("Path, or the whole URL").fill("/v1/reports/7");
  await said(page, "Lets it through").waitFor();
  assert.equal(await page.getByLabel("Pick a route").inputValue(), "0");
  assert.ok(await page.getByLabel("Path, or the whole URL").evaluate((element) => element === document.activeElement));
});

story("the origin's headers are told, new ones and removed ones apart", async (page) => {
  await open(page, gate([REPORTS]));
  const origin = panel(page, "What the origin would get");
  await origin.waitFor();
  const rows = await origin.getByRole("row").allTextContents();
  assert.ok(
    rows.some((row) => /^edgeward-class\s*m2m_token$/.test(row)),
    rows.join("\n"),
  );
  assert.ok(
    rows.some((row) => /^edgeward-subject\s*nightly$/.test(row)),
    rows.join("\n"),
  );
  assert.match(await origin.textContent(), /Taken out before.*authorization/s);
});

story("a refusal is told as the client gets it, with its challenge and its document", async (page) => {
  await open(page, gate([REPORTS], { audience: "https://other.example" }));
  await said(page, "Refuses it").waitFor();
  const client = panel(page, "What the client would get");
  const text = await client.textContent();
  assert.match(text, /Status 401/);
  assert.match(text, /www-authenticate\s*Bearer/i);
  assert.match(await client.locator("pre").textContent(), /"code": "/);
});

story("every fault of a policy is listed by its place, and what was typed stays", async (page) => {
  await open(page);
  const typed = '{ "rotues": [], "issuers": [{ "issuer": 7 }] }\n\n';
  await field(page).fill(typed);
  await page.getByText(/It cannot be used: 2 things/).waitFor();
  const faults = await page.locator("#policy-faults li").allTextContents();
  assert.ok(
    faults.some((fault) => /At \/rotues: .*did you mean routes\?/s.test(fault)),
    faults.join("\n"),
  );
  assert.equal(await field(page).getAttribute("aria-invalid"), "true");
  assert.equal(await field(page).inputValue(), typed);
  await field(page).fill('{ "issuers": [');
  await page.getByText(/the document as a whole.*not JSON/s).waitFor();
});

story("a verifier's policy has a verdict and no request", async (page) => {
  await open(page, (keys) => ({ issuers: [{ ...ISSUER, jwks: { keys } }] }));
  await said(page, "Lets it through").waitFor();
  assert.equal(await page.getByLabel("Method").isVisible(), false);
  await page.getByText("It has no routes").waitFor();
});

story("a gate without a route is no gate, and the core says why", async (page) => {
  await open(page, gate([]));
  await panel(page, "No gate can be made of it").getByText("/routes").waitFor();
});

story("keys that are elsewhere are said to be missing, and those that are pasted stand in", async (page) => {
  const { keys } = await open(page, () => ({
    issuers: [{ ...ISSUER, jwksUri: "https://issuer.example/jwks" }],
    routes: [REPORTS],
  }));
  await said(page, "Lets it through").waitFor();
  await page.getByLabel("Key set").fill("");
  assert.match(await said(page, "Cannot be told here").textContent(), /fetches nothing/);
  await page.getByLabel("Key set").fill(keySet(keys));
  await said(page, "Lets it through").waitFor();
});

story("an API key takes its record: without it nothing is told", async (page) => {
  await page.getByRole("button", { name: "an API key" }).click();
  await policyTab(page);
  await page.getByRole("button", { name: "Fill in one that fits" }).click();
  assert.match(await said(page, "Cannot be told here").textContent(), /Only the store can tell/);
  const record = page.getByLabel("The record that the store has");
  await record.fill("{");
  await page.getByText("The request cannot be looked at").waitFor();
  await page.getByRole("button", { name: "Fill in the record of the example key" }).click();
  await said(page, "Lets it through").waitFor();
  assert.match(await panel(page, "As whom").textContent(), /org_example/);
  await record.fill(JSON.stringify({ ...JSON.parse(await record.inputValue()), disabled: true }));
  await said(page, "Refuses it").waitFor();
  const shown = await page.locator("#part-policy").textContent();
  assert.ok(!shown.includes("JustAnExampleThatOpensNothing123"));
});

story("where the policy takes keys from several headers, one can be chosen", async (page) => {
  await paste(page, API_KEY.text);
  await policyTab(page);
  await field(page).fill(
    JSON.stringify({
      issuers: [],
      apiKeys: { prefix: "acme", environment: "live" },
      credentials: { apiKey: ["authorization", "x-api-key"] },
      routes: [{ methods: ["GET"], path: "/v1/:any", classes: ["api_key"] }],
    }),
  );
  await page.getByLabel("The header that it comes in").selectOption("x-api-key");
  await said(page, "Cannot be told here").waitFor();
});

story("what is typed and opened survives the clock, and is gone after Clear", async (page) => {
  await page.clock.install();
  await open(page, gate([REPORTS]));
  await page.clock.runFor(1000);
  await said(page, "Lets it through").waitFor();
  await page.getByText("More of the request").click();
  await page.getByLabel("Other headers").fill("x-organization: org_1");
  const before = await panel(page, "The routes").elementHandle();
  await page.clock.runFor(5000);
  assert.equal(await page.getByLabel("Other headers").inputValue(), "x-organization: org_1");
  assert.ok(await before.evaluate((element) => element.isConnected), "drawn again, and nothing had changed");
  for (let times = 0; times < 2; times++) {
    await page.getByRole("button", { name: "Clear" }).click();
    assert.equal(await page.locator("#parts [role=tabpanel] > *").count(), 0);
    await open(page);
    assert.equal(await field(page).inputValue(), "");
    assert.equal(await field(page).count(), 1);
  }
});

story("a token that expires is refused by the policy when its time comes", async (page) => {
  await page.clock.install();
  const now = Math.floor((await page.evaluate(() => Date.now())) / 1000);
  await open(page, gate([REPORTS]), { iat: now - 60, exp: now + 30 });
  await page.clock.runFor(1000);
  await said(page, "Lets it through").waitFor();
  await page.clock.runFor(120_000);
  assert.match(await said(page, "Refuses it").textContent(), /token_expired/);
});

story("markup and what turns text around are text in all of it", async (page) => {
  const attack = '<img src=x onerror="window.ran=1">\u202E';
  await open(page, (keys) => ({ issuers: [{ ...ISSUER, jwks: { keys } }], routes: [{ ...REPORTS, scopes: [] }] }), {
    sub: attack,
  });
  await panel(page, "The routes").waitFor();
  assert.equal(await page.locator("#part-policy img").count(), 0);
  assert.doesNotMatch(await page.locator("#part-policy").textContent(), /\u202E/);
  assert.equal(await page.evaluate(() => window.ran), undefined);
});
