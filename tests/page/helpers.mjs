// What the stories about the page share: a page in a fresh context, and credentials made for one test.
import { generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";

/** Opens the page with the core running. Whatever goes wrong in it is kept in `page.troubles`. */
export async function openPage(browser, pages, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options.context });
  if (options.script) await context.addInitScript({ content: options.script });
  const page = await context.newPage();
  // A busy machine may take its time; whoever waits for ever is told by the runner.
  page.setDefaultTimeout(30_000);
  page.troubles = [];
  page.on("pageerror", (error) => page.troubles.push(error.message));
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) page.troubles.push(message.text());
  });
  if (options.before) await options.before(page);
  await page.goto(`${pages.base}/`);
  if (options.wait !== false) await page.getByText("Nothing pasted yet").waitFor();
  return page;
}

export const segment = (value) =>
  Buffer.from(typeof value === "string" ? value : JSON.stringify(value)).toString("base64url");

/** A token signed with a key of its own, and the key set that goes with it. */
export function makeToken(claims = {}, header = {}) {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const now = Math.floor(Date.now() / 1000);
  const payload = typeof claims === "string" ? claims : { iss: "https://issuer.example", iat: now - 60, exp: now + 3600, ...claims };
  const signed = `${segment({ alg: "ES256", kid: "k1", ...header })}.${segment(payload)}`;
  const signature = sign("sha256", Buffer.from(signed), { key: privateKey, dsaEncoding: "ieee-p1363" });
  const key = { ...publicKey.export({ format: "jwk" }), kid: "k1", alg: "ES256", use: "sig" };
  return { token: `${signed}.${signature.toString("base64url")}`, keys: [key] };
}

export const keySet = (keys) => JSON.stringify({ keys });

/** The same token with another first character of the signature. */
export function tamper(token) {
  const at = token.lastIndexOf(".") + 1;
  return token.slice(0, at) + (token[at] === "A" ? "B" : "A") + token.slice(at + 1);
}

/** Pastes a credential and a key set. */
export async function paste(page, credential, keys = "") {
  await page.getByLabel("Key set").fill(keys);
  await page.getByLabel("Token or API key").fill(credential);
}

/** Comes to a tab. */
export const openTab = (page, name) => page.getByRole("tab", { name, exact: true }).click();

/** What a part may do, in the hands of a test: `app` on the page's global object. */
export async function lendApp(page) {
  await page.route("**/main.js", async (route) => {
    // As it is written: what is built has no name for it.
    const script = readFileSync(new URL("../../www/main.js", import.meta.url), "utf8");
    await route.fulfill({ contentType: "text/javascript", body: `${script}\nglobalThis.app = app;\n` });
  });
}

/** The verdict with this answer, waited for: `mathematics` or `trust`. */
export function verdict(page, question, answer) {
  return card(page, `The ${question}`, answer);
}

/** The card with this question and answer. */
export function card(page, question, answer) {
  return page.locator(".verdict", { has: page.getByRole("heading", { name: `${question} ${answer}`, exact: true }) });
}

export const panel = (page, name) => page.getByRole("region", { name, exact: true });

/** An API key of the right form; the checksum was computed with Python's zlib.crc32. */
export const API_KEY = {
  text: "acme_live_4fJ9aZ0kQ2mX7bTe_Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A73Rc3Nv",
  id: "4fJ9aZ0kQ2mX7bTe",
  secret: "Vw3sN8dL1yPqC5uGh6RjKtBxEoMzI0A7",
  check: "3Rc3Nv",
};
