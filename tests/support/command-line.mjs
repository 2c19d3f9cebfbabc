// The command line as it is installed, run as a process of its own.
import { execFile } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const MAIN = fileURLToPath(new URL("../../dist/npm/dist/cli/main.js", import.meta.url));

/** The environment of this process, without what tells the command line anything. */
export const bareEnvironment = () =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("EDGEWARD_") && name !== "NODE_OPTIONS"));

/** Runs a program, and says how it ended and what it printed. */
export function run(program, args, { cwd, input = "", env = {} } = {}) {
  return new Promise((resolve) => {
    const options = { cwd, env: { ...bareEnvironment(), ...env }, maxBuffer: 256 * 1024 * 1024 };
    const child = execFile(program, args, options, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : (error.code ?? error.signal), stdout, stderr }),
    );
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
  });
}

export const edgeward = (args, options) => run(process.execPath, [MAIN, ...args], options);

/** Puts programs into a directory by which a shell finds `edgeward`, and `npx`, which here runs nothing else. */
export function putPrograms(directory) {
  const programs = { edgeward: `exec "${process.execPath}" "${MAIN}" "$@"`, npx: '[ "$1" = edgeward ] && exec "$@"' };
  for (const [name, line] of Object.entries(programs)) {
    writeFileSync(join(directory, name), `#!/bin/sh\n${line}\n`);
    chmodSync(join(directory, name), 0o755);
  }
  return `${directory}:${process.env.PATH}`;
}
