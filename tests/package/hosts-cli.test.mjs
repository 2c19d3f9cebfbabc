// The command line as Deno and Bun run it from the installed package: what it says and how it ends is what it is in Node.js.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { VERSION } from "./support/vectors.mjs";
import { installByNpm } from "./support/pack.mjs";
import { program, run } from "./support/programs.mjs";
import { scratch } from "./support/project.mjs";

/** How docs/hosts.md says that it is started, with the permissions that it needs for files. */
const DENO = ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual", "--allow-read", "--allow-write", "--allow-env", "--allow-sys=hostname", "npm:edgeward"];
const HOSTS = { Deno: ["DENO", DENO], Bun: ["BUN", ["--silent", "--bun", "run", "edgeward"]] };
const NODE = ["SYSTEM_NODE", ["node_modules/edgeward/dist/cli/main.js"]];

const POLICY = {
  apiKeys: { prefix: "acme", environment: "live" },
  routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["api_key"], scopes: ["reports:read"] }],
};

let project;
before(async () => {
  project = scratch("cli", {});
  await installByNpm(project, program("SYSTEM_NODE"));
  project.write("policy.json", JSON.stringify(POLICY));
  project.write("wrong.json", JSON.stringify({ ...POLICY, rotues: [] }));
});
after(() => project.remove());

const started = ([variable, command], args, input, env = {}) =>
  run(program(variable), [...command, ...args], { cwd: project.directory, input, env: { DENO_DIR: project.path(".deno"), DENO_NO_UPDATE_CHECK: "1", ...env } });

// What Node.js says of the same arguments is asked once.
const known = new Map();
function inNode(args, input) {
  const name = JSON.stringify(args);
  if (!known.has(name)) known.set(name, started(NODE, args, input));
  return known.get(name);
}

for (const [name, host] of Object.entries(HOSTS)) {
  describe(name, () => {
    test("it says its version", async () => {
      const { code, stdout } = await started(host, ["--version"]);
      assert.deepEqual([code, stdout.trim()], [0, VERSION]);
    });

    test("every exit code, and every word, is as in Node.js", async () => {
      for (const [expected, args, input] of [
        [0, ["lint", "policy.json", "--fail-on", "high"]],
        [1, ["lint", "policy.json", "--json"]],
        [1, ["lint", "wrong.json"]],
        [1, ["lint", "-", "--json"], JSON.stringify(POLICY)],
        [2, ["lint"]],
        [2, ["nothing"]],
        [2, ["keys", "show", "--token=secret"]],
        [3, ["lint", "missing.json"]],
        [0, ["--help"]],
        [0, ["keys", "issue", "--help"]],
      ]) {
        const [here, there] = await Promise.all([started(host, args, input), inNode(args, input)]);
        assert.equal(here.code, expected, `${args.join(" ")}\n${here.stderr}`);
        assert.equal(there.code, expected, `${args.join(" ")}\n${there.stderr}`);
        assert.equal(here.stdout, there.stdout, args.join(" "));
        assert.equal(here.stderr, there.stderr, args.join(" "));
      }
    });

    test("a key that it issues into files is found there by Node.js, and the other way round", async () => {
      const env = { EDGEWARD_STORE: `file:records-${name}`, EDGEWARD_POLICY: "policy.json" };
      const issue = ["keys", "issue", "--organization", "org_1", "--owner", "ada", "--revoker", "security", "--name", "export", "--scopes", "reports:read", "--json"];
      for (const [issuer, reader] of [[host, NODE], [NODE, host]]) {
        const issued = await started(issuer, issue, "", env);
        assert.equal(issued.code, 0, issued.stderr);
        const { id, key } = JSON.parse(issued.stdout);
        const shown = await started(reader, ["keys", "show", id, "--json"], "", env);
        assert.equal(shown.code, 0, shown.stderr);
        assert.ok(shown.stdout.includes(id) && !shown.stdout.includes(key));
        const revoked = await started(reader, ["keys", "revoke-held", "--json"], key, env);
        assert.equal(revoked.code, 0, revoked.stderr);
      }
    });
  });
}
