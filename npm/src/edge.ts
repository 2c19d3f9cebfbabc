// The entry for edge runtimes, which compile the core when the Worker is deployed and refuse to
// compile anything inside a request.
import core from "./core.wasm?module";
import { initSync } from "./glue.js";

initSync({ module: core });

export * from "./api.js";
