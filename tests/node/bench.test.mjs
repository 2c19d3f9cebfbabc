// The comparison runs, and what it says are figures.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { contest, summarize } from "../../bench/measure.mjs";

const script = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));
const run = (...args) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

test("a quick run yields a figure for every contestant", () => {
  const { status, stdout, stderr } = run("--quick", "--json");
  assert.equal(status, 0, stderr);
  const { groups, bars, versions, machine } = JSON.parse(stdout);
  assert.deepEqual(groups.map(({ name }) => name), [
    ...["RS256", "PS256", "ES256", "EdDSA", "HS256"],
    ...["RS256, known tokens", "HS256, known tokens", "RS256, refused by edgeward", "API key"],
  ]);
  const lengths = { "RS256, known tokens": 3, "HS256, known tokens": 3, "RS256, refused by edgeward": 8, "API key": 3 };
  for (const { name, results } of groups) {
    assert.equal(results.length, lengths[name] ?? 6);
    for (const { name: who, low, median, high, samples } of results) {
      assert.ok(0 < low && low <= median && median <= high && high < 1e6, `${name}: ${who}`);
      assert.equal(samples, 41);
    }
  }
  for (const { what, value, met } of bars) assert.ok(Number.isFinite(value) && typeof met === "boolean", what);
  for (const version of Object.values(versions)) assert.match(version, /^\d+\.\d+/);
  assert.ok(machine.cpu && machine.cores > 0);
});

test("an unknown option is one clear sentence", () => {
  const { status, stdout, stderr } = run("--fast");
  assert.deepEqual([status, stdout, stderr], [2, "", "There is no option --fast; the options are --quick and --json.\n"]);
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
