// The comparison runs, and what it says are figures.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { bars, growth } from "../../bench/bars.mjs";
import { ofTokens } from "../../bench/contestants.mjs";
import { contest, summarize } from "../../bench/measure.mjs";
import { table } from "../../bench/table.mjs";

const script = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));
const run = (...args) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

/** What a quick run of this part says. */
function quick(part) {
  const { status, stdout, stderr } = run("--quick", "--json", "--only", part);
  assert.equal(status, 0, stderr);
  const said = JSON.parse(stdout);
  assert.deepEqual(said.parts, [part]);
  for (const version of Object.values(said.versions)) assert.match(version, /^\d+\.\d+/);
  assert.ok(said.machine.cpu && said.machine.cores > 0);
  return said;
}

function areFigures({ name, results }) {
  for (const { name: who, fails, low, median, high, samples } of results) {
    assert.equal(fails, undefined, `${name}: ${who}`);
    assert.ok(0 < low && low <= median && median <= high && high < 1e6, `${name}: ${who}`);
    assert.ok(samples > 0);
  }
}

test("a quick run in Node yields a figure for every contestant and for every bar", () => {
  const { groups, bars } = quick("node");
  const counts = Object.fromEntries(groups.map(({ name, results }) => [name.replace("Node, ", ""), results.length]));
  assert.deepEqual(counts, {
    "new tokens, RS256": 11,
    "new tokens, PS256": 9,
    "new tokens, ES256": 11,
    "new tokens, EdDSA": 9,
    "new tokens, HS256": 10,
    "the same token again, RS256": 3,
    "the same token again, ES256": 3,
    "API keys": 3,
  });
  for (const group of groups) areFigures(group);
  assert.ok(bars.length > 0);
  for (const { what, value, met } of bars) assert.ok(Number.isFinite(value) && typeof met === "boolean", what);
});

test("a quick run with refused and hostile tokens has nobody who accepts one", () => {
  const { groups, bars } = quick("hostile");
  assert.deepEqual(groups.map(({ results }) => results.length), [20, 13]);
  for (const group of groups) areFigures(group);
  for (const { what, value } of bars) assert.ok(value > 0, what);
});

test("memory is told step by step", () => {
  const { memory } = quick("memory");
  assert.equal(memory.length, 4);
  for (const { core, program } of memory) assert.ok(core > 0 && program > 0);
});

test("an unknown option is one clear sentence", () => {
  for (const [args, sentence] of [
    [["--fast"], "There is no option --fast; the options are --quick, --json, --write and --only.\n"],
    [["--only", "all"], "--only takes one of node, hostile, workerd, start, gate or memory.\n"],
    [["--only"], "--only takes one of node, hostile, workerd, start, gate or memory.\n"],
    [["--write", "--quick"], "README.md has the table of a whole run: --write goes with neither --quick nor --only.\n"],
  ]) {
    const { status, stdout, stderr } = run(...args);
    assert.deepEqual([status, stdout, stderr], [2, "", sentence]);
  }
});

test("median and quartiles are those of the samples", () => {
  assert.deepEqual(summarize([5, 1, 4, 2, 3]), { median: 3, low: 2, high: 4, samples: 5 });
  assert.deepEqual(summarize([1, 2]), { median: 1.5, low: 1.25, high: 1.75, samples: 2 });
});

test("each contestant takes every input once, in turns", async () => {
  const seen = [];
  const contestants = [
    { name: "one", call: (input) => seen.push(`one ${input}`) },
    { name: "two", asynchronous: true, call: async (input) => seen.push(`two ${input}`) },
  ];
  const results = await contest(contestants, [["a"], ["b"], ["c", "d"]], 1);
  assert.deepEqual(seen, ["one a", "two a", "two b", "one b", "one c", "one d", "two c", "two d"]);
  assert.deepEqual(results.map(({ name, samples }) => [name, samples]), [["one", 2], ["two", 2]]);
  assert.equal(results[0].ratio, undefined);
  const measured = await contest([contestants[0], { ...contestants[1], bare: true }], [["a"]], 0);
  assert.equal(measured[0].ratio, measured[0].median / measured[1].median);
  assert.equal(measured[1].ratio, 1);
});

test("a contestant that fails is not called, and has no time", async () => {
  const failing = { name: "failing", fails: "accepts one that is forged", call: () => assert.fail("it is called") };
  const results = await contest([failing, { name: "other", call: () => true }], [["a"]], 0);
  assert.deepEqual(results[0], { name: "failing", fails: "accepts one that is forged" });
  assert.equal(results[1].samples, 1);
});

test("every verifier of the comparison tells good from bad", async () => {
  for (const algorithm of ["RS256", "PS256", "ES256", "EdDSA", "HS256"]) {
    const { contestants } = await ofTokens(algorithm, Date.now());
    assert.deepEqual(contestants.filter(({ fails }) => fails), [], algorithm);
  }
});

/** Results of the gate alone: `ratio` as measured beside the peer. */
const ofGate = (edgeward) => ({
  parts: ["gate"],
  groups: [{ name: "workerd, a gate, ES256", unit: "requests/s", results: [{ name: "Hono and jose", median: 1000, low: 990, high: 1010, ratio: 1 }, { name: "edgeward", low: 1, high: 2, ...edgeward }] }],
});

test("a bar is met from its figure on, and not below", () => {
  const met = (edgeward) => bars(ofGate(edgeward)).map(({ value, met }) => [value, met]);
  assert.deepEqual(met({ median: 1300, ratio: 1.3 }), [[1.3, true]]);
  assert.deepEqual(met({ median: 1290, ratio: 1.29 }), [[1.29, false]]);
});

test("a bar without a figure is not met, and says why", () => {
  const [bar] = bars(ofGate({ fails: "refuses a good credential" }));
  assert.deepEqual([bar.value, bar.met, bar.why], [null, false, "edgeward refuses a good credential"]);
});

test("the table names who fails, and marks what is spread wide", () => {
  const report = { versions: {}, machine: { load: {} }, seconds: 1, ...ofGate({ fails: "refuses a good credential" }), bars: [] };
  assert.match(table(report), /^ {2}edgeward +fails: refuses a good credential$/m);
  assert.match(table({ ...report, ...ofGate({ median: 10, low: 1, high: 20, ratio: 2 }) }), /^ {2}edgeward +10\.0 +1\.00 – 20\.0 +2\.00 ~$/m);
});

test("growth is what stays, and not what one step shows", () => {
  const steps = (...cores) => cores.map((core) => ({ core }));
  assert.equal(growth(steps(1, 50, 100, 100, 100, 100, 100, 900, 100), "core"), 0);
  assert.equal(growth(steps(1, 2, 100, 110, 120, 130, 140, 150, 160), "core"), 150 / 120 - 1);
  assert.equal(growth(steps(10, 10, 20, 20), "core"), 1);
});
