// What is taken along: a request, a program, a report, a link. The credential is in none of them.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { deflateRawSync, inflateRawSync } from "node:zlib";
import { createKeyAdmin } from "../../dist/npm/dist/index.js";
import { fileStore } from "../../dist/npm/dist/store/file.js";
import { servePages, startBrowser } from "../support/pages.mjs";
import { API_KEY, keySet, makeToken, openPage, panel, paste, segment, tamper, verdict } from "./helpers.mjs";

const run = promisify(execFile);

let pages;
let browser;
let folder;
before(async () => {
  [pages, browser] = await Promise.all([servePages(), startBrowser()]);
  // A project that has the package, as a reader's would.
  folder = mkdtempSync(join(tmpdir(), "edgeward-take-"));
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(fileURLToPath(new URL("../../dist/npm", import.meta.url)), join(folder, "node_modules/edgeward"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});
after(async () => {
  await Promise.all([browser.close(), pages.stop()]);
  rmSync(folder, { recursive: true });
});

function story(name, told, options) {
  test(name, async () => {
    const page = await openPage(browser, pages, options);
    await told(page);
    assert.deepEqual(page.troubles, []);
    await page.context().close();
  });
}

const AUDIENCE = "https://api.example";
const takeTab = (page) => page.getByRole("tab", { name: "Take along" }).click();
const program = (page) => page.getByLabel("A program for the package").inputValue();
const request = (page) => page.getByLabel("A request, for bash or zsh").inputValue();

async function policyGiven(page, policy) {
  await page.getByRole("tab", { name: "Policy" }).click();
  await page.getByLabel("The policy of a gate, or of a verifier").fill(policy);
  await page.locator("#part-policy .verdict").waitFor();
  await takeTab(page);
}

async function shared(page) {
  await page.getByRole("button", { name: "Make the link" }).click();
  const link = page.getByLabel("The link");
  await link.waitFor();
  return link.inputValue();
}

/** What a link holds, read here by other means than the page's. */
function held(link) {
  const [, form, text] = /#shared=([jz])([\w-]+)$/.exec(link);
  const bytes = Buffer.from(text, "base64url");
  return (form === "z" ? inflateRawSync(bytes) : bytes).toString();
}

const linkOf = (document) => `${pages.base}/#shared=z${deflateRawSync(JSON.stringify(document)).toString("base64url")}`;

/** Runs a program in the project, with the credential in its environment. */
async function ran(code, env, files = {}) {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, "program.mjs"), code);
  const { stdout } = await run(process.execPath, ["program.mjs"], { cwd: folder, env: { PATH: process.env.PATH, ...env } });
  // A gate writes its audit events before.
  return stdout.trim().split("\n").at(-1);
}

/** Every run of so many characters of a text. */
function* runs(text, length) {
  for (let at = 0; at + length <= text.length; at++) yield text.slice(at, at + length);
}

story("the program judges the token as the page does: a good one, and a tampered one", async (page) => {
  const { token, keys } = makeToken({ aud: AUDIENCE, sub: "nightly" });
  await paste(page, token, keySet(keys));
  await takeTab(page);
  const code = await program(page);
  for (const part of token.split(".")) assert.ok(!code.includes(part));
  assert.equal(await ran(code, { TOKEN: token }), "allowed");
  assert.equal(await ran(code, { TOKEN: tamper(token) }), "401 signature_invalid");
  assert.match(await ran(code, {}), /^401 /);
});

story("the program takes a token without an audience for what it is", async (page) => {
  const { token, keys } = makeToken({ sub: 'a "quoted"\n\u202E${name}' }, { typ: "at+jwt" });
  await paste(page, token, keySet(keys));
  await takeTab(page);
  assert.equal(await ran(await program(page), { TOKEN: token }), "allowed");
});

story("an issuer with quotes and odd characters does not get out of its string", async (page) => {
  const iss = 'https://issuer.example/"};process.exit(7);//\\\u202E\u2028`${1}jwks: "JWKS"';
  const { token, keys } = makeToken({ iss, aud: AUDIENCE });
  await paste(page, token, keySet(keys));
  await takeTab(page);
  const code = await program(page);
  assert.doesNotMatch(code, /[\u202E\u2028]/);
  // Such an issuer is refused by name, and the program says so by its exit, not by what it smuggled in.
  const end = await ran(code, { TOKEN: token }).catch((error) => error);
  assert.ok(end === "allowed" || (end.code === 1 && /PolicyError/.test(end.stderr)), String(end.code ?? end));
});

story("a key set with anything but public members is read from the environment", async (page) => {
  const k = Buffer.from("a secret of the issuer, long enough").toString("base64url");
  const keys = keySet([{ kty: "oct", kid: "s", alg: "HS256", k }]);
  await paste(
    page,
    `${segment({ alg: "HS256", kid: "s" })}.${segment({ iss: "https://issuer.example", aud: AUDIENCE, exp: 4e9 })}.AAAA`,
    keys,
  );
  await takeTab(page);
  const code = await program(page);
  assert.ok(!code.includes(k));
  assert.match(code, /process\.env\.JWKS/);
});

story("with a policy, the program is that of its gate or of its verifier", async (page) => {
  const { token, keys } = makeToken({ aud: AUDIENCE, sub: "nightly", scope: "reports:read" });
  await paste(page, token, keySet(keys));
  const issuers = [{ issuer: "https://issuer.example", audience: AUDIENCE, algorithms: ["ES256"], jwks: { keys } }];
  const gate = JSON.stringify({
    issuers,
    routes: [{ methods: ["GET"], path: "/v1/reports/:id", classes: ["m2m_token"], scopes: ["reports:write"] }],
  });
  await policyGiven(page, gate);
  const code = await program(page);
  assert.match(code, /createGate/);
  assert.equal(await ran(code, { TOKEN: token }, { "policy.json": gate }), "403 scope_insufficient");
  const verifier = JSON.stringify({ issuers });
  await policyGiven(page, verifier);
  assert.equal(await ran(await program(page), { TOKEN: token }, { "policy.json": verifier }), "allowed");
});

story("the program for an API key asks a store", async (page) => {
  const form = { prefix: "acme", environment: "live" };
  const admin = await createKeyAdmin(form, { store: fileStore(join(folder, "keys")) });
  const { key } = await admin.issue({ organization: "org_1", owner: "ada", revoker: "security", name: "export", scopes: [] });
  await paste(page, key);
  await takeTab(page);
  const code = await program(page);
  assert.ok(!code.includes(key.split("_")[3]));
  assert.equal(await ran(code, { API_KEY: key }), "allowed");
  assert.equal(await ran(code, { API_KEY: API_KEY.text }), "401 key_invalid");
  await policyGiven(
    page,
    JSON.stringify({
      issuers: [],
      apiKeys: form,
      credentials: { apiKey: ["x-api-key"] },
      routes: [{ methods: ["GET"], path: "/v1/:any", classes: ["api_key"] }],
    }),
  );
  const files = { "policy.json": await page.locator("#policy").inputValue() };
  assert.equal(await ran(await program(page), { API_KEY: key }, files), "allowed");
});

story("the request sends the credential, and no list of processes has it", async (page) => {
  const heard = [];
  const server = createServer((message, answer) => {
    heard.push([message.method, message.url, message.headers]);
    answer.end("heard");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const base = `http://127.0.0.1:${server.address().port}`;
  try {
    const { token, keys } = makeToken({ aud: `${base}/v1/it's?a=$HOME` });
    await paste(page, token, keySet(keys));
    await takeTab(page);
    const lines = await request(page);
    for (const part of token.split(".")) assert.ok(!lines.includes(part));
    // Each argument of a command that is not of the shell itself would be there to be read.
    const watch = 'curl() { printf "%s\\n" "$@" >arguments; command curl "$@"; }\n';
    const { stdout } = await fed("bash", ["-c", watch + lines], `${token}\n`);
    assert.match(stdout, /heard/);
    const [[method, url, headers]] = heard;
    assert.deepEqual([method, url, headers.authorization], ["GET", "/v1/it%27s?a=$HOME", `Bearer ${token}`]);
    await paste(page, API_KEY.text);
    const gate = {
      issuers: [],
      apiKeys: { prefix: "acme", environment: "live" },
      credentials: { apiKey: ["x-api-key"] },
      publicOrigin: base,
      routes: [{ methods: ["POST"], path: "/v1/reports", classes: ["api_key"] }],
    };
    await policyGiven(page, JSON.stringify(gate));
    await page.getByRole("tab", { name: "Policy" }).click();
    await page.getByText("More of the request").click();
    await page.getByLabel("Other headers").fill("X-Organization: it's $HOME");
    await takeTab(page);
    await fed("bash", ["-c", await request(page)], `${API_KEY.text}\n`);
    const sent = heard[1][2];
    assert.deepEqual(
      [heard[1][0], heard[1][1], sent["x-api-key"], sent["x-organization"]],
      ["POST", "/v1/reports", API_KEY.text, "it's $HOME"],
    );
  } finally {
    server.close().closeAllConnections();
  }
});

/** Runs a command with this on its standard input. */
function fed(command, all, input) {
  const promise = run(command, all, { cwd: folder, env: { PATH: process.env.PATH, HOME: "/nowhere" } });
  promise.child.stdin.end(input);
  return promise;
}

story("the report is the core's, without signature and secret", async (page) => {
  const { token, keys } = makeToken({ sub: "nightly\u202E" });
  await paste(page, token, keySet(keys));
  await takeTab(page);
  const field = page.getByLabel("The whole report of the core");
  const text = await field.inputValue();
  const report = JSON.parse(text);
  assert.equal(report.class, "m2m_token");
  assert.equal(JSON.parse(report.token.payload.text).sub, "nightly\u202E");
  assert.doesNotMatch(text, /\u202E/);
  assert.ok(!text.includes(token.split(".")[2].slice(0, 12)));
  await paste(page, API_KEY.text);
  await page.waitForFunction(() => JSON.parse(document.getElementById("take-report").value).class === "api_key");
  assert.ok(![...runs(API_KEY.secret, 8)].some((part) => text.includes(part)));
});

test("a link has no part of a signature or of a secret, whatever the credential and whatever is chosen", async () => {
  const page = await openPage(browser, pages);
  const signed = [
    makeToken({ aud: AUDIENCE, sub: "nightly", email: "ada@example.com", nested: { deep: ["value"] } }),
    makeToken({ exp: 1 }, { typ: "JWT", crit: ["x"], x: 1 }),
    makeToken('{"a":1,"a":2}'),
  ];
  const cases = [
    ...signed.map(({ token, keys }) => [token, keySet(keys)]),
    [tamper(signed[0].token), keySet(signed[0].keys)],
    [signed[0].token, ""],
    [
      `${segment({ alg: "HS256" })}.${segment({ sub: "x" })}.${"c2lnbmF0dXJl".repeat(4)}`,
      keySet([{ kty: "oct", k: "YSBzZWNyZXQgb2YgdGhlIGlzc3Vlcg" }]),
    ],
    [API_KEY.text, ""],
    [`${API_KEY.text.slice(0, -1)}w`, ""],
    ["demo_test_ExampleKeyId0001_JustAnExampleThatOpensNothing1233sD9M6", ""],
  ];
  for (const [credential, keys] of cases) {
    await paste(page, credential, keys);
    await page.getByRole("button", { name: "Look into it" }).click();
    await takeTab(page);
    for (const all of [false, true]) {
      if (all) for (const box of await page.locator("#part-take .choice input:enabled").all()) await box.check();
      const link = await shared(page);
      const inside = held(link);
      const notes = await page.getByLabel("The same for an issue tracker").inputValue();
      const hidden = credential.includes(".") ? credential.split(".")[2] : credential.split("_").slice(3).join("_");
      const k = JSON.parse(keys || "{}").keys?.[0]?.k ?? "";
      for (const text of [link, inside, notes]) {
        for (const part of [...runs(hidden, 8), ...runs(k, 8)]) assert.ok(!text.includes(part), `${part} of ${credential}`);
        if (credential.includes("."))
          for (const part of runs(credential.split(".")[1], 24)) assert.ok(!text.includes(part), "bytes of the payload");
      }
      if (!all) assert.doesNotMatch(inside, /nightly|ada@example|acme|4fJ9aZ0kQ2mX7bTe|deep/);
    }
  }
  await page.context().close();
});

story("what a link holds is what is shown before it is made, and names nobody unless it is chosen", async (page) => {
  const { token, keys } = makeToken({ aud: AUDIENCE, sub: "nightly" });
  await paste(page, token, keySet(keys));
  await takeTab(page);
  const preview = page.locator("#part-take .preview");
  assert.match(await preview.textContent(), /Header alg"ES256".*Claim exp.*Without their values.*sub/s);
  assert.doesNotMatch(await preview.textContent(), /nightly|`/);
  assert.ok(await preview.getByRole("listitem").getByText("typ", { exact: true }).first().isVisible(), "names in words are drawn as such");
  const before = JSON.parse(held(await shared(page)));
  assert.deepEqual(
    before.members.find(([, name]) => name === "sub"),
    ["payload", "sub"],
  );
  await page.getByRole("checkbox", { name: "Claim sub" }).check();
  assert.equal(await page.getByLabel("The link").isVisible(), false, "the old link is put away");
  assert.match(await preview.textContent(), /Claim sub"nightly"/);
  const link = await shared(page);
  assert.deepEqual(
    JSON.parse(held(link)).members.find(([, name]) => name === "sub"),
    ["payload", "sub", "nightly"],
  );
  const shown = await preview.textContent();
  const other = await page.context().newPage();
  await other.goto(link);
  const section = other.getByRole("region", { name: "Somebody shared what they saw" });
  await section.waitFor();
  // The same document, drawn by the same hand, but for the moment at which it was made.
  const moment = /Seen.*?UTC/;
  assert.ok((await section.textContent()).replace(moment, "").includes(shown.replace(moment, "")));
  assert.match(await section.textContent(), /Nobody can check this from here/);
  assert.equal(await other.evaluate(() => location.href), `${pages.base}/`);
  await other.getByRole("button", { name: "Put it away" }).click();
  assert.equal(await section.count(), 0);
});

story("of an API key, the id goes along only if it is chosen", async (page) => {
  await paste(page, API_KEY.text);
  await takeTab(page);
  assert.doesNotMatch(held(await shared(page)), new RegExp(API_KEY.id));
  await page.getByRole("checkbox", { name: "Part id" }).check();
  assert.match(held(await shared(page)), new RegExp(API_KEY.id));
});

const GOOD = {
  v: 1,
  class: "m2m_token",
  at: 1_760_000_000,
  mathematics: true,
  trust: false,
  policy: null,
  failed: null,
  steps: [["form", "passed"]],
  members: [],
  lint: [],
};

test("a link from anybody is bounded, strict, text alone, and gone from the address", async () => {
  const attack = '<img src=x onerror="window.ran=1">\u202E';
  const hostile = {
    ...GOOD,
    members: [["payload", attack, { deep: attack }]],
    failed: [attack, attack],
    unknown: attack,
    lint: [[attack, "high", attack]],
  };
  const page = await openPage(browser, pages, { wait: false });
  const section = page.getByRole("region", { name: "Somebody shared what they saw" });
  const open = async (link) => {
    const before = await page.$("#shared");
    await page.evaluate((hash) => (location.hash = hash), new URL(link).hash);
    // What was there before is taken away when the next one comes.
    if (before) await before.waitForElementState("hidden");
    await section.waitFor();
    assert.equal(await page.evaluate(() => location.href), `${pages.base}/`);
    return section.textContent();
  };
  assert.match(await open(linkOf(GOOD)), /The mathematicsHolds/);
  const drawn = await open(linkOf(hostile));
  assert.ok(drawn.includes("<img src=x") && drawn.includes("U+202E"));
  assert.doesNotMatch(drawn, /\u202E/);
  assert.equal(await section.locator("img").count(), 0);
  assert.equal(await page.evaluate(() => window.ran), undefined);
  const refused = [
    `${pages.base}/#shared=`,
    `${pages.base}/#shared=z!!`,
    `${pages.base}/#shared=zAAAA`,
    `${pages.base}/#shared=j${segment("[]")}`,
    `${pages.base}/#shared=j${segment("null")}`,
    `${pages.base}/#shared=z${deflateRawSync(Buffer.alloc(20_000_000, " ")).toString("base64url").slice(0, 40_000)}`,
    linkOf({ ...GOOD, lint: [["r", "low", " ".repeat(3_000_000)]] }),
    linkOf({ ...GOOD, v: 2 }),
    linkOf({ ...GOOD, class: "constructor" }),
    linkOf({ ...GOOD, at: "now" }),
    linkOf({ ...GOOD, mathematics: "yes" }),
    linkOf({ ...GOOD, policy: ["only one"] }),
    linkOf({ ...GOOD, steps: [["form", "constructor"]] }),
    linkOf({ ...GOOD, steps: Array(200).fill(["form", "passed"]) }),
    linkOf({ ...GOOD, members: [["constructor", "a"]] }),
    linkOf({ ...GOOD, members: [["payload", "a", "x".repeat(1001)]] }),
    linkOf({ ...GOOD, members: [["payload", "n".repeat(201)]] }),
    linkOf({ ...GOOD, lint: [["a", "b", "c", "d"]] }),
    linkOf([GOOD]),
  ];
  for (const link of refused) assert.match(await open(link), /holds nothing that can be read/, link.slice(0, 120));
  assert.deepEqual(page.troubles, []);
  await page.context().close();
});

test("a link that is opened where the page already is, is shown there, and what was pasted stays", async () => {
  const page = await openPage(browser, pages);
  const { token, keys } = makeToken();
  await paste(page, token, keySet(keys));
  await verdict(page, "mathematics", "Holds").waitFor();
  await page.evaluate((hash) => (location.hash = hash), new URL(linkOf(GOOD)).hash);
  await page.getByRole("region", { name: "Somebody shared what they saw" }).waitFor();
  assert.equal(await page.getByLabel("Token or API key").inputValue(), token);
  // Browsers look for the icon again when the address changes; the seal keeps even that from being asked for.
  for (const trouble of page.troubles) assert.match(trouble, /icon\.svg/);
  await page.context().close();
});

test("a link is shown even where the core never arrives", async () => {
  const page = await openPage(browser, pages, { wait: false });
  await page.route("**/edgeward/index.js", (route) => route.abort());
  await page.goto("about:blank");
  await page.goto(linkOf(GOOD));
  assert.match(await page.getByRole("region", { name: "Somebody shared what they saw" }).textContent(), /1 step.*form.*passed/s);
  await page.context().close();
});

test("a credential in the address is not read", async () => {
  const page = await openPage(browser, pages, { wait: false });
  const { token } = makeToken();
  for (const hash of [`#token=${token}`, `#${token}`, `#id_token=${token}`, `#access_token=${token}`]) {
    await page.goto("about:blank");
    await page.goto(`${pages.base}/${hash}`);
    await page.getByText("Nothing pasted yet").waitFor();
    assert.equal(await page.getByLabel("Token or API key").inputValue(), "");
  }
  await page.context().close();
});

test("copying puts the text on the clipboard, and says so", async () => {
  const page = await openPage(browser, pages);
  await page.context().grantPermissions(["clipboard-read", "clipboard-write"], { origin: pages.base });
  const { token, keys } = makeToken();
  await paste(page, token, keySet(keys));
  await takeTab(page);
  await page.getByRole("button", { name: "Copy the program" }).click();
  await page.getByText("Copied: the program.").first().waitFor();
  // What a person would do with it.
  await page.getByLabel("Key set").fill("");
  await page.getByLabel("Key set").press("ControlOrMeta+v");
  assert.equal(await page.getByLabel("Key set").inputValue(), await program(page));
  await page.context().close();
});

for (const [why, script] of [
  [
    "is not allowed",
    'navigator.clipboard.writeText = () => Promise.reject(new DOMException("no", "NotAllowedError")); document.execCommand = () => false;',
  ],
  [
    "is not there at all",
    'Object.defineProperty(navigator, "clipboard", { value: undefined }); document.execCommand = () => false;',
  ],
]) {
  test(`where copying ${why}, the text is selected, and the keys are named`, async () => {
    const page = await openPage(browser, pages, { script });
    await paste(page, makeToken().token);
    await takeTab(page);
    await page.getByRole("button", { name: "Copy the request" }).click();
    await page.getByText("does not let the page copy").first().waitFor();
    const selected = await page.evaluate(() => {
      const { id, value, selectionStart, selectionEnd } = document.activeElement;
      return [id, value.slice(selectionStart, selectionEnd) === value];
    });
    assert.deepEqual(selected, ["take-curl", true]);
    await page.context().close();
  });
}
