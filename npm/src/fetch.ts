// The gate in front of a function that takes a `Request`.
import { changed, fromOf, handed, requireGate, responseOf } from "./guarded.js";
import type { FetchHandler, WithGateOptions } from "../types/fetch.js";
import type { Gate, Guarded } from "../types/index.js";

export function withGate<Rest extends unknown[]>(
  gate: Gate,
  handler: FetchHandler<Rest>,
  options: WithGateOptions<Rest> = {},
): (request: Request, ...rest: Rest) => Promise<Response> {
  requireGate(gate, "withGate");
  if (typeof handler !== "function") throw new TypeError("withGate takes a handler: a function of a request and a verdict");
  return async (request, ...rest) => {
    let passed: Extract<Guarded, { action: "pass" }>;
    let onward: Request;
    try {
      const guarded = await gate.guard(request, fromOf(options, request, ...rest));
      if (guarded.action === "respond") return responseOf(guarded.response, request.method);
      passed = guarded;
      onward = handed(request, guarded.request);
    } catch (error) {
      return responseOf(gate.failed(request.method, error), request.method);
    }
    return changed(await handler(onward, passed.verdict, ...rest), passed.answer);
  };
}
