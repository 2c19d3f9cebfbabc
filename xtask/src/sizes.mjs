// Prints the size of a file, or of all files that a directory would serve, as they are, by gzip -9 and by brotli -11.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const brotli = (bytes) =>
  brotliCompressSync(bytes, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: 11,
      [constants.BROTLI_PARAM_LGWIN]: 24,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    },
  });

/** A name that begins with an underscore is for the server (`_headers`), and not served. */
const filesOf = (path) =>
  statSync(path).isDirectory()
    ? readdirSync(path).flatMap((name) => (name.startsWith("_") ? [] : filesOf(join(path, name))))
    : [path];

const sum = [0, 0, 0];
for (const file of filesOf(process.argv[2])) {
  const bytes = readFileSync(file);
  for (const [index, size] of [bytes, gzipSync(bytes, { level: 9 }), brotli(bytes)].entries()) sum[index] += size.length;
}
console.log(...sum);
