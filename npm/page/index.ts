// What the page calls, over a core that has nothing else. The core travels as text, one character for each byte: the page
// may load scripts and fetch nothing. Characters that take two bytes in a script, or an escape, have changed places with
// rare ones; each pair stands in `swapped`.
import text, { swapped } from "./core.wasm.inline.js";
import { initSync } from "../src/glue.js";

const byteOf = Uint8Array.from({ length: 256 }, (_, byte) => byte);
for (let at = 0; at < swapped.length; at += 2) {
  const [one, other] = [swapped.charCodeAt(at), swapped.charCodeAt(at + 1)];
  byteOf[one] = other;
  byteOf[other] = one;
}
const bytes = new Uint8Array(text.length);
for (let index = 0; index < text.length; index++) bytes[index] = byteOf[text.charCodeAt(index)]!;

initSync({ module: new WebAssembly.Module(bytes) });

export { forgeries } from "../src/forgeries.js";
export { inspect } from "../src/inspect.js";
export { lifecycle } from "../src/lifecycle.js";
export { previewRequest } from "../src/preview.js";
export { version } from "../src/instance.js";
