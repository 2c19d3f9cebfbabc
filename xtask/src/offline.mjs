// Writes into offline.js of a built page which files it keeps, each with its digest, and a version made of them all. What
// only the server reads is not among them, nor the frame that fetches keys: without a network it is of no use.
import { createHash } from "node:crypto";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const PLACE = 'const [VERSION, FILES] = ["", {}];';

const directory = process.argv[2];
const digest = (bytes) => createHash("sha256").update(bytes).digest("base64");

const files = readdirSync(directory, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(join(directory, "/").length).replaceAll("\\", "/"))
  .filter((file) => file !== "offline.js" && !/^(_|keys\/)/.test(file))
  .sort()
  .map((file) => [file === "index.html" ? "./" : file, `sha256-${digest(readFileSync(join(directory, file)))}`]);

const worker = join(directory, "offline.js");
const source = readFileSync(worker, "utf8");
if (source.split(PLACE).length !== 2) throw new Error(`offline.js has not exactly one line "${PLACE}"`);
const list = JSON.stringify(Object.fromEntries(files));
writeFileSync(worker, source.replace(PLACE, () => `const [VERSION, FILES] = ["${digest(list)}", ${list}];`));
