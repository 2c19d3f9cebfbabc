// The requests of the proxies' suite through the adapters in Deno and Bun: by the servers that are theirs, and by `node:http`
// as they have it.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { keys, policy, requests } from "../proxies/requests.mjs";
import { exampleProject } from "../support/example-project.mjs";
import { keeper } from "../support/guarded.mjs";
import { sendAll } from "../support/suite.mjs";
import { until } from "../support/until.mjs";

const snapshots = JSON.parse(readFileSync(new URL("../../worker/generated/snapshots.json", import.meta.url), "utf8"));
let project;
before(async () => (project = await exampleProject("express")));
after(() => project?.remove());

// Both servers in one process; what a handler was handed is said on a line.
const SERVERS = `
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { httpGuard } from "edgeward/node";
const { policy, snapshots, records } = JSON.parse(readFileSync("given.json", "utf8"));
const store = { get: (key) => (records[key] === undefined ? null : JSON.stringify(records[key])) };
const gate = await createGate(policy, { snapshots, store, audit: () => {} });
const say = (told) => console.log(JSON.stringify(told));

const handler = async (request, verdict) => {
  const { pathname, search } = new URL(request.url);
  say({ told: { method: request.method, url: pathname + search, rawHeaders: [...request.headers].flat(), body: await request.text() } });
  return new Response(request.method === "HEAD" ? null : "of the origin", { headers: { handled: "1" } });
};
if (globalThis.Bun) {
  const server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: withGate(gate, handler, { address: (request, server) => server.requestIP(request)?.address }) });
  say({ fetch: server.port });
} else {
  const listening = withGate(gate, handler, { address: (_, info) => info.remoteAddr.hostname });
  Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: ({ port }) => say({ fetch: port }) }, listening);
}
const server = createServer(httpGuard(gate, async (request, response) => {
  let body = "";
  for await (const chunk of request) body += chunk;
  const { method, url, rawHeaders, headers } = request;
  say({ told: { method, url, rawHeaders, headers, body } });
  response.setHeader("handled", "1");
  response.end(method === "HEAD" ? undefined : "of the origin");
}));
server.listen(0, "127.0.0.1", () => say({ http: server.address().port }));
`;

/** Starts the servers: their ports, and what their handlers keep. */
async function servers(program, args) {
  let handled = 0;
  const kept = {
    ...keeper(),
    async heard(name, { headers }) {
      if (headers.handled === undefined) return;
      handled += 1;
      await until(() => kept.of(name).length > 0);
    },
    handled: () => handled,
  };
  const child = spawn(program, [...args, "servers.mjs"], { cwd: project.directory, stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, NO_COLOR: "1" } });
  const ports = {};
  let [pending, faults] = ["", ""];
  child.stderr.setEncoding("utf8").on("data", (text) => (faults += text));
  await new Promise((resolve, reject) => {
    child.once("exit", () => reject(new Error(faults)));
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (pending + text).split("\n");
      pending = lines.pop();
      for (const { told, ...port } of lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line))) {
        if (told === undefined) Object.assign(ports, port);
        else kept.keep(told);
      }
      if (Object.keys(ports).length === 2) resolve();
    });
  });
  return { ports, kept, stop: () => child.kill("SIGKILL") };
}

/** Those that are the same once a `Request` was made of them. */
const plain = requests.filter(({ path }) => {
  if (!path.startsWith("/")) return false;
  const { pathname, search, hash, host } = new URL(path, "http://127.0.0.1");
  return host === "127.0.0.1" && hash === "" && pathname + search === path.replace(/\?$/, "");
});

for (const [variable, args] of [["DENO", ["run", "--allow-all", "--no-lock", "--node-modules-dir=manual", "--cached-only"]], ["BUN", ["run"]]]) {
  test(`${variable}: every request fares as on each other way`, async () => {
    const program = process.env[variable];
    assert.ok(program, `${variable} names no program: these tests are run by \`cargo xtask test package\``);
    const records = Object.fromEntries(Object.values(keys).map(({ storeKey, record }) => [storeKey, record]));
    writeFileSync(join(project.directory, "given.json"), JSON.stringify({ policy, snapshots, records }));
    writeFileSync(join(project.directory, "servers.mjs"), SERVERS);
    const { ports, kept, stop } = await servers(program, args);
    try {
      for (const [way, port, those] of [["worker", ports.fetch, plain], ["guard", ports.http, requests]]) {
        const { wrong, judged } = await sendAll(way, port, kept, `${variable} ${way}`, those);
        assert.deepEqual(wrong, [], way);
        assert.equal(judged, those.length);
      }
      assert.ok(kept.count() > 100, `${kept.count()} reached a handler`);
      // None was handed to a handler and answered by somebody else.
      assert.equal(kept.count(), kept.handled());
    } finally {
      stop();
    }
  });
}
