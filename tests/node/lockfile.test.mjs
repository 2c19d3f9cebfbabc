// The lock file holds for everybody, wherever they get their packages from.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

const read = (file) => JSON.parse(readFileSync(new URL(`../../${file}`, import.meta.url), "utf8"));
const packages = Object.entries(read("package-lock.json").packages).filter(([path]) => path);

test("no package is bound to the address of a registry", () => {
  for (const [path, entry] of packages) assert.equal(entry.resolved, undefined, path);
});

test("every platform that wrangler supports can install by it", () => {
  const locked = new Set(packages.map(([path]) => path));
  for (const [path, entry] of packages) {
    for (const name of Object.keys(entry.optionalDependencies ?? {})) {
      const somewhere = locked.has(`node_modules/${name}`) || locked.has(`${path}/node_modules/${name}`);
      assert.ok(somewhere, `${name}, which ${path} may need, is not in the lock file`);
    }
  }
});

test("every version is pinned exactly", () => {
  const { devDependencies, optionalDependencies } = read("package.json");
  for (const [name, version] of Object.entries({ ...devDependencies, ...optionalDependencies })) {
    assert.match(version, /^(npm:[\w-]+@)?\d+\.\d+\.\d+(-[\w.]+)?$/, name);
  }
});

test("every package is named in docs/dependencies.md, with what it is for", () => {
  const page = readFileSync(new URL("../../docs/dependencies.md", import.meta.url), "utf8");
  const { devDependencies, optionalDependencies } = read("package.json");
  const names = Object.keys({ ...devDependencies, ...optionalDependencies });
  assert.deepEqual(names.filter((name) => !page.includes(`\`${name}\``)), []);
});
