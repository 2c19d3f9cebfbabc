// The peer: the same question to jose, as its documentation has it done.
import { env } from "cloudflare:workers";
import { createRemoteJWKSet, jwtVerify } from "jose";

const { jwksUri, expected, rules } = env.BENCH;
const keys = createRemoteJWKSet(new URL(jwksUri), rules);

export default {
  async fetch(request) {
    try {
      const { payload } = await jwtVerify(request.headers.get("authorization").slice("Bearer ".length), keys, expected);
      return Response.json({ ok: true, claims: payload });
    } catch (error) {
      return Response.json({ ok: false, code: error.code });
    }
  },
};
