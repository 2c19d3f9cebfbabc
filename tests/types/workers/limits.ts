// What workerd binds as a rate limiter is what a gate can be lent.
/// <reference types="@cloudflare/workers-types" />
import { createGate, type LimitsPolicy, type Verdict } from "edgeward";

export function gateOf(env: { EDGEWARD_LIMIT_KEYS: RateLimit }) {
  const limits: LimitsPolicy = {
    rules: [{ name: "per-key", by: "key", limit: 600, period: 60, binding: "EDGEWARD_LIMIT_KEYS", whenUnavailable: "deny" }],
    refused: { limit: 30, period: 60 },
  };
  return createGate({ limits }, { limiters: { EDGEWARD_LIMIT_KEYS: env.EDGEWARD_LIMIT_KEYS } });
}

export const waits = (verdict: Verdict): number | undefined => (verdict.ok ? undefined : verdict.retryAfter);

// @ts-expect-error: there is no such thing to count by.
export const wrong: LimitsPolicy = { rules: [{ name: "a", by: "everything", limit: 1, period: 60 }] };
