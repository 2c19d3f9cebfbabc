// What `edgeward serve` makes of requests: those that are made to be read in two ways, those of the proxies' suite, bodies
// of any size, connections that break off, clients that are slow, and certificates of clients.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileStore } from "edgeward/store/file";
import { keys, policy as suitePolicy, requests } from "../proxies/requests.mjs";
import { certificate } from "../support/certificate.mjs";
import { signer, tokenPolicy } from "../support/credentials.mjs";
import { exchange, rawOrigin } from "../support/raw.mjs";
import { startServe } from "../support/serve.mjs";
import { attack } from "../support/smuggling.mjs";
import { sendAll, startOrigin } from "../support/suite.mjs";
import { until } from "../support/until.mjs";

const issuer = signer("ES256");
const token = issuer.mint({ now: Date.now(), claims: { sub: "app_reports" } });
const METHODS = ["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST"];
const policy = (change = {}) => ({ ...tokenPolicy(issuer), tlsEndsAhead: true, routes: [{ methods: METHODS, path: "/v1/*", classes: ["m2m_token"] }], ...change });

let directory;
const path = (name) => join(directory, name);
const running = [];

before(() => (directory = mkdtempSync(join(tmpdir(), "edgeward-serve-"))));
after(async () => {
  await Promise.all(running.map((stop) => stop()));
  rmSync(directory, { recursive: true, force: true });
});

async function served(document, args = [], options = {}) {
  const file = path(`policy-${running.length}.json`);
  writeFileSync(file, JSON.stringify(document));
  const server = await startServe(["--policy", file, "--store", "memory:", ...args], { cwd: directory, ...options });
  running.push(() => server.stop("SIGKILL"));
  assert.ok(server.url, server.words());
  return server;
}

async function origin(listener) {
  const server = createServer(listener);
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  running.push(() => (server.closeAllConnections(), server.close()));
  return `http://127.0.0.1:${server.address().port}`;
}

const answerOf = (port, options, body, send = httpRequest) =>
  new Promise((resolve, reject) => {
    const sent = send({ host: "127.0.0.1", port, path: "/v1/a", headers: { authorization: `Bearer ${token}` }, ...options }, (answer) => {
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", reject);
      answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks).toString() }));
    });
    sent.on("error", reject);
    sent.end(body);
  });

test("every attempt at smuggling is refused or passed on harmlessly", async () => {
  const behind = await rawOrigin();
  running.push(() => behind.stop());
  const credentials = { m2mToken: ["authorization"], apiKey: ["authorization", "x-api-key"] };
  const routes = [{ methods: METHODS, path: "/v1/a", classes: ["m2m_token"] }];
  const server = await served(policy({ credentials, routes, origin: behind.url }));
  const { wrong, attempts, passed } = await attack(token, (bytes) => exchange(server.port, bytes), behind.seen);
  assert.deepEqual(wrong, []);
  assert.ok(attempts >= 60, `${attempts} attempts`);
  assert.ok(passed >= 25, `${passed} reached the origin`);
});

test("every request of the proxies' suite gets its verdict", async () => {
  const behind = await startOrigin();
  running.push(() => behind.stop());
  const store = fileStore(path("suite"));
  for (const { storeKey, record } of Object.values(keys)) await store.put(storeKey, JSON.stringify(record));
  const snapshots = new URL("../../worker/generated/snapshots.json", import.meta.url).pathname;
  const args = ["--store", "file:suite", "--snapshots", snapshots, "--origin", `http://127.0.0.1:${behind.port}`];
  const server = await served({ ...suitePolicy, limits: undefined }, args);
  const { wrong, judged } = await sendAll("serve", server.port, behind);
  assert.deepEqual(wrong, []);
  assert.equal(judged, requests.length);
});
