// The whole gate behind Node's own HTTP.
import type { Gate } from "./gate.js";

/** What of Node's `http.IncomingMessage` is used. */
export interface ListenerRequest {
  /** The method, as it came. */
  readonly method?: string | undefined;
  /** The target, as it came. */
  readonly url?: string | undefined;
  /** The headers one by one, names and values in turn. */
  readonly rawHeaders: readonly string[];
  /** The connection. */
  readonly socket: object;
}

/** What of Node's `http.ServerResponse` is used. */
export interface ListenerResponse {
  /** Whether the head of the answer is on its way. */
  readonly headersSent: boolean;
  /** Breaks the answer off. */
  destroy(error?: Error): unknown;
}

/** What {@link gateListener} is told. */
export interface GateListenerOptions {
  /** Whether the server is about to end: each answer then closes its connection. Never, where left out. */
  closing?: () => boolean;
}

/** The listener of a server, and what belongs to it. */
export interface GateListener {
  /** For the event `request`. */
  (request: ListenerRequest, response: ListenerResponse): void;
  /** For the event `checkContinue`: a client that waits to be told is told to send its body once the body is wanted. */
  checkContinue(request: ListenerRequest, response: ListenerResponse): void;
  /** For the event `clientError`: what is no request is answered with a problem document, and its connection ended. */
  clientError(error: Error, socket: object): void;
}

/**
 * The listener of a server of `node:http` or `node:https` that has every request go through a gate. Bodies stream both
 * ways; a client that leaves ends its request to the origin, and an answer that breaks off is never made to look complete.
 * The gate is told the headers one by one as they came, the address of the connection, and, where the server asks for
 * certificates (`requestCert`), the thumbprint of the one that the client has proven to hold; whether it must be one that
 * the server trusts, `rejectUnauthorized` of the server says. What was lent to the gate as `address` or `certificate`
 * counts in place of these. A target that no `Request` says as it was written is refused.
 *
 * @param gate The gate.
 * @param options What it is told of the server.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { gateListener } from "edgeward/node";
 *
 * const listener = gateListener(gate);
 * export const server = createServer(listener)
 *   .on("checkContinue", listener.checkContinue)
 *   .on("clientError", listener.clientError);
 * ```
 */
export declare function gateListener(gate: Pick<Gate, "fetch">, options?: GateListenerOptions): GateListener;
