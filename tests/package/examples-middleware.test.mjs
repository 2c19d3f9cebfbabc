// The examples with Hono, Express and Fastify, as they stand: started as their readers start them, and asked.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { apiKey, keySet, mistyped, signer, tampered } from "../support/credentials.mjs";
import { exampleProject } from "../support/example-project.mjs";

const issuer = signer("ES256");
const claims = { scope: "reports:read", sub: "app_reports", client_id: "app_reports", org_id: "org_acme" };
const mint = (change = {}) => issuer.mint({ now: Date.now(), claims: { ...claims, ...change } });
const record = { scopes: ["reports:read"], organization: "org_acme" };
const key = apiKey({ now: Date.now(), record });
const expired = apiKey({ now: Date.now(), record: { ...record, expires: Math.floor(Date.now() / 1000) - 60 } });

/** The policy of an example, with an issuer of the test's in the place of its own. */
function policyFor(file) {
  const { issuers: [{ discovery, ...rest }], ...policy } = JSON.parse(readFileSync(file, "utf8"));
  assert.ok(discovery);
  return JSON.stringify({ ...policy, issuers: [{ ...rest, jwks: keySet(issuer) }] });
}

/** Asks a service whatever its readers would; `ask` takes a path and the options of `fetch`. */
async function interview(ask) {
  const by = (credential, more = {}) => ({ ...more, headers: { ...(credential && { authorization: `Bearer ${credential}` }), ...more.headers } });
  const told = async (path, options) => {
    const answer = await ask(path, options);
    return [answer.status, await answer.json()];
  };
  const code = async (path, options) => {
    const [status, problem] = await told(path, options);
    return [status, problem.code];
  };
  const report = "/v1/reports/7";
  assert.deepEqual(await told(report, by(mint())), [200, { report: "7", organization: "org_acme", askedBy: "m2m_token" }]);
  assert.deepEqual(await told(report, by(key.key)), [200, { report: "7", organization: "org_acme", askedBy: "api_key" }]);
  const put = { method: "PUT", body: JSON.stringify({ title: "May" }), headers: { "content-type": "application/json" } };
  const writing = mint({ scope: "reports:write" });
  assert.deepEqual(await told(report, by(writing, put)), [200, { report: "7", title: "May", writtenBy: "app_reports" }]);
  for (const [path, options, ...expected] of [
    [report, by(undefined), 401, "credential_missing"],
    [report, by(tampered(mint(), { sub: "admin" })), 401, "signature_invalid"],
    [report, by(mint({ aud: "https://other.example" })), 401, "audience_mismatch"],
    [report, by(mint({ exp: 1 })), 401, "token_expired"],
    [report, by(expired.key), 401, "key_expired"],
    [report, by(mistyped(key.key)), 401, "key_invalid"],
    [report, by(mint(), put), 403, "scope_insufficient"],
    [report, by(key.key, put), 403, "class_not_accepted"],
    ["/v1/others", by(mint()), 403, "route_unknown"],
    [`${report}?access_token=x`, by(mint()), 400, "credential_in_query"],
  ]) {
    assert.deepEqual(await code(path, options), expected, `${path} ${JSON.stringify(expected)}`);
  }
  assert.equal((await ask("/_edgeward/health")).status, 200);
}

/** Waits until the service says where it is. */
const address = (child) =>
  new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
        const [, url] = /Listening on (http:\/\/[^\s/]+)/.exec(said) ?? [];
        if (url !== undefined) resolve(url);
      });
    }
    child.once("exit", () => reject(new Error(`the service ended:\n${said}`)));
  });

for (const name of ["express", "fastify"]) {
  test(`the example with ${name}`, async () => {
    const { directory, remove } = await exampleProject(name);
    let child;
    try {
      const policy = join(directory, "policy-of-the-test.json");
      writeFileSync(policy, policyFor(join(directory, "policy.json")));
      const { start } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8")).scripts;
      assert.match(start, /^node \S+$/);
      const env = { ...process.env, EDGEWARD_POLICY: policy, EDGEWARD_RECORDS: join(directory, "records"), PORT: "0" };
      const { fileStore } = await import("edgeward/store/file");
      const store = fileStore(env.EDGEWARD_RECORDS);
      for (const one of [key, expired]) await store.put(one.storeKey, JSON.stringify(one.record));
      child = spawn(process.execPath, start.split(" ").slice(1), { cwd: directory, env, stdio: ["ignore", "pipe", "pipe"] });
      const url = await address(child);
      await interview((path, options) => fetch(url + path, options));
      const ended = new Promise((resolve) => child.once("exit", (code) => resolve(code)));
      child.kill("SIGTERM");
      if (process.platform !== "win32") assert.equal(await ended, 0);
    } finally {
      child?.kill("SIGKILL");
      remove();
    }
  });
}

test("the example of a Worker with Hono", async () => {
  const { directory, remove } = await exampleProject("worker-hono");
  let worker;
  try {
    const file = join(directory, "src/policy.json");
    writeFileSync(file, policyFor(file));
    const wrangler = fileURLToPath(new URL("../../node_modules/wrangler/bin/wrangler.js", import.meta.url));
    const env = { ...process.env, CI: "true", HOME: directory, WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(directory, "logs"), WRANGLER_REGISTRY_PATH: join(directory, "registry") };
    execFileSync(process.env.WRANGLER_NODE ?? process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "bundled"], { cwd: directory, env, stdio: "pipe" });
    const bundled = join(directory, "bundled");
    const modules = readdirSync(bundled)
      .filter((name) => name === "index.js" || name.includes(".wasm"))
      .sort((one) => (one === "index.js" ? -1 : 1))
      .map((name) => ({ type: name === "index.js" ? "ESModule" : "CompiledWasm", path: join(bundled, name) }));
    assert.equal(modules.length, 2, readdirSync(bundled).join());
    const [, compatibilityDate] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(join(directory, "wrangler.toml"), "utf8"));
    worker = new Miniflare(convertV4MiniflareOptions({ name: "worker", compatibilityDate, modulesRoot: bundled, modules, kvNamespaces: ["EDGEWARD_STORE"], unsafeDirectSockets: [{}], cf: false }));
    await worker.ready;
    const store = await worker.getKVNamespace("EDGEWARD_STORE");
    for (const one of [key, expired]) await store.put(one.storeKey, JSON.stringify(one.record));
    const url = await worker.unsafeGetDirectURL("worker");
    await interview((path, options) => fetch(new URL(path, url), options));
  } finally {
    await worker?.dispose();
    remove();
  }
});
