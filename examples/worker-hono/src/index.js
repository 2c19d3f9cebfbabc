// A Worker with Hono that knows who asks: the gate judges every request by policy.json before a route sees it.
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { createGate } from "edgeward";
import { guard } from "edgeward/hono";
import { kvStore } from "edgeward/store/kv";
import policy from "./policy.json";

const gate = await createGate(policy, {
  store: kvStore(env.EDGEWARD_STORE),
  // Cloudflare sets this header itself, over whatever a client sends.
  address: (request) => request.headers.get("cf-connecting-ip"),
});

const app = new Hono();
app.use(guard(gate));

app.get("/v1/reports/:id", (c) => {
  const { class: by, organization } = c.var.edgeward;
  return c.json({ report: c.req.param("id"), organization, askedBy: by });
});
app.put("/v1/reports/:id", async (c) => {
  const { title } = await c.req.json();
  return c.json({ report: c.req.param("id"), title, writtenBy: c.var.edgeward.subject });
});

export default { fetch: app.fetch, scheduled: gate.worker().scheduled };
