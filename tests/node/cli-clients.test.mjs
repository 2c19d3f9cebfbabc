// The records of M2M clients from the command line: in a file, and through a gate over the same file.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileStore } from "edgeward/store/file";
import { adminPolicy, adminToken, startAdminGate } from "../support/admin-gate.mjs";
import { edgeward, putPrograms, run } from "../support/command-line.mjs";

const NEW = ["--issuer", "https://login.example/", "--owner", "ada", "--revoker", "sec"];
const SECRET = "hush-hush-hush-hush-hush-hush";

let directory;
let gate;
before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-cli-clients-"));
  writeFileSync(join(directory, "policy.json"), JSON.stringify(adminPolicy()));
  gate = await startAdminGate({ store: fileStore(join(directory, "records")) });
});
after(async () => {
  await gate?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const inFile = (path = "records") => ({ EDGEWARD_STORE: `file:${path}`, EDGEWARD_POLICY: "policy.json" });
const byGate = () => ({ EDGEWARD_GATE: gate.url, EDGEWARD_TOKEN: adminToken() });

async function cli(env, args, options = {}) {
  const done = await edgeward(args, { cwd: directory, env, ...options });
  assert.ok(!`${done.stdout}${done.stderr}`.includes(SECRET), "a secret shows itself");
  return done;
}

async function good(env, args, options) {
  const done = await cli(env, args, options);
  assert.equal(done.code, 0, `${args.join(" ")}: ${done.stderr}`);
  return done;
}

async function refused(env, args, code, words, options) {
  const done = await cli(env, args, options);
  assert.equal(done.code, code, `${args.join(" ")}: ${done.stdout}${done.stderr}`);
  assert.match(done.stderr, words);
}

const asJson = async (env, args, options) => JSON.parse((await good(env, [...args, "--json"], options)).stdout);

async function wholeLife(env, name, by) {
  const { id, record } = await asJson(env, ["clients", "add", ...NEW, "--client-id", name, "--scopes", "a:read b:read", "--created", "2024-01-31"]);
  assert.deepEqual([record.clientId, record.scopes, record.created], [name, ["a:read", "b:read"], Date.UTC(2024, 0, 31) / 1000]);
  await refused(env, ["clients", "add", ...NEW, "--client-id", name], 1, /on record already, as .* \(client_state_conflict\)/);
  const first = await good(env, ["clients", "add-secret", id, "--secret-id", "s-1", "--hint", "x9f", "--created", "2024-01-31"]);
  assert.match(first.stdout, /^secret +s-1 \(x9f\), made 2024-01-31 00:00 UTC$/m);
  await good(env, ["clients", "add-secret", id, "--secret-id", "s-2", "--expires", "90d"]);
  const changed = await asJson(env, ["clients", "update", id, "--owner", "bob", "--organization", "org_1"]);
  assert.deepEqual([changed.record.owner, changed.record.organization], ["bob", "org_1"]);
  assert.equal((await asJson(env, ["clients", "update", id, "--no-organization"])).record.organization, undefined);
  const ended = await asJson(env, ["clients", "revoke-secret", id, "--secret-id", "s-1", ...by]);
  assert.equal(typeof ended.record.secrets[0].revoked.by, "string");
  assert.match((await good(env, ["clients", "show", id])).stdout, /^last token +none was noted$/m);
  assert.match((await good(env, ["clients", "list"])).stdout, new RegExp(`^${id} +https://login.example/ +${name} +bob +${name} +s-2$`, "m"));
  const { lines } = await asJson(inFile(), ["inventory"]);
  assert.deepEqual(lines.filter((line) => line.id === id).map(({ secret, state }) => [secret, state]), [["s-1", "revoked"], ["s-2", "active"]]);
  await good(env, ["clients", "remove", id, ...by]);
  await refused(env, ["clients", "update", id, "--owner", "eve"], 1, /was removed/);
  await refused(env, ["clients", "show", "y5McnWS8tSdA7qhJ"], 1, /client_not_found/);
}

test("the whole life of a client's record in a file", () => wholeLife(inFile(), "in-file", ["--by", "bob"]));

test("the whole life of a client's record through a gate, with an event for each change", async () => {
  const before = gate.events.length;
  await wholeLife(byGate(), "by-gate", []);
  const steps = gate.events.slice(before).filter(({ entity }) => entity?.type === "M2M client" && entity.uid !== "all");
  assert.ok(steps.some(({ activity_name }) => activity_name === "Create") && steps.some(({ activity_name }) => activity_name === "Revoke"));
  const noted = await asJson(byGate(), ["clients", "list"]);
  assert.equal(noted.clients.find(({ clientId }) => clientId === "by-gate").removal.by, "admin-cli");
});

test("what is wrong with the command line is said, and nothing is done", async () => {
  const env = inFile("nowhere");
  await refused(env, ["clients"], 2, /which step is missing/);
  await refused(env, ["clients", "add", "--issuer", "x"], 2, /missing: --client-id, --owner, --revoker/);
  await refused(env, ["clients", "add", ...NEW, "--client-id", "a", `--secret=${SECRET}`], 2, /no option takes a secret/);
  await refused(env, ["clients", "add-secret", "a", "--created", "90d"], 2, /--created takes a date/);
  await refused(env, ["clients", "revoke-secret", "a"], 2, /--secret-id is missing/);
  await refused(env, ["clients", "show", "a/b"], 2, /letters and digits alone/);
  await refused(env, ["clients", "import", "--from", "okta"], 2, /--from takes auth0, workos/);
  await refused(env, ["clients", "import", "--from", "auth0"], 2, /--issuer is missing/);
  await refused(env, ["clients", "list"], 3, /there is no store at nowhere/);
  assert.ok(!readdirSync(directory).includes("nowhere"));
  for (const step of ["add", "import", "list", "show", "update", "add-secret", "revoke-secret", "remove"]) {
    assert.match((await good({}, ["clients", step, "--help"])).stdout, new RegExp(`^Usage: edgeward clients ${step} `));
  }
});

test("an import goes on over lines that fail, and is the same again", async () => {
  const line = (number, more = {}) => JSON.stringify({ issuer: "https://login.example/", clientId: `c${number}`, secrets: [{ id: "s" }], ...more });
  const lines = Array.from({ length: 40 }, (_, number) => line(number));
  lines[3] = "{";
  lines[10] = line(10, { secrets: [{ id: "s", secret: SECRET }] });
  writeFileSync(join(directory, "clients.jsonl"), lines.join("\n"));
  const env = inFile("imported");
  const first = await cli(env, ["clients", "import", "--file", "clients.jsonl"]);
  assert.equal(first.code, 1);
  assert.match(first.stderr, /^line 4: .*\nline 11: .*unknown field.*\n38 imported, 2 failed\n$/);
  const again = await cli(env, ["clients", "import", "--json"], { input: lines.slice(20).join("\n") });
  assert.deepEqual([again.code, again.stdout.trim().split("\n").length], [0, 20]);
  assert.equal((await asJson(env, ["clients", "list"])).clients.length, 38);
  const from = await cli(env, ["clients", "import", "--file", "clients.jsonl", "--start-at", "12"]);
  assert.match(from.stderr, /29 imported, 0 failed/);
});

test("the listings of issuers are imported without the secrets in them, also through a gate", async () => {
  const auth0 = [
    { client_id: "a1", name: "export", client_secret: SECRET, grant_types: ["client_credentials"] },
    { client_id: "a2", name: "a page", client_secret: SECRET, app_type: "spa" },
    { name: "nobody" },
  ];
  const workos = { data: [{ client_id: "w1", name: "Backend", application_type: "m2m", organization_id: "org_1", scopes: ["api:*"],
    created_at: "2024-01-15T12:30:00.000Z",
    client_secrets: [{ id: "secret_1", secret_hint: "abc123", last_used_at: null, created_at: "2024-01-15T12:30:00.000Z" }] }] };
  writeFileSync(join(directory, "auth0.json"), JSON.stringify(auth0, null, 2));
  const done = await cli(byGate(), ["clients", "import", "--file", "auth0.json", "--from", "auth0", "--issuer", "https://acme.eu.auth0.com/"]);
  assert.equal(done.code, 1);
  assert.match(done.stderr, /^1 imported, 0 failed\nentry 3 of the listing: it has no `client_id`\n1 ask for no tokens by client credentials/);
  const issuer = ["--from", "workos", "--issuer", "https://acme.authkit.app"];
  await good(byGate(), ["clients", "import", ...issuer], { input: JSON.stringify(workos) });
  const { clients } = await asJson(inFile(), ["clients", "list"]);
  const [{ id, secrets, owner }] = clients.filter(({ clientId }) => clientId === "w1");
  assert.deepEqual([secrets[0].hint, secrets[0].lastUsed, owner], ["abc123", null, undefined]);
  for (const name of readdirSync(join(directory, "records"), { recursive: true })) {
    const path = join(directory, "records", name);
    try {
      assert.ok(!readFileSync(path, "utf8").includes(SECRET), name);
    } catch (error) {
      if (error.code !== "EISDIR") throw error;
    }
  }

  // The review finds what is wrong, and its command mends it.
  const of = async () => {
    const done = await cli(inFile(), ["review", "--json"]);
    return JSON.parse(done.stdout).findings.filter(({ subject }) => subject.id === id);
  };
  const found = await of();
  assert.deepEqual(found.map(({ rule }) => rule).sort(), [
    "client_no_owner", "client_secret_never_used", "client_secret_no_expiry", "client_secret_past_max_age", "client_wildcard_scope",
  ]);
  const byRule = Object.fromEntries(found.map((finding) => [finding.rule, finding]));
  const path = putPrograms(directory);
  for (const [rule, filled] of [["client_no_owner", /<(owner|revoker)>/g], ["client_secret_never_used", /<(you)>/g]]) {
    const command = byRule[rule].command.replace(filled, "somebody-$1");
    const mended = await run("sh", ["-c", command], { cwd: directory, env: { ...inFile(), PATH: path } });
    assert.equal(mended.code, 0, `${command}: ${mended.stderr}`);
  }
  assert.deepEqual((await of()).map(({ rule }) => rule), ["client_wildcard_scope"]);
  const words = (await cli(inFile(), ["review"])).stdout;
  assert.match(words, new RegExp(`^high +${id} \\(Backend, org_1\\)  client_wildcard_scope \\[NHI5:2025\\]$`, "m"));
  assert.match((await good(inFile(), ["inventory"])).stdout, new RegExp(`^${id}/secret_1 +revoked +ended`, "m"));
  const html = await cli(inFile(), ["review", "--format", "html"]);
  assert.match(html.stdout, /clients with \d+ secrets/);
});
