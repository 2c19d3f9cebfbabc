// The completion scripts, in the shells that are on this machine; of the others, the text.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { edgeward, run } from "../support/command-line.mjs";
import { everyCommand } from "../support/commands.mjs";

let directory;
let commands;
const scripts = {};
const found = {};

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-completion-"));
  mkdirSync(join(directory, "deep"));
  writeFileSync(join(directory, "policy file.json"), "{}");
  commands = await everyCommand();
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, stdout, stderr } = await edgeward(["completion", shell]);
    assert.equal(code, 0, stderr);
    scripts[shell] = join(directory, `edgeward.${shell}`);
    writeFileSync(scripts[shell], stdout);
    found[shell] = (await run(shell, ["-c", "exit 0"])).code === 0;
  }
});
after(() => rmSync(directory, { recursive: true, force: true }));

const quoted = (word) => `'${word.replaceAll("'", `'\\''`)}'`;

/** What stands between the answers to two questions. */
const MARK = "-- that was all --";

/** How each shell is asked what it offers behind these words, the last of which is being written; one shell answers all. */
const SHELLS = {
  bash: {
    program: ["bash", "--norc", "--noprofile", "-c"],
    prepared: () => `source ${quoted(scripts.bash)}`,
    asked(words) {
      // As bash itself parts words, an equals sign is one.
      const parted = words.flatMap((word) => (word.startsWith("--") && word.includes("=") ? word.split(/(=)/) : [word]));
      if (parted.at(-1) === "" && parted.at(-2) === "=") parted.pop();
      return `COMP_WORDS=(edgeward ${parted.map(quoted).join(" ")}); COMP_CWORD=${parted.length}; _edgeward; printf '%s\\n' "\${COMPREPLY[@]}"`;
    },
  },
  zsh: {
    program: ["zsh", "-f", "-c"],
    // What the completion system of zsh is asked to offer, without the line editor that would show it.
    prepared: () => `
      compdef() { :; }
      _message() { :; }
      compset() { :; }
      _files() { [[ $1 == -/ ]] && print -l -- *(/) || print -l -- *; }
      compadd() { shift; print -l -- "$@"; }
      _describe() { local name=$@[-1]; print -l -- \${\${(P)name}%%:*}; }
      source ${quoted(scripts.zsh)}`,
    asked: (words) => `words=(edgeward ${words.map(quoted).join(" ")}); CURRENT=${words.length + 1}; _edgeward`,
    // It leaves out itself what does not begin as the word does.
    fits: (name, words) => name.startsWith(words.at(-1).replace(/^--[^=]*=/, "")),
  },
  fish: {
    program: ["fish", "--no-config", "-c"],
    prepared: () => `source ${quoted(scripts.fish)}`,
    asked: (words) => `complete -C ${quoted(["edgeward", ...words].join(" "))}`,
  },
};

/** The names that are offered behind each of these, sorted. */
async function offered(shell, questions) {
  const { program, prepared, asked, fits = () => true } = SHELLS[shell];
  const lines = [prepared(), ...questions.flatMap((words) => [asked(words), `printf '%s\\n' ${quoted(MARK)}`])];
  const [name, ...args] = program;
  const { code, stdout, stderr } = await run(name, [...args, lines.join("\n")], { cwd: directory, env: { HOME: directory } });
  assert.deepEqual([code, stderr], [0, ""], shell);
  const answers = stdout.split(`${MARK}\n`).slice(0, -1);
  assert.equal(answers.length, questions.length, stdout);
  return answers.map((answer, place) =>
    answer
      .split("\n")
      // fish writes the option before its word, and what is said of a choice behind it.
      .map((name) => (shell === "fish" ? name.replace(/\t.*$/, "").replace(/^--[a-z-]+=/, "") : name).replace(/\/$/, ""))
      .filter((name) => name !== "" && fits(name, questions[place]))
      .sort(),
  );
}

for (const shell of ["bash", "zsh", "fish"]) {
  test(`${shell} offers commands, parts, options, words and files`, async (context) => {
    if (!found[shell]) return context.skip(`no ${shell} on this machine`);
    const names = commands.filter(({ at }) => at.length === 1).map(({ at }) => at[0]);
    const keys = commands.find(({ at }) => at.join() === "keys").parts;
    const cases = [
      [[""], [...names, "help"]],
      [["ver"], ["verify"]],
      [["--no-color", "ver"], ["verify"]],
      [["help", "ke"], ["keys"]],
      [["keys", ""], keys],
      [["keys", "revoke"], ["revoke", "revoke-held"]],
      [["lint", "--fail-on", ""], ["high", "low", "medium"]],
      [["lint", "--fail-on", "m"], ["medium"]],
      [["lint", "--fail-on="], ["high", "low", "medium"]],
      [["lint", "--fail-on=h"], ["high"]],
      [["keys", "revoke", "abc", "--reason", "super"], ["superseded"]],
      [["keys", "update", "abc", "--no-e"], ["--no-expires"]],
      [["completion", ""], ["bash", "fish", "zsh"]],
      [["lint", "--snapshots", "pol"], ["policy file.json"]],
      [["lint", "--fail-on", "low", "pol"], ["policy file.json"]],
      [["keys", "issue", "--name", ""], []],
      [["keys", "show", ""], []],
    ];
    const answers = await offered(shell, cases.map(([words]) => words));
    for (const [place, [words, expected]] of cases.entries()) assert.deepEqual(answers[place], [...expected].sort(), `${shell}: ${words.join(" ")}`);
  });

  test(`${shell} offers every option of every command`, async (context) => {
    if (found[shell]) {
      const answers = await offered(shell, commands.map(({ at }) => [...at, "--"]));
      for (const [place, { at, options }] of commands.entries()) {
        assert.deepEqual(answers[place], [...options.map((name) => `--${name}`), "--help", "--no-color"].sort(), `${shell}: ${at.join(" ")}`);
      }
    } else {
      const text = (await edgeward(["completion", shell])).stdout;
      for (const { at, options } of commands) {
        for (const option of options) {
          const place = text.split("\n").filter((line) => line.includes(at.join(" ")));
          const told = shell === "zsh" ? text.includes(`--${option}`) : place.some((line) => line.includes(` -l ${option} `) || line.endsWith(` -l ${option}`));
          assert.ok(told, `${shell}: ${at.join(" ")} --${option}`);
        }
      }
      context.diagnostic(`no ${shell} on this machine: the text was looked at`);
    }
  });
}

test("the script is one for a program too, and no other shell is known", async () => {
  const { stdout } = await edgeward(["completion", "bash", "--json"]);
  const { shell, script } = JSON.parse(stdout);
  assert.deepEqual([shell, script], ["bash", (await edgeward(["completion", "bash"])).stdout]);
  const { code, stderr } = await edgeward(["completion", "bsh"]);
  assert.equal(code, 2);
  assert.match(stderr, /takes bash, zsh, fish; did you mean bash\?/);
});

test("while somebody types nothing is started", async () => {
  // Neither edgeward nor Node stands in the scripts as a program that is called.
  for (const shell of ["bash", "zsh", "fish"]) {
    const { stdout } = await edgeward(["completion", shell]);
    assert.doesNotMatch(stdout, /\$\((edgeward|node|npx)|\((edgeward|node|npx) |^\s*(edgeward|node|npx) /m);
  }
});
