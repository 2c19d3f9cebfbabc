// Something to look at for whoever comes without a credential. None of it opens anything.
const base64url = (bytes) => btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const segment = (value) => base64url(new TextEncoder().encode(JSON.stringify(value)));

/** RFC 7515, appendix A.3: for browsers that sign nothing on pages that came without TLS. It expired in 2011. */
const PUBLISHED = {
  credential:
    "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
  keys: {
    keys: [
      {
        kty: "EC",
        crv: "P-256",
        x: "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        y: "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
      },
    ],
  },
};

/** A token that is good at this time, signed with a key made for it and forgotten at once. Times are in seconds. */
export async function exampleToken(now) {
  if (!globalThis.crypto?.subtle) return { ...PUBLISHED, keys: JSON.stringify(PUBLISHED.keys, null, 2) };
  const ecdsa = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const pair = await crypto.subtle.generateKey(ecdsa, false, ["sign", "verify"]);
  const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const header = { alg: "ES256", typ: "at+jwt", kid: "example-key" };
  const claims = {
    iss: "https://issuer.example",
    aud: "https://api.example",
    sub: "nightly-report",
    client_id: "nightly-report",
    org_id: "org_example",
    scope: "reports:read reports:write",
    iat: now - 12 * 60,
    exp: now + 48 * 60,
    jti: base64url(crypto.getRandomValues(new Uint8Array(12))),
  };
  const signed = `${segment(header)}.${segment(claims)}`;
  const signature = await crypto.subtle.sign(ecdsa, pair.privateKey, new TextEncoder().encode(signed));
  const key = { kty, crv, kid: header.kid, alg: header.alg, use: "sig", x, y };
  return { credential: `${signed}.${base64url(new Uint8Array(signature))}`, keys: JSON.stringify({ keys: [key] }, null, 2) };
}

/** An API key of the right form with a right checksum. */
export const exampleKey = { credential: "demo_test_ExampleKeyId0001_JustAnExampleThatOpensNothing1233sD9M6", keys: "" };

/** What a store could hold of it. The digest is that of a secret which everybody reads above. Times are in seconds. */
export const exampleRecord = (now) => ({
  v: 1,
  digest: "sha-256:e303f07531ad7cdab25c18d16effbe3d9ae9a9d6b0735603f1f46a1c4c59d8a4",
  organization: "org_example",
  owner: "ada@example.com",
  revoker: "security@example.com",
  name: "nightly report",
  environment: "test",
  scopes: ["reports:read"],
  created: now - 30 * 86_400,
  expires: now + 60 * 86_400,
});
