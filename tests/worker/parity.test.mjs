// What the core asks a host's native cryptography, asked in workerd: every answer is the one that the core gives itself.
// The questions are written by the Rust tests (tests/wycheproof).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { Miniflare, convertV4MiniflareOptions } from "miniflare";
import { questionsOf } from "../support/parity.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const FILE = `${root}target/edgeward/parity.json`;

const ENTRY = `
  import { nodeSignatures } from "./dist/npm/dist/native-node.js";
  import { webSignatures } from "./dist/npm/dist/native-web.js";
  import { ask } from "./tests/support/parity.mjs";
  const natives = { node: nodeSignatures, web: webSignatures };
  export default {
    async fetch(request) {
      const questions = await request.json();
      const native = natives[new URL(request.url).pathname.slice(1)]();
      return Response.json(native === undefined ? null : await ask(native, questions));
    },
  };
`;

let workerd;
let keys;
let asked;
before(async () => {
  assert.ok(existsSync(FILE), "target/edgeward/parity.json is missing: run `cargo test --package edgeward --test wycheproof` first");
  ({ keys, asked } = JSON.parse(readFileSync(FILE, "utf8")));
  const compatibilityDate = /^compatibility_date = "(.+)"$/m.exec(readFileSync(`${root}wrangler.toml`, "utf8"))[1];
  const files = ["dist/npm/dist/native-node.js", "dist/npm/dist/native-web.js", "tests/support/parity.mjs"];
  workerd = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      workers: [
        {
          name: "parity",
          compatibilityDate,
          modulesRoot: root,
          modules: [
            { type: "ESModule", path: `${root}parity.js`, contents: ENTRY },
            ...files.map((file) => ({ type: "ESModule", path: `${root}${file}` })),
          ],
        },
      ],
    }),
  );
  await workerd.ready;
});
after(() => workerd.dispose());

async function answersOf(native, questions) {
  const init = { method: "POST", body: JSON.stringify(questions) };
  const answer = await workerd.dispatchFetch(`http://parity.example/${native}`, init);
  return answer.json();
}

test("the Web Cryptography API of workerd answers as the core does", async () => {
  const { answered, wrong, left, undecided } = await answersOf("web", keys);
  assert.deepEqual(wrong, []);
  // BoringSSL takes no exponent of 33 bits: the core checks with that key itself.
  assert.deepEqual([...new Set(undecided)].sort(), ["PS256: 2048", "PS512: 2048", "RS256: 2048"]);
  const lacking = ["ES256K", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];
  assert.deepEqual(left, lacking);
  assert.equal(answered, asked - questionsOf(keys, lacking) - undecided.length);
});

test("workerd is not taken for Node, whose interface it imitates", async () => {
  assert.equal(await answersOf("node", []), null);
});
