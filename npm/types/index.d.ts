// Everything that the main entry offers.
export * from "./audit-types.js";
export * from "./clients.js";
export * from "./deny-list.js";
export * from "./gate.js";
export * from "./host.js";
export * from "./inspect.js";
export * from "./issuers.js";
export * from "./jws.js";
export * from "./keys.js";
export * from "./origin.js";
export * from "./policy.js";
export * from "./snapshot.js";
export * from "./tokens.js";
export * from "./verdict.js";

/** The version of the core. */
export declare function version(): string;

/** How often the core was started anew, after a failure of its own, since it was loaded. */
export declare function coreRestarts(): number;
