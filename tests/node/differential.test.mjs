// The same tokens to this verifier and to `jose` under a policy that is as strict as it can be made: whatever they
// disagree about is a rule of the contract, and stands in the list below. What does not fails.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJwtVerifier } from "edgeward";
import { createLocalJWKSet, importJWK, jwtVerify } from "jose";
import { AUDIENCE, ISSUER, NOW, keySet, signer, tokenPolicy } from "../support/credentials.mjs";
import { MUTATIONS, chance, mutated } from "../support/mutations.mjs";

const SEED = 20_260_929;
const TOKENS_FOR_EACH = 90;
const now = NOW / 1000;
const TOLERANCE = 5;

/**
 * What the two disagree about: the mutation, the code with which this verifier refuses what `jose` accepts, the section
 * of the contract, and why. There is nothing that this verifier accepts and `jose` refuses.
 */
const EXPLAINED = [
  { mutation: "a scheme before it", code: "token_malformed", section: "3.2", why: "white space around a token; `jose` decodes base64url with white space in it" },
  { mutation: "white space", code: "token_malformed", section: "3.2", why: "white space in a segment" },
  { mutation: "padding", code: "token_malformed", section: "3.2", why: "base64url has no padding here, so that a token has one spelling" },
  { mutation: "left-over bits", code: "token_malformed", section: "3.2", why: "bits left over in the last character: another spelling of the same bytes" },
  { mutation: "a payload that is large", code: "token_too_large", section: "3.2", why: "a token over `maxTokenBytes` is not looked at" },
  { mutation: "a header member twice", code: "header_invalid", section: "3.2", why: "a member twice in one object: two readers could take another one each" },
  { mutation: "a header nested deep", code: "header_invalid", section: "3.2", why: "nesting is bounded" },
  { mutation: "a header with a byte order mark", code: "header_invalid", section: "3.2", why: "no byte order mark" },
  { mutation: "typ of another type", code: "header_invalid", section: "3.2", why: "`typ` is a string, whether or not the policy asks for one (RFC 7515 §4.1.9)" },
  { mutation: "b64", code: "token_form_unsupported", section: "3.2", why: "`b64` means nothing without `crit`, and nothing that is not understood is passed over" },
  { mutation: "cty", code: "token_form_unsupported", section: "3.2", why: "a token in a token" },
  { mutation: "enc", code: "token_form_unsupported", section: "3.2", why: "a parameter of encryption in what is said to be signed" },
  { mutation: "zip", code: "token_form_unsupported", section: "3.2", why: "compression" },
  { mutation: "typ of another kind", code: "typ_not_accepted", section: "3.4", why: "tokens of other kinds are no access tokens; `jose` compares `typ` where it is told one" },
  { mutation: "a claim twice", code: "payload_invalid", section: "3.2", why: "a member twice in one object" },
  { mutation: "a claim twice, once escaped", code: "payload_invalid", section: "3.2", why: "the same member in two spellings" },
  { mutation: "a lone surrogate", code: "payload_invalid", section: "3.2", why: "not UTF-8, and readers replace it by different characters" },
  { mutation: "a number beyond 2^53", code: "payload_invalid", section: "3.2", why: "readers round it differently" },
  { mutation: "a number beyond a double", code: "payload_invalid", section: "3.2", why: "infinity to one reader and an error to the next" },
  { mutation: "a payload nested deep", code: "payload_invalid", section: "3.2", why: "nesting is bounded" },
  { mutation: "a payload with a byte order mark", code: "payload_invalid", section: "3.2", why: "no byte order mark" },
  { mutation: "exp of another size", code: "payload_invalid", section: "3.2", why: "an integer beyond 2^53" },
  { mutation: "nbf of another size", code: "payload_invalid", section: "3.2", why: "an integer beyond 2^53" },
  { mutation: "iat of another size", code: "payload_invalid", section: "3.2", why: "an integer beyond 2^53" },
  { mutation: "exp", code: "token_expired", section: "3.4", why: "the tolerance is for clocks that run ahead: a token that ended has ended" },
  { mutation: "iat", code: "token_issued_in_future", section: "3.4", why: "`iat` in the future; `jose` looks at it where it is told an age" },
  { mutation: "iat of another size", code: "token_issued_in_future", section: "3.4", why: "`iat` in the future" },
  { mutation: "aud with something else in it", code: "claim_malformed", section: "3.4", why: "`aud` is a string or an array of strings" },
  { mutation: "sub of another type", code: "claim_malformed", section: "3.4", why: "`sub` is a string (RFC 7519 §4.1.2)" },
  { mutation: "jti of another type", code: "claim_malformed", section: "3.4", why: "`jti` is a string (RFC 7519 §4.1.7)" },
  { mutation: "client_id of another type", code: "claim_malformed", section: "3.4", why: "the claim that names the client is a string" },
  { mutation: "org_id of another type", code: "claim_malformed", section: "3.4", why: "the claim that names the organization is a string" },
  { mutation: "scope of another form", code: "claim_malformed", section: "3.4", why: "scopes are scope tokens (RFC 6749 §3.3)" },
  { mutation: "at_hash", code: "typ_not_accepted", section: "3.4", why: "the shape of an ID token" },
  { mutation: "nonce", code: "typ_not_accepted", section: "3.4", why: "the shape of an ID token" },
  { mutation: "events", code: "typ_not_accepted", section: "3.4", why: "the shape of a security event token" },
  { mutation: "cnf", code: "sender_proof_missing", section: "3.5", why: "a token that is bound to its sender comes with a proof" },
  { mutation: "cnf", code: "claim_malformed", section: "3.5", why: "`cnf` is an object that names a key" },
  { mutation: "cnf", code: "sender_constraint_unsupported", section: "3.5", why: "a constraint that is not understood is not passed over" },
];

const claims = { iss: ISSUER, aud: AUDIENCE, sub: "app-1", client_id: "client-1", scope: "a b", jti: "t-1", iat: now, exp: now + 600 };

async function contestants(issuer) {
  const { algorithm, jwk, kid } = issuer;
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const secret = algorithm.startsWith("HS") ? await importJWK(jwk) : undefined;
  const byKid = (header) => {
    if (header.kid !== undefined && header.kid !== kid) throw new Error("no such key");
    return secret;
  };
  const keys = secret === undefined ? createLocalJWKSet(keySet(issuer)) : byKid;
  const options = {
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: [algorithm],
    requiredClaims: ["iss", "aud", "exp"],
    clockTolerance: TOLERANCE,
    currentDate: new Date(NOW),
  };
  const peer = (token) => jwtVerify(token, keys, options).then(() => null, (error) => error.code ?? error.message);
  return { issuer, verifier, peer };
}

/** Every mutation alone, and with another one of another level. */
function* draws(c) {
  for (const mutation of MUTATIONS) {
    for (let number = 0; number < TOKENS_FOR_EACH; number++) {
      const others = MUTATIONS.filter(({ level }) => level !== mutation.level);
      yield number % 3 === 2 ? [mutation, c.one(others)] : [mutation];
    }
  }
}

test("whatever this verifier and jose disagree about is a rule of the contract", async (t) => {
  const all = await Promise.all(["ES256", "RS256", "EdDSA", "HS256"].map((algorithm) => contestants(signer(algorithm))));
  const c = chance(SEED);
  const unexplained = new Map();
  const used = new Set();
  const counts = { tokens: 0, accepted: 0, refused: 0, disagreed: 0 };
  for (const mutations of draws(c)) {
    const { issuer, verifier, peer } = all[counts.tokens++ % all.length];
    const token = mutated(issuer, claims, mutations, c, now);
    const verdict = await verifier.verify(token);
    const refusedByPeer = await peer(token);
    if (verdict.ok === (refusedByPeer === null)) {
      counts[verdict.ok ? "accepted" : "refused"]++;
      continue;
    }
    counts.disagreed++;
    const names = mutations.map(({ name }) => name);
    const entry = EXPLAINED.find(({ mutation, code }) => names.includes(mutation) && code === verdict.code);
    if (entry !== undefined) used.add(entry);
    else unexplained.set(`${names.join(" + ")}: ${verdict.code ?? `accepted, and jose says ${refusedByPeer}`}`, token.slice(0, 2000));
  }
  t.diagnostic(JSON.stringify(counts));
  assert.deepEqual(Object.fromEntries(unexplained), {}, "disagreements that the contract does not explain");
  const unused = EXPLAINED.filter((entry) => !used.has(entry)).map(({ mutation, code }) => `${mutation}: ${code}`);
  assert.deepEqual(unused, [], "explanations of what does not happen");
  assert.ok(counts.tokens >= 5000 && counts.accepted >= 500 && counts.refused >= 1500, JSON.stringify(counts));
});
