/**
 * The gate in front of servers of Node's: as middleware of Express, Fastify and `http`, and as a listener of its own.
 *
 * @module edgeward/node
 */
export * from "./node-guard.js";
export * from "./node-listener.js";
