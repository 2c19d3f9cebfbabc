// What the core asks a host's native cryptography, asked here of Node's and of the Web Cryptography API in Node: every
// answer is the one that the core gives itself. The questions are written by the Rust tests (tests/wycheproof).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { nodeSignatures } from "../../dist/npm/dist/native-node.js";
import { webSignatures } from "../../dist/npm/dist/native-web.js";
import { ask, questionsOf } from "../support/parity.mjs";

const FILE = new URL("../../target/edgeward/parity.json", import.meta.url);
const [major, minor] = process.versions.node.split(".").map(Number);
const ML_DSA = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

let keys;
let asked;

before(() => {
  assert.ok(existsSync(FILE), "target/edgeward/parity.json is missing: run `cargo test --package edgeward --test wycheproof` first");
  ({ keys, asked } = JSON.parse(readFileSync(FILE, "utf8")));
});

test("there are questions, with yes and no for every algorithm", () => {
  assert.equal(asked, keys.reduce((sum, { questions }) => sum + questions.length, 0));
  const answers = new Map();
  for (const { algorithm, questions } of keys) {
    for (const { good } of questions) answers.set(algorithm, (answers.get(algorithm) ?? new Set()).add(good));
  }
  for (const [algorithm, both] of answers) assert.equal(both.size, 2, algorithm);
  assert.equal(answers.size, 15);
});

test("node:crypto answers as the core does", async () => {
  const { answered, wrong, left, undecided } = await ask(nodeSignatures(), keys);
  assert.deepEqual([wrong, undecided], [[], []]);
  const lacking = major > 24 || (major === 24 && minor >= 7) ? [] : ML_DSA;
  assert.deepEqual(left, lacking);
  assert.equal(answered, asked - questionsOf(keys, lacking));
});

test("the Web Cryptography API answers as the core does", async () => {
  const { answered, wrong, left, undecided } = await ask(webSignatures(), keys);
  assert.deepEqual([wrong, undecided], [[], []]);
  const lacking = ["ES256K", ...ML_DSA];
  assert.deepEqual(left, lacking);
  assert.equal(answered, asked - questionsOf(keys, lacking));
});
