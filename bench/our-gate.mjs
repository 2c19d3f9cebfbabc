// The gate of the package as the bench runs it: no audit sink but one that drops what it gets, as the peer writes no log.
import { env } from "cloudflare:workers";
import { createGate } from "edgeward";

const gate = await createGate(env.BENCH.policy, { origin: env.ORIGIN, audit: () => undefined });

export default gate.worker();
