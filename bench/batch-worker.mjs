// Runs inside workerd: keeps the tokens that it is given, and checks all of them by one contestant when it is asked to.
// A contestant is made when it is asked first, in a request of its own that is not counted.
import { env } from "cloudflare:workers";
import { verify as tsndr } from "@tsndr/cloudflare-worker-jwt";
import { createApiKeyChecker, createJwtVerifier } from "edgeward";
import { verify as hono } from "hono/jwt";
import { importJWK, jwtVerify } from "jose";
import { apart, subtleCheck, WEB } from "./web.mjs";

const { issuer, audience, jwks, records } = env.BENCH;
const policy = (algorithm) => ({ issuers: [{ issuer, audience, algorithms: [algorithm], jwks: { keys: [jwks[algorithm]] } }] });
const webKey = (algorithm) => {
  const { kid, alg, use, ...material } = jwks[algorithm];
  return crypto.subtle.importKey("jwk", material, WEB[algorithm].key, false, ["verify"]);
};

const CONTESTANTS = {
  // What a batch costs by itself: the request, the answer, the loop.
  nothing: () => () => true,
  async edgeward(algorithm) {
    const verifier = await createJwtVerifier(policy(algorithm));
    const read = ({ ok }) => ok;
    return ({ token }) => {
      const verdict = verifier.verify(token);
      return verdict instanceof Promise ? verdict.then(read) : verdict.ok;
    };
  },
  "crypto.subtle verify": async (algorithm) => subtleCheck(algorithm, await webKey(algorithm)),
  async jose(algorithm) {
    const key = await importJWK(jwks[algorithm], algorithm);
    const expected = { issuer, audience, algorithms: [algorithm], requiredClaims: ["exp"] };
    return ({ token }) => jwtVerify(token, key, expected).then(({ payload }) => payload.sub === "app-1");
  },
  async "hono/jwt"(algorithm) {
    const key = await webKey(algorithm);
    const expected = { alg: algorithm, iss: issuer, aud: audience, typ: "at+jwt" };
    return ({ token }) => hono(token, key, expected).then(({ sub }) => sub === "app-1");
  },
  async "@tsndr/cloudflare-worker-jwt"(algorithm) {
    const key = await webKey(algorithm);
    return async ({ token }) => {
      const found = await tsndr(token, key, { algorithm });
      return found !== undefined && found.payload.iss === issuer && found.payload.aud === audience && found.payload.sub === "app-1";
    };
  },
  // Keys are given where tokens are otherwise.
  async keys() {
    const store = { get: (name) => records[name] ?? null };
    const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
    return async ({ token }) => (await checker.check(token)).ok;
  },
};

const made = new Map();
let given = [];

async function run(who, algorithm) {
  const name = `${who} ${algorithm}`;
  if (!made.has(name)) made.set(name, await CONTESTANTS[who](algorithm));
  const check = made.get(name);
  let accepted = 0;
  for (const credential of given) {
    try {
      const answer = check(credential);
      if (typeof answer === "boolean" ? answer : await answer) accepted++;
    } catch {
      // Refused.
    }
  }
  return accepted;
}

export default {
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/give") {
      const credentials = await request.json();
      given = searchParams.get("keys") ? credentials.map((token) => ({ token })) : credentials.map(apart);
      return new Response(String(given.length));
    }
    return new Response(String(await run(searchParams.get("who"), searchParams.get("algorithm"))));
  },
};
