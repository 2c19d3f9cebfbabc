/**
 * The gate as middleware of Hono.
 *
 * @module edgeward/hono
 */
import type { Context, MiddlewareHandler } from "hono";
import type { Allowed, Gate } from "./index.js";

/** What the middleware puts into the context: `c.var.edgeward`. */
export interface EdgewardEnv {
  /** Who was let in. */
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
 * @param gate The gate.
 * @param options Where a request came from.
 *
 * @example
 * ```ts
 * import { Hono } from "hono";
 * import { guard, type EdgewardEnv } from "edgeward/hono";
 *
 * const app = new Hono<EdgewardEnv>();
 * app.use(guard(gate));
 * app.get("/v1/reports/:id", (c) => c.json({ subject: c.var.edgeward.subject }));
 *
 * const answer = await app.request("https://api.example/v1/reports/7", { headers: { authorization: `Bearer ${token}` } });
 * console.log(answer.status);
 * ```
 */
export declare function guard(gate: Gate, options?: GuardOptions): MiddlewareHandler<EdgewardEnv>;
