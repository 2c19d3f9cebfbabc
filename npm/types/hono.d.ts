/**
 * The gate as middleware of Hono.
 *
 * @module edgeward/hono
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Allowed, Gate } from "./index.js";

/** What the middleware puts into the context: `c.var.edgeward`. */
export interface EdgewardEnv {
  Variables: { edgeward: Allowed };
}

/** Where a request came from, where the gate's own options do not say it. */
export interface GuardOptions {
  /** The client's address, as in `(c) => getConnInfo(c).remote.address`. Where it throws, the answer is 503. */
  address?: (c: Context) => string | null | undefined;
  /** The SHA-256 thumbprint of the client certificate, as `address`. */
  certificate?: (c: Context) => string | null | undefined;
}

/**
 * The gate in front of what comes after it. What it refuses, or answers by itself, nothing behind it sees; handlers find
 * the request without its credential, and the verdict in `c.var.edgeward`.
 *
 * @example
 * const app = new Hono();
 * app.use(guard(gate));
 * app.get("/v1/reports", (c) => c.json({ subject: c.var.edgeward.subject }));
 */
export declare function guard(gate: Gate, options?: GuardOptions): MiddlewareHandler<EdgewardEnv>;
