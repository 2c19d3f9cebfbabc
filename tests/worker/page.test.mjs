// The page as the Worker serves it: with the headers that the browser is to enforce, on every file the right ones.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { startGate } from "../support/gate.mjs";

const HEADERS = readFileSync(new URL("../../www/_headers", import.meta.url), "utf8");
const policies = [...HEADERS.matchAll(/^ {2}Content-Security-Policy: (.+)/gm)].map(([, policy]) => policy);

let gate;
before(async () => {
  const directory = fileURLToPath(new URL("../../dist/www", import.meta.url));
  gate = await startGate({ assets: { directory, routerConfig: { has_user_worker: true } } });
});
after(() => gate.stop());

const get = async (path) => {
  const answer = await gate.fetch(path, { redirect: "manual" });
  await answer.arrayBuffer();
  return { status: answer.status, type: answer.headers.get("content-type"), of: (name) => answer.headers.get(name) };
};

test("the page and its files come with the page's policy", async () => {
  for (const path of ["/", "/main.js", "/parts/time.js", "/edgeward/index.js", "/icon.svg"]) {
    const { status, of } = await get(path);
    assert.equal(status, 200, path);
    assert.equal(of("content-security-policy"), policies[0], path);
    assert.equal(of("connection-allowlist"), '(response-origin "https://www.rfc-editor.org/*" "https://datatracker.ietf.org/*" "https://owasp.org/*")', path);
    assert.equal(of("cross-origin-embedder-policy"), "require-corp", path);
    assert.equal(of("cross-origin-opener-policy"), "same-origin", path);
    assert.equal(of("cross-origin-resource-policy"), "same-origin", path);
    assert.equal(of("referrer-policy"), "no-referrer", path);
    assert.equal(of("x-content-type-options"), "nosniff", path);
    assert.match(of("permissions-policy"), /\bcamera=\(\)/, path);
  }
  assert.match((await get("/main.js")).type, /^(?:text|application)\/javascript/);
});

test("the frame that fetches keys comes with its own, and so does the worker that keeps the page", async () => {
  for (const path of ["/keys/", "/keys/fetch.js", "/keys/fetch.css"]) {
    const { status, of } = await get(path);
    assert.equal(status, 200, path);
    assert.equal(of("content-security-policy"), policies[1], path);
    assert.equal(of("connection-allowlist"), null, path);
    assert.equal(of("cross-origin-embedder-policy"), "credentialless", path);
    assert.equal(of("cross-origin-resource-policy"), "cross-origin", path);
    assert.equal(of("referrer-policy"), "no-referrer", path);
  }
  const styles = await get("/style.css");
  assert.equal(styles.of("cross-origin-resource-policy"), "cross-origin");
  assert.equal(styles.of("content-security-policy"), policies[0]);
  const worker = await get("/offline.js");
  assert.equal(worker.of("content-security-policy"), policies[2]);
  assert.equal(worker.of("connection-allowlist"), "(response-origin)");
});

test("what is no file of the page goes to the gate", async () => {
  for (const [path, status] of [["/v1/reports", 401], ["/_headers", 403], ["/keys/nothing.js", 403]]) {
    const answer = await get(path);
    assert.equal(answer.status, status, path);
    assert.match(answer.type, /^application\/problem\+json/, path);
  }
});
