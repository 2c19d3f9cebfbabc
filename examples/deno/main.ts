// A service on Deno that knows who asks: the gate judges every request by policy.json, and what it lets through comes to
// `reports`, which sees no credential.
import { type Allowed, createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { fileStore } from "edgeward/store/file";

const here = new URL("./policy.json", import.meta.url);
const policy = await Deno.readTextFile(Deno.env.get("EDGEWARD_POLICY") ?? here);

// The records of API keys. `edgeward keys --store file:records` writes into the same directory.
const gate = await createGate(policy, { store: fileStore(Deno.env.get("EDGEWARD_RECORDS") ?? "records") });

/** The API, which is told who asks. */
function reports(request: Request, { class: askedBy, organization }: Allowed): Response {
  const report = new URL(request.url).pathname.split("/").at(-1);
  if (request.method === "DELETE") return new Response(null, { status: 204 });
  return Response.json({ report, organization, askedBy });
}

const server = Deno.serve(
  { hostname: "127.0.0.1", port: Number(Deno.env.get("PORT") ?? 8000) },
  withGate(gate, reports, {
    // From the connection itself. Behind a proxy, name it as `trustedProxies` in the policy.
    address: (request, { remoteAddr }: Deno.ServeHandlerInfo<Deno.NetAddr>) => remoteAddr.hostname,
  }),
);

// By the clock, so that no request waits for the keys of an issuer.
const refresh = () => void gate.refresh();
refresh();
const timer = setInterval(refresh, 300_000);

async function stop() {
  clearInterval(timer);
  await server.shutdown();
  await gate.flush();
  Deno.exit();
}
for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, stop);
