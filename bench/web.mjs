// The bare call of the web's cryptography, for Node and for workerd: nothing in here needs either.

export const WEB = {
  HS256: { key: { name: "HMAC", hash: "SHA-256" }, check: { name: "HMAC" } },
  RS256: { key: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, check: { name: "RSASSA-PKCS1-v1_5" } },
  PS256: { key: { name: "RSA-PSS", hash: "SHA-256" }, check: { name: "RSA-PSS", saltLength: 32 } },
  ES256: { key: { name: "ECDSA", namedCurve: "P-256" }, check: { name: "ECDSA", hash: "SHA-256" } },
  EdDSA: { key: { name: "Ed25519" }, check: { name: "Ed25519" } },
};

const encoder = new TextEncoder();

function bytes(text) {
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** The parts of a token that a bare signature check needs, taken apart beforehand: that time is not counted. */
export function apart(token) {
  const dot = token.lastIndexOf(".");
  return { token, input: encoder.encode(token.slice(0, dot)), signature: bytes(token.slice(dot + 1)) };
}

export const subtleCheck = (algorithm, key) => ({ input, signature }) =>
  crypto.subtle.verify(WEB[algorithm].check, key, signature, input);
