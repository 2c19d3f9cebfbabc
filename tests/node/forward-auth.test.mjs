// The requests of the proxies' suite, asked of the library; and a gate in Node whose word proxies ask for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { createGate } from "edgeward";
import { keys, policy, requests, tokens } from "../proxies/requests.mjs";
import { countingStore } from "../support/credentials.mjs";
import { codeBy, statusOf } from "../support/suite.mjs";

const read = (file) => readFileSync(new URL(`../../${file}`, import.meta.url), "utf8");
const snapshots = JSON.parse(read("worker/generated/snapshots.json"));
const gated = (change = {}, options = {}) =>
  createGate({ ...policy, ...change }, { snapshots, store: countingStore(...Object.values(keys)), audit: () => {}, ...options });

test("the library gives every request the verdict that it gets through each proxy", async () => {
  const gate = await gated();
  const wrong = [];
  for (const request of requests) {
    const { name, method, path, headers, identity } = request;
    const host = headers.find(([header]) => header === "Host")?.[1] ?? "127.0.0.1";
    // A target has no fragment: that of a URL is nobody's business, that of a request's line is refused.
    const url = path.includes("#") || path === "*" ? path : `http://${host}${path}`;
    const verdict = await gate.check({ method, url, headers });
    const code = codeBy(request, "library");
    if (code === "stopped") {
      if (verdict.ok) wrong.push(`${name}: allowed`);
      continue;
    }
    const got = verdict.ok ? "allowed" : verdict.code;
    if (got !== code || (!verdict.ok && verdict.status !== statusOf(code))) wrong.push(`${name}: ${got} and not ${code}`);
    if (!verdict.ok || code !== "allowed") continue;
    const id = verdict.class === "api_key" ? verdict.credentialId : verdict.clientId;
    const decoded = (text) => decodeURIComponent(text);
    assert.deepEqual(
      [verdict.class, verdict.subject ?? "", verdict.organization ?? "", id, verdict.scopes.join(" ")],
      [identity.class, decoded(identity.subject), decoded(identity.organization), identity["credential-id"], identity.scopes],
      name,
    );
  }
  assert.deepEqual(wrong, []);
});

const verify = "http://gate.internal/_edgeward/verify";
const told = { "x-forwarded-method": "GET", "x-forwarded-proto": "https", "x-forwarded-host": "api.example", "x-forwarded-uri": "/v1/reports" };
const bearer = { authorization: `Bearer ${tokens.good}` };

test("a gate in Node answers a proxy, and only the proxies that the policy names", async () => {
  const events = [];
  const forwardAuth = { dialect: "caddy", proxies: ["10.0.0.0/8"] };
  const address = (request) => request.headers.get("test-peer");
  const gate = await gated({ forwardAuth }, { address, audit: (event) => void events.push(event) });
  const ask = (peer, headers = {}) => gate.fetch(new Request(verify, { headers: { ...told, ...bearer, "test-peer": peer, ...headers } }));
  const allowed = await ask("10.1.2.3");
  assert.deepEqual([allowed.status, await allowed.text(), allowed.headers.get("edgeward-subject")], [200, "", "app_reports"]);
  const stranger = await ask("192.0.2.1");
  assert.deepEqual([stranger.status, (await stranger.json()).code], [403, "forward_auth_peer_unknown"]);
  assert.deepEqual(
    events.map((event) => [event.status_code, event.unmapped.route]),
    [["allowed", "/v1/reports"], ["forward_auth_peer_unknown", "/_edgeward/verify"]],
  );
});

test("a header that the client sent beside the proxy's own is never believed", async () => {
  const gate = await gated({ forwardAuth: { dialect: "caddy" } });
  const headers = new Headers({ ...told, ...bearer });
  headers.append("x-forwarded-uri", "/v1/reports?x=");
  const answer = await gate.fetch(new Request(verify, { headers }));
  assert.deepEqual([answer.status, (await answer.json()).code], [400, "path_ambiguous"]);
});

test("docs/forward-auth.md shows the very files that are run here", () => {
  const page = read("docs/forward-auth.md");
  const blocks = [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(([, language, text]) => ({ language, text }));
  const shown = (...languages) => blocks.filter(({ language }) => languages.includes(language)).map(({ text }) => text);
  const files = ["nginx.conf", "Caddyfile", "traefik.yml", "envoy.yaml", "haproxy.cfg", "edgeward.lua"];
  assert.deepEqual(shown("nginx", "caddyfile", "yaml", "haproxy", "lua"), files.map((file) => read(`tests/proxies/${file}`)));
});

test("a policy that names no proxies is unwise, and one that is not understood is refused", async () => {
  await assert.rejects(gated({ forwardAuth: { dialect: "haproxy" } }), /\/forwardAuth\/dialect/);
  await assert.rejects(gated({ forwardAuth: { dialect: "nginx", proxies: [] } }), /\/forwardAuth\/proxies/);
  await assert.rejects(gated({ forwardAuth: { dialect: "nginx" }, origin: "https://origin.example" }), /\/origin/);
});
