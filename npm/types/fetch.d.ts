/**
 * The gate in front of a function that takes a `Request`: for `Deno.serve`, `Bun.serve`, Next.js route handlers,
 * service workers, and whatever else has that shape.
 *
 * @module edgeward/fetch
 */
import type { Allowed, Gate } from "./index.js";

/** Answers an allowed request. */
export type FetchHandler<Rest extends unknown[] = []> = (
  /** Without the credential, and with the identity in its `edgeward-*` headers. */
  request: Request,
  verdict: Allowed,
  ...rest: Rest
) => Response | Promise<Response>;

/** Where a request came from, where the gate's own options do not say it. */
export interface WithGateOptions<Rest extends unknown[] = []> {
  /** The client's address, from what the host hands over beside the request. Where it throws, the answer is 503. */
  address?: (request: Request, ...rest: Rest) => string | null | undefined;
  /** The SHA-256 thumbprint of the client certificate, as `address`. */
  certificate?: (request: Request, ...rest: Rest) => string | null | undefined;
}

/**
 * The handler behind the gate. What the gate refuses, or answers by itself, the handler never sees; what the handler
 * throws, whoever called sees.
 *
 * @param gate The gate.
 * @param handler Answers what the gate lets through, and asks for nothing of what the host hands over beside a request.
 * @param options Where a request came from.
 * @returns What the host calls with a request, and with whatever it hands over beside it.
 *
 * @example
 * ```ts
 * import { withGate } from "edgeward/fetch";
 *
 * // For `Deno.serve`, which says beside a request where it came from.
 * type Info = { remoteAddr: { hostname: string } };
 * export const handler = withGate(gate, (request, verdict) => Response.json({ subject: verdict.subject }), {
 *   address: (request, info: Info) => info.remoteAddr.hostname,
 * });
 * ```
 */
export declare function withGate<Rest extends unknown[] = []>(
  gate: Gate,
  handler: FetchHandler,
  options: WithGateOptions<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response>;

/**
 * The same, where the handler is told what the host hands over beside a request, or where there is nothing to say of where
 * it came from.
 *
 * @param gate The gate.
 * @param handler Answers what the gate lets through.
 * @param options Where a request came from.
 * @returns What the host calls with a request, and with whatever it hands over beside it.
 *
 * @example
 * ```ts
 * import { withGate } from "edgeward/fetch";
 *
 * // app/v1/reports/[id]/route.ts of Next.js
 * type Context = { params: Promise<{ id: string }> };
 * export const GET = withGate(gate, async (request, verdict, { params }: Context) => {
 *   const { id } = await params;
 *   return Response.json({ id, subject: verdict.subject });
 * });
 * ```
 */
export declare function withGate<Rest extends unknown[] = []>(
  gate: Gate,
  handler: FetchHandler<Rest>,
  options?: WithGateOptions<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response>;
