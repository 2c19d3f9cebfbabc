// How large what a Worker uploads is: the core, and the JavaScript of the package with everything in it that it exports.
import { gzipSync } from "node:zlib";
import { bundle } from "./workers.mjs";

const gzip = (bytes) => gzipSync(bytes, { level: 9 }).length;

/** In bytes after gzip -9. */
export async function sizes() {
  const { script, wasm } = await bundle('import * as edgeward from "edgeward"; globalThis.edgeward = edgeward; export default {};');
  return { core: gzip(wasm), script: gzip(script), whole: gzip(wasm) + gzip(script) };
}
