// The policy as its author meets it: what lint finds through the command line, what is thrown, and the published schema.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createApiKeyChecker, createGate, createJwtVerifier, createOriginCheck, lint, takeSnapshot } from "edgeward";
import { exportJWK, generateKeyPair } from "jose";

const MAIN = fileURLToPath(new URL("../../dist/npm/dist/cli/main.js", import.meta.url));
const ISSUER = "https://issuer.example";

let directory;
let jwk;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-policy-"));
  jwk = { ...(await exportJWK((await generateKeyPair("ES256")).publicKey)), kid: "k1", alg: "ES256", use: "sig" };
});
after(() => rmSync(directory, { recursive: true, force: true }));

function edgeward(args, input) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd: directory }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
    child.stdin.end(input);
  });
}

function write(name, document) {
  writeFileSync(join(directory, name), JSON.stringify(document));
  return name;
}

const policy = (issuer = {}, route = {}) => ({
  issuers: [{ issuer: ISSUER, audience: "https://api.example", algorithms: ["ES256"], maxTokenAge: 3600, ...issuer }],
  routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token"], scopes: ["reports:read"], ...route }],
});

/** A snapshot that was taken so many seconds ago and is good for a day. */
async function snapshot(age) {
  const fetch = async () => Response.json({ keys: [jwk] });
  const { snapshot } = await takeSnapshot(`${ISSUER}/jwks`, { maxAge: 86_400, fetch, now: () => Date.now() - age * 1000 });
  return snapshot;
}

/** As Cloudflare's API lists them. */
const routes = (failOpen) => ({
  success: true,
  errors: [],
  messages: [],
  result: [
    { id: "9a7806061c88ada191ed06f989cc3dac", pattern: "www.example/*", script: null, request_limit_fail_open: true },
    { id: "023e105f4ecef8ad9ca31a8372d0c353", pattern: "api.example/*", script: "gate", request_limit_fail_open: failOpen },
  ],
});

test("lint finds the four: a route that fails open, a missing audience, a wildcard scope, a stale snapshot", async () => {
  const careless = policy({ audience: undefined, optionalClaims: ["aud"] }, { scopes: ["reports:*"] });
  write("careless.json", careless);
  write("stale.json", { [ISSUER]: await snapshot(90_000) });
  write("open.json", routes(true));
  const all = ["lint", "careless.json", "--snapshots", "stale.json", "--workers-routes", "open.json"];
  const asked = await edgeward([...all, "--json"]);
  assert.equal(asked.code, 1, asked.stderr);
  const { findings, fault, faults } = JSON.parse(asked.stdout);
  assert.deepEqual([fault, faults], [null, []]);
  assert.deepEqual(
    findings.map(({ rule, severity, nhi, document, pointer }) => [rule, severity, nhi, document, pointer]),
    [
      ["snapshot_over", "high", "NHI6:2025", "policy", "/issuers/0/jwks"],
      ["audience_optional", "high", "NHI6:2025", "policy", "/issuers/0/optionalClaims"],
      ["route_fails_open", "high", "NHI6:2025", "workersRoutes", "/result/1"],
      ["wildcard_scope", "medium", "NHI5:2025", "policy", "/routes/0/scopes"],
    ],
  );
  const said = await edgeward(all);
  assert.equal(said.code, 1);
  assert.match(said.stdout, /^high {3}workersRoutes#\/result\/1 {2}route_fails_open \[NHI6:2025\]\n.*daily limit.*`api\.example\/\*` of the Worker `gate`/m);
  assert.equal(said.stderr, "careless.json: 3 high, 1 medium, 0 low\n");

  // Each of them mended, nothing is left.
  write("careful.json", policy());
  write("fresh.json", { [ISSUER]: await snapshot(10) });
  write("closed.json", routes(false));
  const careful = await edgeward(["lint", "careful.json", "--snapshots", "fresh.json", "--workers-routes", "closed.json"]);
  assert.deepEqual([careful.code, careful.stdout, careful.stderr], [0, "", "careful.json: nothing to object to\n"]);
});

test("an audience that nobody said is optional is a fault, and no gate is made of that policy", async () => {
  write("none.json", policy({ audience: undefined, jwks: { keys: [jwk] } }));
  const { code, stdout, stderr } = await edgeward(["lint", "none.json"]);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^fault {2}\/issuers\/0\/audience: name the audience that this API answers to\n {7}\S/);
});

test("Workers routes that cannot be read are no clean bill", async () => {
  const text = JSON.stringify(policy({ jwks: { keys: [jwk] } }));
  for (const listed of ["{}", "", '{"success":false,"result":[]}', '{"success":true,"result":[],"result_info":{"total_pages":3}}']) {
    writeFileSync(join(directory, "listed.json"), listed);
    const { code, stderr } = await edgeward(["lint", "-", "--workers-routes", "listed.json"], text);
    assert.equal(code, 3, listed);
    assert.match(stderr, /^edgeward lint: (the Workers routes are those that|listed\.json is no JSON)/);
  }
  assert.equal((await edgeward(["lint", "-", "--workers-routes", "nowhere.json"], text)).code, 3);
  const [found] = lint(policy({ jwks: await snapshot(10) }), { workersRoutes: routes(true).result });
  assert.deepEqual([found.rule, found.document, found.pointer], ["route_fails_open", "workersRoutes", "/1"]);
});

test("what is thrown at a wrong policy has every fault, with its place and a hint", async () => {
  const wrong = { ...policy({ audiense: "a", jwks: { keys: [jwk] } }, { path: "v1" }), orgin: "https://origin.example", prefix: 1 };
  delete wrong.issuers[0].audience;
  for (const make of [() => createGate(wrong), async () => lint(wrong)]) {
    await assert.rejects(make, (error) => {
      assert.ok(error instanceof Error);
      assert.equal(error.name, "PolicyError");
      assert.deepEqual(error.faults.map(({ pointer }) => pointer).sort(), ["/issuers/0/audiense", "/orgin", "/prefix", "/routes/0/path"]);
      assert.equal(error.faults.find(({ pointer }) => pointer === "/orgin").hint, "did you mean `origin`?");
      for (const { pointer, reason, hint } of error.faults) assert.ok(error.message.includes(`${pointer}: ${reason} (${hint})`), error.message);
      return true;
    });
  }
  await assert.rejects(createJwtVerifier({ issuers: [{ issuer: "" }], dpop: { maxAge: 0 } }), (error) => {
    assert.ok(error.faults.some(({ pointer }) => pointer === "/dpop/maxAge") && error.faults.some(({ pointer }) => pointer === "/issuers/0/issuer"));
    return error.name === "PolicyError";
  });
  await assert.rejects(createApiKeyChecker({ prefix: "A", environmint: "live" }, { store: new Map() }), (error) => {
    assert.match(error.message, /^the form of the keys is refused: /);
    assert.deepEqual(error.faults.map(({ pointer }) => pointer).sort(), ["/environmint", "/prefix"]);
    return error.name === "PolicyError";
  });
});

test("so it is of the policy of an origin, and of entries for a deny list", async () => {
  const origin = { issuer: "", audience: "", jwks: { keys: [jwk] }, publicOrigin: "api.example" };
  await assert.rejects(createOriginCheck(origin), (error) => {
    assert.deepEqual(error.faults?.map(({ pointer }) => pointer).sort(), ["/audience", "/issuer", "/publicOrigin"]);
    return error.name === "PolicyError";
  });
  const gate = await createGate(policy({ jwks: { keys: [jwk] } }), { audit() {} });
  for (const change of [gate.deny, gate.undeny, async (entries) => gate.setDenyList(entries)]) {
    await assert.rejects(change([{ jti: "t", isuer: ISSUER }]), (error) => {
      assert.ok(error.faults?.some(({ pointer }) => pointer === "/0/isuer"), error.message);
      return error.name === "PolicyError";
    });
  }
});

test("the schema is published with the package, and names every member", () => {
  const published = createRequire(import.meta.url)("edgeward/policy.schema.json");
  const committed = JSON.parse(readFileSync(new URL("../../schema/policy.schema.json", import.meta.url), "utf8"));
  assert.deepEqual(published, committed);
  assert.equal(published.$schema, "https://json-schema.org/draft/2020-12/schema");
  assert.equal(published.additionalProperties, false);
  assert.ok(["issuers", "apiKeys", "routes", "origin"].every((member) => member in published.properties));
});
