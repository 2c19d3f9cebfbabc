import { oneOf, readArguments, type Command } from "../command.js";
import { EXIT } from "../errors.js";
import { JSON_OPTION, command } from "../declare.js";
import { write } from "../output.js";
import { bash } from "./bash.js";
import { fish } from "./fish.js";
import { places } from "./places.js";
import { zsh } from "./zsh.js";

const SHELLS = { bash, zsh, fish } as const;
const NAMES = Object.keys(SHELLS) as (keyof typeof SHELLS)[];

export const completion: Command = command(
  {
    name: "completion",
    summary: "print a script that completes all this in a shell",
    synopsis: "bash|zsh|fish",
    about: `Prints a script by which a shell completes commands, options, their words and files. The script carries all of that itself: nothing is started while somebody types.

bash: edgeward completion bash >~/.local/share/bash-completion/completions/edgeward

zsh: edgeward completion zsh >~/.zfunc/_edgeward, where ~/.zshrc has fpath=(~/.zfunc $fpath) before compinit

fish: edgeward completion fish >~/.config/fish/completions/edgeward.fish`,
    options: JSON_OPTION,
    operand: { name: "shell", takes: NAMES },
    exits: { good: "it was printed" },
  },
  async (args) => {
    const { operand, values } = readArguments(args, JSON_OPTION, "the name of a shell (bash, zsh or fish)");
    const shell = oneOf(operand, "edgeward completion", NAMES);
    const { COMMANDS, GLOBAL } = await import("../registry.js");
    const script = SHELLS[shell](await places(COMMANDS, GLOBAL));
    await write(values.json === true ? `${JSON.stringify({ shell, script })}\n` : script);
    return EXIT.good;
  },
);
