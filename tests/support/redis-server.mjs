// A real Redis of one's own, whose records outlive a restart.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort } from "./free-port.mjs";

const program = process.env.REDIS_SERVER || "redis-server";

/** Starts a Redis. The answer has its `port`, `restart`, which ends it in the midst of things and starts it anew, and `stop`. */
export async function startRedis() {
  const directory = mkdtempSync(join(tmpdir(), "edgeward-redis-"));
  const port = await freePort();
  let child;
  const start = async () => {
    const options = ["--port", port, "--bind", "127.0.0.1", "--dir", directory, "--save", "", "--appendonly", "yes", "--appendfsync", "always"];
    child = spawn(program, options.map(String), { stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((resolve, reject) => {
      let said = "";
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`redis-server ended (${code}):\n${said}`)));
      child.stdout.on("data", (text) => {
        said += text;
        if (said.includes("Ready to accept connections")) resolve();
      });
    });
  };
  const end = (signal) =>
    new Promise((resolve) => {
      if (child === undefined || child.exitCode !== null || child.signalCode !== null) return resolve();
      child.once("exit", resolve);
      child.kill(signal);
    });
  await start();
  return {
    port,
    async restart() {
      await end("SIGKILL");
      await start();
    },
    async stop() {
      await end("SIGTERM");
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
