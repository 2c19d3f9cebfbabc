// The inventory and the review from the command line: by a store and by a gate, in every format, and of many keys.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { createKeyAdmin, reviewPolicy } from "edgeward";
import { fileStore } from "edgeward/store/file";
import { memoryStore } from "edgeward/store/memory";
import { redisStore } from "edgeward/store/redis";
import { createClient } from "redis";
import { adminPolicy, adminToken, startAdminGate } from "../support/admin-gate.mjs";
import { MAIN, bareEnvironment, edgeward, putPrograms, run } from "../support/command-line.mjs";
import { apiKey } from "../support/credentials.mjs";
import { startRedis } from "../support/redis-server.mjs";

const DAY = 86_400;
const NOW = Math.floor(Date.now() / 1000);
const POLICY = adminPolicy({ review: { departed: ["bob"], maxAgeDays: 400 } });

let directory;
let redis;
let client;
let path;

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-cli-review-"));
  writeFileSync(join(directory, "policy.json"), JSON.stringify(POLICY));
  path = putPrograms(directory);
  redis = await startRedis();
  client = createClient({ socket: { port: redis.port, host: "127.0.0.1" } });
  client.on("error", () => undefined);
  await client.connect();
});
after(async () => {
  await client?.close();
  await redis?.stop();
  rmSync(directory, { recursive: true, force: true });
});

const EDGEWARD_POLICY = "policy.json";
const inFile = (name) => ({ EDGEWARD_STORE: `file:${name}`, EDGEWARD_POLICY });
const inRedis = () => ({ EDGEWARD_STORE: `redis://127.0.0.1:${redis.port}`, EDGEWARD_POLICY });
const cli = (env, args, options) => edgeward(args, { cwd: directory, env, ...options });

const ids = { plain: "a".repeat(16), old: "b".repeat(16), heir: "c".repeat(16), orphan: "d".repeat(16) };

/** A record that no rule finds fault with but for these members. */
const record = (id, change = {}) => {
  const { record } = apiKey({ id, now: Date.now(), record: { created: NOW - 5 * DAY, expires: NOW + 100 * DAY, ...change } });
  return [`key/${id}`, JSON.stringify(record)];
};
const usage = (id, notes) => [`usage/${id}`, JSON.stringify({ v: 1, precision: 3600, ...notes })];

/** A key for each rule that has a command, with what it takes to find it. */
const FLAWED = [
  [record(ids.plain, { expires: undefined })],
  [record(ids.plain, { created: NOW - 500 * DAY }), usage(ids.plain, { lastUsed: NOW - 60, exercised: { "reports:read": NOW - 60 } })],
  [record(ids.plain, { owner: "bob" })],
  [record(ids.plain, { owner: "" })],
  [record(ids.plain, { owner: "", revoker: "" })],
  [record(ids.plain, { owner: "sec", revoker: "sec" })],
  [record(ids.plain, { scopes: ["*", "it's:mine"] })],
  [record(ids.plain, { scopes: ["*"] })],
  [record(ids.plain, { created: NOW - 60 * DAY })],
  [record(ids.plain, { created: NOW - 200 * DAY }), usage(ids.plain, { lastUsed: NOW - 190 * DAY, exercised: {} })],
  [record(ids.plain, { created: NOW - 60 * DAY, scopes: ["a:read", "b:read"] }), usage(ids.plain, { lastUsed: NOW - 60, exercised: { "a:read": NOW - 60 } })],
  [record(ids.plain, { disabled: true, created: NOW - 200 * DAY })],
  [record(ids.plain, { expires: NOW + 3 * DAY })],
  [record(ids.plain), usage(ids.plain, { exposed: { at: NOW - 60, place: "plain_http" } })],
  [record(ids.plain, { expires: NOW - 60 }), usage(ids.plain, { exposed: { at: NOW - 60, place: "plain_http" } })],
  [record(ids.plain), usage(ids.plain, { otherEnvironment: NOW - 60 })],
  [
    record(ids.old, { rotation: { replacedBy: ids.heir, overlapUntil: NOW + 30 * DAY } }),
    record(ids.heir, { created: NOW - 20 * DAY, rotation: { replaces: ids.old } }),
  ],
  [record(ids.orphan, { rotation: { replaces: ids.old } }), record(ids.old)],
];

/** What a person fills in. */
const FILLED = { you: "carol", owner: "dora", revoker: "eve", scopes: "other:read", ranges: "192.0.2.0/24" };

test("each command that a review prints runs as it stands, once a person has filled in what only they know", async () => {
  const commands = [];
  await Promise.all(
    FLAWED.map(async (entries, number) => {
      const store = memoryStore();
      for (const [name, value] of entries) await store.put(name, value);
      const { apiKeys, review } = POLICY;
      const { findings } = await (await createKeyAdmin({ ...apiKeys, review }, { store })).review();
      assert.ok(findings.some(({ command }) => command !== null), `${number}: ${findings.map(({ rule }) => rule)}`);
      for (const { rule, command } of findings) if (command !== null) commands.push({ rule, command, entries });
    }),
  );
  const distinct = [...new Map(commands.map((one) => [one.command, one])).values()];
  const verbs = new Set(distinct.map(({ command }) => command.replaceAll(/ [a-d]{16}/g, "").replace(/'.*'/, "…")));
  for (const start of ["revoke --reason key_compromise", "revoke --reason unused", "rotate --overlap 7d", "update --expires 90d", "update --owner", "update --revoker", "update --scopes", "update --allowed-cidrs"]) {
    assert.ok([...verbs].some((verb) => verb.startsWith(`edgeward keys ${start}`)), `${start} is not among ${[...verbs]}`);
  }
  // Two at a time: every one is a process of its own.
  const work = distinct.entries();
  const worker = async () => {
    for (const [number, { rule, command, entries }] of work) {
      const name = `case-${number}`;
      const store = fileStore(join(directory, name));
      for (const [key, value] of entries) await store.put(key, value);
      const filled = command.replaceAll(/<([a-z]+)>/g, (_, part) => FILLED[part] ?? assert.fail(`nobody fills in ${part}`));
      // A person has pasted it as it stands, and a shell did nothing.
      if (filled !== command && number < 3) {
        const pasted = await run("/bin/sh", ["-c", `${command}\n`], { cwd: directory, env: { ...inFile(name), PATH: path } });
        assert.ok(pasted.code !== 0 && pasted.stdout === "", pasted.stderr);
      }
      const done = await run("/bin/sh", ["-c", filled], { cwd: directory, env: { ...inFile(name), PATH: path } });
      assert.equal(done.code, 0, `${rule}: ${filled}: ${done.stderr}`);
      const after = await Promise.all(entries.map(([key]) => store.get(key)));
      assert.ok(after.some((value, place) => value !== entries[place][1]), `${filled} changed nothing`);
    }
  };
  await Promise.all([worker(), worker()]);
});

/** 130 keys: two pages, each key with a finding. */
const MANY = Array.from({ length: 130 }, (_, number) =>
  record(`k${String(number).padStart(15, "0")}`, { expires: undefined, name: `=key, "${number}"\n` }),
);
let seeded;
async function many() {
  seeded ??= (async () => {
    const store = fileStore(join(directory, "many"));
    for (const [name, value] of MANY) await store.put(name, value);
    return store;
  })();
  return seeded;
}

const lines = (text) => text.trimEnd().split("\n").length;

test("by a store and by a gate a review and an inventory say the same, in every format", async () => {
  const store = await many();
  const gate = await startAdminGate({ store }, POLICY);
  const byGate = { EDGEWARD_GATE: gate.url, EDGEWARD_TOKEN: adminToken() };
  try {
    const ofPolicy = reviewPolicy(POLICY).findings.length;
    for (const env of [inFile("many"), byGate]) {
      const [json, csv, words, inventory, table, listed] = await Promise.all(
        [["review", "--json"], ["review", "--format", "csv"], ["review"], ["inventory", "--json"], ["inventory", "--format=csv"], ["keys", "list", "--json"]].map((args) => cli(env, args)),
      );
      assert.deepEqual([json, csv, words, inventory, table, listed].map(({ code }) => code), [1, 1, 1, 0, 0, 0], json.stderr + csv.stderr + table.stderr);
      const { findings, summary, cursor, failed } = JSON.parse(json.stdout);
      assert.deepEqual([summary.keys, findings.length, cursor, failed], [130, 130 + ofPolicy, null, undefined]);
      assert.equal(summary.bySeverity.medium + summary.bySeverity.low + summary.bySeverity.high + summary.bySeverity.critical + summary.bySeverity.info, findings.length);
      assert.equal(csv.stdout.match(/\r\n/g).length, findings.length + 1);
      assert.equal(csv.stdout.match(/^severity,rule/gm).length, 1);
      assert.equal(words.stdout.match(/\[NHI\d+:2025\]/g).length, findings.length);
      assert.match(words.stderr, /^130 keys: 0 critical/);
      assert.equal(JSON.parse(inventory.stdout).lines.length, 130);
      assert.equal(table.stdout.match(/\r\n/g).length, 131);
      assert.equal(table.stdout.match(/^class,id/gm).length, 1);
      assert.equal(JSON.parse(listed.stdout).keys.length, 130);
      for (const { stdout } of [json, csv, words, inventory, table, listed]) assert.doesNotMatch(stdout, /sha-256:|digest/);
    }
    const [whole, refused, first] = await Promise.all([
      cli(inFile("many"), ["review", "--format", "html", "--fail-on", "critical"]),
      cli(byGate, ["review", "--format", "html"]),
      cli(byGate, ["review", "--format", "html", "--limit", "5"]),
    ]);
    assert.deepEqual([whole.code, refused.code, first.code], [0, 3, 1], whole.stderr + refused.stderr + first.stderr);
    assert.ok(whole.stdout.startsWith("<!doctype html>") && whole.stdout.includes("130 keys were looked at"));
    assert.match(refused.stderr, /100 keys at most/);
    assert.equal(refused.stdout, "");
    assert.match(first.stdout, /5 keys were looked at/);
    assert.match(first.stderr, /there is more: --cursor/);
  } finally {
    await gate.stop();
  }
});

test("a list goes on where another ended", async () => {
  await many();
  for (const args of [["inventory"], ["keys", "list"], ["review", "--fail-on", "critical"]]) {
    const [name] = Object.keys(JSON.parse((await cli(inFile("many"), [...args, "--json", "--limit", "1"])).stdout));
    const seen = [];
    let cursor;
    do {
      const more = cursor === undefined ? [] : ["--cursor", cursor];
      const { code, stdout, stderr } = await cli(inFile("many"), [...args, "--json", "--limit", "70", ...more]);
      assert.equal(code, 0, stderr);
      const page = JSON.parse(stdout);
      seen.push(...page[name].map((one) => one.id ?? one.subject.id).filter((id) => id !== null));
      cursor = page.cursor ?? undefined;
    } while (cursor !== undefined);
    assert.deepEqual(seen, MANY.map(([key]) => key.slice(4)), args.join(" "));
  }
  const { stdout, stderr } = await cli(inFile("many"), ["inventory", "--limit", "3"]);
  assert.equal(lines(stdout), 4);
  assert.match(stderr, /^3 credentials\nthere is more: --cursor '.+' goes on\n$/);
});

test("a review that breaks off says so in every format, and where it goes on", async () => {
  await many();
  const broken = fileStore(join(directory, "broken"));
  for (const [name, value] of MANY) await broken.put(name, value);
  const last = readdirSync(join(directory, "broken")).filter((name) => name.startsWith("k-")).sort().at(-1);
  writeFileSync(join(directory, "broken", last), "rubbish");
  for (const [args, told] of [
    [["review", "--json"], /\n\],"cursor":"[^"]+","failed":\{"code":"store_unavailable"/],
    [["review", "--format", "csv"], /this is not the whole list[^\n]*\r\n$/],
    [["review", "--format", "html"], /This review is not whole\.[^]*<\/html>\n$/],
    [["review"], /^medium/],
    [["inventory", "--format", "csv"], /incomplete.*this is not the whole list/],
    [["inventory"], /^ID/],
    [["keys", "list"], /^ID/],
  ]) {
    const { code, stdout, stderr } = await cli(inFile("broken"), args);
    assert.equal(code, 3, args.join(" "));
    assert.match(stdout, told);
    assert.match(stderr, /not the whole list/, args.join(" "));
  }
});

test("whoever stops reading stops the writing, and nobody complains", async () => {
  await many();
  const { code, stdout, stderr } = await run("/bin/sh", ["-c", "edgeward inventory | head -n 1"], { cwd: directory, env: { ...inFile("many"), PATH: path } });
  assert.equal(code, 0);
  assert.match(stdout, /^ID .*\n$/);
  assert.match(stderr, /^(130 credentials\n)?$/);
});

test("what is asked for wrongly is told", async () => {
  for (const [args, words] of [
    [["review", "--format", "pdf"], /--format takes json, csv, html/],
    [["inventory", "--format", "html"], /--format takes json, csv/],
    [["review", "--fail-on", "never"], /--fail-on takes/],
    [["review", "--format", "csv", "--json"], /one of them/],
    [["inventory", "all"], /options alone/],
  ]) {
    const { code, stderr } = await cli(inFile("many"), args);
    assert.equal(code, 2, stderr);
    assert.match(stderr, words);
  }
});

const KEYS = 20_000;
/** So small that what is found does not fit: the last test of the two shows it. */
const HEAP = "--max-old-space-size=40";

test("a review of 20,000 keys in a Redis is written in bounded memory", async () => {
  const prefix = "{edgeward}:";
  for (let from = 0; from < KEYS; from += 1000) {
    const page = Array.from({ length: 1000 }, (_, place) => record(`z${String(from + place).padStart(15, "0")}`, { expires: undefined, scopes: ["*"], name: "n".repeat(60) }));
    await Promise.all([
      client.sendCommand(["MSET", ...page.flatMap(([name, value]) => [`${prefix}record:${name}`, value])]),
      client.sendCommand(["ZADD", `${prefix}names`, ...page.flatMap(([name]) => ["0", name])]),
    ]);
  }
  const child = spawn(process.execPath, [HEAP, MAIN, "review", "--format", "csv"], { cwd: directory, env: { ...bareEnvironment(), ...inRedis() }, stdio: ["ignore", "pipe", "pipe"] });
  let [rows, said] = [0, ""];
  child.stderr.on("data", (text) => (said += text));
  for await (const bytes of child.stdout) rows += bytes.toString("latin1").split("\r").length - 1;
  const code = child.exitCode ?? (await new Promise((resolve) => child.once("exit", resolve)));
  assert.deepEqual([code, said], [1, ""]);
  assert.ok(rows > 3 * KEYS, String(rows));
  const admin = await createKeyAdmin(POLICY.apiKeys, { store: redisStore((args) => client.sendCommand(args)) });
  const { findings } = await admin.review({ limit: 1 });
  assert.ok(findings.length >= 3);
  const hoard = `const kept = []; for (let n = 0; n < ${KEYS}; n++) kept.push(JSON.parse(${JSON.stringify(JSON.stringify(findings))})); console.log(kept.length)`;
  assert.notEqual((await run(process.execPath, [HEAP, "-e", hoard])).code, 0);
});
