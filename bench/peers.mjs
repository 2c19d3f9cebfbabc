// The peers in Node, each as its documentation has it done, and each asked for the same: signature, issuer, audience, end.
// A peer is a name and a maker of `call`; one that has not the algorithm is left out by `algorithms`.
import { createPublicKey } from "node:crypto";
import { verify as tsndr } from "@tsndr/cloudflare-worker-jwt";
import { JwtVerifier } from "aws-jwt-verify";
import { createVerifier } from "fast-jwt";
import { verify as hono } from "hono/jwt";
import { importJWK, jwtVerify } from "jose";
import jsonwebtoken from "jsonwebtoken";
import { AUDIENCE, ISSUER } from "../tests/support/credentials.mjs";
import { webKey } from "./raw.mjs";

const ALL = ["RS256", "PS256", "ES256", "EdDSA", "HS256"];

/** The key as text for those that take PEM, or the secret as bytes. */
const material = ({ algorithm, secret }) =>
  algorithm === "HS256" ? secret.export() : createPublicKey(secret).export({ type: "spki", format: "pem" });

function fastJwt(issuer, cache) {
  const verify = createVerifier({
    key: material(issuer),
    algorithms: [issuer.algorithm],
    allowedIss: ISSUER,
    allowedAud: AUDIENCE,
    requiredClaims: ["iss", "aud", "exp"],
    cache,
  });
  return (token) => verify(token).sub === "app-1";
}

export const PEERS = [
  {
    name: "jose",
    algorithms: ALL,
    async make(issuer) {
      const key = await importJWK(issuer.jwk, issuer.algorithm);
      const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: [issuer.algorithm], requiredClaims: ["exp"] };
      return async (token) => (await jwtVerify(token, key, expected)).payload.sub === "app-1";
    },
  },
  { name: "fast-jwt", algorithms: ALL, make: (issuer) => fastJwt(issuer, false) },
  { name: "fast-jwt, cache", algorithms: ALL, make: (issuer) => fastJwt(issuer, true) },
  {
    name: "jsonwebtoken",
    algorithms: ALL.filter((algorithm) => algorithm !== "EdDSA"),
    make(issuer) {
      const key = issuer.algorithm === "HS256" ? issuer.secret : createPublicKey(issuer.secret);
      const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: [issuer.algorithm] };
      return (token) => jsonwebtoken.verify(token, key, expected).sub === "app-1";
    },
  },
  {
    name: "aws-jwt-verify",
    algorithms: ["RS256", "ES256", "EdDSA"],
    make(issuer) {
      const verifier = JwtVerifier.create({ issuer: ISSUER, audience: AUDIENCE, jwksUri: `${ISSUER}/jwks.json` });
      verifier.cacheJwks({ keys: [issuer.jwk] });
      return (token) => verifier.verifySync(token).sub === "app-1";
    },
  },
  {
    name: "hono/jwt",
    algorithms: ALL,
    async make(issuer) {
      const key = await webKey(issuer);
      const expected = { alg: issuer.algorithm, iss: ISSUER, aud: AUDIENCE, typ: "at+jwt" };
      return async (token) => (await hono(token, key, expected)).sub === "app-1";
    },
  },
  {
    name: "@tsndr/cloudflare-worker-jwt",
    algorithms: ["RS256", "ES256", "HS256"],
    async make(issuer) {
      const key = await webKey(issuer);
      return async (token) => {
        const found = await tsndr(token, key, { algorithm: issuer.algorithm });
        // It knows no issuer and no audience: whoever uses it checks them.
        return found !== undefined && found.payload.iss === ISSUER && found.payload.aud === AUDIENCE && found.payload.sub === "app-1";
      };
    },
  },
];
