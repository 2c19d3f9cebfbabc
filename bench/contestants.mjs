// Who is measured. Every contestant is first shown a good credential and a bad one, and must tell them apart.
import crypto from "node:crypto";
import { createApiKeyChecker, createJwtVerifier } from "edgeward";
import { importJWK, jwtVerify } from "jose";
import {
  AUDIENCE,
  ISSUER,
  apiKey,
  countingStore,
  mistyped,
  signer,
  tampered,
  tokenPolicy,
} from "../tests/support/credentials.mjs";

const HASHES = { RS256: "sha256", ES256: "sha256", EdDSA: null };
const WEB = {
  HS256: { name: "HMAC", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  ES256: { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" },
  EdDSA: { name: "Ed25519" },
};

/** The parts of a token that a bare signature check needs, taken apart beforehand: that time is not counted. */
export function apart(token) {
  const dot = token.lastIndexOf(".");
  return { token, input: Buffer.from(token.slice(0, dot)), signature: Buffer.from(token.slice(dot + 1), "base64url") };
}

/** A bare check by node:crypto. HMAC has no verify there, so it is made and compared. */
function bare(algorithm, key) {
  if (algorithm === "HS256") {
    return ({ input, signature }) => {
      const made = crypto.createHmac("sha256", key).update(input).digest();
      return made.length === signature.length && crypto.timingSafeEqual(made, signature);
    };
  }
  const hash = HASHES[algorithm];
  const how = algorithm === "ES256" ? { key, dsaEncoding: "ieee-p1363" } : key;
  return ({ input, signature }) => crypto.verify(hash, input, how, signature);
}

/** The contestants for an algorithm, and a maker of tokens. */
export async function ofTokens(algorithm, now) {
  const issuer = signer(algorithm);
  const policy = tokenPolicy(issuer);
  const [native, wasm] = [await createJwtVerifier(policy), await createJwtVerifier(policy, { signatures: "wasm" })];
  const secret = algorithm === "HS256";
  const check = bare(algorithm, secret ? issuer.secret : crypto.createPublicKey(issuer.secret));
  const { kid, alg, use, ...material } = issuer.jwk;
  const webKey = await crypto.subtle.importKey("jwk", material, WEB[algorithm], false, ["verify"]);
  const joseKey = await importJWK(issuer.jwk, algorithm);
  const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  const contestants = [
    { name: "edgeward, native", call: ({ token }) => native.verify(token), accepts: (verdict) => verdict.ok },
    { name: "edgeward, wasm", call: ({ token }) => wasm.verify(token), accepts: (verdict) => verdict.ok },
    { name: secret ? "node:crypto createHmac" : "node:crypto verify", bare: true, call: check, accepts: Boolean },
    {
      name: "crypto.subtle verify",
      asynchronous: true,
      call: ({ input, signature }) => crypto.subtle.verify(WEB[algorithm], webKey, signature, input),
      accepts: Boolean,
    },
    {
      name: "jose jwtVerify",
      asynchronous: true,
      call: ({ token }) => jwtVerify(token, joseKey, expected),
      accepts: ({ payload }) => payload.sub === "app-1",
    },
  ];
  let minted = 0;
  const next = () => apart(issuer.mint({ claims: { jti: `token-${minted++}` }, now }));
  const good = next();
  for (const contestant of contestants) await expectToTellApart(algorithm, contestant, good, apart(tampered(good.token)));
  return { contestants, next };
}

/** The checker of API keys with a memory store, and makers of good and of mistyped keys. */
export async function ofKeys(count, now) {
  const keys = Array.from({ length: count }, () => apiKey({ now }));
  const store = countingStore(...keys);
  const entries = new Map(store.entries);
  const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store: { get: (at) => entries.get(at) } });
  const counted = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
  const call = (key) => checker.check(key);
  const accepts = (verdict) => verdict.ok;
  await expectToTellApart("API key", { name: "edgeward", call, accepts }, keys[0].key, mistyped(keys[0].key));
  counted.check(mistyped(keys[0].key));
  if (store.reads.length > 0) throw new Error("a key with a wrong check was looked up in the store");
  return {
    good: { name: "edgeward, a good key, memory store", call, inputs: keys.map(({ key }) => key) },
    wrong: { name: "edgeward, a wrong check", call, inputs: keys.map(({ key }) => mistyped(key)) },
  };
}

async function expectToTellApart(what, { name, call, accepts }, good, bad) {
  const verdict = async (input) => {
    try {
      return accepts(await call(input)) === true;
    } catch {
      return false;
    }
  };
  if (!(await verdict(good))) throw new Error(`${what}: ${name} refuses a good credential, so its time says nothing`);
  if (await verdict(bad)) throw new Error(`${what}: ${name} accepts a bad credential, so its time says nothing`);
}
