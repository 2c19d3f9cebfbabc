// The package as it is installed from its tarball in Deno and Bun: one suite, a thin runner for each way of import, and each
// runner is seen to go red.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { HMAC, ML_DSA, matrix, without } from "./support/matrix.mjs";
import { installByNpm, packed } from "./support/pack.mjs";
import { done, program } from "./support/programs.mjs";

/** Deno takes no tarball itself: it reads what npm has put there. */
const byNpm = (project) => installByNpm(project, program("SYSTEM_NODE"));
const byBun = async (project) => done(program("BUN"), ["add", await packed()], { cwd: project.directory, env: { BUN_INSTALL_CACHE_DIR: project.path(".bun") } });

// Nothing is allowed but what the program itself reads: the core, where it is started by hand.
const DENO = ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual"];
const inDeno = (file) => [...DENO, ...(file.startsWith("slim") ? ["--allow-read"] : []), file];
const native = without(HMAC, ML_DSA, "ES256K");

test("docs/hosts.md names the versions that are run here", () => {
  const page = readFileSync(new URL("../../docs/hosts.md", import.meta.url), "utf8");
  const versionOf = (variable) => /\d+\.\d+\.\d+/.exec(execFileSync(program(variable), ["--version"], { encoding: "utf8" }))[0];
  for (const variable of ["NODE22", "WRANGLER_NODE", "DENO", "BUN"]) assert.ok(page.includes(` ${versionOf(variable)}`), `${variable}: ${versionOf(variable)}`);
  const { version } = JSON.parse(readFileSync(new URL("../../node_modules/wrangler/package.json", import.meta.url), "utf8"));
  assert.ok(page.includes(`wrangler ${version}`), version);
});

describe("hosts", { concurrency: 2 }, () =>
  matrix({
    Deno: { variable: "DENO", host: /^deno 2\./, install: byNpm, args: inDeno, native, promises: true },
    Bun: { variable: "BUN", host: /^bun 1\./, install: byBun, args: (file) => ["run", file], native, promises: true },
  }),
);
