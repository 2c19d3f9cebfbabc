// Each object that holds memory of the core: how it is made over a host, and how it is used.
import { createApiKeyChecker, createClientAdmin, createGate, createJwtVerifier, createKeyAdmin, createOriginCheck } from "edgeward";
import { initSync } from "edgeward/slim";
import { AUDIENCE, ISSUER, NOW, keySet, signer, tokenPolicy } from "./credentials.mjs";
import { memory } from "./memory.mjs";

export const issuer = signer("ES256");
export const token = issuer.mint();
export const policy = tokenPolicy(issuer);
export const form = { prefix: "acme", environment: "live" };
export const request = { method: "GET", url: "https://api.example/v1/reports", headers: { authorization: `Bearer ${token}` } };
export const gatePolicy = { ...policy, routes: [{ methods: ["GET"], path: "/v1/*", classes: ["m2m_token"] }] };
const originPolicy = { issuer: ISSUER, audience: AUDIENCE, jwks: keySet(issuer) };
export const now = () => NOW;

export const turn = () => new Promise((resolve) => setImmediate(resolve));

export const KINDS = {
  verifier: { make: (host) => createJwtVerifier(policy, host), use: (verifier) => verifier.verify(token) },
  checker: { make: (host) => createApiKeyChecker(form, host), use: (checker) => checker.check("acme_live_no") },
  admin: { make: (host) => createKeyAdmin(form, host), use: (admin) => admin.list() },
  clients: { make: (host) => createClientAdmin({}, host), use: (clients) => clients.list() },
  gate: { make: (host) => createGate(gatePolicy, { audit: () => {}, ...host }), use: (gate) => gate.check(request) },
  "origin check": { make: (host) => createOriginCheck(originPolicy, host), use: (check) => check.check(request) },
};

/** What stays in use when the collector has done what it can. */
export async function settled() {
  for (let round = 0; round < 3; round++) {
    memory();
    await turn();
  }
  return { ...memory(), held: initSync().__wbindgen_externrefs.length };
}
