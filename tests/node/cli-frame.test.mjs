// What holds for every command: its help, its errors, its secrets, its colours, and how soon it answers.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fileStore } from "edgeward/store/file";
import { createClient } from "redis";
import { MAIN, bareEnvironment, edgeward, putPrograms, run } from "../support/command-line.mjs";
import { COMMANDS, GLOBAL, everyCommand } from "../support/commands.mjs";
import { apiKey } from "../support/credentials.mjs";
import { startRedis } from "../support/redis-server.mjs";

const CLI = fileURLToPath(new URL("../../dist/npm/dist/cli", import.meta.url));
const docs = readFileSync(new URL("../../docs/cli.md", import.meta.url), "utf8");

let directory;
let commands;
let path;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-cli-frame-"));
  path = putPrograms(directory);
  commands = await everyCommand();
});
after(() => rmSync(directory, { recursive: true, force: true }));

const cli = (args, { env, input } = {}) => edgeward(args, { cwd: directory, env, input });

/** Runs some work on each of these, a few at a time: every one is a process of its own. */
async function each(items, work) {
  const left = items.values();
  const worker = async () => {
    for (const item of left) await work(item);
  };
  await Promise.all([worker(), worker()]);
}

/** What a command that is called in this process is refused for. */
async function refusal(command, args) {
  try {
    await command.run(args);
  } catch (error) {
    return error;
  }
  return assert.fail("it was not refused");
}

test("every command says how it is used, how it ends, and that it prints JSON", async () => {
  for (const { at, command, options, parts } of commands) {
    const { usage } = command;
    const name = at.join(" ");
    assert.match(usage, new RegExp(`^Usage: edgeward ${name}`));
    assert.match(usage.replaceAll(/\s+/g, " "), /Exit codes: 0 .*; 2 wrong usage(, or a policy that cannot be used)?; 3 /, name);
    assert.match(usage, /--json\b/, name);
    assert.equal(options.includes("policy"), usage.replaceAll(/\s+/g, " ").includes("2 wrong usage, or a policy"), name);
    for (const option of options) assert.match(usage, new RegExp(`^ +--${option}( |$)`, "m"), `${name} --${option}`);
    for (const part of parts) assert.match(usage, new RegExp(`^  ${part} `, "m"), `${name} ${part}`);
    for (const line of usage.split("\n")) assert.ok(line.length <= 120, `${name}: ${line}`);
  }
  const shown = commands.filter(({ at }) => ["verify", "keys", "keys issue", "lint"].includes(at.join(" ")));
  assert.equal(shown.length, 4);
  await each(shown, async ({ at, command }) => {
    const [help, asked] = await Promise.all([cli([...at, "--help"]), cli(["help", ...at])]);
    assert.deepEqual([help.code, help.stderr, help.stdout, asked.stdout], [0, "", command.usage, command.usage]);
  });
  const { stdout } = await cli(["--help"]);
  for (const [name, { summary, load }] of Object.entries(COMMANDS)) {
    assert.equal(summary, (await load()).summary, name);
    assert.ok(stdout.includes(summary), name);
  }
});

test("every command refuses an option that it does not have, in words and as JSON", async () => {
  const near = (options) => `--${options.find((option) => option.length > 4) ?? options[0]}x`;
  for (const { at, command, options, parts } of commands) {
    if (parts.length > 0) continue;
    const error = await refusal(command, [near(options)]);
    assert.equal(error.constructor.name, "UsageError", at.join(" "));
    assert.equal(error.message, `there is no option ${near(options)}; did you mean ${near(options).slice(0, -1)}?`);
  }
  const { code, stdout, stderr } = await cli(["keys", "list", "--limt", "3", "--json"]);
  const { error } = JSON.parse(stdout);
  assert.deepEqual([code, error], [2, { code: "usage", message: "there is no option --limt; did you mean --limit?", hint: "edgeward keys list --help says more" }]);
  assert.ok(stderr.startsWith(`edgeward keys list: ${error.message}\n\nUsage: edgeward keys list [options]\n`), stderr);
});

test("no option takes a secret, and each of the names that people take for one is refused without its value", async () => {
  for (const { at, command, options } of commands) {
    for (const option of options) {
      if (!/(token|secret|password|seals?|digests?|credential|key|proof|dpop)(-file)?$/.test(option)) continue;
      assert.equal(command.options[option].takes, "file", `${at.join(" ")} --${option}`);
    }
  }
  const secret = "s3cr3t-s3cr3t-s3cr3t";
  for (const { at, command, parts } of commands) {
    if (parts.length > 0) continue;
    const url = `https://somebody:${secret}@host.example/`;
    for (const args of [["--token", secret], [`--secret=${secret}`], ["--client-secret", secret], ["--admin-token", secret], [url], [`--store=${url}`], ["--json", apiKey().key], [`--${apiKey().key}`]]) {
      const error = await refusal(command, args);
      assert.equal(error.constructor.name, "UsageError", at.join(" "));
      assert.ok(!error.message.includes(args.at(-1)) && !error.message.includes(secret) && !error.message.includes("acme_live"), at.join(" "));
    }
  }
  const target = await refusal(await COMMANDS.snapshot.load(), [secret]);
  assert.ok(target.constructor.name === "UsageError" && !target.message.includes(secret), target.message);
  const { code, stdout, stderr } = await cli([apiKey().key]);
  assert.deepEqual([code, stdout], [2, ""]);
  assert.match(stderr, /the first argument is a command, and this is none/);
});

test("the list of processes shows no secret of a command that runs", { skip: !existsSync("/proc/self/cmdline") && "needs /proc" }, async () => {
  let arrived;
  const asked = new Promise((resolve) => (arrived = resolve));
  const silent = createServer((request) => arrived(request.headers.authorization));
  await new Promise((resolve) => silent.listen(0, "127.0.0.1", resolve));
  writeFileSync(join(directory, "token.txt"), "tok3n-of-somebody\n");
  const args = ["keys", "list", "--gate", `http://127.0.0.1:${silent.address().port}/_edgeward`, "--token-file", "token.txt"];
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: directory, env: bareEnvironment(), stdio: "ignore" });
  try {
    assert.equal(await asked, "Bearer tok3n-of-somebody");
    const shown = readFileSync(`/proc/${child.pid}/cmdline`, "utf8");
    assert.ok(shown.includes("token.txt") && !shown.includes("tok3n"), shown);
  } finally {
    child.kill();
    silent.close();
    silent.closeAllConnections();
  }
});

test("docs/cli.md names every option, every command and every variable, and none that there is not", () => {
  const [top, ...sections] = docs.split(/^## /m);
  // A command with much to say has a page of its own, to which its section leads.
  const pageOf = (name, section) => (section.includes(`](${name}.md)`) ? readFileSync(new URL(`../../docs/${name}.md`, import.meta.url), "utf8") : "");
  const sectionOf = (name) => sections.filter((section) => section.startsWith(`\`edgeward ${name}`)).map((section) => section + pageOf(name, section)).join("\n");
  const where = sections.find((section) => section.startsWith("Where keys are"));
  const paged = sectionOf("review");
  const known = new Set([...Object.keys(GLOBAL), "version", "package"]);
  for (const { at, options } of commands) {
    const own = sectionOf(at[0]);
    assert.notEqual(own, "", `no section about edgeward ${at[0]}`);
    for (const option of options) {
      known.add(option);
      const named = new RegExp(`--${option}(?![a-z-])`);
      const shared = ["keys", "inventory", "review", "clients"].includes(at[0]) ? where + paged : "";
      assert.ok(named.test(own + shared) || option === "json", `docs/cli.md does not name --${option} of edgeward ${at.join(" ")}`);
    }
    for (const part of at.slice(1)) assert.match(own, new RegExp(`\\b${part}\\b`), `docs/cli.md does not name edgeward ${at.join(" ")}`);
  }
  assert.match(top, /`--json`/);
  for (const [, option] of docs.matchAll(/--([a-z][a-z-]*[a-z])/g)) assert.ok(known.has(option), `docs/cli.md names --${option}, which there is not`);

  const sources = readdirSync(CLI, { recursive: true }).filter((file) => file.endsWith(".js"));
  const variables = new Set(sources.flatMap((file) => readFileSync(join(CLI, file), "utf8").match(/EDGEWARD_[A-Z_]*[A-Z]/g) ?? []));
  assert.ok(variables.has("EDGEWARD_STORE") && variables.has("EDGEWARD_DEBUG"));
  // The table has each of them, and no other; each that is a secret is read by way of `secretOf`, and so from a file too.
  const table = new Map([...top.matchAll(/^\| `(EDGEWARD_[A-Z_]+)` \|(.*)$/gm)].map(([, name, said]) => [name, said]));
  const files = [...variables].filter((name) => name.endsWith("_FILE"));
  assert.deepEqual([...variables].filter((name) => !files.includes(name)).sort(), [...table.keys()].sort());
  const bare = sources.flatMap((file) => readFileSync(join(CLI, file), "utf8").match(/(?<=env(\.|\["))EDGEWARD_[A-Z_]*[A-Z]/g) ?? []);
  for (const [name, said] of table) if (/secret/.test(said)) assert.ok(!bare.includes(name), `${name} is a secret, and is read without its file`);
  assert.match(top, /`_FILE` at its end/);
});

test("every secret of the environment can be a file, and two that say the same are refused without it", async () => {
  writeFileSync(join(directory, "secret-file"), "s3cr3t-of-a-file\n");
  writeFileSync(join(directory, "form.json"), JSON.stringify({ apiKeys: { prefix: "acme", environment: "live" }, routes: [] }));
  const both = (name) => ({ [name]: "s3cr3t-itself", [`${name}_FILE`]: "secret-file" });
  await each(
    [
      ["EDGEWARD_CREDENTIAL", ["inspect"]],
      ["EDGEWARD_CREDENTIAL", ["verify", "--policy", "form.json"]],
      ["EDGEWARD_STORE", ["keys", "list", "--policy", "form.json"]],
      ["EDGEWARD_STORE", ["clients", "list"]],
      ["EDGEWARD_STORE", ["serve", "--check", "--policy", "form.json"]],
      ["EDGEWARD_TOKEN", ["review", "--gate", "http://127.0.0.1:1/_edgeward"]],
      ["EDGEWARD_TOKEN", ["clients", "list", "--gate", "http://127.0.0.1:1/_edgeward"]],
      ["EDGEWARD_SEALS", ["inventory", "--store", "file:secret-seals", "--policy", "form.json"]],
      ["EDGEWARD_SEALS", ["serve", "--check", "--store", "memory:", "--policy", "form.json"]],
    ],
    async ([name, args]) => {
      const { code, stdout, stderr } = await cli([...args, "--json"], { env: both(name) });
      assert.equal(code, 2, `${args.join(" ")}: ${stderr}`);
      assert.equal(JSON.parse(stdout).error.message, `${name} and ${name}_FILE: one of them`);
      assert.ok(!(stdout + stderr).includes("s3cr3t"), stderr);
    },
  );
});

test("what is mistyped is answered with what was meant, and what could be anything is not", async () => {
  await each(
    [
      [["clients", "ad"], /no such step[^]*did you mean add\?[^]*steps: add, import/],
      [["clients", "import", "--from", "auth", "--issuer", "x"], /--from takes auth0, workos; did you mean auth0\?/],
      [["inspect", "--fail-on", "hihg"], /--fail-on takes low, medium, high; did you mean high\?/],
      [["serve", "--polcy", "x"], /there is no option --polcy; did you mean --policy\?/],
      [["verfy"], /there is no command "verfy"; did you mean verify\?/],
      [["kyes", "list"], /did you mean keys\?/],
      [["inv"], /did you mean inventory\?/],
      [["frob"], /there is no command "frob"\n[^]*commands: verify, inspect, keys/],
      [["keys", "isue"], /no such step[^]*did you mean issue\?[^]*steps: issue, list/],
      [["help", "lnt"], /did you mean lint\?/],
      [["help", "keys", "isue"], /has no part of this name/],
      [["lint", "p.json", "--fail-on", "hihg"], /--fail-on takes low, medium, high; did you mean high\?/],
      [["lint", "p.json", "--fail-on"], /--fail-on takes a value, which is missing/],
      [["lint", "p.json", "--snapshots", "--json"], /takes a value, and another option follows/],
      [["lint", "p.json", "--json=yes"], /--json takes no value/],
      [["review", "--fail-on", "hgih"], /did you mean high\?/],
    ],
    async ([args, words]) => {
      const { code, stderr } = await cli(args);
      assert.equal(code, 2, stderr);
      assert.match(stderr, words);
    },
  );
});

test("each kind of error says what to do, as JSON too, and shows a stack to nobody who does not ask", async () => {
  const redis = await startRedis();
  const client = createClient({ socket: { port: redis.port, host: "127.0.0.1" } });
  await client.connect();
  const password = "pa55word-pa55word";
  await client.sendCommand(["CONFIG", "SET", "requirepass", password]);
  client.destroy();
  for (const [name, text] of Object.entries({
    "p.json": JSON.stringify({ apiKeys: { prefix: "acme", environment: "live" } }),
    "broken.json": '{\n  "apiKeys": {"prefix": "hidden-words" "environment": 1}\n}\n',
    "wrong.json": JSON.stringify({ apiKeys: { prefix: "ACME", environment: "live" } }),
    "listed.json": "[]",
  })) {
    writeFileSync(join(directory, name), text);
  }
  mkdirSync(join(directory, "keys"), { recursive: true });
  const closed = createServer((request, response) => response.writeHead(401, { "content-type": "application/problem+json" }).end(JSON.stringify({ code: "token_expired", status: 401, title: "t", detail: "Expired.\u001b[2J\u202e" })));
  await new Promise((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${closed.address().port}/_edgeward`;
  const list = (...args) => ["keys", "list", ...args];
  const byFile = ["--store", "file:keys", "--policy"];
  try {
    await each(
      [
        [list(...byFile, "none.json"), 3, "file_missing", /cannot read none\.json: there is no such file/, /is the path right/],
        [list(...byFile, "keys"), 3, "file_failed", /it is a directory/, /name a file in it/],
        [list(...byFile, "broken.json"), 2, "policy_invalid", /broken\.json is no JSON: line 2, column 40/, /double quotes/],
        [list(...byFile, "listed.json"), 2, "policy_invalid", /no `apiKeys`/, /"prefix": "acme"/],
        [list(...byFile, "wrong.json"), 2, "policy_invalid", /prefix/, /edgeward lint/],
        [list("--store", "file:nowhere", "--policy", "p.json"), 3, "store_missing", /there is no store at nowhere/, /edgeward keys issue/],
        [list("--store", "redis://127.0.0.1:1", "--policy", "p.json"), 3, "store_unreachable", /nothing listens there/, /host and port/],
        [list("--store", "redis://nobody.invalid:6379", "--policy", "p.json"), 3, "store_unreachable", /cannot be reached/, /resolve|through/],
        [list("--store", `redis://127.0.0.1:${redis.port}`, "--policy", "p.json"), 3, "store_password", /asks for a password/, /EDGEWARD_STORE/],
        [list("--policy", "p.json"), 3, "store_password", /does not take this user and password/, /EDGEWARD_STORE/, { EDGEWARD_STORE: `redis://:wr0ng-wr0ng@127.0.0.1:${redis.port}` }],
        [list("--gate", "http://127.0.0.1:1/_edgeward"), 3, "gate_unreachable", /did not answer/, /is it running/, { EDGEWARD_TOKEN: "wr0ng-wr0ng" }],
        [list("--gate", url), 1, "token_expired", /Expired\./, /get a new token/, { EDGEWARD_TOKEN: "wr0ng-wr0ng" }],
        [["keys", "show", "nobody", ...byFile, "p.json"], 1, "key_not_found", /no key of this id/, /edgeward keys list/],
        [["lint", "p.json", "--snapshots", "broken.json"], 3, "not_json", /broken\.json is no JSON/, /double quotes/],
        [["lint", "p.json", "--snapshots", "listed.json"], 3, "input_unusable", /snapshots/, /the message names/],
        [["verify", "--policy", "p.json", "--snapshots", "listed.json"], 3, "input_unusable", /snapshots/, /the message names/, { EDGEWARD_CREDENTIAL: "x" }],
        [["clients", "list", "--store", "file:nowhere"], 3, "store_missing", /no store at nowhere/, /edgeward keys issue/],
        [["clients", "import", "--store", "file:c", "--file", "broken.json", "--from", "auth0", "--issuer", "x"], 3, "listing_invalid", /line 2/, /the endpoint/],
        [["serve", "--check", "--policy", "wrong.json", "--store", "memory:"], 2, "policy_invalid", /prefix/, /edgeward lint/],
        [["serve", "--check", "--policy", "p.json", "--store", "redis://127.0.0.1:1"], 3, "store_unreachable", /nothing listens there/, /host and port/],
        [["lint", "none.json"], 3, "file_missing", /none\.json/, /is the path right/],
        [["lint", "broken.json"], 1, "policy_invalid", /line 2, column 40/, /./],
        [["snapshot", "http://127.0.0.1:1"], 3, "snapshot_failed", /127\.0\.0\.1/, /iss/],
        [["snapshot", "https://a.example", "--into", "listed.json"], 3, "failed", /no file of snapshots/, /--out/],
      ],
      async ([args, exit, code, message, hint, env = {}]) => {
        const told = await cli([...args, "--json"], { env: { ...env, EDGEWARD_DEBUG: "1" } });
        const { error } = JSON.parse(told.stdout);
        assert.equal(told.code, exit, `${args.join(" ")}: ${told.stderr}`);
        assert.equal(error.code, code, args.join(" "));
        if (args.includes("wrong.json")) assert.equal(error.faults[0].pointer, "/apiKeys/prefix");
        assert.match(error.message, message);
        assert.match(error.hint, hint);
        if (args[0] !== "lint" || exit === 3) assert.match(told.stderr, /^\s+at .*cli/m, "EDGEWARD_DEBUG shows where");
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(told.stderr, /\u001b|\u202e/, "what others say acts on no terminal");
        for (const secret of ["wr0ng", password, "hidden-words"]) assert.ok(!(told.stdout + told.stderr).includes(secret), args.join(" "));
      },
    );
    for (const args of [list(...byFile, "none.json"), list(...byFile, "wrong.json"), ["keys", "show", "nobody", ...byFile, "p.json"]]) {
      const { stdout, stderr } = await cli(args);
      assert.equal(stdout, "");
      assert.match(stderr, /^edgeward keys (list|show): [^]*\n {2}\S[^\n]*\n$/);
      assert.doesNotMatch(stderr, /^\s+at /m);
    }
  } finally {
    closed.close();
    closed.closeAllConnections();
    await redis.stop();
  }
});

test("where a text ceases to be JSON is found, whatever is wrong with it", async () => {
  const { faultIn } = await import(join(CLI, "json.js"));
  for (const [text, at] of [
    ["", 0], ["{", 1], ["[1,]", 3], ['{"a" 1}', 5], ['{"a":1,}', 7], ["[1 2]", 3], ["nul", 0], ['"a', 0], ['{"a":"\n"}', 5],
    ["01", 1], ["1 1", 2], ["// x", 0], ["{'a':1}", 1], ["[1]]", 3], ['{"a":}', 5], [" \n\t[tru]", 4], ["\u00a0[]", 0], ["[}", 1], ['{"a":[1}', 7],
  ]) {
    assert.throws(() => JSON.parse(text), SyntaxError, text);
    assert.equal(faultIn(text), at, text);
  }
  for (const text of ["[]", '{"a":[1,2.5e-3,{"b":null}],"c":"\\u00e9\\""}', " true ", "-0"]) {
    JSON.parse(text);
    assert.equal(faultIn(text), text.length, text);
  }
  // Deeper than calls can be, and longer than what is read again and again could be.
  assert.equal(faultIn("[".repeat(200_000)), 200_000);
  assert.equal(faultIn(`[${"1, ".repeat(200_000)}x`), 600_001);
});

test("colours are for terminals, for FORCE_COLOR, and never against NO_COLOR", async () => {
  const policy = JSON.stringify({ issuers: [{ issuer: "https://a.example", audience: "a", algorithms: ["ES256"], discovery: "openid-configuration" }], routes: [{ methods: ["GET"], path: "/", classes: ["m2m_token"] }] });
  const coloured = async (args, env) => {
    const { stdout, stderr } = await cli(["lint", "-", ...args], { env, input: policy });
    assert.match(stdout, /\[NHI\d/);
    // eslint-disable-next-line no-control-regex
    return /\u001b\[/.test(stdout + stderr);
  };
  assert.deepEqual(
    [
      await coloured([], { NO_COLOR: "", FORCE_COLOR: "" }),
      await coloured([], { NO_COLOR: "", FORCE_COLOR: "1" }),
      await coloured([], { NO_COLOR: "", FORCE_COLOR: "0" }),
      await coloured([], { NO_COLOR: "1", FORCE_COLOR: "1" }),
      await coloured(["--no-color"], { NO_COLOR: "", FORCE_COLOR: "1" }),
    ],
    [false, true, false, false, false],
  );
});

test("on a terminal a table fits, and a line says how far it is", { skip: !existsSync("/usr/bin/script") && "needs script(1)" }, async () => {
  const store = fileStore(join(directory, "wide"));
  for (const name of ["x".repeat(80), "\u{1f511}".repeat(40)]) {
    const { storeKey, record } = apiKey({ now: Date.now(), record: { name, owner: "o".repeat(60), organization: "g".repeat(60) } });
    await store.put(storeKey, JSON.stringify(record));
  }
  const env = { EDGEWARD_STORE: "file:wide", TERM: "xterm", NO_COLOR: "" };
  const onTerminal = async (columns, args) => {
    const line = ["stty", "cols", columns, "&&", `'${process.execPath}'`, `'${MAIN}'`, ...args, "--prefix", "acme", "--environment", "live"].join(" ");
    const { stdout, code } = await run("/usr/bin/script", ["-qec", line, "/dev/null"], { cwd: directory, env });
    assert.equal(code, 0, stdout);
    return stdout;
  };
  for (const args of [["inventory"], ["keys", "list"]]) {
    const [narrow, wide] = [await onTerminal(80, args), await onTerminal(200, args)];
    const lines = narrow.split("\r\n").filter((line) => /^(ID|[0-9A-Za-z]{16} )/.test(line));
    assert.equal(lines.length, 3, narrow);
    for (const line of lines) assert.ok([...line].length <= 80, line);
    assert.ok(narrow.includes("…"));
    assert.ok(wide.split("\r\n").some((line) => line.length > 100), wide);
  }
  for (const [words, least] of [["keys issue", 30], ["serve", 30], ["clients", 15], ["", 15]]) {
    const help = (await onTerminal(80, [words, "--help"])).split("\r\n").slice(1);
    assert.ok(help.length > least && help.every((line) => line.length <= 80), help.join("\n"));
  }
  writeFileSync(join(directory, "none.jsonl"), "{}\n".repeat(20));
  const line = [`'${process.execPath}'`, `'${MAIN}'`, "keys", "import", "--digests-file", "none.jsonl", "--prefix", "acme", "--environment", "live"].join(" ");
  const { stdout } = await run("/usr/bin/script", ["-qec", line, "/dev/null"], { cwd: directory, env });
  // The line is drawn where it stands, and taken away before the next one is said.
  // eslint-disable-next-line no-control-regex
  assert.match(stdout, /\r\u001b\[K\d+ keys so far, \d+ of them failed[^\n]*\r\u001b\[K/);
});

test("where there is no terminal, a line is said every so many", async () => {
  const source = `import { progressOf } from ${JSON.stringify(join(CLI, "terminal.js"))}; const progress = progressOf("keys", 10); for (let n = 0; n < 35; n += 3) progress.at(n, ", all well"); progress.done();`;
  const { code, stdout, stderr } = await run(process.execPath, ["--input-type=module", "-e", source]);
  assert.deepEqual([code, stdout, stderr], [0, "", "12 keys so far, all well\n21 keys so far, all well\n30 keys so far, all well\n"]);
});

test("whoever closes the pipe ends it quietly", async () => {
  for (const args of ["--help", "completion bash", "verify --help"]) {
    const { code, stderr } = await run("/bin/sh", ["-c", `edgeward ${args} | true`], { cwd: directory, env: { PATH: path } });
    assert.deepEqual([code, stderr], [0, ""], args);
  }
});

test("the version and the list of commands wait for no core", async () => {
  // The command line alone, without the package that it is part of: what would load the core cannot be found.
  const alone = join(directory, "alone");
  cpSync(CLI, join(alone, "dist/cli"), { recursive: true });
  cpSync(join(CLI, "../../package.json"), join(alone, "package.json"));
  const { version } = JSON.parse(readFileSync(join(alone, "package.json"), "utf8"));
  const main = join(alone, "dist/cli/main.js");
  const told = await run(process.execPath, [main, "--version"]);
  assert.deepEqual([told.code, told.stdout], [0, `${version}\n`], told.stderr);
  assert.equal((await run(process.execPath, [main, "--help"])).stdout, (await cli(["--help"])).stdout);
  assert.equal((await run(process.execPath, [main, "nothing"])).code, 2);
  const { version: ofCore } = await import("edgeward");
  assert.equal(ofCore(), version);
});
