export * from "./index.js";

/** `WebAssembly.Module`, where the types of the platform have it: those of Node do not. */
export type CoreModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** The bytes of the core. */
export type CoreBytes = ArrayBuffer | ArrayBufferView;

/** The core, or where to get it from. */
export type CoreSource = CoreModule | CoreBytes | Response | URL | string | Promise<CoreModule | CoreBytes | Response>;

/**
 * Starts the core; await it before anything else is called.
 *
 * @param source The core: its bytes, a compiled module, an answer that has them, or its URL.
 *
 * @example
 * ```ts
 * import { createJwtVerifier, init } from "edgeward/slim";
 *
 * await init({ module_or_path: fetch("https://cdn.example/edgeward/core.wasm") });
 * console.log(typeof createJwtVerifier);
 * ```
 */
export declare function init(source: { module_or_path: CoreSource }): Promise<unknown>;

/**
 * Starts the core without a promise.
 *
 * @param source The core: its bytes, or a compiled module.
 *
 * @example
 * ```ts
 * import { readFileSync } from "node:fs";
 * import { fileURLToPath } from "node:url";
 * import { initSync, version } from "edgeward/slim";
 *
 * initSync({ module: readFileSync(fileURLToPath(import.meta.resolve("edgeward/core.wasm"))) });
 * console.log(version());
 * ```
 */
export declare function initSync(source: { module: CoreModule | CoreBytes }): unknown;
