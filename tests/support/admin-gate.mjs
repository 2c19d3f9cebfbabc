// A gate in Node behind a small HTTP server of this machine, with an issuer whose clients administer keys.
import { createServer } from "node:http";
import { createGate } from "edgeward";
import { keeping } from "./audit-schema.mjs";
import { ISSUER, signer, tokenPolicy } from "./credentials.mjs";

const issuer = signer("ES256");

/** A token of an administrator. */
export function adminToken({ scope = "edgeward:read edgeward:write", client = "admin-cli" } = {}) {
  return issuer.mint({ now: Date.now(), claims: { scope, client_id: client, sub: client } });
}

/** The policy of a gate that is administered by that issuer's clients. */
export const adminPolicy = (change = {}) => ({
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live", foreignKeys: { prefixes: ["old_"] } },
  admin: { issuer: ISSUER },
  routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["api_key"], scopes: ["reports:read"] }],
  ...change,
});

/** Starts the server. The answer has its `url` with the gate's prefix, the audit `events`, and `stop`. */
export async function startAdminGate(options, policy = adminPolicy()) {
  const events = [];
  const gate = await createGate(policy, { audit: keeping(events), ...options });
  const server = createServer(async (incoming, outgoing) => {
    const chunks = [];
    for await (const chunk of incoming) chunks.push(chunk);
    const hasBody = !["GET", "HEAD"].includes(incoming.method);
    const request = new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
      body: hasBody ? Buffer.concat(chunks) : undefined,
    });
    const answer = await gate.fetch(request);
    outgoing.writeHead(answer.status, Object.fromEntries(answer.headers));
    outgoing.end(Buffer.from(await answer.arrayBuffer()));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    gate,
    events,
    url: `http://127.0.0.1:${server.address().port}/_edgeward`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
