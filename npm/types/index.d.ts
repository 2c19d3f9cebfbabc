/**
 * The main entry: the verifier, the checker of API keys, their administration, the gate, and what is around them.
 *
 * @module edgeward
 */
export * from "./audit-types.js";
export * from "./clients.js";
export * from "./deny-list.js";
export * from "./forgeries.js";
export * from "./gate.js";
export * from "./guard.js";
export * from "./host.js";
export * from "./inspect.js";
export * from "./issuers.js";
export * from "./jws.js";
export * from "./keys.js";
export * from "./lifecycle.js";
export * from "./lifetime.js";
export * from "./origin.js";
export * from "./policy.js";
export * from "./preview.js";
export * from "./snapshot.js";
export * from "./tokens.js";
export * from "./verdict.js";

/**
 * The version of the core.
 *
 * @example
 * ```ts
 * import { version } from "edgeward";
 *
 * console.log(version());
 * ```
 */
export declare function version(): string;

/**
 * How often the core was started anew, after a failure of its own, since it was loaded.
 *
 * @example
 * ```ts
 * import { coreRestarts } from "edgeward";
 *
 * if (coreRestarts() > 0) console.error("the core failed, which is a bug: docs/panics.md");
 * ```
 */
export declare function coreRestarts(): number;
