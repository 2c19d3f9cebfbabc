// The life of API keys from the command line: in a file, in a real Redis, and through a gate over the same Redis.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createApiKeyChecker, createKeyAdmin } from "edgeward";
import { fileStore } from "edgeward/store/file";
import { redisStore } from "edgeward/store/redis";
import { createClient } from "redis";
import { adminPolicy, adminToken, startAdminGate } from "../support/admin-gate.mjs";
import { MAIN, edgeward, putPrograms, run } from "../support/command-line.mjs";
import { startRedis } from "../support/redis-server.mjs";

const FORM = adminPolicy().apiKeys;
const NEW = ["--organization", "org_1", "--owner", "ada", "--revoker", "sec", "--name", "nightly export"];
const KEY = /^acme_live_([A-Za-z0-9]{16})_([A-Za-z0-9]{38})\n$/;

let directory;
let redis;
let client;
let store;
let gate;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-cli-keys-"));
  writeFileSync(join(directory, "policy.json"), JSON.stringify(adminPolicy()));
  redis = await startRedis();
  client = createClient({ socket: { port: redis.port, host: "127.0.0.1" } });
  client.on("error", () => undefined);
  await client.connect();
  store = redisStore((args) => client.sendCommand(args));
  gate = await startAdminGate({ store });
});
after(async () => {
  await gate?.stop();
  await client?.close();
  await redis?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const EDGEWARD_POLICY = "policy.json";
const inRedis = () => ({ EDGEWARD_STORE: `redis://127.0.0.1:${redis.port}`, EDGEWARD_POLICY });
const inFile = (path = "keys") => ({ EDGEWARD_STORE: `file:${path}`, EDGEWARD_POLICY });
const byGate = (token = adminToken()) => ({ EDGEWARD_GATE: gate.url, EDGEWARD_TOKEN: token });
const emptyDirectory = (name) => mkdirSync(join(directory, name), { recursive: true });

/** Everything that was ever printed, and what must never be in it. */
const printed = [];
const digests = [];

async function cli(env, args, options = {}) {
  const done = await edgeward(args, { cwd: directory, env, ...options });
  printed.push(done.stdout, done.stderr);
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
  return done;
}

const asJson = async (env, args, options) => JSON.parse((await good(env, [...args, "--json"], options)).stdout);

/** The id of the key that was printed; what it is made of is never to be seen again. */
function issued(stdout) {
  const [, id, secret] = KEY.exec(stdout) ?? assert.fail(`no key alone: ${stdout.length} characters`);
  digests.push(createHash("sha256").update(secret.slice(0, 32)).digest("hex"));
  return id;
}

async function judged(records, key) {
  const verdict = await (await createApiKeyChecker(FORM, { store: records })).check(key.trim());
  return verdict.ok || verdict.code;
}

/** The whole life of a key, with a restart of whatever holds it in the middle. */
async function wholeLife(env, records, restart, by = []) {
  const first = await good(env, ["keys", "issue", ...NEW, "--scopes", "reports:read reports:write", "--expires", "90d"]);
  const id = issued(first.stdout);
  assert.match(first.stderr, new RegExp(`^id +${id}\n[^]*nightly export[^]*expires +2`));
  assert.equal(await judged(records(), first.stdout), true);

  const listed = await asJson(env, ["keys", "list"]);
  assert.ok(listed.keys.some((record) => record.id === id && record.owner === "ada") && listed.cursor === null);
  assert.match((await good(env, ["keys", "list"])).stdout, new RegExp(`^ID .*\n[^]*^${id} +org_1 +ada +nightly export`, "m"));

  writeFileSync(join(directory, "metadata.json"), '{"ticket":7}');
  const change = ["--scopes", "reports:read", "--owner", "bob", "--allowed-cidrs", "192.0.2.0/24 ::1/128", "--no-expires"];
  const changed = await asJson(env, ["keys", "update", id, ...change, "--metadata-file", "metadata.json", "--rate-limit-class", "slow"]);
  assert.deepEqual(
    [changed.id, changed.record.scopes, changed.record.owner, changed.record.allowedCidrs, changed.record.expires, changed.record.metadata],
    [id, ["reports:read"], "bob", ["192.0.2.0/24", "::1/128"], undefined, { ticket: 7 }],
  );
  await good(env, ["keys", "update", id, "--allowed-cidrs", "", "--no-rate-limit-class", "--expires", "2099-01-31", "--not-before", "1700000000"]);

  await restart();
  const { record, usage } = await asJson(env, ["keys", "show", id]);
  assert.deepEqual([record.owner, record.allowedCidrs, record.expires, record.rateLimitClass], ["bob", [], Date.UTC(2099, 0, 31) / 1000, undefined]);
  assert.equal(usage.v, 1);
  assert.match((await good(env, ["keys", "show", id])).stdout, /^id +.*\n[^]*expires +2099-01-31 00:00 UTC\n[^]*last used +\S/);

  assert.equal((await asJson(env, ["keys", "disable", id])).record.disabled, true);
  assert.equal(await judged(records(), first.stdout), "key_disabled");
  assert.equal((await asJson(env, ["keys", "enable", id])).record.disabled, false);

  const file = join(directory, `key-${id}`);
  const rotated = await asJson(env, ["keys", "rotate", id, "--overlap", "7d", "--key-file", file]);
  assert.deepEqual([rotated.key, rotated.keyFile, rotated.record.rotation.replaces], [undefined, file, id]);
  assert.equal(statSync(file).mode & 0o777, 0o600);
  const heir = readFileSync(file, "utf8");
  assert.equal(issued(heir), rotated.id);
  assert.deepEqual([await judged(records(), heir), await judged(records(), first.stdout)], [true, true]);
  await refused(env, ["keys", "rotate", rotated.id, "--key-file", file], 3, /is there already/);
  assert.equal(readFileSync(file, "utf8"), heir);
  await refused(env, ["keys", "rotate", id], 1, /was replaced already, by .* \(key_state_conflict\)/);

  const ended = await asJson(env, ["keys", "revoke", id, "--reason", "superseded", ...by]);
  assert.equal(ended.record.revocation.reason, "superseded");
  assert.equal(await judged(records(), first.stdout), "key_invalid");
  await refused(env, ["keys", "enable", id], 1, /key_state_conflict/);

  assert.match((await good(env, ["keys", "revoke-held"], { input: heir })).stderr, /the key is revoked/);
  const { revocation } = (await asJson(env, ["keys", "show", rotated.id])).record;
  assert.deepEqual([revocation.by, revocation.reason], ["holder", "key_compromise"]);
  await refused(env, ["keys", "revoke-held"], 1, /\((key_check_mismatch|key_invalid)\)/, { input: heir.replace(/_[A-Za-z0-9]{38}/, `_${"0".repeat(38)}`) });

  await refused(env, ["keys", "show", "nobody"], 1, /key_not_found/);
  return ended.record.revocation.by;
}

describe("the whole life of a key", { concurrency: true }, () => {
  test("in a file, where each command is a process of its own", async () => {
    emptyDirectory("keys");
    const who = await wholeLife(inFile(), () => fileStore(join(directory, "keys")), async () => undefined, ["--by", "carol"]);
    assert.equal(who, "carol");
  });

  test("in a Redis that is killed and started again in the midst of it, and through a gate over it", async () => {
    const who = await wholeLife(
      inRedis(),
      () => store,
      async () => {
        await redis.restart();
        while ((await client.ping().catch(() => "")) !== "PONG") await new Promise(setImmediate);
      },
      ["--by", "carol"],
    );
    assert.equal(who, "carol");
    assert.equal(await wholeLife(byGate(), () => store, async () => undefined), "admin-cli");
    const { stderr } = await refused(byGate(), ["keys", "revoke", "nobody", "--reason", "unused", "--by", "carol"], 1, /key_not_found/);
    assert.match(stderr, /the gate puts down whose token it is/);
  });
});

test("what one way changes the other way sees", async () => {
  const id = issued((await good(byGate(), ["keys", "issue", ...NEW])).stdout);
  assert.equal((await asJson(inRedis(), ["keys", "show", id])).record.owner, "ada");
  await good(inRedis(), ["keys", "update", id, "--owner", "dora"]);
  assert.equal((await asJson(byGate(), ["keys", "show", id])).record.owner, "dora");
  await good(inRedis(), ["keys", "disable", id]);
  await refused(byGate(), ["keys", "rotate", id], 1, /disabled/);
  const [one, other] = await Promise.all([asJson(byGate(), ["keys", "list"]), asJson(inRedis(), ["keys", "list"])]);
  assert.deepEqual(one, other);
});

test("the bootstrap secret works until the first administrator has come", async () => {
  const secret = randomBytes(24).toString("base64url");
  const fresh = redisStore((args) => client.sendCommand(args), { prefix: "{bootstrap}:" });
  const other = await startAdminGate({ store: fresh, bootstrapSecret: secret });
  try {
    const env = (token) => ({ EDGEWARD_GATE: other.url, EDGEWARD_TOKEN: token });
    writeFileSync(join(directory, "token.txt"), `${secret}\n`);
    issued((await good({ EDGEWARD_GATE: other.url }, ["keys", "issue", ...NEW, "--token-file", "token.txt"])).stdout);
    assert.equal((await asJson(env(adminToken({ scope: "edgeward:read" })), ["keys", "list"])).keys.length, 1);
    await refused(env(secret), ["keys", "list"], 1, /\(credential_unrecognized\)/);
    assert.match(JSON.stringify(other.events.at(-1)), /bootstrap_closed/);
    await refused(env(adminToken({ scope: "edgeward:read" })), ["keys", "issue", ...NEW], 1, /scope_insufficient/);
    await refused(env("nonsense"), ["keys", "list"], 1, /\([a-z_]+\)/);
    assert.equal((await asJson({ EDGEWARD_GATE: other.url }, ["keys", "list", "--token-file", "-"], { input: adminToken() })).keys.length, 1);
  } finally {
    await other.stop();
  }
});

test("of two rotations at once one wins, and nothing is left of the other", async () => {
  const prefix = "{twice}:";
  const env = inRedis();
  const there = ["--redis-prefix", prefix];
  const id = issued((await good(env, ["keys", "issue", ...NEW, ...there])).stdout);
  const tries = await Promise.all([1, 2].map(() => cli(env, ["keys", "rotate", id, "--overlap", "1h", ...there])));
  assert.deepEqual(tries.map(({ code }) => code).sort(), [0, 1]);
  const winner = issued(tries.find(({ code }) => code === 0).stdout);
  const { keys } = await asJson(env, ["keys", "list", ...there]);
  assert.deepEqual(keys.map((record) => record.id).sort(), [id, winner].sort());
  assert.equal(keys.find((record) => record.id === id).rotation.replacedBy, winner);
});

test("seals come by the environment or a file, and a key that they sealed holds by them alone", async () => {
  emptyDirectory("sealed");
  const seal = randomBytes(32).toString("base64url");
  const key = (await good({ ...inFile("sealed"), EDGEWARD_SEALS: seal }, ["keys", "issue", ...NEW])).stdout;
  issued(key);
  const records = fileStore(join(directory, "sealed"));
  const sealed = await createApiKeyChecker({ ...FORM, seals: [seal] }, { store: records });
  assert.equal((await sealed.check(key.trim())).ok, true);
  assert.equal(await judged(records, key), "key_invalid");
  writeFileSync(join(directory, "seals.txt"), `${randomBytes(32).toString("base64url")}\n${seal}\n`);
  await good(inFile("sealed"), ["keys", "revoke-held", "--seals-file", "seals.txt"], { input: key });
  await refused({ ...inFile("sealed"), EDGEWARD_SEALS: "[1]" }, ["keys", "list"], 3, /no JSON array/);
});

test("digests are imported line by line, and those that fail are named while the others go on", async () => {
  emptyDirectory("imported");
  const text = (number) => `old_${"x".repeat(32)}${number}`;
  const foreign = (text) => `sha-256:${createHash("sha256").update(text).digest("hex")}`;
  const line = (number, change = {}) =>
    JSON.stringify({ digest: foreign(text(number)), organization: "o", owner: "ada", revoker: "sec", name: `${number}`, ...change });
  const lines = Array.from({ length: 1200 }, (_, number) => line(number));
  lines[3] = line(3, { digest: "sha-256:short" });
  lines[10] = "no JSON";
  lines[40] = line(7);
  lines[41] = "";
  writeFileSync(join(directory, "digests.jsonl"), lines.join("\n"));
  digests.push(...[0, 3, 7].map((number) => foreign(text(number)).slice(8)));
  const { stdout, stderr } = await refused(inFile("imported"), ["keys", "import", "--digests-file", "digests.jsonl"], 1, /1196 imported, 3 failed\n$/);
  assert.equal(stdout, "");
  assert.match(stderr, /^line 4: .*64 small hexadecimal digits.*\nline 11: .*\nline 41: .*imported before, as [A-Za-z0-9]+ \(key_state_conflict\)\n1000 keys so far, 3 of them failed\n/);
  const records = fileStore(join(directory, "imported"));
  assert.equal(await judged(records, text(1199)), true);
  const told = await good(inFile("imported"), ["keys", "import", "--json"], { input: `${line("last")}\n` });
  assert.match(told.stdout, /^\{"line":1,"id":"[A-Za-z0-9]+"\}\n$/);
  await good(byGate(), ["keys", "import"], { input: line("through the gate") });
});

test("on a terminal the key is shown with a word of warning", { skip: !existsSync("/usr/bin/script") && "needs script(1)" }, async () => {
  emptyDirectory("terminal");
  const line = [process.execPath, MAIN, "keys", "issue", ...NEW].map((word) => `'${word}'`).join(" ");
  const { stdout, code } = await run("/usr/bin/script", ["-qec", line, "/dev/null"], { cwd: directory, env: inFile("terminal") });
  assert.equal(code, 0, stdout);
  assert.match(stdout, /the one time that the key is shown[^]*\nacme_live_/);
});

test("no option takes a secret, and what was put into an argument all the same is not repeated", async () => {
  const secret = `acme_live_${"a".repeat(16)}_${"b".repeat(38)}`;
  const steps = ["issue", "list", "show", "update", "rotate", "disable", "enable", "revoke", "revoke-held", "import"];
  for (const args of [["keys", "issue"], ["inventory"], ["review"]]) {
    const { stdout } = await good({}, [...args, "--help"]);
    assert.doesNotMatch(stdout, /--(token|seals?|key|secret|password|digests?)[ =]/, args.join(" "));
  }
  const attempts = [
    ...["token", "key", "seals", "secret", "password", "digest"].map((name) => ["keys", "list", `--${name}`, secret]),
    ["keys", "list", `--token=${secret}`],
    ["keys", "revoke-held", secret],
    ["keys", "show", secret],
    ["keys", "import", secret],
    ["keys", "list", "--store", `redis://:${secret}@127.0.0.1:${redis.port}`],
    ["keys", "list", "--gate", `http://user:${secret}@127.0.0.1/_edgeward`],
  ];
  const env = { EDGEWARD_POLICY };
  for (const done of await Promise.all(attempts.map((args) => cli(env, args)))) {
    assert.equal(done.code, 2, done.stderr);
    assert.ok(!(done.stdout + done.stderr).includes(secret));
  }
  const { stdout } = await good({}, ["keys", "--help"]);
  for (const step of steps) assert.match(stdout, new RegExp(`^  ${step} `, "m"));
});

test("a command line that is wrong is told with how it is right", async () => {
  const env = { ...inFile("keys") };
  await Promise.all(
    [
      [env, ["keys"], /which step is missing/],
      [env, ["keys", "frob"], /no such step/],
      [env, ["keys", "show"], /the id of a key is missing/],
      [env, ["keys", "show", "a b"], /letters and digits/],
      [env, ["keys", "issue", "--owner", "ada"], /missing: --organization, --revoker, --name/],
      [env, ["keys", "issue", ...NEW, "--expires", "tomorrow"], /--expires takes a time/],
      [env, ["keys", "issue", ...NEW, "--expires", "2027-02-30"], /--expires takes a time/],
      [env, ["keys", "issue", ...NEW, "--scopes", 'a"b'], /scope/],
      [env, ["keys", "rotate", "abc", "--overlap", "1y"], /--overlap takes a time/],
      [env, ["keys", "update", "abc"], /what shall be changed is missing/],
      [env, ["keys", "update", "abc", "--expires", "1d", "--no-expires"], /one of them/],
      [env, ["keys", "update", "abc", "--frob"], /--frob/],
      [env, ["keys", "revoke", "abc"], /--reason is missing/],
      [env, ["keys", "revoke", "abc", "--reason", "unused"], /--by is missing/],
      [env, ["keys", "revoke", "abc", "--reason", "boredom", "--by", "me"], /--reason takes/],
      [env, ["keys", "list", "--limit", "0"], /--limit takes/],
      [{}, ["keys", "list"], /--store or --gate/],
      [{ ...env, EDGEWARD_GATE: gate.url }, ["keys", "list"], /both set/],
      [{}, ["keys", "list", "--store", "file:keys"], /the form of the keys is missing/],
      [{}, ["keys", "list", "--store", "file:keys", "--prefix", "acme"], /go together/],
      [env, ["keys", "list", "--store", "memory:"], /gone with the command/],
      [env, ["keys", "list", "--store", "ftp://x"], /a store is file:PATH/],
      [env, ["keys", "list", "--store", "file:keys", "--gate", gate.url], /one of them/],
      [{}, ["keys", "list", "--gate", gate.url], /the token of an administrator is missing/],
      [byGate(), ["keys", "list", "--prefix", "acme"], /goes with --store/],
      [{ EDGEWARD_TOKEN: "t" }, ["keys", "list", "--gate", "http://api.example/_edgeward"], /https alone/],
    ].map(async ([env, args, words]) => {
      const { stdout } = await refused(env, args, 2, words);
      assert.equal(stdout, "");
    }),
  );
  const { stderr } = await refused(env, ["keys", "rotate"], 2, /^edgeward keys rotate: /);
  assert.match(stderr, /Usage: edgeward keys rotate <id>/);
});

test("where nobody can tell, that is said, and nothing is left half made", async () => {
  const deaf = createServer((request, response) => {
    if (request.url.startsWith("/elsewhere")) return response.writeHead(302, { location: gate.url }).end();
    if (request.url.startsWith("/page")) return response.end("<html>");
    return response.writeHead(500).end();
  });
  await new Promise((resolve) => deaf.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${deaf.address().port}`;
  const asked = (gate) => ({ EDGEWARD_GATE: gate, EDGEWARD_TOKEN: adminToken() });
  const broken = await startAdminGate({ store: { ...store, latest: () => Promise.reject(new Error("secret words")) } });
  try {
    await refused(asked(`${url}/_edgeward`), ["keys", "list"], 3, /is no gate: status 500/);
    await refused(asked(`${url}/page`), ["keys", "list"], 3, /no JSON/);
    await refused(asked(`${url}/elsewhere`), ["keys", "list"], 3, /points elsewhere/);
    await refused(asked("http://127.0.0.1:1/_edgeward"), ["keys", "issue", ...NEW, "--key-file", "never"], 3, /nobody can tell what was done/);
    await refused(asked(broken.url), ["keys", "list"], 3, /store_unavailable/);
    await refused({ EDGEWARD_POLICY }, ["keys", "list", "--store", "redis://127.0.0.1:1"], 3, /cannot be reached/);
    await refused({ EDGEWARD_POLICY }, ["keys", "list", "--store", "file:nowhere"], 3, /there is no store at nowhere/);
    await refused({ EDGEWARD_POLICY: "none.json" }, ["keys", "list", "--store", "file:keys"], 3, /cannot read none\.json/);
    assert.ok(!existsSync(join(directory, "never")) && !existsSync(join(directory, "nowhere")));
  } finally {
    deaf.close();
    await broken.stop();
  }
  const told = await cli({ EDGEWARD_POLICY }, ["keys", "show", "nobody", "--json", "--store", `redis://127.0.0.1:${redis.port}/3`]);
  assert.deepEqual([told.code, JSON.parse(told.stdout).failed.code], [1, "key_not_found"]);
});

test("what a record says cannot act on a terminal", async () => {
  emptyDirectory("hostile");
  const admin = await createKeyAdmin(FORM, { store: fileStore(join(directory, "hostile")) });
  await admin.issue({ organization: "o", owner: "a\u202eb", revoker: "sec", name: "\u001b]0;owned\u0007" });
  const [list, inventory] = await Promise.all([good(inFile("hostile"), ["keys", "list"]), good(inFile("hostile"), ["inventory"])]);
  assert.match(list.stdout, /\\u\{1b\}\]0;owned\\u\{7\}/);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(list.stdout + inventory.stdout, /[\u001b\u0007\u202e]/);
});

test("the commands of the README run as they stand", async () => {
  const readme = readFileSync(new URL("../../README.md", import.meta.url), "utf8");
  const [, commands] = /## API keys in two minutes\n[^]*?```sh\n([^]*?)```/.exec(readme) ?? assert.fail("no such section");
  emptyDirectory("readme");
  const cwd = join(directory, "readme");
  const { code, stdout, stderr } = await run("/bin/sh", ["-ec", commands], { cwd, env: { PATH: putPrograms(directory) } });
  assert.equal(code, 0, stderr);
  printed.push(stdout, stderr);
  assert.match(stdout, /^ID +/m);
  assert.equal(commands.match(/npx edgeward/g).length, 7);
});

test("nothing that was printed holds a digest", () => {
  const all = printed.join("");
  assert.ok(digests.length > 10 && all.length > 10_000);
  for (const digest of digests) assert.ok(!all.includes(digest));
  assert.doesNotMatch(all, /sha-256:[0-9a-f]/);
});
