// The plain page of the examples, over the package as it is installed.
import assert from "node:assert/strict";
import { cpSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { AUDIENCE, keySet, signer, tampered } from "../support/credentials.mjs";
import { startBrowser } from "../support/pages.mjs";
import { serve } from "./support/browser.mjs";
import { ROOT, makeProjects } from "./support/bundled.mjs";

let projects;
let browser;
let server;
before(async () => {
  projects = await makeProjects();
  cpSync(join(ROOT, "examples/page"), projects.good.directory, { recursive: true });
  server = await serve(projects.good.directory);
  browser = await startBrowser();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  projects?.remove();
});

test("the page tells good tokens from bad ones, and sends nothing", async () => {
  const page = await browser.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  await page.goto(server.base);
  const issuer = signer("ES256");
  const [now, keys] = [Date.now(), JSON.stringify(keySet(issuer))];
  const good = issuer.mint({ now });
  const judged = async (token, { jwks = keys, audience = AUDIENCE } = {}) => {
    await page.getByLabel("Key set of the issuer").fill(jwks);
    await page.getByLabel("Audience").fill(audience);
    await page.getByLabel("Token").fill(token);
    await page.getByRole("status").evaluate((status) => status.replaceChildren());
    await page.getByRole("button", { name: "Check" }).click();
    await page.getByText(/^(Good|Refused|Cannot check): /).waitFor();
    return page.getByRole("status").textContent();
  };
  assert.match(await judged(good), /^Good: app-1, until \d{4}-/);
  assert.match(await judged(`  ${good}\n`), /^Good: app-1/);
  assert.match(await judged(issuer.mint({ now, claims: { sub: "<b>app</b>" } })), /^Good: <b>app<\/b>/);
  assert.match(await judged(tampered(good)), /^Refused: signature_invalid\. \w/);
  assert.match(await judged(good, { audience: "https://other.example" }), /^Refused: audience_mismatch\. \w/);
  assert.match(await judged(issuer.mint({ now: now - 3_600_000 })), /^Refused: token_expired\. \w/);
  assert.match(await judged("no token"), /^Refused: token_malformed\. \w/);
  assert.match(await judged(good, { jwks: "no JSON" }), /^Cannot check: /);
  assert.match(await judged(good, { jwks: "{}" }), /^Cannot check: .*\/issuers\/0\/jwks/s);

  const sent = await page.evaluate(() => fetch("/anything").then(() => "sent", (error) => error.name));
  assert.equal(sent, "TypeError");
  assert.ok(!server.requests.includes("/anything"));
  assert.deepEqual(troubles, []);
  await page.close();
});
