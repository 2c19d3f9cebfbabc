// The entry for edge runtimes, which compile the core when the Worker is deployed and refuse to
// compile anything inside a request.
import core from "./core.wasm?module";
import { initSync } from "./glue.js";

// Next.js compiles the core outside of the realm that this runs in: there it is a module, but none of this realm's, and the
// glue would take it for bytes. What is no module at all is refused when it is started.
const { Module } = WebAssembly;
initSync({ module: core instanceof Module ? core : Object.setPrototypeOf(core, Module.prototype) });

export * from "./api.js";
