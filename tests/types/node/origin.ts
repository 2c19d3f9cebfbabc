// Both sides of an assertion as a program in Node writes them.
import { createServer } from "node:http";
import { createGate, createOriginCheck } from "edgeward";
import type { AssertionPolicy, OriginCheck, OriginPolicy, OriginVerdict } from "edgeward";

const assertion: AssertionPolicy = { issuer: "https://api.example", audience: "https://origin.example", lifetime: 30 };
await createGate({ assertion, routes: [] }, { assertionKeys: [{ kty: "OKP" }] });
await createGate({ assertion, routes: [] }, { assertionKeys: "[]" });

const policy: OriginPolicy = { issuer: "https://api.example", audience: ["a", "b"], jwksUri: "https://api.example/.well-known/jwks.json" };
const check: OriginCheck = await createOriginCheck(policy, { now: Date.now });

createServer(async (request, response) => {
  const { method = "", url = "", headers } = request;
  const verdict: OriginVerdict = await check.check({ method, url, headers });
  if (verdict.ok) response.end(`${verdict.class satisfies "m2m_token" | "api_key"} ${verdict.claims["htu"]}`);
  else response.writeHead(verdict.status).end(verdict.code);
});

// @ts-expect-error The gate has a name.
await createOriginCheck({ audience: "a" });
// @ts-expect-error Keys are private JWKs, not bytes.
await createGate({ assertion }, { assertionKeys: 7 });
