// The same core runs in the browser, from the one module that the page loads.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { forgeries, lifecycle, version } from "edgeward";
import { servePages, startBrowser } from "../support/pages.mjs";

let pages;
let browser;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
});
after(() => Promise.all([browser.close(), pages.stop()]));

test("the core answers in Chromium as it does in Node.js", async () => {
  const page = await browser.newPage();
  await page.goto(`${pages.base}/nothing-here`);
  const answer = await page.evaluate(async () => (await import("/edgeward/index.js")).version());
  assert.equal(answer, version());
  assert.deepEqual(
    pages.requests.filter((url) => url !== "/favicon.ico"),
    ["/nothing-here", "/edgeward/index.js", "/edgeward/core.wasm.inline.js"],
  );
  await page.close();
});

test("what an attacker would make of a token is refused in Chromium as it is in Node.js", async () => {
  const page = await browser.newPage();
  await page.goto(`${pages.base}/nothing-here`);
  // RFC 7515, appendix A.3.
  const token =
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
  const key = { kty: "EC", crv: "P-256", x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0" };
  const options = { jwks: { keys: [key] }, now: 1_300_819_379_000 };
  const there = await page.evaluate(
    async ([token, options]) => {
      const core = await import("/edgeward/index.js");
      return { made: core.forgeries(token, options), lines: core.lifecycle() };
    },
    [token, options],
  );
  assert.deepEqual(there, { made: forgeries(token, options), lines: lifecycle() });
  assert.ok(there.made.length > 20 && there.made.every(({ verdict }) => verdict !== null));
  await page.close();
});
