import { takeSnapshot } from "../index.js";
import { CommandError, EXIT, UsageError, print, readArguments, readText, reason, say, seconds, writeText, type Command } from "./command.js";

const usage = `Usage: edgeward snapshot <issuer or URL> [options]

Fetches the keys of an issuer by its metadata (OpenID Connect Discovery, else RFC 8414), or those at the URL of a key set,
and writes them with where and when they were fetched, how long they are good, and their digest.

Options:
  --max-age TIME   how long they are good: 90s, 15m, 12h, 7d, 2w (7d where left out)
  --out FILE       write the snapshot to a file (standard output where left out)
  --into FILE      put it into a file of snapshots by issuer, as createGate and edgeward lint take them
  --issuer NAME    whose keys they are, for --into where a URL of a key set was given
  --json           print what was done as JSON
`;

export const snapshot: Command = {
  summary: "write the keys of an issuer to a file that a deployment brings along",
  usage,
  async run(args) {
    const { operand: target, values } = readArguments(
      args,
      {
        "max-age": { type: "string" },
        out: { type: "string" },
        into: { type: "string" },
        issuer: { type: "string" },
        json: { type: "boolean" },
      },
      "an issuer, or the URL of a key set",
    );
    const { out, into } = values;
    if (out !== undefined && into !== undefined) throw new UsageError("--out and --into: one of them");
    const maxAge = seconds(values["max-age"] ?? "7d", "--max-age");
    if (maxAge === 0) throw new UsageError("--max-age: a snapshot that is good for no time is of no use");

    // A file that cannot be added to is found before anybody is asked.
    const others = into === undefined ? undefined : readSnapshots(into);
    let taken;
    try {
      taken = await takeSnapshot(target, { maxAge });
    } catch (error) {
      throw new CommandError(reason(error));
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
      if (file === null) process.stdout.write(text);
      const count = taken.keys === 1 ? "1 key" : `${taken.keys} keys`;
      say(`${count} of ${source}, good until ${until}, ${digest}${file === null ? "" : ` → ${file}`}`);
      for (const words of taken.refused) say(`of no use: ${words}`);
    }
    return EXIT.good;
  },
};

function readSnapshots(file: string): Record<string, unknown> {
  let text;
  try {
    text = readText(file);
  } catch (error) {
    // The first snapshot makes the file.
    if (/ENOENT/.test(reason(error))) return {};
    throw error;
  }
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    throw new CommandError(`${file} is no JSON: ${reason(error)}`);
  }
  if (typeof document !== "object" || document === null || Array.isArray(document) || "keys" in document) {
    throw new CommandError(`${file} is no file of snapshots by issuer`);
  }
  return document as Record<string, unknown>;
}
