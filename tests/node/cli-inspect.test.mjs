// `edgeward inspect`: what it says of a credential, how it ends, and that it repeats no secret.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createApiKeyChecker, createJwtVerifier, inspect } from "edgeward";
import { edgeward } from "../support/command-line.mjs";
import { ISSUER, NOW, apiKey, keySet, segment, signer, tampered, tokenPolicy } from "../support/credentials.mjs";

const SECOND = Math.floor(NOW / 1000);
const es256 = signer("ES256");
const policy = tokenPolicy(es256);
const token = es256.mint();

let directory;
const file = (name) => join(directory, name);
before(() => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-inspect-"));
  writeFileSync(file("policy.json"), JSON.stringify(policy));
  writeFileSync(file("fetched.json"), JSON.stringify({ issuers: [{ ...policy.issuers[0], jwks: undefined, jwksUri: `${ISSUER}/jwks` }] }));
  writeFileSync(file("keys.json"), JSON.stringify(keySet(es256)));
  writeFileSync(file("token.txt"), `Authorization: Bearer ${token}\n`);
});
after(() => rmSync(directory, { recursive: true, force: true }));

const look = (args, input, env) => edgeward(["inspect", ...args, "--now", String(SECOND)], { cwd: directory, input, env });

/** A run as JSON: how it ended, and its report. */
async function report(args, input, env) {
  const { code, stdout, stderr } = await look([...args, "--json"], input, env);
  assert.equal(stderr, "");
  return { code, ...JSON.parse(stdout) };
}
const failed = ({ token, key }) => (token ?? key).steps.filter(({ outcome }) => outcome === "failed").map(({ step, code }) => [step, code]);

test("a good token is good, whichever way it comes", async () => {
  for (const [args, input, env] of [
    [[], token],
    [["-"], token],
    [["token.txt"], ""],
    [[], "", { EDGEWARD_CREDENTIAL: token }],
  ]) {
    const { code, verdict, token: told } = await report([...args, "--policy", "policy.json", "--fail-on", "high"], input, env);
    assert.deepEqual([code, verdict.ok, told.trust.established, told.mathematics.holds], [0, true, true, true], args.join(" "));
    assert.ok(!JSON.stringify([verdict, told]).includes(token.split(".")[2]));
  }
});

test("what is refused ends with 1, and names the step and the code of production", async () => {
  const verifier = await createJwtVerifier(policy, { now: () => NOW });
  for (const bad of [tampered(token), es256.mint({ claims: { exp: SECOND } }), `${token}=`, es256.mint({ claims: { aud: "other" } })]) {
    const { code, verdict, ...told } = await report(["--policy", "policy.json"], bad);
    assert.equal(code, 1);
    assert.deepEqual(verdict, await verifier.verify(bad));
    assert.deepEqual(failed(told).map(([, code]) => code), [verdict.code]);
  }
});

test("where the keys are elsewhere nobody can tell, and keys that are handed over stand in for them", async () => {
  const alone = await report(["--policy", "fetched.json"], token);
  assert.deepEqual([alone.code, alone.verdict.status, failed(alone)], [3, 503, [["key", "key_set_unavailable"]]]);
  const lent = await report(["--policy", "fetched.json", "--jwks", "keys.json", "--fail-on", "high"], token);
  assert.deepEqual([lent.code, lent.verdict.ok, lent.token.trust.origin, lent.token.trust.established], [0, true, "handed_over", false]);
});

test("in words, each step has its outcome in words too, and nothing can act on the terminal", async () => {
  const odd = es256.mint({ claims: { sub: "\u001b[31mred\u202eder", exp: SECOND - 60 } });
  const { code, stdout, stderr } = await look(["--jwks", "keys.json"], odd);
  assert.deepEqual([code, stderr], [1, ""]);
  assert.match(stdout, /^An M2M token\n/);
  assert.match(stdout, /✓ passed +signature /);
  assert.match(stdout, /✗ failed +expiry .*\n +token_expired: The token has expired \(RFC 7519 §4\.1\.4\)/);
  assert.match(stdout, /· not reached +scopes|· not asked +issuer/);
  assert.match(stdout, /The mathematics\n {2}✓ holds {2}ES256, key ES256-1\n/);
  assert.match(stdout, /The trust\n {2}\? not established {2}The key was handed over/);
  assert.match(stdout, /expires +2031-05-06T07:07:09Z \(\d+\), 60 seconds ago/);
  assert.match(stdout, /thumbprint [\w-]{43}/);
  assert.doesNotMatch(stdout, /[\u0000-\u0009\u000b-\u001f\u202e]/);
  assert.ok(!stdout.includes(odd.split(".")[2]));
});

test("the place where a token goes wrong is told", async () => {
  const { stdout } = await look([], `${segment('{"alg":"ES256",}')}.${segment({ exp: SECOND + 60 })}.AA`);
  assert.match(stdout, /the JSON goes wrong at byte 15, character 20 of the token/);
});

test("what is unwise is told with its section, and sets the exit code by its severity", async () => {
  const risky = es256.mint({ claims: { email: "ada@example.com" }, header: { jku: "https://attacker.example/keys" } });
  const { code, lint, token: told } = await report(["--jwks", "keys.json"], risky);
  assert.equal(code, 1);
  assert.deepEqual(told.trust.ownKeys, ["jku"]);
  const found = new Map(lint.map((finding) => [finding.rule, finding]));
  assert.deepEqual([found.get("own_key").section, found.get("own_key").pointer], ["RFC 8725 §3.10", "/jku"]);
  assert.equal(found.get("personal_data").pointer, "/email");
  assert.match((await look([], risky)).stdout, /high +header\/jku {2}own_key \[RFC 8725 §3\.10\]\n/);
});

test("an API key is shown without its secret, and its policy judges what the text tells", async () => {
  const { key, id, secret } = apiKey();
  writeFileSync(file("gate.json"), JSON.stringify({ apiKeys: { prefix: "acme", environment: "live" }, routes: [] }));
  const shown = await look(["--policy", "gate.json"], key);
  assert.equal(shown.code, 0);
  assert.match(shown.stdout, new RegExp(`stored as +key/${id}`));
  assert.ok(!shown.stdout.includes(secret) && !shown.stdout.includes(key.slice(-6)));
  const { code, verdict, ...told } = await report(["--policy", "gate.json"], key.replace("acme_live", "acme_test"));
  // The check is over the environment too: whether it is sealed nobody can tell without the seal.
  assert.deepEqual([code, verdict, failed(told)], [0, null, []]);
  const other = apiKey({ environment: "test" });
  const refused = await report(["--policy", "gate.json"], other.key);
  const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store: new Map() });
  assert.deepEqual([refused.code, refused.verdict.code], [1, (await checker.check(other.key)).code]);
  assert.deepEqual(failed(refused), [["environment", "key_environment_mismatch"]]);
});

test("a credential as an argument is refused and not repeated, and neither is what could be one", async () => {
  const { key, secret } = apiKey();
  for (const [args, code] of [
    [[token], 2],
    [[key], 2],
    [["a.b.c"], 2],
    [[`--token=${token}`], 2],
    [["token.txt", secret], 2],
    [[secret], 3],
  ]) {
    const { code: ended, stdout, stderr } = await look(args, "");
    assert.equal(ended, code, stderr);
    for (const text of [token, key, secret]) assert.ok(!(stdout + stderr).includes(text));
  }
});

test("what cannot be done is told", async () => {
  for (const [args, input, code, words] of [
    [[], "", 3, /there is no credential/],
    [["--fail-on", "never"], token, 2, /--fail-on takes low, medium, high/],
    [["--now", "soon"], token, 2, /--now takes a time/],
    [["--jwks", "none.json"], token, 3, /cannot read none\.json/],
    [["--jwks", "token.txt"], token, 3, /token\.txt is no JSON: line 1, column 1/],
    [["--policy", "keys.json"], token, 2, /the policy cannot be used\nfault {2}\/keys: unknown field/],
    [["-", "--jwks", "-"], token, 2, /one thing alone/],
    [["--jwks", "-"], "{}", 2, /one thing alone/],
  ]) {
    const { code: ended, stdout, stderr } = await edgeward(["inspect", ...args], { cwd: directory, input });
    assert.deepEqual([ended, stdout], [code, ""], stderr);
    assert.match(stderr, words);
  }
  assert.equal((await look([], "hello")).code, 1);
});

test("the example of the documentation runs as it stands", () => {
  const page = readFileSync(new URL("../../docs/inspect.md", import.meta.url), "utf8");
  const [, example] = /```js\nimport \{ inspect \} from "edgeward";\n([^]*?)```/.exec(page);
  const said = [];
  const run = new Function("inspect", "token", "policy", "jwks", "now", "console", example);
  run(inspect, token, policy, undefined, NOW, { log: (words) => said.push(words) });
  run(inspect, tampered(token), policy, undefined, NOW, { log: (words) => said.push(words) });
  assert.deepEqual(said, ["nothing against it", "signature: signature_invalid"]);
});

test("members of a policy that are misspelt are faults, and a policy is no place to guess", () => {
  assert.throws(() => inspect(token, { policy: { issuer: [] } }), { name: "PolicyError" });
  assert.throws(() => inspect(token, { policy: "{" }), { name: "PolicyError" });
});
