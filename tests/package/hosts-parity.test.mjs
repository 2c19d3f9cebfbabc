// What the core asks a host's native cryptography, asked in Deno and in Bun: every answer is the one that the core gives
// itself. The questions are written by the Rust tests (tests/wycheproof); Node.js and workerd are asked beside theirs.
import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { questionsOf } from "../support/parity.mjs";
import { done, program } from "./support/programs.mjs";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const FILE = path("target/edgeward/parity.json");
const LACKING = ["ES256K", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

const MAIN = `import { readFileSync } from "node:fs";
import { nodeSignatures } from "./native-node.js";
import { webSignatures } from "./native-web.js";
import { ask } from "./parity.mjs";
const { keys } = JSON.parse(readFileSync("parity.json", "utf8"));
console.log(JSON.stringify({ ...(await ask(webSignatures(), keys)), node: nodeSignatures() === undefined }));
`;

let directory;
let keys;
let asked;
before(() => {
  assert.ok(existsSync(FILE), "target/edgeward/parity.json is missing: run `cargo test --package edgeward --test wycheproof` first");
  ({ keys, asked } = JSON.parse(readFileSync(FILE, "utf8")));
  directory = mkdtempSync(join(tmpdir(), "edgeward-parity-"));
  writeFileSync(join(directory, "package.json"), '{ "type": "module" }');
  writeFileSync(join(directory, "main.mjs"), MAIN);
  copyFileSync(FILE, join(directory, "parity.json"));
  for (const file of ["dist/npm/dist/native-node.js", "dist/npm/dist/native-web.js", "tests/support/parity.mjs"]) {
    copyFileSync(path(file), join(directory, file.split("/").at(-1)));
  }
});
after(() => rmSync(directory, { recursive: true, force: true }));

const DENO = ["run", "--no-prompt", "--cached-only", "--allow-read"];
// Deno imports RSA keys of 8192 bits and then fails at every signature: the core answers there.
const LARGE = /^(RS|PS)\d+: (8192|rsa_signature_8192_\w+ \d+)$/;
for (const [name, variable, args, leaves] of [["Deno", "DENO", DENO, LARGE], ["Bun", "BUN", ["run"], undefined]]) {
  test(`the Web Cryptography API of ${name} answers as the core does, and its imitation of Node.js is not asked`, async () => {
    const env = { DENO_DIR: join(directory, ".deno"), DENO_NO_UPDATE_CHECK: "1" };
    const { answered, wrong, left, undecided, node } = JSON.parse(await done(program(variable), [...args, "main.mjs"], { cwd: directory, env }));
    assert.deepEqual(wrong, []);
    assert.deepEqual(left, LACKING);
    assert.equal(answered, asked - questionsOf(keys, LACKING) - undecided.length);
    assert.deepEqual(undecided.filter((question) => !leaves?.test(question)), []);
    assert.equal(undecided.length > 0, leaves !== undefined, "what is left to the core is still so");
    assert.equal(node, true);
  });
}
