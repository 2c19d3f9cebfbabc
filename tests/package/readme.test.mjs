// The code blocks of the README run as they stand, in a project that has the package installed.
import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { apiKey } from "../support/credentials.mjs";
import { until } from "../support/until.mjs";
import { installByNpm } from "./support/pack.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** What is run, by the heading that a block stands under, its language, and its place there. */
const RUN = {
  "As a Worker js 1": asWorker,
  "As a Worker json 1": asPolicy,
  "Without a Worker sh 1": asServer,
  "As a library js 1": asLibrary,
  "API keys in two minutes sh 1": inTheShell,
};
/** What is run elsewhere: these are the commands of the repository, and what they print. */
const ELSEWHERE = {
  "Try it sh 1": "`cargo xtask serve`, with `--check` the stage `check` of the test run",
  "Try it text 1": "what it prints, of which the stage `check` tries every line",
  "Try it sh 2": "`cargo xtask test`, which is this run",
  "The numbers so far text 1": "the output of `cargo xtask bench`",
};

function blocks() {
  const found = new Map();
  let heading = "";
  let seen = {};
  for (const [, title, language, text] of readme.matchAll(/^## (.+)$|^```(\w*)\n([^]*?)^```$/gm)) {
    if (title !== undefined) {
      [heading, seen] = [title, {}];
      continue;
    }
    const kind = language === "" ? "text" : language;
    seen[kind] = (seen[kind] ?? 0) + 1;
    found.set(`${heading} ${kind} ${seen[kind]}`, text);
  }
  return found;
}

let project;

before(async () => {
  project = mkdtempSync(join(tmpdir(), "edgeward-readme-"));
  await installByNpm({ directory: project }, process.execPath);
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
});

after(() => rmSync(project, { recursive: true, force: true }));

test("every block of the README is run, here or elsewhere", () => {
  assert.deepEqual([...blocks().keys()].sort(), [...Object.keys(RUN), ...Object.keys(ELSEWHERE)].sort());
});

for (const [name, run] of Object.entries(RUN)) {
  test(`${name} runs as it stands`, (context) => run(blocks().get(name), context));
}

function asPolicy(text) {
  writeFileSync(join(project, "judged.json"), text);
  const { status, stdout } = spawnSync("npx", ["edgeward", "lint", "judged.json", "--fail-on", "high", "--json"], { cwd: project, encoding: "utf8" });
  assert.equal(status, 0, stdout);
  assert.equal(JSON.parse(stdout).fault, null);
}

/** What a block says that its lines print: the comment behind each `console.log`. */
const promised = (text) => [...text.matchAll(/console\.log\(.*\); \/\/ (.+)$/gm)].map(([, line]) => line);

function asLibrary(text) {
  const lines = promised(text);
  assert.ok(lines.length >= 4);
  writeFileSync(join(project, "library.js"), text);
  const told = execFileSync(process.execPath, ["library.js"], { cwd: project, encoding: "utf8" });
  assert.deepEqual(told.trim().split("\n"), lines);
}

/** The command, but for the port, and with the program in place of the one that looks for it, so that it hears a signal. */
async function asServer(text, context) {
  const [npx, name, ...args] = text.trim().split(" ");
  assert.deepEqual([npx, name], ["npx", "edgeward"]);
  writeFileSync(join(project, "policy.json"), blocks().get("As a Worker json 1"));
  const command = [join(project, "node_modules/edgeward/dist/cli/main.js"), ...args, "--listen", "127.0.0.1:0"];
  const child = spawn(process.execPath, command, { cwd: project, stdio: ["ignore", "ignore", "pipe"] });
  context.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text) => (said += text));
  await until(() => /listens on http:\S+;/.test(said) || child.exitCode !== null, "it listens", 20_000);
  const [, base] = /listens on (http:[^\s;]+)/.exec(said) ?? assert.fail(said);
  assert.match(said, /go to http:\/\/127\.0\.0\.1:9000/);
  const refused = await fetch(new URL("/v1/reports", base));
  assert.deepEqual([refused.status, (await refused.json()).code], [401, "credential_missing"]);
  child.kill("SIGTERM");
  assert.deepEqual(await once(child, "exit"), [0, null]);
}

function inTheShell(text) {
  // As in a terminal, a command that fails stops nothing: so that it is seen here, each says so.
  const shell = spawnSync("bash", ["-c", `trap 'echo "failed: $BASH_COMMAND" >&2' ERR\n${text}`], {
    cwd: project,
    encoding: "utf8",
    env: { ...process.env, npm_config_offline: "true" },
  });
  assert.doesNotMatch(shell.stderr, /^failed: /m, shell.stderr);
  const files = ["key.txt", "new-key.txt", "policy.json", "review.html"];
  assert.deepEqual(files.filter((file) => !readdirSync(project).includes(file)), []);
  const [key, renewed] = ["key.txt", "new-key.txt"].map((file) => readFileSync(join(project, file), "utf8").trim());
  assert.match(key, /^acme_live_\w{16}_\w{38}$/);
  assert.notEqual(key, renewed);
  const shown = execFileSync("npx", ["edgeward", "keys", "show", key.split("_")[2], "--store", "file:./keys", "--policy", "policy.json"], { cwd: project, encoding: "utf8" });
  assert.match(shown, /revoked/);
}

async function asWorker(text, context) {
  writeFileSync(join(project, "index.js"), text);
  writeFileSync(join(project, "policy.json"), blocks().get("As a Worker json 1"));
  writeFileSync(join(project, "wrangler.toml"), 'name = "readme"\nmain = "index.js"\ncompatibility_date = "2026-11-17"\n');
  const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
  execFileSync(process.execPath, [wrangler, "deploy", "--dry-run", "--outdir", "built"], {
    cwd: project,
    stdio: "pipe",
    env: { ...process.env, CI: "true", WRANGLER_SEND_METRICS: "false", WRANGLER_LOG_PATH: join(project, "logs"), WRANGLER_HIDE_BANNER: "true", CLOUDFLARE_CF_FETCH_ENABLED: "false" },
  });
  const built = join(project, "built");
  const module = (name) => ({ type: name.endsWith(".js") ? "ESModule" : "CompiledWasm", path: join(built, name) });
  const names = readdirSync(built).filter((name) => /\.js$|\.wasm(\?module)?$/.test(name)).sort((a, b) => Number(b === "index.js") - Number(a === "index.js"));
  const reached = [];
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      modulesRoot: built,
      modules: names.map(module),
      compatibilityDate: "2026-11-17",
      kvNamespaces: ["EDGEWARD_STORE"],
      serviceBindings: {
        ORIGIN(request) {
          reached.push(request.headers.get("edgeward-class"));
          return new Response("of the origin");
        },
      },
      // Miniflare's own way in gives requests a `Host` that is not that of their URL.
      unsafeDirectSockets: [{}],
      cf: false,
    }),
  );
  context.after(() => runtime.dispose());
  const base = await runtime.unsafeGetDirectURL();
  const refused = await fetch(new URL("/v1/reports", base));
  assert.equal(refused.status, 401);
  assert.equal((await refused.json()).code, "credential_missing");
  const bad = await fetch(new URL("/v1/reports", base), { headers: { authorization: `Bearer acme_live_${"0".repeat(16)}_${"0".repeat(38)}` } });
  assert.equal((await bad.json()).code, "key_invalid");
  assert.deepEqual(reached, []);
  const good = apiKey({ now: Date.now(), record: { scopes: ["reports:read"] } });
  await (await runtime.getKVNamespace("EDGEWARD_STORE")).put(good.storeKey, JSON.stringify(good.record));
  const allowed = await fetch(new URL("/v1/reports", base), { headers: { authorization: `Bearer ${good.key}` } });
  assert.deepEqual([allowed.status, await allowed.text(), reached], [200, "of the origin", ["api_key"]]);
  const health = await fetch(new URL("/_edgeward/health", base));
  assert.equal(health.status, 200);
}
