// The gate in front of servers of Node's. It brings nothing of the core.
export { expressGuard, fastifyGuard, httpGuard } from "./node-guard.js";
export { gateListener } from "./node-listener.js";
