// The entry for services of Node's own HTTP.
export { gateListener } from "./node-listener.js";
