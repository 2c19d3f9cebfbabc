// A service on Express that knows who asks: the gate judges every request by policy.json before anything else sees it.
import { readFileSync } from "node:fs";
import express from "express";
import { createGate } from "edgeward";
import { expressGuard } from "edgeward/node";
import { fileStore } from "edgeward/store/file";

const { EDGEWARD_POLICY, EDGEWARD_RECORDS, PORT } = process.env;
const policy = readFileSync(EDGEWARD_POLICY ?? new URL("policy.json", import.meta.url), "utf8");
// `npx edgeward keys --store file:records` writes into the same directory.
const gate = await createGate(policy, { store: fileStore(EDGEWARD_RECORDS ?? "records") });

const app = express();
app.disable("x-powered-by");
// In front of what parses bodies: the gate has endpoints of its own.
app.use(expressGuard(gate));
app.use(express.json());

app.get("/v1/reports/:id", (request, response) => {
  const { class: by, organization } = request.edgeward;
  response.json({ report: request.params.id, organization, askedBy: by });
});
app.put("/v1/reports/:id", (request, response) => {
  response.json({ report: request.params.id, title: request.body.title, writtenBy: request.edgeward.subject });
});

const server = app.listen(Number(PORT ?? 8000), "127.0.0.1", () => {
  console.log(`Listening on http://127.0.0.1:${server.address().port}`);
});

// By the clock, so that no request waits for the keys of an issuer.
const timer = setInterval(() => void gate.refresh(), 300_000);

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, async () => {
    clearInterval(timer);
    server.close();
    await gate.flush();
  });
}
