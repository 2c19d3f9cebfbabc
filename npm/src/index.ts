// The entry for hosts that load JavaScript alone: Node, Deno, Bun, browsers and bundlers. The core
// travels as text and is compiled here, synchronously, before any importer runs.
import base64 from "./core.wasm.inline.js";
import { initSync } from "./glue.js";

const text = atob(base64);
const bytes = new Uint8Array(text.length);
for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);

initSync({ module: new WebAssembly.Module(bytes) });

export * from "./api.js";
