// The gate as middleware of Hono.
import type { Context, MiddlewareHandler } from "hono";
import { changed, fromOf, handed, requireGate, responseOf } from "./guarded.js";
import type { EdgewardEnv, GuardOptions } from "../types/hono.js";
import type { Gate, Guarded } from "../types/index.js";

export function guard(gate: Gate, options: GuardOptions = {}): MiddlewareHandler<EdgewardEnv> {
  requireGate(gate, "guard");
  return async (c, next) => {
    const { method } = c.req.raw;
    let answer: Extract<Guarded, { action: "pass" }>["answer"];
    try {
      const guarded = await gate.guard(c.req.raw, fromOf<[Context]>(options, c));
      if (guarded.action === "respond") return responseOf(guarded.response, method);
      ({ answer } = guarded);
      c.req.raw = handed(c.req.raw, guarded.request);
      c.set("edgeward", guarded.verdict);
    } catch (error) {
      return responseOf(gate.failed(method, error), method);
    }
    await next();
    if (answer !== null) {
      const response = changed(c.res, answer);
      // What is put over another answer takes on its headers.
      c.res = undefined;
      c.res = response;
    }
    return undefined;
  };
}
