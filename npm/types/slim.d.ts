/**
 * The main entry without the core: for libraries, and for pages that load `edgeward/core.wasm` their own way.
 *
 * @module edgeward/slim
 */
export * from "./index.js";

/** The core, or where to get it from. */
export type CoreSource =
  | WebAssembly.Module
  | BufferSource
  | Response
  | URL
  | string
  | Promise<WebAssembly.Module | BufferSource | Response>;

/** Starts the core; await it before anything else is called. */
export declare function init(source: { module_or_path: CoreSource }): Promise<unknown>;

/** Starts the core without a promise. */
export declare function initSync(source: { module: WebAssembly.Module | BufferSource }): unknown;
