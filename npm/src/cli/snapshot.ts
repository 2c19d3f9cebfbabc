import { CommandError, EXIT, UsageError, core, print, readArguments, readText, reason, say, seconds, writeText, type Command } from "./command.js";
import { command } from "./declare.js";
import { readJson } from "./json.js";
import { shown, waitingFor } from "./terminal.js";

export const OPTIONS = {
  "max-age": { type: "string", value: "TIME", takes: "text", words: "how long they are good: 90s, 15m, 12h, 7d, 2w (7d where left out)" },
  out: { type: "string", value: "FILE", takes: "file", words: "write the snapshot to a file (standard output where left out)" },
  into: { type: "string", value: "FILE", takes: "file", words: "put it into a file of snapshots by issuer, as createGate and edgeward lint take them" },
  issuer: { type: "string", value: "NAME", takes: "text", words: "whose keys they are, for --into where a URL of a key set was given" },
  json: { type: "boolean", words: "print what was done as JSON, errors too" },
} as const;

export const snapshot: Command = command(
  {
    name: "snapshot",
    summary: "write the keys of an issuer to a file that a deployment brings along",
    synopsis: "<issuer or URL> [options]",
    about: "Fetches the keys of an issuer by its metadata (OpenID Connect Discovery, else RFC 8414), or those at the URL of a key set, and writes them with where and when they were fetched, how long they are good, and their digest.",
    options: OPTIONS,
    operand: { name: "issuer or URL", takes: "text" },
    exits: { good: "it was written", failed: "the keys could not be had, or a file not be written" },
  },
  async (args) => {
    const { operand: target, values } = readArguments(args, OPTIONS, "an issuer, or the URL of a key set");
    const { into } = values;
    const out = values.out === "-" ? undefined : values.out;
    if (into === "-") throw new UsageError("--into takes a file, which is read and written");
    if (out !== undefined && into !== undefined) throw new UsageError("--out and --into: one of them");
    const maxAge = seconds(values["max-age"] ?? "7d", "--max-age");
    if (maxAge === 0) throw new UsageError("--max-age: a snapshot that is good for no time is of no use");

    // What is none is not repeated.
    const url = URL.canParse(target) ? new URL(target) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "") {
      throw new UsageError("an issuer is a URL without a user in it, and so is a key set, as https://issuer.example");
    }

    // A file that cannot be added to is found before anybody is asked.
    const others = into === undefined ? undefined : readSnapshots(into);
    const { takeSnapshot } = await core();
    // An issuer may take long, and a terminal that says nothing seems to hang.
    const waiting = waitingFor(`asking ${shown(target)}`);
    let taken;
    try {
      taken = await takeSnapshot(target, { maxAge });
    } catch (error) {
      throw new CommandError(reason(error), {
        code: "snapshot_failed",
        hint: "is it the issuer exactly as its tokens name it in iss, and can it be reached from here?",
        cause: error,
      });
    } finally {
      waiting.done();
    }
    const text = `${JSON.stringify(taken.snapshot, null, 2)}\n`;
    const issuer = values.issuer ?? taken.issuer;
    if (others !== undefined) {
      if (issuer === null) throw new UsageError("--into needs --issuer, where the URL is that of a key set");
      others[issuer] = taken.snapshot;
      writeText(into!, `${JSON.stringify(others, null, 2)}\n`);
    } else if (out !== undefined) {
      writeText(out, text);
    }

    const { fetchedAt, digest, source } = taken.snapshot;
    const until = new Date((fetchedAt + maxAge) * 1000).toISOString();
    const file = into ?? out ?? null;
    if (values.json === true) {
      print(JSON.stringify({ issuer, source, file, keys: taken.keys, refused: taken.refused, digest, goodUntil: until, ...(file === null ? { snapshot: taken.snapshot } : {}) }));
    } else {
      if (file === null) print(text.trimEnd());
      const count = taken.keys === 1 ? "1 key" : `${taken.keys} keys`;
      say(`${count} of ${source}, good until ${until}, ${digest}${file === null ? "" : ` → ${file}`}`);
      for (const words of taken.refused) say(`of no use: ${shown(words)}`);
    }
    return EXIT.good;
  },
);

function readSnapshots(file: string): Record<string, unknown> {
  let text;
  try {
    text = readText(file);
  } catch (error) {
    // The first snapshot makes the file.
    if (error instanceof CommandError && error.code === "file_missing") return {};
    throw error;
  }
  const document = readJson(text, file);
  if (typeof document !== "object" || document === null || Array.isArray(document) || "keys" in document) {
    throw new CommandError(`${file} is no file of snapshots by issuer`, { hint: "--out writes one snapshot to a file of its own; --into takes an object of snapshots by issuer" });
  }
  return document as Record<string, unknown>;
}
