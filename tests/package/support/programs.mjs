// The programs of the hosts, as `cargo xtask test package` names them, and how one is run.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";

/** How long a program may take, in milliseconds. */
const WITHIN = 60_000;

/** The program that this variable names: none is left out because it is not there. */
export function program(variable) {
  const path = process.env[variable];
  assert.ok(path, `${variable} names no program: these tests are run by \`cargo xtask test package\``);
  return path;
}

/** Starts a program in a directory. What it is told of this process is the path and the temporary directory, and `env`. */
export function start(path, args, { cwd, env = {}, shell = false }) {
  const inherited = Object.fromEntries(
    ["PATH", "TMPDIR", "TEMP", "TMP", "SystemRoot", "LD_LIBRARY_PATH"].flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
  return spawn(path, args, { cwd, env: { ...inherited, HOME: cwd, NO_COLOR: "1", ...env }, stdio: ["pipe", "pipe", "pipe"], shell });
}

/** Runs a program to its end: its exit code, and what it said. */
export function run(path, args, { input = "", ...options }) {
  return new Promise((resolve, reject) => {
    const child = start(path, args, options);
    const said = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"]) child[name].setEncoding("utf8").on("data", (text) => (said[name] += text));
    const timer = setTimeout(() => child.kill("SIGKILL"), WITHIN);
    child.once("error", reject);
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? signal, ...said });
    });
    // It may end before it has read.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

/** The same, where it must succeed. */
export async function done(path, args, options) {
  const ran = await run(path, args, options);
  assert.equal(ran.code, 0, `${path} ${args.join(" ")}\n${ran.stdout}\n${ran.stderr}`);
  return ran.stdout;
}
