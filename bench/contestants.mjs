// Who is measured in Node, and with what. Every contestant is shown credentials before it is timed, and must tell the good
// from the bad; one that does not is named with what it got wrong, and has no time.
import { createApiKeyChecker, createJwtVerifier } from "edgeward";
import { apiKey, countingStore, mistyped, segment, signer, tampered, tokenPolicy } from "../tests/support/credentials.mjs";
import { PEERS } from "./peers.mjs";
import { apart, nodeCheck, webCheck } from "./raw.mjs";

const ok = async (verdict) => (await verdict).ok === true;

/** Edgeward over the host's cryptography and over its own; what it answers at once is not awaited. */
async function ours(policy) {
  const [native, wasm] = [await createJwtVerifier(policy), await createJwtVerifier(policy, { signatures: "wasm" })];
  return [
    { name: "edgeward, native", verify: (token) => native.verify(token), accepts: (verdict) => verdict.ok },
    { name: "edgeward, wasm", verify: (token) => wasm.verify(token), accepts: (verdict) => verdict.ok },
  ];
}

/** The peers that have the algorithm. One that cannot even be made is named as failing. */
async function peers(issuer, names) {
  const made = [];
  for (const { name, algorithms, make } of PEERS) {
    if (!algorithms.includes(issuer.algorithm) || (names && !names.includes(name))) continue;
    try {
      made.push({ name, verify: await make(issuer), accepts: Boolean });
    } catch (error) {
      made.push({ name, fails: `cannot be made: ${error.message}` });
    }
  }
  return made;
}

/** What a contestant says of an input, where a refusal may be an error; and whether it says so by a promise. */
async function asked({ call, accepts }, input) {
  try {
    const answer = call(input);
    const asynchronous = typeof answer?.then === "function";
    return { accepted: accepts(await answer) === true, asynchronous };
  } catch {
    return { accepted: false };
  }
}

/** The contestant with what it got wrong, if anything, and with whether it is awaited. */
async function told(contestant, good, bad) {
  if (contestant.fails) return contestant;
  const { accepted, asynchronous = false } = await asked(contestant, good);
  if (!accepted) return { ...contestant, fails: "refuses a good credential" };
  for (const [what, input] of Object.entries(bad)) {
    if ((await asked(contestant, input)).accepted) return { ...contestant, fails: `accepts one that is ${what}` };
  }
  return { ...contestant, asynchronous };
}

const others = { iss: "https://other.example" };
let minted = 0;
const mint = (issuer, now, claims) => issuer.mint({ claims: { jti: `token-${minted++}`, ...claims }, now });

/** New tokens: all contestants for an algorithm, and a maker of tokens. */
export async function ofTokens(algorithm, now) {
  const issuer = signer(algorithm);
  const next = () => apart(mint(issuer, now));
  const good = next();
  const forged = apart(tampered(good.token));
  const bad = {
    forged,
    expired: apart(mint(issuer, now - 3_600_000)),
    "from another issuer": apart(mint(issuer, now, others)),
    "for another audience": apart(mint(issuer, now, { aud: "https://other.example" })),
  };
  const whole = [...(await ours(tokenPolicy(issuer))), ...(await peers(issuer))]
    .map(({ verify, ...rest }) => ({ ...rest, call: ({ token }) => verify(token) }));
  const secret = algorithm === "HS256";
  const bare = [
    { name: secret ? "node:crypto createHmac" : "node:crypto verify", bare: true, call: nodeCheck(issuer), accepts: Boolean },
    { name: "crypto.subtle verify", call: await webCheck(issuer), accepts: Boolean },
  ];
  return {
    contestants: [
      ...(await Promise.all(whole.map((one) => told(one, good, bad)))),
      ...(await Promise.all(bare.map((one) => told(one, good, { forged })))),
    ],
    next,
  };
}

/** A token that came before: those that keep what they found, and jose for whom each is new. */
export async function ofKnown(algorithm, now) {
  const issuer = signer(algorithm);
  const known = mint(issuer, now);
  const [native] = await ours(tokenPolicy(issuer));
  const all = [native, ...(await peers(issuer, ["jose", "fast-jwt, cache"]))];
  const contestants = all.map(({ verify, ...rest }) => ({ ...rest, call: () => verify(known) }));
  for (const one of contestants) if (!one.fails) await one.call();
  return { contestants: await Promise.all(contestants.map((one) => told(one, known, {}))), next: () => known };
}

/** A contestant that is given one kind of what comes, and must accept it or refuse it. */
async function judging({ name, verify, accepts, fails }, kind, good, sample) {
  const contestant = { name: `${kind}: ${name}`, accepts, fails };
  if (fails) return contestant;
  const call = (input) => {
    try {
      const answer = verify(input[kind]);
      return typeof answer?.then === "function" ? answer.catch(() => false) : answer;
    } catch {
      return false;
    }
  };
  const { accepted, asynchronous } = await asked({ call, accepts }, sample);
  if (accepted !== good) return { ...contestant, fails: accepted ? "accepts it" : "refuses it" };
  return { ...contestant, call, asynchronous };
}

/** Tokens that are refused, beside good ones. */
export async function ofRefused(algorithm, now) {
  const issuer = signer(algorithm);
  const [native] = await ours(tokenPolicy(issuer));
  const verifiers = [native, ...(await peers(issuer, ["jose", "fast-jwt", "jsonwebtoken", "aws-jwt-verify"]))];
  const next = () => {
    const good = mint(issuer, now);
    return {
      good,
      forged: tampered(mint(issuer, now)),
      expired: mint(issuer, now - 3_600_000),
      malformed: good.replace(".", "!"),
    };
  };
  return { contestants: await kinds(verifiers, ["good", "forged", "expired", "malformed"], next()), next };
}

async function kinds(verifiers, names, sample) {
  const all = [];
  for (const kind of names) for (const one of verifiers) all.push(await judging(one, kind, kind === "good", sample));
  all[0].bare = true;
  return all;
}

/** What somebody sends who has no key, beside good tokens; nothing of it has a signature that holds. */
export async function ofHostile(algorithm, now) {
  const issuer = signer(algorithm);
  const many = Array.from({ length: 64 }, (_, place) => ({ ...issuer.jwk, kid: `key-${place}` }));
  const [[native], [crowded]] = [await ours(tokenPolicy(issuer)), await ours(tokenPolicy(issuer, { jwks: { keys: many } }))];
  const jose = await peers(issuer, ["jose"]);
  const signature = segment(Buffer.alloc(256, 1));
  const forged = (header, payload) => `${segment(header)}.${segment(payload)}.${signature}`;
  const header = { alg: algorithm, kid: issuer.kid, typ: "at+jwt" };
  const claims = JSON.parse(Buffer.from(mint(issuer, now).split(".")[1], "base64url"));
  const nested = `${"[".repeat(5_000)}${"]".repeat(5_000)}`;
  const members = Object.fromEntries(Array.from({ length: 800 }, (_, place) => [`m${place}`, place]));
  const made = {
    oversize: forged(header, { ...claims, filler: "x".repeat(100_000) }),
    "deep header": forged(`{"alg":"${algorithm}","kid":${nested}}`, claims),
    "deep payload": forged(header, `{"iss":"${claims.iss}","deep":${nested}}`),
    "many members": forged(header, { ...claims, ...members }),
    "unknown kid": forged({ ...header, kid: "nobody's" }, claims),
    "64 keys, unknown kid": forged({ ...header, kid: "nobody's" }, claims),
    "64 keys, no kid": forged({ alg: algorithm, typ: "at+jwt" }, claims),
  };
  const next = () => ({ good: mint(issuer, now), ...made });
  const all = await kinds([native, ...jose], ["good", "oversize", "deep header", "deep payload", "many members"], next());
  for (const [kind, verifier] of [["unknown kid", native], ["64 keys, unknown kid", crowded], ["64 keys, no kid", crowded]]) {
    all.push(await judging(verifier, kind, false, next()));
  }
  return { contestants: all, next };
}

/** The checker of API keys with a memory store: keys seen first, one that is kept, and mistyped ones. */
export async function ofKeys(count, now) {
  const keys = Array.from({ length: count }, () => apiKey({ now }));
  const store = countingStore(...keys);
  const checker = await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
  const call = (key) => checker.check(key);
  const known = apiKey({ now });
  store.entries.set(known.storeKey, JSON.stringify(known.record));
  if (!(await ok(call(known.key)))) throw new Error("a good API key is refused, so its time says nothing");
  const reads = () => store.reads.length;
  const after = reads();
  if (!(await ok(call(known.key))) || reads() !== after) throw new Error("the record of a known key is read again");
  if (await ok(call(mistyped(keys[0].key)))) throw new Error("a key with a wrong check is accepted");
  if (reads() !== after) throw new Error("a key with a wrong check was looked up in the store");
  return [
    { name: "edgeward, a new key, memory store", call, inputs: keys.map(({ key }) => key) },
    { name: "edgeward, a known key", call, inputs: keys.map(() => known.key) },
    { name: "edgeward, a wrong check", call, inputs: keys.map(({ key }) => mistyped(key)) },
  ];
}
