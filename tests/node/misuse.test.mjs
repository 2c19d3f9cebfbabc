// A mistake of whoever sets the package up is thrown there and then, in words that name the place and what to do.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createApiKeyChecker, createGate, createJwtVerifier, inspect } from "edgeward";
import { AUDIENCE, ISSUER, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const store = { get: () => null };
const FORM = { prefix: "acme", environment: "live" };

/** Each call is refused with these words, and every refusal is a plain sentence. */
async function refused(cases) {
  for (const [call, words] of cases) {
    await assert.rejects(call, (error) => {
      assert.ok(error instanceof Error);
      assert.match(error.message, words);
      assert.doesNotMatch(error.message, /undefined|\[object|Cannot (read|destructure|use)|is not (a function|iterable)|JsValue/);
      return true;
    });
  }
}

test("a policy of tokens is refused with the pointer to each fault", async () => {
  const changed = (change) => () => createJwtVerifier(tokenPolicy(issuer, change));
  const whole = (policy) => () => createJwtVerifier(policy);
  await refused([
    [whole(undefined), /^the policy: an object, or JSON text$/],
    [whole(null), /the policy is refused: the document: invalid type: null/],
    [whole("{"), /the policy is refused: the document: not JSON/],
    [whole('{"issuers":[],"issuers":[]}'), /the document: a member stands twice/],
    [whole({}), /the document: missing field `issuers`/],
    [whole({ issuer: [] }), /\/issuer: unknown field `issuer`/],
    [whole({ ...tokenPolicy(issuer), maxTokenBytes: 0 }), /\/maxTokenBytes: a number from 1 to/],
    [changed({ algorithms: ["none"] }), /\/issuers\/0\/algorithms\/0: unknown algorithm `none`, expected one of HS256/],
    [changed({ algorithms: [] }), /\/issuers\/0\/algorithms: name the algorithms/],
    [changed({ algorithms: ["ES256", "HS256"] }), /\/issuers\/0\/algorithms: symmetric and asymmetric/],
    [changed({ audience: undefined }), /\/issuers\/0\/audience: name the audience/],
    [changed({ audience: 7 }), /\/issuers\/0\/audience: expected a string or an array of strings/],
    [changed({ audience: "" }), /\/issuers\/0\/audience: name the audience/],
    [changed({ issuer: "" }), /\/issuers\/0\/issuer: an issuer has a name/],
    [changed({ jwks: undefined }), /\/issuers\/0\/jwks: no keys/],
    [changed({ jwks: { keys: [] } }), /\/issuers\/0\/jwks: no key in the set/],
    [changed({ jwks: [] }), /\/issuers\/0\/jwks: .*no JSON object/],
    [changed({ jwks: { keys: [issuer.secret.export({ format: "jwk" })] } }), /\/issuers\/0\/jwks: .*a private or symmetric key in a public key set/],
    [changed({ jwks: { keys: [issuer.jwk, signer("HS256").jwk] } }), /\/issuers\/0\/jwks: symmetric and asymmetric keys in one set/],
    [changed({ audiences: [AUDIENCE] }), /\/issuers\/0\/audiences: unknown field `audiences`/],
    [changed({ clockTolerance: -1 }), /\/issuers\/0\/clockTolerance: invalid value/],
    [changed({ scopeClaim: "exp" }), /\/issuers\/0\/scopeClaim: this claim has a meaning of its own/],
    [changed({ preset: "okta" }), /\/issuers\/0\/preset: unknown variant `okta`, expected one of `workos`/],
    [changed({ typ: "dpop+jwt" }), /\/issuers\/0\/typ: tokens of this type are no access tokens/],
    [changed({ requireClaims: { "a/b": { oneOf: [] } } }), /\/issuers\/0\/requireClaims\/a~1b: no value could fulfil it/],
    [whole({ ...tokenPolicy(issuer), deny: [{ jti: "t" }] }), /\/deny\/0: name the issuer/],
  ]);
});

test("every fault of a policy is named at once", async () => {
  const faulty = { issuer: ISSUER, audience: "", algorithms: [], jwks: { keys: [] } };
  await refused([
    [
      () => createJwtVerifier({ issuers: [faulty, { ...faulty, issuer: "" }] }),
      /\/issuers\/0\/audience: .*; \/issuers\/0\/algorithms: .*; \/issuers\/0\/jwks: .*; \/issuers\/1\/issuer: /,
    ],
  ]);
});

test("a refused policy quotes no secret", async () => {
  const secret = signer("HS256").jwk;
  const policies = [
    tokenPolicy(issuer, { algorithms: ["HS256"], jwks: { keys: [{ ...secret, k: secret.k.slice(0, 20) }] } }),
    tokenPolicy(issuer, { algorithms: ["HS256"], jwks: { keys: [{ ...secret, k: `${secret.k}!` }] } }),
    tokenPolicy(issuer, { algorithms: ["HS256"], jwks: { keys: [{ ...secret, use: "enc" }] } }),
    JSON.stringify(tokenPolicy(issuer, { jwks: { keys: [secret] } })).replace(/}$/, ""),
  ];
  for (const policy of policies) {
    await assert.rejects(createJwtVerifier(policy), (error) => !error.message.includes(secret.k.slice(0, 8)));
  }
});

test("what is lent is of the right type", async () => {
  const lent = (host) => () => createJwtVerifier(tokenPolicy(issuer), host);
  await refused([
    [lent(null), /^what is lent is an object$/],
    [lent("wasm"), /^what is lent is an object$/],
    [lent({ now: 7 }), /^`now` is a function that returns milliseconds$/],
    [lent({ now: null }), /^`now` is a function/],
    [lent({ store: {} }), /^`store` is an object with a method get\(key\)$/],
    [lent({ store: null }), /^`store` is an object with a method get\(key\)$/],
    [lent({ signatures: "webcrypto" }), /^`signatures` is "native" or "wasm"$/],
  ]);
});

test("a form of API keys is refused with what is wrong with it", async () => {
  const formed = (form, host = { store }) => () => createApiKeyChecker(form, host);
  await refused([
    [formed(undefined), /the form of the keys is refused: missing field `prefix`/],
    [formed(null), /the form of the keys is refused: missing field `prefix`/],
    [formed({ prefix: "acme" }), /missing field `environment`/],
    [formed({ ...FORM, environment: "prod" }), /unknown variant `prod`, expected `live` or `test`/],
    [formed({ ...FORM, prefix: "A" }), /the prefix of a key is 2 to 12 characters of a-z and 0-9/],
    [formed({ ...FORM, prefix: 7 }), /invalid type: integer `7`, expected a string/],
    [formed({ ...FORM, seal: "x".repeat(32) }), /unknown field `seal`/],
    [formed({ ...FORM, seals: "x".repeat(32) }), /`seals` is an array of secrets/],
    [formed({ ...FORM, seals: [7] }), /`seals` is an array of secrets/],
    [formed({ ...FORM, seals: [undefined] }), /`seals` is an array of secrets/],
    [formed({ ...FORM, seals: null }), /`seals` is an array of secrets/],
    [formed({ ...FORM, seals: ["short"] }), /a seal has at least 32 bytes, and this one has 5/],
    [formed({ ...FORM, seals: [new Uint8Array(31)] }), /this one has 31/],
    [() => createApiKeyChecker(FORM), /lend one as `store`/],
    [formed(FORM, {}), /lend one as `store`/],
    [formed(FORM, { store: "kv" }), /`store` is an object with a method get/],
  ]);
});

test("a gate's policy is refused with the pointer to each fault", async () => {
  const route = { methods: ["GET"], path: "/", classes: ["m2m_token"] };
  const policy = { ...tokenPolicy(issuer), routes: [route] };
  const gated = (change, options) => () => createGate({ ...policy, ...change }, options);
  await refused([
    [() => createGate(undefined), /^the policy: an object, or JSON text$/],
    [() => createGate("[]"), /the policy is refused: the document/],
    [gated({ isuers: [] }), /\/isuers: unknown field `isuers`/],
    [gated({ prefix: "edgeward" }), /\/prefix: no path that begins with a slash/],
    [gated({ origin: "https://origin.example/path" }), /\/origin: no URL of scheme, host and port alone/],
    [gated({ routes: [{ ...route, path: "v1" }] }), /\/routes\/0\/path: /],
    [gated({ routes: [{ ...route, methods: ["get"] }] }), /\/routes\/0\/methods: /],
    [gated({ routes: [{ ...route, classes: [] }] }), /\/routes\/0\/classes: /],
    [gated({ routes: [{ ...route, classes: ["api_key"] }] }), /\/routes\/0\/classes: `api_key` is accepted here and \/apiKeys is empty/],
    [gated({ routes: [{ ...route, scope: ["x"] }] }), /\/routes\/0\/scope: unknown field `scope`/],
    [gated({ credentials: { apiKey: ["x api key"] } }), /\/credentials\/apiKey\/0: no name of a header/],
    [gated({ apiKeys: { prefix: "acme" } }), /\/apiKeys: missing field `environment`/],
    [gated({ apiKeys: { ...FORM, prefix: "A" } }, { store }), /\/apiKeys\/prefix: /],
    [gated({ apiKeys: FORM }), /the policy takes API keys.*lend one as `store`/],
    [gated({}, null), /what is lent is an object/],
    [gated({}, { snapshots: { "https://other.example": { keys: [issuer.jwk] } } }), /a snapshot was handed over for `https:\/\/other.example`/],
    [gated({}, { snapshots: { [ISSUER]: { keys: [issuer.jwk] } } }), /\/issuers\/0\/jwks: the keys stand in the policy and are handed over beside it/],
    [gated({}, { snapshots: "[]" }), /the snapshots: not an object/],
    [gated({}, { introspectionSecrets: { [ISSUER]: "s" } }), /\/issuers\/0\/introspection: a secret was handed over, and there is no server/],
    [gated({}, { introspectionSecrets: "[]" }), /the secrets for introspection: an object of strings, by issuer/],
    [gated({}, { fetch: "https://origin.example" }), /`fetch` is a function as the platform's/],
    [gated({}, { audit: "console" }), /`audit` is a function/],
    [gated({}, { audit: null }), /`audit` is a function/],
    [gated({}, { origin: "https://origin.example" }), /`origin` is a function that takes a request, or an object with a method fetch/],
    [gated({}, { origin: null }), /`origin` is a function/],
    [gated({}, { address: "cf-connecting-ip" }), /`address` is a function/],
    [gated({}, { seals: ["short"] }), /a seal has at least 32 bytes/],
  ]);
});

test("a request of another shape is a mistake of the program", async () => {
  const gate = await createGate({ ...tokenPolicy(issuer), routes: [] }, { audit() {} });
  const headers = {};
  const check = (request) => async () => gate.check(request);
  await refused([
    [check({ method: "GET", url: "/" }), /a request has `headers`/],
    [check({ method: "GET", url: "/", headers: "authorization: x" }), /a request has `headers`/],
    [check({ url: "/", headers }), /a request has `method` and `url`, both strings/],
    [check({ method: "GET", headers }), /a request has `method` and `url`, both strings/],
    [check({ method: "GET", url: new URL("https://api.example"), headers }), /a request has `method` and `url`/],
    [check({ method: "GET", url: "/", headers, ip: 7 }), /the address of a client is a string/],
    [check(undefined), /a request is an object/],
    [check("/"), /a request is an object/],
  ]);
});

test("what is inspected with is known, and its time is one", () => {
  for (const now of [NaN, null, "1000", Infinity, 5n]) assert.throws(() => inspect("a.b.c", { now }), /`now` is a time in milliseconds/);
  assert.throws(() => inspect("a.b.c", { keys: {} }), /there is no option `keys` here/);
});

test("a key set to inspect with is JSON", () => {
  for (const jwks of ["{", '{"keys":[],"keys":[]}']) assert.throws(() => inspect("a.b.c", { jwks }), /^Error: the key set: /);
});
