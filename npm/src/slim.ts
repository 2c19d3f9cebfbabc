// The entry without the core, for libraries and for pages that load "edgeward/core.wasm" their own
// way: call `init` or `initSync` with it before anything else.
export { default as init, initSync } from "./glue.js";
export * from "./api.js";
