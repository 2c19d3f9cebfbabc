// The same gate with Hono and jose, as somebody would write it: one route, its scope, the credential taken out, who it is told to
// the origin, and what is refused said as a problem document.
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { importJWK, jwtVerify } from "jose";

const { issuer, audience, jwk, algorithm } = env.BENCH;
const expected = { issuer, audience, algorithms: [algorithm], typ: "at+jwt", requiredClaims: ["exp"] };
let key;

const app = new Hono();
const refused = (c, status, title) =>
  c.body(JSON.stringify({ title, status }), status, { "content-type": "application/problem+json", "www-authenticate": "Bearer" });

app.get("/v1/reports", async (c) => {
  const authorization = c.req.header("authorization");
  if (!authorization?.startsWith("Bearer ")) return refused(c, 401, "No credential");
  let payload;
  try {
    key ??= await importJWK(jwk, algorithm);
    ({ payload } = await jwtVerify(authorization.slice("Bearer ".length), key, expected));
  } catch {
    return refused(c, 401, "Invalid token");
  }
  if (!payload.scope?.split(" ").includes("reports:read")) return refused(c, 403, "Insufficient scope");
  const headers = new Headers(c.req.raw.headers);
  headers.delete("authorization");
  for (const name of [...headers.keys()]) if (name.startsWith("edgeward-")) headers.delete(name);
  headers.set("edgeward-class", "m2m_token");
  headers.set("edgeward-subject", payload.sub);
  headers.set("edgeward-organization", payload.org_id ?? "");
  headers.set("edgeward-client", payload.client_id ?? "");
  headers.set("edgeward-scopes", payload.scope);
  headers.set("edgeward-request-id", crypto.randomUUID());
  return env.ORIGIN.fetch(new Request(c.req.raw, { headers, redirect: "manual" }));
});

export default app;
