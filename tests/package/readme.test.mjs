// The code blocks of the README run as they stand, in a project that has the package installed.
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";

const root = fileURLToPath(new URL("../../", import.meta.url));
const readme = readFileSync(join(root, "README.md"), "utf8");

/** What is run, by the heading that a block stands under, its language, and its place there. */
const RUN = {
  "As a Worker js 1": asWorker,
  "As a Worker json 1": asPolicy,
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

before(() => {
  project = mkdtempSync(join(tmpdir(), "edgeward-readme-"));
  execFileSync("npm", ["pack", "--loglevel=error", "--pack-destination", project], { cwd: join(root, "dist/npm"), stdio: "pipe" });
  const tarball = readdirSync(project).find((file) => file.endsWith(".tgz"));
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
  execFileSync("npm", ["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", `./${tarball}`], { cwd: project });
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
  const health = await fetch(new URL("/_edgeward/health", base));
  assert.equal(health.status, 200);
}
