// Every command of the command line with what it declares, from the package as it is built.
const { COMMANDS, GLOBAL } = await import(new URL("../../dist/npm/dist/cli/registry.js", import.meta.url));

export { COMMANDS, GLOBAL };

/** Commands and parts: the words that lead there, the names of its options and parts, and the command itself. */
export async function everyCommand() {
  const all = [];
  for (const [name, entry] of Object.entries(COMMANDS)) {
    const command = await entry.load();
    all.push(described([name], command));
    for (const [part, inner] of Object.entries(command.parts ?? {})) all.push(described([name, part], inner));
  }
  return all;
}

const described = (at, command) => ({ at, command, options: Object.keys(command.options ?? {}), parts: Object.keys(command.parts ?? {}) });
