// The examples for Deno and Bun, as they stand: installed, started as their readers start them, and asked. Keys are issued
// and revoked beside them by the command line of the same host.
import assert from "node:assert/strict";
import { cpSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AUDIENCE, ISSUER, keySet, signer } from "../support/credentials.mjs";
import { installByNpm } from "./support/pack.mjs";
import { done, program, run, start } from "./support/programs.mjs";
import { scratch } from "./support/project.mjs";

const example = (name) => fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
const issuer = signer("ES256");
const PERSONS = ["--owner", "ada", "--revoker", "security"];
const ISSUE = ["keys", "issue", "--organization", "org_1", ...PERSONS, "--name", "export", "--scopes", "reports:read", "--json"];
const now = () => Date.now();

/** The command by which the example itself has it started, with no other permissions than that names. */
function written(file, part, host) {
  const [program, verb, ...rest] = JSON.parse(readFileSync(example(file), "utf8"))[part].start.split(" ");
  assert.deepEqual([program, verb], [host, "run"]);
  return rest;
}

const HOSTS = {
  deno: {
    variable: "DENO",
    service: () => ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual", ...written("deno/deno.json", "tasks", "deno")],
    command: ["run", "--allow-all", "--cached-only", "--node-modules-dir=manual", "npm:edgeward"],
    types: ["check", "--cached-only", "--node-modules-dir=manual", "main.ts"],
  },
  bun: {
    variable: "BUN",
    service: () => ["run", ...written("bun/package.json", "scripts", "bun")],
    command: ["--bun", "run", "edgeward"],
  },
};

/** Waits until the service says where it is. */
function listening(child, said) {
  return new Promise((resolve, reject) => {
    const failed = () => reject(new Error(`the service ended:\n${said.text}`));
    child.once("close", failed);
    const heard = () => {
      const [, url] = /Listening on (http:\/\/[^\s/]+)/.exec(said.text) ?? [];
      if (url === undefined) return;
      child.off("close", failed);
      resolve(url);
    };
    for (const stream of [child.stdout, child.stderr]) stream.on("data", heard);
  });
}

for (const [name, { variable, service, command, types }] of Object.entries(HOSTS)) {
  describe(`the example for ${name}`, () => {
    const said = { text: "" };
    let project;
    let env;
    let child;
    let url;
    const edgeward = (...args) => done(program(variable), [...command, ...args], { cwd: project.directory, env });

    before(async () => {
      project = scratch(`example-${name}`, {});
      cpSync(example(name), project.directory, { recursive: true });
      await installByNpm(project, program("SYSTEM_NODE"));
      // What npm has written there is not the example's.
      cpSync(example(name), project.directory, { recursive: true });
      const policy = JSON.parse(project.read("policy.json"));
      policy.issuers = [{ issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwks: keySet(issuer) }];
      project.write("tested.json", JSON.stringify(policy));
      env = {
        EDGEWARD_POLICY: "tested.json",
        EDGEWARD_STORE: "file:records",
        PORT: "0",
        DENO_DIR: project.path(".deno"),
        DENO_NO_UPDATE_CHECK: "1",
      };
      child = start(program(variable), service(), { cwd: project.directory, env });
      for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (said.text += text));
      url = await listening(child, said);
    });
    after(() => {
      child?.kill("SIGKILL");
      project.remove();
    });

    const ask = async (credential, { path = "/v1/reports/7", method = "GET" } = {}) => {
      const answer = await fetch(url + path, { method, headers: credential === undefined ? {} : { authorization: `Bearer ${credential}` } });
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? null : JSON.parse(text), headers: answer.headers };
    };

    test("who has no credential, or a bad one, is told so", async () => {
      const none = await ask();
      assert.deepEqual([none.status, none.body.code], [401, "credential_missing"]);
      assert.match(none.headers.get("www-authenticate"), /^Bearer/);
      const expired = await ask(issuer.mint({ now: now() - 3_600_000 }));
      assert.deepEqual([expired.status, expired.body.code], [401, "token_expired"]);
      const stranger = await ask(signer("ES256", { another: true }).mint({ now: now() }));
      assert.deepEqual([stranger.status, stranger.body.code], [401, "signature_invalid"]);
    });

    test("a token reaches the API as far as its scopes go", async () => {
      const token = issuer.mint({ now: now() });
      const { status, body } = await ask(token);
      assert.deepEqual([status, body], [200, { report: "7", organization: "org-1", askedBy: "m2m_token" }]);
      assert.equal((await ask(token, { method: "DELETE" })).status, 204);
      const reader = issuer.mint({ now: now(), claims: { scope: "reports:read" } });
      const refused = await ask(reader, { method: "DELETE" });
      assert.deepEqual([refused.status, refused.body.code], [403, "scope_insufficient"]);
      assert.equal((await ask(token, { path: "/other" })).body.code, "route_unknown");
    });

    test("an API key that the command line issues is good there, until the command line revokes it", async () => {
      const issue = async () => JSON.parse(await edgeward(...ISSUE));
      const { id, key } = await issue();
      const { status, body } = await ask(key);
      assert.deepEqual([status, body], [200, { report: "7", organization: "org_1", askedBy: "api_key" }]);
      const other = await issue();
      await edgeward("keys", "revoke", other.id, "--reason", "superseded", "--by", "ada");
      assert.deepEqual((await ask(other.key)).body.code, "key_invalid");
      assert.ok(!said.text.includes(key.split("_")[3]), "the secret is in the log");
      assert.ok(said.text.includes(id), "the id is in the log");
    });

    test("the policy of the example is one that lint accepts", async () => {
      const { code, stdout } = await run(program(variable), [...command, "lint", "policy.json", "--json"], { cwd: project.directory, env });
      const { fault, findings } = JSON.parse(stdout);
      assert.equal(fault, null);
      assert.deepEqual([code, findings.filter(({ severity }) => severity === "high")], [findings.some(({ severity }) => severity === "medium") ? 1 : 0, []]);
    });

    if (types !== undefined) {
      test("its types are right by the host's own compiler, and a wrong one is found", async () => {
        await done(program(variable), types, { cwd: project.directory, env });
        const good = project.read("main.ts");
        const mistyped = good.replace("address: (request", "adress: (request");
        assert.notEqual(mistyped, good);
        project.write("main.ts", mistyped);
        const wrong = await run(program(variable), types, { cwd: project.directory, env });
        project.write("main.ts", good);
        assert.notEqual(wrong.code, 0);
        assert.match(wrong.stderr, /adress/);
      });
    }

    test("it ends when it is told to", async () => {
      const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve([code, signal])));
      child.kill("SIGTERM");
      assert.deepEqual(await ended, [0, null]);
    });
  });
}
