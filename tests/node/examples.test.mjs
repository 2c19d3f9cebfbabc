// The examples in the types, and in the page about lifetimes: each has the types that it seems to have, and does what it says where it can be run here.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { after, before, test } from "node:test";
import { transform } from "esbuild";
import { createApiKeyChecker, createClientAdmin, createGate, createJwtVerifier, createKeyAdmin, createOriginCheck } from "edgeward";
import { memoryStore } from "edgeward/store/memory";
import { AUDIENCE, ISSUER, keySet, signer, tokenPolicy } from "../support/credentials.mjs";
import { ROOT, TYPES, declared, examplesOf, faults, filesUnder, programs, project, ts } from "../support/typescript.mjs";

/** What cannot be run here, by what it needs. */
const NEEDS = { init: "a server with the core", redisStore: "a Redis", KeyWriter: "workerd" };

const sources = filesUnder(TYPES, ".d.ts").map((path) => ts.createSourceFile(path, ts.sys.readFile(path), ts.ScriptTarget.ES2022, true));
const all = sources.flatMap((file) => [...declared(file)]);
const page = readFileSync(join(ROOT, "docs/lifetimes.md"), "utf8");
const examples = [
  ...all.flatMap(({ name, node }) => examplesOf(node).map((code, index) => ({ name: index === 0 ? name : `${name} (${index + 1})`, code }))),
  ...[...page.matchAll(/^```ts\n([^]*?)^```$/gm)].map(([, code], index) => ({ name: `lifetimes.md (${index + 1})`, code })),
];

test("every function has an example, and every method of what is created has one", () => {
  const isCalled = ({ node, name }) =>
    ts.isFunctionDeclaration(node) || /^(JwtVerifier\.verify(Sync)?|ApiKeyChecker\..*|(Key|Client)Admin\..*|KeyReviewing\..*|Gate\.(check|guard|fetch|worker|deny)|OriginCheck\.check)$/.test(name);
  const without = all.filter(isCalled).filter(({ node }) => examplesOf(node).length === 0);
  assert.deepEqual(without.map(({ name }) => name), []);
});

test("the examples have the types that they seem to have", () => {
  assert.ok(examples.length >= 45, `${examples.length} examples`);
  const { options, fileNames } = project("tests/types/node");
  const globals = join(ROOT, "tests/types/examples/globals.d.ts");
  assert.ok(fileNames.length > 0);
  const texts = Object.fromEntries(examples.map(({ name, code }) => [join(ROOT, `tests/types/examples/${name.replace(/[^\w.]/g, "-")}.ts`), code]));
  const check = programs({ ...options, moduleDetection: ts.ModuleDetectionKind.Force });
  assert.deepEqual(faults(check([globals, ...Object.keys(texts)], texts)), []);
  // And would be found to have others.
  const [first] = Object.keys(texts);
  const wrong = faults(check([globals, first], { [first]: "verifier.verifySync(7);" }));
  assert.equal(wrong.length, 1);
});

const one = signer("ES256");
const signing = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: "deny-1" };
const { d: _, ...published } = signing;
const own = { fetch: globalThis.fetch, log: console.log };
let directory;
before(async () => {
  await mkdir(join(ROOT, "target"), { recursive: true });
  directory = await mkdtemp(join(ROOT, "target", "examples-"));
});
after(async () => {
  Object.assign(globalThis, { fetch: own.fetch });
  console.log = own.log;
  await rm(directory, { recursive: true });
});

/** What the examples take for granted, anew for each. */
async function prelude(said) {
  const store = memoryStore();
  const form = { prefix: "acme", environment: "live", foreignKeys: { prefixes: ["old_"] } };
  const admin = await createKeyAdmin(form, { store });
  const issued = await admin.issue({ organization: "org_1", owner: "ada", revoker: "security", name: "a test", scopes: ["reports:read"] });
  const clients = await createClientAdmin({}, { store });
  const noted = await clients.add({ issuer: ISSUER, clientId: "client-1", owner: "ada", revoker: "security", secrets: [{ id: "s-1" }] });
  const policy = { ...tokenPolicy(one), routes: [{ methods: ["GET"], path: "/v1/reports/*", classes: ["m2m_token"] }] };
  const audit = () => undefined;
  const denySnapshot = { maxAge: 60, jwks: { keys: [published] } };
  const origin = async () => new Response("the origin's answer");
  const originPolicy = { issuer: "https://api.example", audience: "https://origin.example", jwks: keySet(one) };
  Object.assign(globalThis, {
    token: one.mint({ now: Date.now() }),
    keys: keySet(one),
    key: issued.key,
    id: issued.id,
    policy,
    verifier: await createJwtVerifier(tokenPolicy(one)),
    checker: await createApiKeyChecker(form, { store }),
    admin,
    clients,
    noted,
    gate: await createGate(policy, { audit, origin }),
    publisher: await createGate({ ...policy, denySnapshot }, { audit, store, denySigningKey: signing }),
    check: await createOriginCheck(originPolicy),
    fetch: async (url) => (String(url).includes("jwks") ? Response.json(keySet(one)) : new Response(null, { status: 404 })),
  });
  console.log = (...words) => void said.push(words.map(String).join(" "));
}

/** What an example says, or exports. */
async function run({ name, code }) {
  const { code: script } = await transform(code, { loader: "ts", target: "es2022", format: "esm" });
  const path = join(directory, `${basename(name).replace(/[^\w.]/g, "-")}.mjs`);
  await writeFile(path, script);
  const said = [];
  await prelude(said);
  const exports = await import(path);
  return { said, exports: Object.keys(exports) };
}

/** What some of them are known to say. */
const SAYS = {
  createJwtVerifier: ["client-1 reports:read,reports:write"],
  "JwtVerifier.verify": ["app-1 undefined"],
  "ApiKeyChecker.check": [/^\w+ a test$/],
  "KeyAdmin.rotate": ["true"],
  "KeyAdmin.import": ["true"],
  "KeyAdmin.issue": [/^true \d+$/],
  "ClientAdmin.add": [/ 1$/],
  "ClientAdmin.import": ["new"],
  "ClientAdmin.list": ["client-1 ada"],
  "ClientAdmin.show": ["client-1 no token came"],
  "ClientAdmin.update": ["grace@example.com"],
  "ClientAdmin.addSecret": ["2"],
  "ClientAdmin.revokeSecret": ["security@example.com"],
  "ClientAdmin.remove": ["security@example.com"],
  createClientAdmin: [/ [1-9]\d*$/],
  readClientListing: ["export true"],
  guard: ["200"],
  fastifyGuard: ["200"],
  inspect: ["nothing against it"],
  previewRequest: [/^route \d+ /],
  forgeries: ["payload_changed: signature_invalid at signature"],
  lifecycle: [/^What .*\? /],
  "Gate.guard": ["401"],
  "Gate.check": ["org-1"],
  createGate: [/^\{/, "401"],
  memoryStore: ["true"],
  fileStore: ["value"],
  unstorageStore: ["value"],
  "Gate.deny": [/^\d+ 1$/],
  verifyJws: [/^ES256-1 \{"iss"/],
  takeSnapshot: [/^1 /],
};

for (const example of examples.filter(({ name }) => NEEDS[name] === undefined)) {
  test(`the example of ${example.name} runs`, async () => {
    const { said, exports } = await run(example);
    assert.ok(said.length > 0 || exports.length > 0 || !/console\.log|export/.test(example.code) || /^for|^if/m.test(example.code), "it says nothing");
    assert.ok(!said.some((line) => line.includes("key_set_unavailable") || line.includes("host_failed")), said.join("\n"));
    for (const [index, expected] of (SAYS[example.name] ?? []).entries()) {
      if (typeof expected === "string") assert.equal(said[index], expected);
      else assert.match(said[index], expected);
    }
  });
}

test("what cannot be run here is still there", () => {
  const names = examples.map(({ name }) => name);
  for (const name of [...Object.keys(NEEDS), ...Object.keys(SAYS)]) assert.ok(names.includes(name), name);
  assert.equal(relative(ROOT, directory).startsWith("target"), true);
});
