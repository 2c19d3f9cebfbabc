// The tarball that all hosts install, and what npm makes of it: each once for what is in dist/npm, for all test files.
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, delimiter, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { run } from "./programs.mjs";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const PACKAGE = join(root, "dist/npm");
const PACKED = join(root, "target/edgeward/packed");
const npm = process.platform === "win32" ? "npm.cmd" : "npm";

function digestOf(directory) {
  const hash = createHash("sha256");
  const files = readdirSync(directory, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((entry) => join(entry.parentPath ?? entry.path, entry.name));
  for (const path of paths.sort()) {
    const bytes = readFileSync(path);
    hash.update(`${relative(directory, path)}\0${bytes.length}\0`).update(bytes);
  }
  return hash.digest("hex").slice(0, 16);
}

/** Makes a file or a directory under this name, unless it is there: whole or not at all, as another test file may look for it. */
async function once(name, make) {
  const path = join(PACKED, name);
  if (existsSync(path)) return path;
  mkdirSync(PACKED, { recursive: true });
  const directory = mkdtempSync(join(PACKED, "part-"));
  try {
    renameSync(await make(directory), path);
  } catch (error) {
    // Another was faster; theirs is as good.
    if (!existsSync(path)) throw error;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return path;
}

/** Where the tarball is. */
export async function packed() {
  const digest = digestOf(PACKAGE);
  // What is of another content is of no use any more.
  const others = existsSync(PACKED) ? readdirSync(PACKED).filter((name) => !name.includes(digest) && !name.startsWith("part-")) : [];
  for (const name of others) rmSync(join(PACKED, name), { recursive: true, force: true });
  return once(`${digest}.tgz`, async (directory) => {
    const [home, made] = [join(directory, "home"), join(directory, "made")];
    mkdirSync(made);
    // What npm keeps for itself does not go into what it packs.
    await mustRun(npm, ["pack", "--loglevel=error", "--pack-destination", made], { cwd: PACKAGE, env: { HOME: home } });
    return join(made, readdirSync(made)[0]);
  });
}

/** Installs the tarball in a project with the npm of a Node.js, offline: once for each, of which every project gets a copy. */
export async function installByNpm(project, node) {
  const tarball = await packed();
  const { stdout } = await run(node, ["--version"], { cwd: project.directory });
  const installed = await once(`${basename(tarball, ".tgz")}-node-${stdout.trim()}`, async (directory) => {
    const made = join(directory, "made");
    mkdirSync(made);
    writeFileSync(join(made, "package.json"), '{ "private": true }\n');
    const env = { HOME: join(directory, "home"), PATH: `${dirname(node)}${delimiter}${process.env.PATH}` };
    await mustRun(npm, ["install", tarball, "--offline", "--no-audit", "--no-fund", "--loglevel=error", "--update-notifier=false"], { cwd: made, env });
    return made;
  });
  cpSync(installed, project.directory, { recursive: true, verbatimSymlinks: true });
}

async function mustRun(program, args, options) {
  const { code, stdout, stderr } = await run(program, args, { ...options, shell: process.platform === "win32" });
  if (code !== 0) throw new Error(`${program} ${args.join(" ")}: ${stdout}\n${stderr}`);
}
