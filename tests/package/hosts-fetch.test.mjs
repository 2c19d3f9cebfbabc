// Key sets that are fetched, in each host by its own `fetch`: what is found, what is not followed, and what is too much.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, describe, test } from "node:test";
import { AUDIENCE, keySet, signer } from "../support/credentials.mjs";
import { installByNpm } from "./support/pack.mjs";
import { done, program } from "./support/programs.mjs";
import { scratch } from "./support/project.mjs";

const issuer = signer("ES256");

const MAIN = `import { readFileSync } from "node:fs";
import { createJwtVerifier, takeSnapshot } from "edgeward";
const { policies, tokens, url } = JSON.parse(readFileSync("fetch.json", "utf8"));
const said = {};
for (const [name, policy] of Object.entries(policies)) {
  const verifier = await createJwtVerifier(policy, {});
  const first = await verifier.verify(tokens[name]);
  const again = verifier.verify(tokens[name]);
  said[name] = [first.ok || first.code, first.status ?? 200, again instanceof Promise ? "later" : again.ok || again.code, verifier.keySets().length];
}
const { snapshot } = await takeSnapshot(url + "/good", { maxAge: 60 });
said.snapshot = [snapshot.keys.length, snapshot.source === url + "/good", /^sha-256:/.test(snapshot.digest)];
said.movedSnapshot = await takeSnapshot(url + "/moved", { maxAge: 60 }).then(() => "taken", (error) => error.message.length > 0);
console.log(JSON.stringify(said));
`;

const asked = [];
let server;
let url;
let project;
before(async () => {
  server = createServer((incoming, response) => {
    const [, path] = incoming.url.split("/");
    asked.push(path);
    const keys = JSON.stringify(keySet(issuer));
    if (path === "good") response.writeHead(200, { "content-type": "application/json" }).end(keys);
    else if (path === "moved") response.writeHead(302, { location: "/good-elsewhere" }).end(keys);
    else if (path === "large") response.writeHead(200).end(keys.padEnd(4 << 20, " "));
    else if (path === "silent") return;
    else if (path === "broken") incoming.socket.destroy();
    else response.writeHead(404).end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${server.address().port}`;
  project = scratch("fetch", {});
  await installByNpm(project, program("SYSTEM_NODE"));
  project.write("fetch.mjs", MAIN);
  const paths = ["good", "moved", "large", "silent", "broken", "missing"];
  // Only who says nothing is left soon: a machine that is busy is no silent server.
  const patience = (path) => ({ timeout: path === "silent" ? 300 : 10_000 });
  const policy = (path) => ({
    issuers: [{ issuer: `${url}/${path}`, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: `${url}/${path}`, keySet: patience(path) }],
  });
  const token = (path) => issuer.mint({ now: Date.now(), claims: { iss: `${url}/${path}` } });
  const made = (make) => Object.fromEntries(paths.map((path) => [path, make(path)]));
  project.write("fetch.json", JSON.stringify({ url, policies: made(policy), tokens: made(token) }));
});
after(async () => {
  project.remove();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const HOSTS = {
  "Node.js": ["SYSTEM_NODE", []],
  Deno: ["DENO", ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual", "--allow-net=127.0.0.1", "--allow-read"]],
  Bun: ["BUN", ["run"]],
};

describe("key sets that are fetched", { concurrency: 1 }, () => {
  for (const [name, [variable, args]] of Object.entries(HOSTS)) {
    test(name, async () => {
      asked.length = 0;
      const env = { DENO_DIR: project.path(".deno"), DENO_NO_UPDATE_CHECK: "1" };
      const said = JSON.parse(await done(program(variable), [...args, "fetch.mjs"], { cwd: project.directory, env }));
      const unavailable = ["key_set_unavailable", 503, "key_set_unavailable", 1];
      assert.deepEqual(said, {
        // What was authenticated is known, and so there is nothing to wait for.
        good: [true, 200, true, 1],
        moved: unavailable,
        large: unavailable,
        silent: unavailable,
        broken: unavailable,
        missing: unavailable,
        snapshot: [1, true, true],
        movedSnapshot: true,
      });
      assert.ok(!asked.includes("good-elsewhere"), "a redirect was followed");
    });
  }
});
