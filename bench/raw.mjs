// The bare call of the host for each algorithm: what every verifier has to pay.
import crypto from "node:crypto";
import { apart, subtleCheck, WEB } from "./web.mjs";

export { apart };

const { RSA_PKCS1_PSS_PADDING } = crypto.constants;

/** The key as the web's cryptography has it. */
export function webKey({ algorithm, jwk }) {
  const { kid, alg, use, ...material } = jwk;
  return crypto.subtle.importKey("jwk", material, WEB[algorithm].key, false, ["verify"]);
}

/** A bare check by node:crypto. HMAC has no verify there, so it is made and compared. */
export function nodeCheck({ algorithm, secret }) {
  if (algorithm === "HS256") {
    return ({ input, signature }) => {
      const made = crypto.createHmac("sha256", secret).update(input).digest();
      return made.length === signature.length && crypto.timingSafeEqual(made, signature);
    };
  }
  const key = crypto.createPublicKey(secret);
  const how = {
    RS256: key,
    PS256: { key, padding: RSA_PKCS1_PSS_PADDING, saltLength: 32 },
    ES256: { key, dsaEncoding: "ieee-p1363" },
    EdDSA: key,
  }[algorithm];
  const hash = algorithm === "EdDSA" ? null : "sha256";
  return ({ input, signature }) => crypto.verify(hash, input, how, signature);
}

/** A bare check by crypto.subtle. */
export async function webCheck(issuer) {
  return subtleCheck(issuer.algorithm, await webKey(issuer));
}
