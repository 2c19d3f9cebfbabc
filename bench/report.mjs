// What the benches have in common: their options, and what they ran on.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import process from "node:process";

/** Which of these options were given; another one ends the run. */
export function options(...known) {
  const given = process.argv.slice(2);
  const flags = known.map((name) => `--${name}`);
  const unknown = given.find((arg) => !flags.includes(arg));
  if (unknown !== undefined) {
    console.error(`There is no option ${unknown}; the options are ${flags.slice(0, -1).join(", ")} and ${flags.at(-1)}.`);
    process.exit(2);
  }
  return Object.fromEntries(known.map((name) => [name, given.includes(`--${name}`)]));
}

/** The load of the machine over the last minute. */
export const load = () => loadavg()[0].toFixed(2);

/** The machine, and its load before the run and now. */
export const machine = (before) => ({
  cpu: cpus()[0]?.model ?? "unknown processor",
  cores: availableParallelism(),
  platform: `${process.platform}-${process.arch}`,
  load: { before, after: load() },
});

/** The version of a package that the repository is tested with. */
export function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
