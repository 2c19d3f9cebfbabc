// Tokens and API keys made without the code under test: tokens by Node's own cryptography, keys by the words of the
// contract (§5.1 the form, §5.2 the record).
import {
  constants,
  createHash,
  createHmac,
  createPrivateKey,
  createSecretKey,
  generateKeyPairSync,
  randomBytes,
  randomInt,
  sign,
} from "node:crypto";

export const ISSUER = "https://issuer.example";
export const AUDIENCE = "https://api.example";
/** The moment at which the tests live, in milliseconds: a time of their own, far from the clock of the machine. */
export const NOW = Date.UTC(2031, 4, 6, 7, 8, 9);

const seconds = (milliseconds) => Math.floor(milliseconds / 1000);

/** A segment of a token: bytes or text as they are, anything else as JSON. */
export function segment(part) {
  const bytes = typeof part === "string" || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(bytes).toString("base64url");
}

const rsa = { make: () => generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey, family: "rsa" };
const ed25519 = { make: () => generateKeyPairSync("ed25519").privateKey, family: "ed25519" };
const hmac = (bits) => ({
  make: () => createSecretKey(randomBytes(bits / 8)),
  family: `oct-${bits}`,
  sign: (input, key) => createHmac(`sha${bits}`, key).update(input).digest(),
});
const pkcs1 = (bits) => ({
  ...rsa,
  sign: (input, key) => sign(`sha${bits}`, input, { key, padding: constants.RSA_PKCS1_PADDING }),
});
const pss = (bits) => ({
  ...rsa,
  sign: (input, key, saltLength = bits / 8) =>
    sign(`sha${bits}`, input, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength }),
});
const ecdsa = (namedCurve, bits) => ({
  make: () => generateKeyPairSync("ec", { namedCurve }).privateKey,
  family: namedCurve,
  sign: (input, key) => sign(`sha${bits}`, input, { key, dsaEncoding: "ieee-p1363" }),
});
const mlDsa = (size) => ({
  make: () => generateKeyPairSync(`ml-dsa-${size}`).privateKey,
  family: `ml-dsa-${size}`,
  sign: (input, key) => sign(null, input, key),
});
// Node signs with ML-DSA from 24.7 on. Before that the examples of RFC 9964 stand for it (signatures.test.mjs).
const [major, minor] = process.versions.node.split(".").map(Number);
const signsMlDsa = major > 24 || (major === 24 && minor >= 7);
const eddsa = { ...ed25519, sign: (input, key) => sign(null, input, key) };

/** How each algorithm signs, by its registered name. */
export const ALGORITHMS = {
  HS256: hmac(256),
  HS384: hmac(384),
  HS512: hmac(512),
  RS256: pkcs1(256),
  RS384: pkcs1(384),
  RS512: pkcs1(512),
  PS256: pss(256),
  PS384: pss(384),
  PS512: pss(512),
  ES256: ecdsa("P-256", 256),
  ES384: ecdsa("P-384", 384),
  ES512: ecdsa("P-521", 512),
  ES256K: ecdsa("secp256k1", 256),
  EdDSA: eddsa,
  Ed25519: eddsa,
  ...(signsMlDsa && { "ML-DSA-44": mlDsa(44), "ML-DSA-65": mlDsa(65), "ML-DSA-87": mlDsa(87) }),
};

// A key pair takes long to make, and any will do for tests that do not compare two of a kind.
const made = new Map();

/** A signer for an algorithm. `another` makes a key of its own; otherwise all of a family share one. */
export function signer(algorithm, { kid = `${algorithm}-1`, another = false, key } = {}) {
  const scheme = ALGORITHMS[algorithm];
  if (key === undefined && !another && !made.has(scheme.family)) made.set(scheme.family, scheme.make());
  const secret = key ?? (another ? scheme.make() : made.get(scheme.family));
  const { d, p, q, dp, dq, qi, priv, ...material } = secret.export({ format: "jwk" });
  return {
    algorithm,
    kid,
    /** The key as an issuer publishes it, or the secret where both sides share one. */
    jwk: { ...material, kid, alg: algorithm, use: "sig" },
    secret,
    sign: (input, ...options) => scheme.sign(Buffer.from(input), secret, ...options),
    /** A token with these claims over the usual ones; what is undefined is left out. */
    mint({ claims = {}, header = {}, now = NOW } = {}) {
      const at = seconds(now);
      const usual = {
        iss: ISSUER,
        aud: AUDIENCE,
        sub: "app-1",
        client_id: "client-1",
        org_id: "org-1",
        scope: "reports:read reports:write",
        jti: "token-1",
        iat: at,
        exp: at + 600,
      };
      return this.sealed({ alg: algorithm, kid, typ: "at+jwt", ...header }, { ...usual, ...claims });
    },
    /** The token of exactly this header and payload. */
    sealed(header, payload) {
      const input = `${segment(header)}.${segment(payload)}`;
      return `${input}.${segment(this.sign(input))}`;
    },
  };
}

/** A signer with the private key of a JWK. */
export function signerOf(jwk, algorithm, kid) {
  return signer(algorithm, { kid, key: createPrivateKey({ key: jwk, format: "jwk" }) });
}

export const keySet = (...signers) => ({ keys: signers.map(({ jwk }) => jwk) });

/** The policy of the one issuer whose keys these are; `issuer` changes it. */
export function tokenPolicy(signers, issuer = {}) {
  const several = [signers].flat();
  return {
    issuers: [
      {
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: [...new Set(several.map(({ algorithm }) => algorithm))],
        jwks: keySet(...several),
        ...issuer,
      },
    ],
  };
}

/** The token with another payload under the same signature. */
export function tampered(token, claims = { sub: "app-2" }) {
  const [header, payload, signature] = token.split(".");
  const changed = { ...JSON.parse(Buffer.from(payload, "base64url")), ...claims };
  return `${header}.${segment(changed)}.${signature}`;
}

/** The token with its signature put through a function. */
export function resigned(token, change) {
  const [header, payload, signature] = token.split(".");
  return `${header}.${payload}.${segment(change(Buffer.from(signature, "base64url")))}`;
}

const BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const randomText = (length) => Array.from({ length }, () => BASE62[randomInt(62)]).join("");

function base62(number) {
  let text = "";
  for (let place = 0; place < 6; place++) {
    text = BASE62[Number(number % 62n)] + text;
    number /= 62n;
  }
  return text;
}

/** CRC-32 as in zlib (IEEE 802.3, reflected), a bit at a time. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** The six characters over all that stands before them: a CRC-32, or with a seal the head of an HMAC. */
export function keyCheck(covered, seal) {
  if (seal === undefined) return base62(BigInt(crc32(Buffer.from(covered))));
  return base62(createHmac("sha256", seal).update(covered).digest().readBigUInt64BE() % 62n ** 6n);
}

/**
 * An API key with the record that a store holds of it. `record` changes the record's members; what is undefined is
 * left out.
 */
export function apiKey({
  prefix = "acme",
  environment = "live",
  id = randomText(16),
  secret = randomText(32),
  seal,
  now = NOW,
  record = {},
} = {}) {
  const covered = `${prefix}_${environment}_${id}_${secret}`;
  return {
    key: covered + keyCheck(covered, seal),
    id,
    secret,
    storeKey: `key/${id}`,
    record: {
      v: 1,
      digest: `sha-256:${createHash("sha256").update(secret).digest("hex")}`,
      organization: "org-1",
      owner: "ada@example.com",
      revoker: "security@example.com",
      name: "nightly reports",
      environment,
      scopes: ["reports:read"],
      created: seconds(now) - 3600,
      ...record,
    },
  };
}

/** The key with one character of its check changed. */
export function mistyped(key) {
  return key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");
}

/** A store in memory that remembers what it was asked for. */
export function countingStore(...keys) {
  const entries = new Map(keys.map(({ storeKey, record }) => [storeKey, JSON.stringify(record)]));
  const reads = [];
  return {
    entries,
    reads,
    get(key) {
      reads.push(key);
      return entries.get(key) ?? null;
    },
  };
}
