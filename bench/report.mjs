// What the benches have in common: their options, and what they ran on.
import { readFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg } from "node:os";
import process from "node:process";

/**
 * Which of these options were given; another one ends the run. One that takes a value is an object of its name and the values
 * that there are.
 */
export function options(...known) {
  const valued = Object.assign({}, ...known.filter((one) => typeof one === "object"));
  const flags = known.filter((one) => typeof one === "string");
  const found = Object.fromEntries(flags.map((name) => [name, false]));
  const end = (message) => {
    console.error(message);
    process.exit(2);
  };
  const given = process.argv.slice(2);
  while (given.length > 0) {
    const arg = given.shift();
    const name = arg.slice(2);
    if (arg.startsWith("--") && flags.includes(name)) found[name] = true;
    else if (arg.startsWith("--") && Object.hasOwn(valued, name)) {
      const value = given.shift();
      if (!valued[name].includes(value)) end(`${arg} takes one of ${listed(valued[name], "or")}.`);
      found[name] = value;
    } else end(`There is no option ${arg}; the options are ${listed([...flags, ...Object.keys(valued)].map((one) => `--${one}`), "and")}.`);
  }
  return found;
}

const listed = (names, word) => `${names.slice(0, -1).join(", ")} ${word} ${names.at(-1)}`;

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
