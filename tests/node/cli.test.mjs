// The command line, as it is installed: what it prints, what it writes and how it ends.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { createJwtVerifier } from "edgeward";
import { SignJWT, exportJWK, generateKeyPair } from "jose";

const MAIN = fileURLToPath(new URL("../../dist/npm/dist/cli/main.js", import.meta.url));
const OPERAND = "an issuer, or the URL of a key set";

let directory;
let server;
let issuer;
let answers;
let keyPair;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-cli-"));
  keyPair = await generateKeyPair("ES256");
  const jwk = { ...(await exportJWK(keyPair.publicKey)), kid: "k1", alg: "ES256", use: "sig" };
  server = createServer((request, response) => {
    const answer = answers[request.url];
    response.statusCode = answer === undefined ? 404 : 200;
    response.end(answer === undefined ? "" : JSON.stringify(answer));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  issuer = `http://127.0.0.1:${server.address().port}`;
  answers = {
    "/.well-known/openid-configuration": { issuer, jwks_uri: `${issuer}/jwks` },
    "/.well-known/oauth-authorization-server/rfc8414": { issuer: `${issuer}/rfc8414`, jwks_uri: `${issuer}/jwks` },
    "/other/.well-known/openid-configuration": { issuer: `${issuer}/another`, jwks_uri: `${issuer}/jwks` },
    "/other": { keys: [jwk] },
    "/jwks": { keys: [jwk, { kty: "EC", kid: "odd", crv: "P-1" }] },
    "/empty": { keys: [] },
  };
});
after(() => {
  server.close();
  rmSync(directory, { recursive: true, force: true });
});

function edgeward(args, input) {
  return new Promise((resolve) => {
    const child = execFile(process.execPath, [MAIN, ...args], { cwd: directory }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : error.code, stdout, stderr }),
    );
    child.stdin.end(input);
  });
}

const file = (name) => join(directory, name);
const readJson = (name) => JSON.parse(readFileSync(file(name), "utf8"));

test("a snapshot of an issuer verifies its tokens", async () => {
  const { code, stdout, stderr } = await edgeward(["snapshot", issuer, "--max-age", "12h"]);
  assert.equal(code, 0, stderr);
  const snapshot = JSON.parse(stdout);
  assert.deepEqual([snapshot.source, snapshot.maxAge], [`${issuer}/jwks`, 43_200]);
  assert.match(snapshot.digest, /^sha-256:[0-9a-f]{64}$/);
  assert.ok(Math.abs(snapshot.fetchedAt - Date.now() / 1000) < 60);
  assert.match(stderr, /^1 key of http.*, good until .*, sha-256:[0-9a-f]{64}\nof no use: `odd`: .*\n$/);
  const verifier = await createJwtVerifier({
    issuers: [{ issuer, audience: "a", algorithms: ["ES256"], jwks: snapshot }],
  });
  const token = await new SignJWT().setProtectedHeader({ alg: "ES256", kid: "k1" }).setIssuer(issuer).setAudience("a").setExpirationTime("1h").sign(keyPair.privateKey);
  assert.equal((await verifier.verify(token)).ok, true);
});

test("snapshots of several issuers go into one file, and a new one takes the place of the old", async () => {
  const into = ["--into", "snapshots.json"];
  for (const args of [[issuer], [`${issuer}/rfc8414`], [`${issuer}/jwks`, "--issuer", "https://by.url.example"], [issuer, "--max-age=2w"]]) {
    const { code, stdout, stderr } = await edgeward(["snapshot", ...args, ...into]);
    assert.deepEqual([code, stdout], [0, ""], stderr);
  }
  const snapshots = readJson("snapshots.json");
  assert.deepEqual(Object.keys(snapshots), [issuer, `${issuer}/rfc8414`, "https://by.url.example"]);
  assert.equal(snapshots[issuer].maxAge, 1_209_600);
});

test("what is done is told a program as JSON", async () => {
  const { stdout, stderr } = await edgeward(["snapshot", issuer, "--out", "one.json", "--json"]);
  const done = JSON.parse(stdout);
  assert.deepEqual([done.issuer, done.source, done.file, done.keys, stderr], [issuer, `${issuer}/jwks`, "one.json", 1, ""]);
  assert.equal(readJson("one.json").digest, done.digest);
});

test("a snapshot that cannot be had is told, and nothing is written", async () => {
  for (const [target, words] of [
    [`${issuer}/other`, /are of another issuer: "http.*\/another"/],
    [`${issuer}/empty`, /no key in the set/],
    [`${issuer}/nothing`, /status 404; .*status 404; .*status 404/],
    ["http://127.0.0.1:1", /ECONNREFUSED|fetch failed/],
    ["http://issuer.example", /`https`/],
  ]) {
    const { code, stdout, stderr } = await edgeward(["snapshot", target, "--out", "never.json"]);
    assert.deepEqual([code, stdout], [3, ""], stderr);
    assert.match(stderr, words);
    assert.throws(() => readFileSync(file("never.json")), /ENOENT/);
  }
  writeFileSync(file("list.json"), "[]");
  const { code, stderr } = await edgeward(["snapshot", issuer, "--into", "list.json"]);
  assert.equal(code, 3);
  assert.match(stderr, /no file of snapshots by issuer/);
  assert.equal(readFileSync(file("list.json"), "utf8"), "[]");
});

const POLICY = () => ({
  issuers: [{ issuer, audience: "a", algorithms: ["ES256"], maxTokenAge: 3600 }],
  routes: [{ methods: ["GET"], path: "/", classes: ["m2m_token"], scopes: ["a:read"] }],
});

test("lint passes a good policy, and finds the snapshot that is past its age", async () => {
  writeFileSync(file("policy.json"), JSON.stringify(POLICY()));
  assert.equal((await edgeward(["snapshot", issuer, "--into", "fresh.json"])).code, 0);
  const good = await edgeward(["lint", "policy.json", "--snapshots", "fresh.json"]);
  assert.deepEqual([good.code, good.stdout, good.stderr], [0, "", "policy.json: nothing to object to\n"]);

  const stale = readJson("fresh.json");
  stale[issuer] = { ...stale[issuer], fetchedAt: stale[issuer].fetchedAt - stale[issuer].maxAge - 10 };
  writeFileSync(file("stale.json"), JSON.stringify(stale));
  const bad = await edgeward(["lint", "policy.json", "--snapshots", "stale.json"]);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^high {3}\/issuers\/0\/jwks {2}snapshot_over \[NHI6:2025\]\n.*past its age.*\n.*edgeward snapshot/);
  assert.equal(bad.stderr, "policy.json: 1 high, 0 medium, 0 low\n");
});

test("lint ends by the severity that is asked for, and reads a policy from standard input", async () => {
  const policy = JSON.stringify({ ...POLICY(), issuers: [{ ...POLICY().issuers[0], maxTokenAge: undefined, discovery: "openid-configuration" }] });
  const { code, stdout } = await edgeward(["lint", "-", "--json"], policy);
  const { findings, fault } = JSON.parse(stdout);
  assert.deepEqual([code, fault, findings.map(({ rule, severity }) => [rule, severity])], [0, null, [["token_life_unbounded", "low"]]]);
  assert.equal((await edgeward(["lint", "-", "--fail-on", "low"], policy)).code, 1);
});

test("lint says every fault of a policy that cannot be used", async () => {
  const { code, stdout, stderr } = await edgeward(["lint", "-"], JSON.stringify({ ...POLICY(), isuers: [] }));
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /\/isuers: unknown field/);
  const asked = await edgeward(["lint", "-", "--json"], JSON.stringify(POLICY()));
  assert.equal(asked.code, 1);
  assert.match(JSON.parse(asked.stdout).fault, /\/issuers\/0\/jwks: no keys/);
});

test("a command line that is wrong is told with how it is right", async () => {
  for (const [args, words] of [
    [[], /^$/],
    [["frob"], /there is no command "frob"/],
    [["snapshot"], new RegExp(`${OPERAND} is missing`)],
    [["snapshot", "a", "b"], /and not 2/],
    [["snapshot", "issuer"], /an issuer is a URL/],
    [["snapshot", "https://somebody@issuer.example"], /without a user/],
    [["snapshot", "https://a.example", "--into", "-"], /--into takes a file/],
    [["snapshot", "https://a.example", "--max-age", "1y"], /--max-age takes a time/],
    [["snapshot", "https://a.example", "--max-age", "0s"], /of no use/],
    [["snapshot", "https://a.example", "--out", "a", "--into", "b"], /one of them/],
    [["snapshot", `${issuer}/jwks`, "--into", "c.json"], /needs --issuer/],
    [["lint", "policy.json", "--fail-on", "never"], /--fail-on takes low, medium, high/],
    [["lint", "--frob"], /--frob/],
  ]) {
    const { code, stdout, stderr } = await edgeward(args);
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, words);
    assert.match(stdout + stderr, /Usage: edgeward/);
  }
  assert.equal((await edgeward(["lint", "no-such-file.json"])).code, 3);
});

test("help and the version go to standard output", async () => {
  for (const args of [["--help"], ["help"], ["help", "snapshot"], ["snapshot", "--help"], ["lint", "-h"]]) {
    const { code, stdout, stderr } = await edgeward(args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(stdout, /^Usage: edgeward/);
  }
  const { stdout } = await edgeward(["--version"]);
  assert.match(stdout, /^\d+\.\d+\.\d+\n$/);
});
