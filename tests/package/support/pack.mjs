// The tarball that all hosts install: packed once for what is in dist/npm, and shared by all test files.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./programs.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const PACKAGE = join(root, "dist/npm");
const PACKED = join(root, "target/edgeward/packed");
export const npm = process.platform === "win32" ? "npm.cmd" : "npm";

function digest() {
  const hash = createHash("sha256");
  const files = readdirSync(PACKAGE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const path of paths.sort()) {
    const bytes = readFileSync(path);
    hash.update(`${relative(PACKAGE, path)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Where the tarball is. */
export async function packed() {
  const tarball = join(PACKED, `edgeward-${digest()}.tgz`);
  if (existsSync(tarball)) return tarball;
  mkdirSync(PACKED, { recursive: true });
  const directory = mkdtempSync(join(PACKED, "part-"));
  const { code, stdout, stderr } = await run(npm, ["pack", "--json", "--loglevel=error", "--pack-destination", directory], { cwd: PACKAGE });
  if (code !== 0) throw new Error(`npm pack: ${stdout}\n${stderr}`);
  // Whole or not at all: another test file may look for it at the same time.
  renameSync(join(directory, readdirSync(directory)[0]), tarball);
  rmSync(directory, { recursive: true, force: true });
  const others = readdirSync(PACKED).filter((name) => name.endsWith(".tgz") && join(PACKED, name) !== tarball);
  for (const name of others) rmSync(join(PACKED, name), { force: true });
  return tarball;
}

/** npm under this Node.js, in a directory that is offline. */
export function npmIn(cwd, node, args) {
  const path = `${dirname(node)}${process.platform === "win32" ? ";" : ":"}${process.env.PATH}`;
  return run(npm, [...args, "--offline", "--no-audit", "--no-fund", "--loglevel=error", "--update-notifier=false"], { cwd, env: { PATH: path } });
}
