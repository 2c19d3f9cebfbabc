export * from "./index.js";

/** `WebAssembly.Module`, where the types of the platform have it: those of Node do not. */
export type CoreModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : object;

/** The bytes of the core. */
export type CoreBytes = ArrayBuffer | ArrayBufferView;

/** The core, or where to get it from. */
export type CoreSource = CoreModule | CoreBytes | Response | URL | string | Promise<CoreModule | CoreBytes | Response>;

/** Starts the core; await it before anything else is called. */
export declare function init(source: { module_or_path: CoreSource }): Promise<unknown>;

/** Starts the core without a promise. */
export declare function initSync(source: { module: CoreModule | CoreBytes }): unknown;
