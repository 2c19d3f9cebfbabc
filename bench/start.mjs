// How soon a Worker is ready: compile, instantiate, load a policy or import a key. Nothing inside can time it, since workerd's
// clock stands still at start-up, so workerd itself is started anew for each sample, with one Worker, and timed from its
// start to the first answer. What an empty Worker took in the same round is taken off. The answer itself checks nothing.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import workerd from "workerd";
import { AUDIENCE, ISSUER, keySet, signer } from "../tests/support/credentials.mjs";
import { summarize } from "./measure.mjs";
import { ask, bundle, compatibilityDate } from "./workers.mjs";

const answering = "export default { fetch: () => new Response(ready ? \"ready\" : \"not ready\") };";

function sources() {
  const one = signer("ES256");
  const policy = { issuers: [{ issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwks: keySet(one) }] };
  return {
    "an empty Worker": `const ready = true; ${answering}`,
    "edgeward, a verifier": `
      import { createJwtVerifier } from "edgeward";
      const ready = await createJwtVerifier(${JSON.stringify(policy)}); ${answering}`,
    "edgeward, a gate": `
      import { createGate } from "edgeward";
      const ready = await createGate(${JSON.stringify({ ...policy, routes: [{ methods: ["GET"], path: "/*", classes: ["m2m_token"] }] })}, { origin: () => new Response() });
      ${answering}`,
    "Hono and jose": `
      import { Hono } from "hono";
      import { importJWK, jwtVerify } from "jose";
      const app = new Hono();
      app.get("/never", async (c) => c.json(await jwtVerify("", await importJWK(${JSON.stringify(one.jwk)}, "ES256"))));
      const ready = app; ${answering}`,
  };
}

/** A directory with what workerd needs to run one Worker. */
function laidOut(directory, { script, wasm }) {
  writeFileSync(join(directory, "worker.js"), script);
  if (wasm) writeFileSync(join(directory, "core.wasm"), wasm);
  writeFileSync(join(directory, "worker.capnp"), `
using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = .main)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  modules = [
    (name = "worker.js", esModule = embed "worker.js"),
    ${wasm ? '(name = "core.wasm", wasm = embed "core.wasm"),' : ""}
  ],
  compatibilityDate = "${compatibilityDate}",
);
`);
  return join(directory, "worker.capnp");
}

/** Milliseconds from the start of workerd to its first answer. */
async function firstAnswer(configuration) {
  const started = performance.now();
  const child = spawn(workerd.default, ["serve", "--control-fd=3", configuration], { stdio: ["ignore", "ignore", "inherit", "pipe"] });
  const ended = once(child, "exit");
  let said = "";
  let port;
  for await (const piece of child.stdio[3]) {
    said += piece;
    port = /"event":"listen","socket":"http","port":(\d+)/.exec(said)?.[1];
    if (port !== undefined) break;
  }
  if (port === undefined) throw new Error(`workerd did not start (exit code ${(await ended)[0]})`);
  const { text } = await ask(undefined, `http://127.0.0.1:${port}/`);
  const took = performance.now() - started;
  child.kill("SIGKILL");
  await ended;
  if (text !== "ready") throw new Error(`a Worker answered ${text}`);
  return took;
}

export async function startUp({ starts }) {
  const directory = mkdtempSync(join(tmpdir(), "edgeward-start-"));
  try {
    const workers = [];
    for (const [name, source] of Object.entries(sources())) {
      const own = mkdtempSync(join(directory, "worker-"));
      workers.push({ name, configuration: laidOut(own, await bundle(source)), samples: [] });
    }
    for (let round = 0; round < starts; round++) {
      for (let turn = 0; turn < workers.length; turn++) {
        const worker = workers[(turn + round) % workers.length];
        worker.samples.push(await firstAnswer(worker.configuration));
      }
    }
    const [empty, ...others] = workers;
    const results = others.map(({ name, samples }) => ({ name, ...summarize(samples.map((took, round) => took - empty.samples[round])) }));
    return [{ part: "start", name: "workerd, start", unit: "ms", results: [{ name: "an empty Worker, whole", ...summarize(empty.samples) }, ...results] }];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
