// Requests per second through the gate in workerd, and through the same gate written with Hono and jose: one route for tokens,
// in front of one origin, the two by turns with the same tokens, each of which comes once to each. The load comes from a
// thread of Node, and so costs both the same; on a machine of few cores it takes its share of them.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { AUDIENCE, ISSUER, signer, tampered, tokenPolicy } from "../tests/support/credentials.mjs";
import { told } from "./measure.mjs";
import { bundleFile, start } from "./workers.mjs";

const ALGORITHM = "ES256";
const CONNECTIONS = 16;
const ORIGIN = 'export default { fetch: (request) => new Response(request.headers.get("authorization") ?? request.headers.get("edgeward-subject")) };';

export async function throughput({ turns, requests }) {
  const issuer = signer(ALGORITHM);
  const now = Date.now();
  const policy = {
    ...tokenPolicy(issuer, { typ: "at+jwt" }),
    tlsEndsAhead: true,
    routes: [{ methods: ["GET"], path: "/v1/reports", classes: ["m2m_token"], scopes: ["reports:read"] }],
  };
  const BENCH = { issuer: ISSUER, audience: AUDIENCE, jwk: issuer.jwk, algorithm: ALGORITHM, policy };
  const shared = { bindings: { BENCH }, serviceBindings: { ORIGIN: "origin" } };
  const runtime = await start([
    { name: "edgeward", ...(await bundleFile("our-gate.mjs")), ...shared },
    { name: "Hono and jose", ...(await bundleFile("hono-gate.mjs")), ...shared },
    { name: "origin", script: ORIGIN },
  ]);
  const thread = new Worker(new URL("load.mjs", import.meta.url));
  const load = async (name, tokens) => {
    const url = new URL("/v1/reports", await runtime.url(name)).href;
    thread.postMessage({ url, tokens, connections: CONNECTIONS });
    const [answer] = await once(thread, "message");
    if (answer.error) throw new Error(`the load on ${name}: ${answer.error}`);
    return answer;
  };
  const contestants = [{ name: "Hono and jose", bare: true }, { name: "edgeward" }];
  let minted = 0;
  const mint = () => issuer.mint({ claims: { jti: `token-${minted++}` }, now });
  try {
    for (const { name } of contestants) {
      for (const [what, token, status] of [
        ["a good token", mint(), 200],
        ["a forged token", tampered(mint()), 401],
        ["a token that has ended", issuer.mint({ now: now - 3_600_000 }), 401],
        ["a token without the scope", issuer.mint({ now, claims: { scope: "nothing" } }), 403],
      ]) {
        const { statuses } = await load(name, [token]);
        if (statuses[status] !== 1) throw new Error(`${name} answers ${what} with ${Object.keys(statuses)}, and not with ${status}`);
      }
    }
    const samples = contestants.map(() => []);
    const warmup = 2;
    for (let turn = 0; turn < turns + warmup; turn++) {
      const tokens = Array.from({ length: requests }, mint);
      for (let place = 0; place < contestants.length; place++) {
        const which = (place + turn) % contestants.length;
        const { took, statuses } = await load(contestants[which].name, tokens);
        if (statuses[200] !== requests) throw new Error(`${contestants[which].name} answered ${JSON.stringify(statuses)}`);
        if (turn >= warmup) samples[which].push((requests * 1000) / took);
      }
    }
    const results = contestants.map((_, which) => told(contestants, samples, which));
    return [{ part: "gate", name: `workerd, a gate, ${ALGORITHM}`, unit: "requests/s", results }];
  } finally {
    await thread.terminate();
    await runtime.stop();
  }
}
