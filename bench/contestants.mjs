// Who is measured. Every contestant is first shown a good credential and a bad one, and must tell them apart.
import crypto from "node:crypto";
import { createApiKeyChecker, createJwtVerifier } from "edgeward";
import { createVerifier } from "fast-jwt";
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

const HASHES = { RS256: "sha256", PS256: "sha256", ES256: "sha256", EdDSA: null };
const WEB = {
  HS256: { name: "HMAC", hash: "SHA-256" },
  RS256: { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  PS256: { name: "RSA-PSS", hash: "SHA-256", saltLength: 32 },
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
  const options = {
    ES256: { dsaEncoding: "ieee-p1363" },
    PS256: { padding: crypto.constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 },
  };
  const how = algorithm in options ? { key, ...options[algorithm] } : key;
  return ({ input, signature }) => crypto.verify(hash, input, how, signature);
}

/** What verifies the tokens of one issuer, of which all ask for the issuer, the audience and the time. */
async function verifiers(algorithm) {
  const issuer = signer(algorithm);
  const policy = tokenPolicy(issuer);
  const secret = algorithm === "HS256";
  const joseKey = await importJWK(issuer.jwk, algorithm);
  const expected = { issuer: ISSUER, audience: AUDIENCE, algorithms: [algorithm] };
  const key = secret ? issuer.secret.export() : crypto.createPublicKey(issuer.secret).export({ type: "spki", format: "pem" });
  const fast = { key, algorithms: [algorithm], allowedIss: ISSUER, allowedAud: AUDIENCE, requiredClaims: ["exp"] };
  const ofEdgeward = async (name, host) => {
    const verifier = await createJwtVerifier(policy, host);
    return { name, call: ({ token }) => verifier.verify(token), accepts: (verdict) => verdict.ok };
  };
  const ofFastJwt = (name, options) => {
    const verify = createVerifier({ ...fast, ...options });
    return { name, call: ({ token }) => verify(token), accepts: (payload) => payload.sub === "app-1" };
  };
  let minted = 0;
  return {
    issuer,
    native: await ofEdgeward("edgeward, native"),
    wasm: await ofEdgeward("edgeward, wasm", { signatures: "wasm" }),
    fast: ofFastJwt("fast-jwt", { cache: false }),
    cached: ofFastJwt("fast-jwt, its cache", { cache: true }),
    jose: {
      name: "jose jwtVerify",
      asynchronous: true,
      call: ({ token }) => jwtVerify(token, joseKey, expected),
      accepts: ({ payload }) => payload.sub === "app-1",
    },
    mint: (now, changed) => apart(issuer.mint({ claims: { jti: `token-${minted++}`, ...changed }, now })),
  };
}

/** The contestants for an algorithm, and a maker of tokens. */
export async function ofTokens(algorithm, now) {
  const { issuer, native, wasm, fast, jose, mint } = await verifiers(algorithm);
  const secret = algorithm === "HS256";
  const check = bare(algorithm, secret ? issuer.secret : crypto.createPublicKey(issuer.secret));
  const { kid, alg, use, ...material } = issuer.jwk;
  const webKey = await crypto.subtle.importKey("jwk", material, WEB[algorithm], false, ["verify"]);
  const contestants = [
    native,
    wasm,
    { name: secret ? "node:crypto createHmac" : "node:crypto verify", bare: true, call: check, accepts: Boolean },
    {
      name: "crypto.subtle verify",
      asynchronous: true,
      call: ({ input, signature }) => crypto.subtle.verify(WEB[algorithm], webKey, signature, input),
      accepts: Boolean,
    },
    fast,
    jose,
  ];
  const next = () => mint(now);
  const good = next();
  for (const contestant of contestants) await expectToTellApart(algorithm, contestant, good, apart(tampered(good.token)));
  return { contestants, next };
}

/** Who remembers a token, and who does not, and a few tokens that are shown over and over. */
export async function ofKnownTokens(algorithm, count, now) {
  const { native, cached, jose, mint } = await verifiers(algorithm);
  const contestants = [{ ...native, bare: true }, cached, jose];
  const tokens = Array.from({ length: count }, () => mint(now));
  for (const contestant of contestants) {
    await expectToTellApart("a known token", contestant, tokens[0], apart(tampered(tokens[0].token)));
    for (const token of tokens) if (!contestant.accepts(await contestant.call(token))) throw new Error(contestant.name);
  }
  const [once, again] = [await native.call(tokens[0]), await native.call(tokens[0])];
  if (once.cache !== "hit" || once !== again) throw new Error("the token is not known, so its time says nothing");
  return { contestants, tokens };
}

/** One verifier that is shown good tokens, and those that it must refuse: each kind by itself, and each token once. */
export async function ofRefusedTokens(algorithm, now) {
  const { native, mint } = await verifiers(algorithm);
  const good = () => mint(now).token;
  const deep = Buffer.from(`{"x":${"[".repeat(5000)}`).toString("base64url");
  const kinds = {
    good: [good],
    "the signature of another": [() => `${good().replace(/[^.]*$/, "")}${good().split(".")[2]}`, "signature_invalid"],
    expired: [() => mint(now, { exp: Math.floor(now / 1000) - 60 }).token, "token_expired"],
    "another audience": [() => mint(now, { aud: "https://another.example" }).token, "audience_mismatch"],
    "an unknown kid": [() => reheaded(good(), { kid: crypto.randomUUID() }), "signing_key_unknown"],
    "too many bytes": [() => `${good()}${"A".repeat(20_000)}`, "token_too_large"],
    "deep JSON": [() => good().replace(/\..*\./, `.${deep}.`), "payload_invalid"],
    "no form of a token": [() => crypto.randomBytes(300).toString("base64url"), "token_malformed"],
  };
  const contestants = [];
  for (const [name, [make, code]] of Object.entries(kinds)) {
    const verdict = await native.call({ token: make() });
    const told = verdict.ok ? undefined : verdict.code;
    if (told !== code) throw new Error(`${name}: ${told ?? "accepted"}, not ${code}`);
    contestants.push({ name, bare: code === undefined, call: native.call, make });
  }
  return contestants;
}

function reheaded(token, members) {
  const [head, ...rest] = token.split(".");
  const header = { ...JSON.parse(Buffer.from(head, "base64url").toString()), ...members };
  return [Buffer.from(JSON.stringify(header)).toString("base64url"), ...rest].join(".");
}

/** The checker of API keys with a memory store, and makers of good and of mistyped keys. */
export async function ofKeys(count, now) {
  const keys = Array.from({ length: count + 50 }, () => apiKey({ now }));
  const store = countingStore(...keys);
  const entries = new Map(store.entries);
  const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store: { get: (at) => entries.get(at) } });
  const known = keys.slice(0, 50).map(({ key }) => key);
  for (const key of known) if (!checker.check(key).ok || checker.check(key).cache !== "hit") throw new Error("a key is not known");
  const counted = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
  const call = (key) => checker.check(key);
  const accepts = (verdict) => verdict.ok;
  await expectToTellApart("API key", { name: "edgeward", call, accepts }, keys[0].key, mistyped(keys[0].key));
  counted.check(mistyped(keys[0].key));
  if (store.reads.length > 0) throw new Error("a key with a wrong check was looked up in the store");
  return {
    good: { name: "edgeward, a good key, memory store", call, inputs: keys.slice(50).map(({ key }) => key) },
    known: { name: "edgeward, a known key", call, inputs: Array.from({ length: count }, (_, at) => known[at % known.length]) },
    wrong: { name: "edgeward, a wrong check", call, inputs: keys.slice(50).map(({ key }) => mistyped(key)) },
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
