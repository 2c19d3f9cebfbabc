// What the core asks a host's native cryptography, asked here of Node's and of the Web Cryptography API in Node: every
// answer is the one that the core gives itself. The questions are written by the Rust tests (tests/wycheproof).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { before, test } from "node:test";
import { nodeSignatures } from "../../dist/npm/dist/native-node.js";
import { webSignatures } from "../../dist/npm/dist/native-web.js";

const FILE = new URL("../../target/edgeward/parity.json", import.meta.url);
const [major, minor] = process.versions.node.split(".").map(Number);
const ML_DSA = ["ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

let keys;
let asked;

before(() => {
  assert.ok(existsSync(FILE), "target/edgeward/parity.json is missing: run `cargo test --package edgeward --test wycheproof` first");
  ({ keys, asked } = JSON.parse(readFileSync(FILE, "utf8")));
});

/** Asks everything, and tells how many questions were answered, and which algorithms were left to the core. */
async function ask(native) {
  const left = new Set();
  let answered = 0;
  for (const [id, { algorithm, jwk, questions }] of keys.entries()) {
    if (!native.has(algorithm)) {
      left.add(algorithm);
      continue;
    }
    for (const { name, message, signature, good } of questions) {
      const check = () => native.verify(id, algorithm, Buffer.from(message, "base64url"), Buffer.from(signature, "base64url"));
      let answer;
      try {
        answer = check();
        if (answer === undefined) {
          await native.importKey(id, algorithm, jwk);
          answer = check();
        }
        answer = await answer;
      } catch {
        // The core answers instead.
        left.add(algorithm);
        continue;
      }
      assert.equal(answer, good, `${algorithm}: ${name}`);
      answered += 1;
    }
  }
  return { answered, left: [...left] };
}

const questionsOf = (algorithms) =>
  keys.filter(({ algorithm }) => algorithms.includes(algorithm)).reduce((sum, { questions }) => sum + questions.length, 0);

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
  const { answered, left } = await ask(nodeSignatures());
  const lacking = major > 24 || (major === 24 && minor >= 7) ? [] : ML_DSA;
  assert.deepEqual(left.sort(), lacking);
  assert.equal(answered, asked - questionsOf(lacking));
});

test("the Web Cryptography API answers as the core does", async () => {
  const { answered, left } = await ask(webSignatures());
  const lacking = ["ES256K", ...ML_DSA];
  assert.deepEqual(left.sort(), lacking);
  assert.equal(answered, asked - questionsOf(lacking));
});
