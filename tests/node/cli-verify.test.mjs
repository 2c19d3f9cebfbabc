// The verdict on a credential from the command line: of tokens and keys, by a policy and without one, and in every exit.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createGate, createJwtVerifier } from "edgeward";
import { fileStore } from "edgeward/store/file";
import { startAdminGate } from "../support/admin-gate.mjs";
import { AUDIENCE, ISSUER, apiKey, keySet, mistyped, signer, tampered, tokenPolicy } from "../support/credentials.mjs";
import { edgeward } from "../support/command-line.mjs";
import { COMMANDS } from "../support/commands.mjs";

const now = Date.now();
const issuer = signer("ES256");
const shared = signer("HS256");
const token = issuer.mint({ now });
const good = apiKey({ now });
const ended = apiKey({ now, record: { revocation: { at: Math.floor(now / 1000) - 60, by: "sec", reason: "key_compromise" } } });
const bound = apiKey({ now, record: { allowedCidrs: ["192.0.2.0/24"] } });
const GATE = {
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  credentials: { m2mToken: ["authorization"], apiKey: ["x-api-key"] },
  // Of one request neither is asked: no binding is lent here, and no key.
  limits: { rules: [{ name: "all", by: "class", limit: 1, period: 60, binding: "NOBODY" }] },
  assertion: { issuer: "https://gate.example", audience: "origin" },
  routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token", "api_key"], scopes: ["reports:read"] }],
};

let directory;
let server;
let url;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-cli-verify-"));
  const files = {
    "token.txt": `${token}\n`,
    "tampered.txt": tampered(token),
    "key.txt": good.key,
    "ended.txt": ended.key,
    "bound.txt": bound.key,
    "mistyped.txt": mistyped(good.key),
    "shared.txt": shared.mint({ now }),
    "tokens.json": JSON.stringify(tokenPolicy(issuer)),
    "gate.json": JSON.stringify(GATE),
    "jwks.json": JSON.stringify(keySet(issuer)),
    "oct.json": JSON.stringify(keySet(shared)),
    "empty.txt": "\n",
  };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text);
  const store = fileStore(join(directory, "keys"));
  for (const { storeKey, record } of [good, ended, bound]) await store.put(storeKey, JSON.stringify(record));
  server = createServer((request, response) => {
    const answers = { "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/jwks` }, "/jwks": keySet(issuer) };
    const answer = answers[request.url];
    response.writeHead(answer === undefined ? 500 : 200, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}`;
});
after(() => {
  server.close();
  server.closeAllConnections();
  rmSync(directory, { recursive: true, force: true });
});

const verify = (args, { env, input } = {}) => edgeward(["verify", ...args], { cwd: directory, env, input });
const KEYS = ["--store", "file:keys"];

async function judged(args, options) {
  const done = await verify([...args, "--json"], options);
  let document;
  try {
    document = JSON.parse(done.stdout);
  } catch {
    assert.fail(`${args.join(" ")}: ${done.stdout}${done.stderr}`);
  }
  return { ...done, document };
}

test("the verdict is that of the package, as it is", async () => {
  const { code, document, stderr } = await judged(["token.txt", "--policy", "tokens.json"]);
  const verdict = await (await createJwtVerifier(tokenPolicy(issuer))).verify(token);
  assert.deepEqual([code, document, stderr], [0, JSON.parse(JSON.stringify(verdict)), ""]);
  const asked = await judged(["token.txt", "--policy", "gate.json", "--url", "https://api.example/v1/reports"]);
  const { limits, assertion, ...policy } = GATE;
  const gate = await createGate(policy, { store: new Map(), audit: () => undefined });
  const ofGate = await gate.check({ method: "GET", url: "https://api.example/v1/reports", headers: { authorization: `Bearer ${token}` } });
  assert.deepEqual([asked.code, asked.document], [0, JSON.parse(JSON.stringify(ofGate))]);
});

test("each way to hand a credential over, each way to say by what it is judged, and each exit", async () => {
  const byOptions = ["--issuer", ISSUER, "--audience", `https://other.example ${AUDIENCE}`, "--algorithms", "RS256 ES256", "--jwks", "jwks.json"];
  const ofIssuer = { env: { EDGEWARD_CREDENTIAL: issuer.mint({ now, claims: { iss: url } }) } };
  const ofServer = ["--issuer", url, "--audience", AUDIENCE, "--algorithms", "ES256"];
  const byPrefix = ["--prefix", "acme", "--environment", "live"];
  const route = ["--policy", "gate.json", "--url", "https://api.example/v1/reports"];
  const cases = [
    [["token.txt", "--policy", "tokens.json"], {}, 0],
    [["-", "--policy", "tokens.json"], { input: `${token}\n` }, 0],
    [["--policy", "tokens.json"], { input: token }, 0],
    [["--policy", "tokens.json"], { env: { EDGEWARD_CREDENTIAL: token } }, 0],
    [["token.txt"], { env: { EDGEWARD_POLICY: "tokens.json" } }, 0],
    [["token.txt", ...byOptions], {}, 0],
    [["token.txt", ...byOptions.slice(0, -1), "-"], { input: JSON.stringify(keySet(issuer)) }, 0],
    [["shared.txt", "--issuer", ISSUER, "--audience", AUDIENCE, "--algorithms", "HS256", "--jwks", "oct.json"], {}, 0],
    [[...ofServer], ofIssuer, 0],
    [[...ofServer, "--jwks-uri", "URL/jwks"], ofIssuer, 0],
    [[...ofServer, "--jwks-uri", "URL/nothing"], ofIssuer, 3, "key_set_unavailable"],
    [[...ofServer, "--offline"], ofIssuer, 3, "key_set_unavailable"],
    [["tampered.txt", "--policy", "tokens.json"], {}, 1, "signature_invalid"],
    [["token.txt", "--policy", "tokens.json", "--now", "2d"], {}, 1, "token_expired"],
    [["token.txt", "--policy", "tokens.json", "--now", "2020-01-01"], {}, 1, "token_issued_in_future"],
    [["token.txt", "--policy", "tokens.json", "--scopes", "reports:read reports:erase"], {}, 1, "scope_insufficient"],
    [["key.txt", "--policy", "tokens.json"], {}, 1, "credential_unrecognized"],
    [["key.txt", "--policy", "gate.json", ...KEYS], {}, 0],
    [["key.txt", "--policy", "gate.json"], { env: { EDGEWARD_STORE: "file:keys" } }, 0],
    [["key.txt", ...byPrefix, ...KEYS], {}, 0],
    [["ended.txt", ...byPrefix, ...KEYS], {}, 1, "key_invalid"],
    [["mistyped.txt", ...byPrefix, ...KEYS], {}, 1, "key_invalid"],
    [["bound.txt", ...byPrefix, ...KEYS, "--ip", "192.0.2.7"], {}, 0],
    [["bound.txt", ...byPrefix, ...KEYS, "--ip", "198.51.100.7"], {}, 1, "address_not_allowed"],
    [["token.txt", ...route], {}, 0],
    [["token.txt", ...route, "--method", "POST"], {}, 1, "route_unknown"],
    [["key.txt", ...route, ...KEYS], {}, 1, "credential_unrecognized"],
    [["key.txt", ...route, ...KEYS, "--header", "X-API-Key"], {}, 0],
  ];
  const work = cases.values();
  const worker = async () => {
    for (const [args, options, exit, reason] of work) {
      const { code, document } = await judged(args.map((arg) => arg.replace(/^URL/, url)), options);
      assert.deepEqual([code, document.ok, document.code], [exit, exit === 0, reason], `${args.join(" ")}: ${JSON.stringify(document)}`);
    }
  };
  await Promise.all([worker(), worker()]);
});

test("a person reads it in words, with what a client is not told", async () => {
  const allowed = await verify(["token.txt", "--policy", "tokens.json"]);
  assert.match(allowed.stdout, /^allowed {2}an M2M token\nsubject +app-1\norganization +org-1\n[^]*^scopes +reports:read reports:write\nexpires +\d{4}-\d\d-\d\d \d\d:\d\d UTC, in \d+ (minutes|seconds)\n/m);
  const key = await verify(["key.txt", "--policy", "gate.json", ...KEYS]);
  assert.match(key.stdout, /^allowed {2}an API key\nsubject +ada@example\.com\n[^]*^expires +when it is revoked\n/m);
  const refused = await verify(["ended.txt", "--policy", "gate.json", ...KEYS]);
  assert.match(refused.stdout, /^refused {2}an API key: key_invalid \(401\)\nwhy +[^]*^in fact +key_revoked\n[^]*^challenge +Bearer /m);
  const unknown = await verify(["token.txt", "--issuer", url, "--audience", "a", "--algorithms", "ES256", "--offline"]);
  assert.deepEqual([unknown.code, unknown.stdout.split(" ")[0]], [1, "refused"], "another issuer's token is refused without any key");
  for (const { stdout } of [allowed, key, refused]) for (const text of [token, good.key, ended.key, good.secret]) assert.ok(!stdout.includes(text));
});

test("a token that is bound to its sender comes with its proof, or with the certificate", async () => {
  const sender = signer("ES384", { another: true });
  const { kty, crv, x, y } = sender.jwk;
  const hash = (text) => createHash("sha256").update(text).digest("base64url");
  const bound = issuer.mint({ now, claims: { cnf: { jkt: hash(JSON.stringify({ crv, kty, x, y })) } } });
  const proof = (htu) => sender.sealed({ alg: "ES384", typ: "dpop+jwt", jwk: { kty, crv, x, y } }, { jti: "p-1", htm: "POST", htu, iat: Math.floor(now / 1000), ath: hash(bound) });
  writeFileSync(join(directory, "dpop.txt"), bound);
  writeFileSync(join(directory, "proof.txt"), proof("https://api.example/v1/orders"));
  const certified = { env: { EDGEWARD_CREDENTIAL: issuer.mint({ now, claims: { cnf: { "x5t#S256": hash("certificate") } } }) } };
  const byIssuer = ["--issuer", ISSUER, "--audience", AUDIENCE, "--algorithms", "ES256", "--jwks", "jwks.json"];
  const sent = ["--dpop-file", "proof.txt", "--method", "POST", "--now", String(Math.floor(now / 1000) + 1)];
  await Promise.all(
    [
      [["dpop.txt", "--policy", "tokens.json", "--url", "https://api.example/v1/orders", ...sent], {}, undefined],
      [["dpop.txt", ...byIssuer, "--url", "https://api.example/v1/orders", ...sent], {}, undefined],
      [["dpop.txt", ...byIssuer, "--url", "https://api.example/v1/others", ...sent], {}, "sender_proof_target_mismatch"],
      [["dpop.txt", ...byIssuer], {}, "sender_proof_missing"],
      [[...byIssuer, "--certificate", hash("certificate")], certified, undefined],
      [[...byIssuer, "--certificate", hash("another")], certified, "sender_certificate_mismatch"],
    ].map(async ([args, options, reason]) => {
      const { code, document } = await judged(args, options);
      assert.deepEqual([code, document.code], [reason === undefined ? 0 : 1, reason], `${args.join(" ")}: ${JSON.stringify(document)}`);
    }),
  );
});

test("a gate that runs is asked for its own verdict", async () => {
  const gate = await startAdminGate({ store: fileStore(join(directory, "keys")) }, { ...GATE, credentials: undefined, limits: undefined, assertion: undefined });
  try {
    const [allowed, refused] = [await judged(["token.txt", "--gate", gate.url]), await judged(["ended.txt", "--gate", gate.url])];
    assert.deepEqual([allowed.code, allowed.document.ok, allowed.document.subject], [0, true, "app-1"]);
    const { code, challenge } = refused.document;
    assert.deepEqual([refused.code, code], [1, "key_invalid"]);
    assert.match(challenge, /^Bearer /);
    assert.match((await verify(["ended.txt", "--gate", gate.url])).stdout, /^refused {2}key_invalid \(401\)\nwhy /);
    for (const [args, exit, words, options] of [
      [["token.txt", "--gate", url], 3, /is no gate/],
      [["token.txt", "--gate", "http://127.0.0.1:1/_edgeward"], 3, /did not answer/],
      [["token.txt", "--gate", "http://api.example/_edgeward"], 2, /https alone/],
      [["token.txt", "--gate", gate.url, "--policy", "gate.json"], 2, /--policy, or --gate/],
      [["--gate", gate.url], 3, /no credential/, { input: "two words" }],
    ]) {
      const done = await verify(args, options);
      assert.equal(done.code, exit, done.stderr);
      assert.match(done.stderr, words);
      assert.ok(!(done.stdout + done.stderr).includes("two words"));
    }
  } finally {
    await gate.stop();
  }
});

test("to judge a key is no use of it: the store stays as it was", async () => {
  const all = () => readdirSync(join(directory, "keys")).filter((name) => name.startsWith("k-")).sort().map((name) => [name, readFileSync(join(directory, "keys", name), "latin1")]);
  const before = all();
  assert.equal((await verify(["key.txt", "--policy", "gate.json", ...KEYS])).code, 0);
  assert.deepEqual(all(), before);
});

test("what keeps it from being judged is told, and the credential is never repeated", async (context) => {
  const policy = ["--policy", "tokens.json"];
  const from = process.cwd();
  process.chdir(directory);
  context.after(() => process.chdir(from));
  writeFileSync(join(directory, "broken.json"), '{\n  "issuers": [1,]\n}');
  writeFileSync(join(directory, "wrong.json"), JSON.stringify({ isuers: [] }));
  for (const [args, exit, words, options] of [
    [[token, ...policy], 2, /does not stand in an argument/],
    [[good.key, ...policy], 2, /does not stand in an argument/],
    [["opaque_secret_of_somebody", ...policy], 3, /there is no such file/],
    [["a.b.c", ...policy], 2, /does not stand in an argument/],
    [[".", ...policy], 3, /the file with the credential: it cannot be read/],
    [["empty.txt", ...policy], 3, /what was read is empty/],
    [[`--credential=${token}`, ...policy], 2, /no option takes a secret/],
    [["token.txt", "key.txt", ...policy], 2, /and not 2 of them/],
    [["-", "--policy", "-"], 2, /one thing alone/],
    [["token.txt"], 2, /by what it is to be judged is missing/],
    [["token.txt", "--issuer", ISSUER], 2, /missing: --audience, --algorithms/],
    [["token.txt", "--jwks", "jwks.json"], 2, /--jwks goes with --issuer/],
    [["token.txt", ...policy, "--issuer", ISSUER], 2, /--policy, or --issuer/],
    [["token.txt", "--prefix", "acme"], 2, /go together/],
    [["token.txt", ...policy, "--method", "POST"], 2, /go with --url/],
    [["token.txt", "--policy", "gate.json", "--url", "/v1"], 2, /with scheme and host/],
    [["token.txt", "--policy", "gate.json", "--url", "https://a.example/", "--scopes", "a"], 2, /--scopes, or --url/],
    [["token.txt", ...policy, "--url", "https://a.example/"], 2, /has no routes/],
    [["token.txt", ...policy, "--now", "never"], 2, /--now takes a time/],
    [["token.txt", "--policy", "none.json"], 3, /cannot read none\.json: there is no such file/],
    [["token.txt", "--policy", "broken.json"], 2, /broken\.json is no JSON: line 2, column 17/],
    [["token.txt", "--policy", "wrong.json"], 2, /\/isuers: unknown field[^]*edgeward lint/],
    [["key.txt", "--policy", "gate.json"], 3, /none was named\n +--store, or EDGEWARD_STORE/],
    [["key.txt", "--policy", "gate.json", "--store", "file:nowhere"], 3, /there is no store at nowhere/],
    [["key.txt", "--policy", "gate.json", "--store", "redis://127.0.0.1:1"], 3, /nothing listens there/],
    [["key.txt", "--policy", "gate.json", "--store", `redis://:${good.key}@127.0.0.1:1`], 2, /argument/],
  ]) {
    // A command line that is wrong is refused before anything is read, and needs no process of its own.
    if (exit === 2 && !/broken|wrong/.test(args.join())) {
      const { run } = await COMMANDS.verify.load();
      await assert.rejects(run(args), (error) => error.constructor.name === "UsageError" && words.test(error.message) && ![token, good.key].some((text) => error.message.includes(text)), words.source);
      continue;
    }
    const { code, stdout, stderr } = await verify(args, options);
    assert.equal(code, exit, `${args.join(" ")}: ${stdout}${stderr}`);
    assert.match(stderr, words);
    for (const text of [token, good.key, "opaque_secret_of_somebody"]) assert.ok(!(stdout + stderr).includes(text), words.source);
  }
});
