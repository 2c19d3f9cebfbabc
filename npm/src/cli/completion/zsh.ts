import type { Choice, Place, Takes } from "./places.js";

export function zsh(places: readonly Place[]): string {
  const leads = places.filter(({ at }) => at !== "").map(({ at }) => `      ${quoted(at.includes(" ") ? at : ` ${at}`)}) place=${quoted(at)} ;;`);
  const values = places.flatMap(({ at, flags }) =>
    flags.flatMap(({ name, value }) => (value === undefined ? [] : [`    ${quoted(`${at} --${name}`)}) ${offered(value)}; return ;;`])),
  );
  const words = places.map(({ at, next, flags, operand }) => {
    const options = flags.map((flag) => described({ ...flag, name: `--${flag.name}` })).join(" ");
    const others = next.length > 0 ? `found=(${next.map(described).join(" ")}); _describe -V command found` : operand === undefined ? ":" : offered(operand);
    return `    ${quoted(at)})
      if [[ $cur == -* ]]; then
        found=(${options})
        _describe -V -o option found
      else
        ${others}
      fi ;;`;
  });
  return `#compdef edgeward
# Completion of edgeward for zsh, as \`edgeward completion zsh\` prints it.
_edgeward() {
  local cur=\${words[CURRENT]} prev=\${words[CURRENT-1]} place='' i
  local -a found
  for ((i = 2; i < CURRENT; i++)); do
    [[ \${words[i]} == --no-color ]] && continue
    case "$place \${words[i]}" in
${leads.join("\n")}
      *) break ;;
    esac
  done
  if [[ $cur == --*=* ]]; then
    prev=\${cur%%=*}
    cur=\${cur#*=}
    compset -P '*='
  fi
  case "$place $prev" in
${values.join("\n")}
  esac
  case $place in
${words.join("\n")}
  esac
}

if [[ \${funcstack[1]} == _edgeward ]]; then
  _edgeward "$@"
else
  compdef _edgeward edgeward
fi
`;
}

function offered(value: Takes): string {
  if (value === "file") return "_files";
  if (value === "directory") return "_files -/";
  return value === "text" ? "_message -r value" : `compadd -- ${value.map(quoted).join(" ")}`;
}

/** A name with its words; a colon would part them. */
function described({ name, words }: Choice): string {
  return quoted(words === "" ? name : `${name.replaceAll(":", "\\:")}:${words}`);
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
