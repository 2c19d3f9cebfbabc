// A service on Bun that knows who asks: the gate judges every request by policy.json, and what it lets through comes to
// `reports`, which sees no credential.
import { type Allowed, createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { fileStore } from "edgeward/store/file";

const policy = await Bun.file(process.env.EDGEWARD_POLICY ?? `${import.meta.dir}/policy.json`).text();

// The records of API keys. `edgeward keys --store file:records` writes into the same directory.
const gate = await createGate(policy, { store: fileStore(process.env.EDGEWARD_RECORDS ?? "records") });

/** The API, which is told who asks. */
function reports(request: Request, { class: askedBy, organization }: Allowed): Response {
  const report = new URL(request.url).pathname.split("/").at(-1);
  if (request.method === "DELETE") return new Response(null, { status: 204 });
  return Response.json({ report, organization, askedBy });
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: Number(process.env.PORT ?? 8000),
  fetch: withGate(gate, reports, {
    // From the connection itself. Behind a proxy, name it as `trustedProxies` in the policy.
    address: (request, server: Bun.Server<undefined>) => server.requestIP(request)?.address,
  }),
});
console.log(`Listening on ${server.url}`);

// By the clock, so that no request waits for the keys of an issuer.
const refresh = () => void gate.refresh();
refresh();
const timer = setInterval(refresh, 300_000);

async function stop() {
  clearInterval(timer);
  await server.stop();
  await gate.flush();
  process.exit();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, stop);
