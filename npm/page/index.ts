// What the page calls, over a core that has nothing else. The core travels as text, one character for each byte: the page
// may load scripts and fetch nothing.
import text from "../src/core.wasm.inline.js";
import { initSync } from "../src/glue.js";

const bytes = new Uint8Array(text.length);
for (let index = 0; index < text.length; index++) bytes[index] = text.charCodeAt(index);

initSync({ module: new WebAssembly.Module(bytes) });

export { forgeries } from "../src/forgeries.js";
export { inspect } from "../src/inspect.js";
export { lifecycle } from "../src/lifecycle.js";
export { previewRequest } from "../src/preview.js";
export { version } from "../src/instance.js";
