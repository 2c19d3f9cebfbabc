// A copy of an example with the package in it as it is installed, and what else it names from this repository.
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installByNpm } from "../package/support/pack.mjs";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** The directory of the copy, and `remove`. */
export async function exampleProject(name) {
  const directory = mkdtempSync(join(tmpdir(), `edgeward-${name}-`));
  await installByNpm({ directory }, process.execPath);
  // What npm has written there is not the example's.
  rmSync(join(directory, "package-lock.json"));
  cpSync(join(root, "examples", name), directory, { recursive: true });
  const { dependencies } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  for (const dependency of Object.keys(dependencies).filter((dependency) => dependency !== "edgeward")) {
    symlinkSync(join(root, "node_modules", dependency), join(directory, "node_modules", dependency), "junction");
  }
  return { directory, remove: () => rmSync(directory, { recursive: true, force: true }) };
}
