// A copy of an example with the package in it as it would be installed, and what else it names from this repository.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const windows = process.platform === "win32";

/** The directory of the copy, and `remove`. */
export function exampleProject(name) {
  const directory = mkdtempSync(join(tmpdir(), `edgeward-${name}-`));
  const modules = join(directory, "node_modules");
  cpSync(join(root, "examples", name), directory, { recursive: true });
  mkdirSync(join(modules, "edgeward"), { recursive: true });
  const options = { cwd: join(root, "dist/npm"), encoding: "utf8", shell: windows };
  const listing = JSON.parse(execFileSync(windows ? "npm.cmd" : "npm", ["pack", "--json", "--loglevel=error", "--pack-destination", directory], options));
  const { filename } = listing[0] ?? listing.edgeward ?? listing;
  // What `npm install` would leave: nothing runs when it is installed, and it depends on nothing.
  execFileSync("tar", ["-xzf", filename, "-C", "node_modules/edgeward", "--strip-components=1"], { cwd: directory });
  rmSync(join(directory, filename));
  const { dependencies } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  for (const dependency of Object.keys(dependencies).filter((dependency) => dependency !== "edgeward")) {
    symlinkSync(join(root, "node_modules", dependency), join(modules, dependency), "junction");
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
