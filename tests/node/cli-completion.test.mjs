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

/** What each shell offers behind these words, the last of which is being written. */
const OFFERS = {
  async bash(words) {
    // As bash itself parts words, an equals sign is one.
    const parted = words.flatMap((word) => (word.startsWith("--") && word.includes("=") ? word.split(/(=)/) : [word]));
    if (parted.at(-1) === "" && parted.at(-2) === "=") parted.pop();
    const line = `source ${quoted(scripts.bash)}; COMP_WORDS=(edgeward ${parted.map(quoted).join(" ")}); COMP_CWORD=${parted.length}; _edgeward; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return run("bash", ["--norc", "--noprofile", "-c", line], { cwd: directory });
  },
  async zsh(words) {
    // What the completion system of zsh is asked to offer, without the line editor that would show it.
    const system = `
      compdef() { :; }
      _message() { :; }
      compset() { :; }
      _files() { [[ $1 == -/ ]] && print -l -- *(/) || print -l -- *; }
      compadd() { shift; print -l -- "$@"; }
      _describe() { local name=$@[-1]; print -l -- \${\${(P)name}%%:*}; }`;
    const line = `${system}\nsource ${quoted(scripts.zsh)}\nwords=(edgeward ${words.map(quoted).join(" ")}); CURRENT=${words.length + 1}; _edgeward`;
    const done = await run("zsh", ["-f", "-c", line], { cwd: directory });
    const last = words.at(-1).replace(/^--[^=]*=/, "");
    return { ...done, stdout: done.stdout.split("\n").filter((name) => name.startsWith(last)).join("\n") };
  },
  async fish(words) {
    const line = ["edgeward", ...words].join(" ");
    const done = await run("fish", ["--no-config", "-c", `source ${quoted(scripts.fish)}; complete -C ${quoted(line)}`], { cwd: directory, env: { HOME: directory } });
    // With the option before the word, as fish writes it there, and with the words of the choice behind it.
    return { ...done, stdout: done.stdout.replaceAll(/^--[a-z-]+=/gm, "").replaceAll(/\t.*$/gm, "") };
  },
};

async function offered(shell, words) {
  const { code, stdout, stderr } = await OFFERS[shell](words);
  assert.equal(stderr, "", `${shell}: ${words.join(" ")}`);
  assert.ok(code === 0 || code === 1, `${shell}: ${words.join(" ")}: ${code}`);
  return stdout.split("\n").map((name) => name.replace(/\/$/, "")).filter((name) => name !== "").sort();
}

for (const shell of ["bash", "zsh", "fish"]) {
  test(`${shell} offers commands, parts, options, words and files`, async (context) => {
    if (!found[shell]) return context.skip(`no ${shell} on this machine`);
    const names = commands.filter(({ at }) => at.length === 1).map(({ at }) => at[0]);
    const keys = commands.find(({ at }) => at.join() === "keys").parts;
    for (const [words, expected] of [
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
      [["nothing", ""], names.length > 0 && shell === "fish" ? [] : undefined],
    ]) {
      if (expected === undefined) continue;
      assert.deepEqual(await offered(shell, words), [...expected].sort(), `${shell}: ${words.join(" ")}`);
    }
  });

  test(`${shell} offers every option of every command`, async (context) => {
    if (found[shell]) {
      // A few at a time: each is a shell of its own.
      const work = commands.values();
      const worker = async () => {
        for (const { at, options, parts } of work) {
          const expected = [...options.map((name) => `--${name}`), "--help", "--no-color"].sort();
          assert.deepEqual(await offered(shell, [...at, "--"]), expected, `${shell}: ${at.join(" ")} ${parts}`);
        }
      };
      await Promise.all([worker(), worker()]);
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
