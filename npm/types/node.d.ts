// The gate in front of servers of Node's.
export * from "./node-guard.js";
