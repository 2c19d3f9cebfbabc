// `edgeward serve` as a process of its own.
import { spawn } from "node:child_process";
import { MAIN, bareEnvironment } from "./command-line.mjs";
import { until } from "./until.mjs";

/** Every word that a server ever said, on either way: no secret may be in it. */
export const said = [];

/**
 * Starts the server at a free port, and waits until it listens. Where it ends before, so does this, with its `code`.
 * `keep: false` reads nothing of its standard output; `child` is handed the process at once.
 */
export async function startServe(args, { env = {}, cwd, listen = "127.0.0.1:0", keep = true, child: made = () => undefined } = {}) {
  const child = spawn(process.execPath, [MAIN, "serve", "--listen", listen, ...args], {
    cwd,
    env: { ...bareEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  made(child);
  const printed = { out: "", err: "" };
  const ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(code ?? signal)));
  for (const [name, stream] of Object.entries(keep ? { out: child.stdout, err: child.stderr } : { err: child.stderr })) {
    stream.setEncoding("utf8").on("data", (text) => {
      printed[name] += text;
      said.push(text);
    });
  }
  const line = () => /^edgeward \S+ listens on (\S+); policy (\S+); store (.+)$/m.exec(printed.err);
  let code;
  void ended.then((found) => (code = found));
  await until(() => line() !== null || code !== undefined, "the server listens or has ended", 20_000);
  const [, url, digest, store] = line() ?? [];
  return {
    child,
    url,
    digest,
    store,
    port: url?.startsWith("http") ? Number(new URL(url).port) : undefined,
    words: () => printed.err,
    lines: () => printed.out.split("\n").filter(Boolean),
    events: () => printed.out.split("\n").slice(0, -1).map((text) => JSON.parse(text)),
    /** What it ended with, once it has. */
    ended,
    signal: (name) => child.kill(name),
    /** Ends it as whoever runs it would. */
    async stop(name = "SIGTERM") {
      child.kill(name);
      return ended;
    },
    has: (text, times = 1) => until(() => printed.err.split(text).length > times, `it says: ${text}\n${printed.err}`),
  };
}
