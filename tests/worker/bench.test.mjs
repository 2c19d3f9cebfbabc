// The bench of key sets runs, and what it says are figures.
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
