// The benches that need workerd run, and what they say are figures.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const script = fileURLToPath(new URL("../../bench/key-sets.mjs", import.meta.url));
const run = (...args) => spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });

test("a quick run yields figures for every kind of trouble, and a set at hand is used in all of them", () => {
  const { status, stdout, stderr } = run("--quick", "--json");
  assert.equal(status, 0, stderr);
  const { rows, versions, machine } = JSON.parse(stdout);
  const due = rows.filter(({ situation }) => situation.startsWith("a refresh is due"));
  assert.deepEqual(due.map(({ who }) => who), Array(6).fill(["edgeward", "jose"]).flat());
  for (const { situation, who, p50, p99, good, samples } of rows) {
    assert.ok(0 < p50 && p50 <= p99 && p99 < 60_000, `${situation}: ${who}`);
    assert.ok(samples > 0 && good <= samples, `${situation}: ${who}`);
  }
  for (const { situation, who, good, samples } of due) {
    if (who === "edgeward") assert.equal(good, samples, situation);
  }
  for (const version of Object.values(versions)) assert.match(version, /^\d+\.\d+/);
  assert.ok(machine.cpu && machine.cores > 0);
});

test("an unknown option is one clear sentence", () => {
  const { status, stdout, stderr } = run("--fast");
  assert.deepEqual([status, stdout, stderr], [2, "", "There is no option --fast; the options are --quick, --json and --write.\n"]);
});

const comparison = fileURLToPath(new URL("../../bench/run.mjs", import.meta.url));

test("the comparison in workerd, of start and of gates yields a figure for every contestant", () => {
  const counts = { workerd: [5, 4, 5, 4, 5, 2], start: [4], gate: [2] };
  for (const [part, lengths] of Object.entries(counts)) {
    const { status, stdout, stderr } = spawnSync(process.execPath, [comparison, "--quick", "--json", "--only", part], { encoding: "utf8" });
    assert.equal(status, 0, stderr);
    const { groups, bars } = JSON.parse(stdout);
    assert.deepEqual(groups.map(({ results }) => results.length), lengths);
    for (const { name, results } of groups) {
      // What an empty batch or an empty Worker took is taken off: on a busy machine that may be all of a quick run's sample.
      for (const { name: who, fails, median } of results) assert.ok(fails === undefined && Number.isFinite(median), `${name}: ${who} ${fails}`);
    }
    for (const { what, value, why } of bars) assert.ok(Number.isFinite(value) || why === "there is no such variant", `${what}: ${why}`);
  }
});
