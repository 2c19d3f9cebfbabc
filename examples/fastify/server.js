// A service on Fastify that knows who asks: the gate judges every request by policy.json before its body is parsed.
import { readFileSync } from "node:fs";
import fastify from "fastify";
import { createGate } from "edgeward";
import { fastifyGuard } from "edgeward/node";
import { fileStore } from "edgeward/store/file";

const { EDGEWARD_POLICY, EDGEWARD_RECORDS, PORT } = process.env;
const policy = readFileSync(EDGEWARD_POLICY ?? new URL("policy.json", import.meta.url), "utf8");
// `npx edgeward keys --store file:records` writes into the same directory.
const gate = await createGate(policy, { store: fileStore(EDGEWARD_RECORDS ?? "records") });

const app = fastify();
app.register(fastifyGuard(gate));

app.get("/v1/reports/:id", async (request) => {
  const { class: by, organization } = request.edgeward;
  return { report: request.params.id, organization, askedBy: by };
});
app.put("/v1/reports/:id", async (request) => {
  return { report: request.params.id, title: request.body.title, writtenBy: request.edgeward.subject };
});

// By the clock, so that no request waits for the keys of an issuer.
const timer = setInterval(() => void gate.refresh(), 300_000);
app.addHook("onClose", async () => {
  clearInterval(timer);
  await gate.flush();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void app.close());

console.log(`Listening on ${await app.listen({ port: Number(PORT ?? 8000), host: "127.0.0.1" })}`);
