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
 * @example
 * const gate = await createGate(policy, { store });
 * Deno.serve(withGate(gate, (request, verdict) => Response.json({ subject: verdict.subject }), {
 *   address: (request, info: Deno.ServeHandlerInfo<Deno.NetAddr>) => info.remoteAddr.hostname,
 * }));
 * @example
 * export const GET = withGate(gate, async (request, verdict) => Response.json(await reportsOf(verdict.organization)));
 */
export declare function withGate<Rest extends unknown[] = []>(
  gate: Gate,
  handler: FetchHandler<Rest>,
  options?: WithGateOptions<Rest>,
): (request: Request, ...rest: Rest) => Promise<Response>;
