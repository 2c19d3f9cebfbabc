import type { Place, Takes } from "./places.js";

/** For bash from 3.2 on, which macOS still has. */
export function bash(places: readonly Place[]): string {
  const leads = places.filter(({ at }) => at !== "").map(({ at }) => `    ${quoted(at.includes(" ") ? at : ` ${at}`)}) place=${quoted(at)} ;;`);
  const values = places.flatMap(({ at, flags }) =>
    flags.flatMap(({ name, value }) => (value === undefined ? [] : [`  ${quoted(`${at} --${name}`)}) ${offered(value)}; return ;;`])),
  );
  const words = places.map(({ at, next, flags, operand }) => {
    const names = next.map(({ name }) => name).join(" ");
    const options = flags.map(({ name }) => `--${name}`).join(" ");
    const else_ = next.length > 0 ? `_edgeward_words ${quoted(names)}` : operand === undefined ? ":" : offered(operand);
    return `  ${quoted(at)})\n    if [[ $cur == -* ]]; then _edgeward_words ${quoted(options)}; else ${else_}; fi ;;`;
  });
  return `# Completion of edgeward for bash, as \`edgeward completion bash\` prints it.
_edgeward_words() {
  local word
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen -W "$1" -- "$cur")
}

_edgeward_files() {
  local word
  compopt -o filenames 2>/dev/null
  while IFS= read -r word; do COMPREPLY+=("$word"); done < <(compgen "$1" -- "$cur")
}

_edgeward() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} place='' i
  COMPREPLY=()
  for ((i = 1; i < COMP_CWORD; i++)); do
    case \${COMP_WORDS[i]} in --no-color) continue ;; esac
    case "$place \${COMP_WORDS[i]}" in
${leads.join("\n")}
    *) break ;;
    esac
  done
  # bash takes --option=value apart.
  if [[ $cur == = ]]; then
    cur=''
  elif [[ $prev == = && COMP_CWORD -ge 2 ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  case "$place $prev" in
${values.join("\n")}
  esac
  case $place in
${words.join("\n")}
  esac
}

complete -F _edgeward edgeward
`;
}

function offered(value: Takes): string {
  if (value === "file") return "_edgeward_files -f";
  if (value === "directory") return "_edgeward_files -d";
  return value === "text" ? ":" : `_edgeward_words ${quoted(value.join(" "))}`;
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
