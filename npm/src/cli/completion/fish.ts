import type { Place, Takes } from "./places.js";

export function fish(places: readonly Place[]): string {
  const lines = places.flatMap(({ at, next, flags, operand }) => {
    const here = `complete -c edgeward -n ${quoted(`__edgeward_at ${at}`.trimEnd())}`;
    const nothing = `complete -c edgeward -n ${quoted(`__edgeward_only ${at}`.trimEnd())}`;
    return [
      ...next.map(({ name, words }) => `${nothing} -a ${quoted(name)} -d ${quoted(words)}`),
      ...flags.map(({ name, words, value }) => `${here} -l ${name}${value === undefined ? "" : ` -r${offered(value)}`}${words === "" ? "" : ` -d ${quoted(words)}`}`),
      ...(operand === undefined ? [] : [`${here}${offered(operand)}`]),
    ];
  });
  return `# Completion of edgeward for fish, as \`edgeward completion fish\` prints it.
function __edgeward_words
    set -l words (commandline -opc | string match -v -- --no-color)
    set -e words[1]
    printf '%s\\n' $words
end

# Whether the command, and its part where it has one, are these.
function __edgeward_at
    set -l words (__edgeward_words)
    set -l parts ${places.filter(({ at, next }) => at !== "" && next.length > 0).map(({ at }) => at).join(" ")}
    if test (count $argv) -eq 0
        test (count $words) -eq 0
        return
    end
    for i in (seq (count $argv))
        test "$words[$i]" = "$argv[$i]"; or return 1
    end
    test (count $argv) -eq 2; or not contains -- $argv[1] $parts; or test (count $words) -eq 1
end

# Whether these are all that was written.
function __edgeward_only
    set -l words (__edgeward_words)
    test "$words" = "$argv"
end

complete -c edgeward -f
${lines.join("\n")}
`;
}

function offered(value: Takes): string {
  if (value === "file") return " -F";
  if (value === "directory") return " -f -a '(__fish_complete_directories)'";
  return value === "text" ? " -f" : ` -f -a ${quoted(value.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
