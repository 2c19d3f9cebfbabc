// A Next.js application: a client component in Chromium, and route handlers in both runtimes, built and started as people do.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";
import { freePort } from "../support/free-port.mjs";
import { startBrowser } from "../support/pages.mjs";
import { runAt } from "./support/browser.mjs";
import { ROOT, assertGreen, assertRed, changed, makeProjects, runnerModule, say } from "./support/bundled.mjs";
import { makeVectors } from "./support/vectors.mjs";

const NEXT = join(ROOT, "node_modules/next/dist/bin/next");
const env = { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production" };

let projects;
let vectors;
let wrong;
before(async () => {
  // Turbopack follows no link that leads out of its root.
  projects = await makeProjects(join(ROOT, "target/tmp"));
  vectors = makeVectors();
  wrong = changed(vectors);
});
after(() => projects?.remove());

const handler = (runtime) => `${runnerModule().replace("./suite.mjs", "../../../suite.mjs")}
export const runtime = "${runtime}";
export async function POST(request) {
  return Response.json({ told: await run(await request.json()), runtime: typeof EdgeRuntime === "string" ? "edge" : "nodejs" });
}
`;

function write(project) {
  for (const name of ["next", "react", "react-dom"]) {
    symlinkSync(join(ROOT, "node_modules", name), join(project.directory, "node_modules", name), "junction");
  }
  project.write("next.config.mjs", `export default { turbopack: { root: ${JSON.stringify(ROOT)} } };\n`);
  project.write("app/layout.js", 'export default function Layout({ children }) { return <html lang="en"><body>{children}</body></html>; }\n');
  project.write("app/page.js", `"use client";
import { useEffect, useState } from "react";
${runnerModule().replace("./suite.mjs", "../suite.mjs")}
export default function Page() {
  const [ready, setReady] = useState(false);
  useEffect(() => { globalThis.run = run; setReady(true); }, []);
  return ready && <p id="ready">{version()}</p>;
}
`);
}

function writeHandlers(project) {
  project.write("app/api/node/route.js", handler("nodejs"));
  project.write("app/api/edge/route.js", handler("edge"));
}

const build = (project) => say(process.execPath, [NEXT, "build"], { cwd: project.directory, env });

async function start(project) {
  const port = await freePort();
  const child = spawn(process.execPath, [NEXT, "start", "--hostname", "127.0.0.1", "--port", String(port)], {
    cwd: project.directory,
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  for await (const line of createInterface({ input: child.stdout })) if (/Ready in/.test(line)) break;
  child.stdout.resume();
  return {
    base: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill();
      await ended;
    },
  };
}

async function ask(base, runtime, vectors) {
  const answer = await fetch(`${base}/api/${runtime}`, { method: "POST", body: JSON.stringify(vectors) });
  assert.equal(answer.status, 200, runtime);
  return answer.json();
}

test("next build and next start: a page, and route handlers of Node and of the edge", async () => {
  const project = projects.copy("application");
  write(project);
  writeHandlers(project);
  await build(project);
  const [server, browser] = [await start(project), await startBrowser()];
  try {
    for (const [name, runtime] of [["node", "nodejs"], ["edge", "edge"]]) {
      const answer = await ask(server.base, name, vectors);
      assert.equal(answer.runtime, runtime);
      assertGreen(answer.told, vectors);
      assertRed((await ask(server.base, name, wrong)).told, wrong);
    }
    const inPage = (vectors) => runAt(browser, server.base, vectors, { ready: "#ready" });
    assertGreen(await inPage(vectors), vectors);
    assertRed(await inPage(wrong), wrong);
  } finally {
    await Promise.all([server.stop(), browser.close()]);
  }
});

test("a damaged core turns the build of the application red", async () => {
  const project = projects.damaged();
  write(project);
  await assert.rejects(build(project), /CompileError/);
});
