// A verdict is told apart by `ok` and `class`, and holds what its kind has and nothing else.
import { createApiKeyChecker, createGate, createJwtVerifier, createOriginCheck, verifyJws } from "edgeward";
import type { Algorithm, AllowedKey, AllowedToken, CheckOptions, CredentialClass, DeniedVerdict, JwsVerdict, Verdict, VerifiedJws, VerifyOptions } from "edgeward";
import { memoryStore } from "edgeward/store/memory";

/** Exactly this type, neither wider nor narrower, and not `any`. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

export function told(verdict: Verdict): string {
  same<(typeof verdict)["ok"], boolean>(true);
  // @ts-expect-error Whether it has scopes is not known yet.
  verdict.scopes;
  // @ts-expect-error Nor whether it has a code.
  verdict.code;
  if (!verdict.ok) {
    same<typeof verdict, DeniedVerdict>(true);
    same<(typeof verdict)["class"], CredentialClass | undefined>(true);
    // @ts-expect-error What was refused has no claims.
    verdict.claims;
    // @ts-expect-error Nor a record.
    verdict.record;
    return `${verdict.status satisfies number} ${verdict.code satisfies string} ${verdict.challenge satisfies string | null}`;
  }
  // @ts-expect-error A token and a key have no code.
  verdict.code;
  // @ts-expect-error Which of them it is, is not known yet.
  verdict.claims;
  verdict.expires satisfies number | null;
  if (verdict.class === "api_key") {
    same<typeof verdict, AllowedKey>(true);
    // @ts-expect-error A key has no claims.
    verdict.claims;
    return String(verdict.record["name"]);
  }
  same<typeof verdict, AllowedToken>(true);
  // @ts-expect-error A token has no record.
  verdict.record;
  // @ts-expect-error What a claim is, nobody knows before it was looked at.
  verdict.claims["tenant"] satisfies string;
  return `${verdict.claims["tenant"]} ${verdict.algorithm satisfies Algorithm | null}`;
}

/** Every class has its case: one more would be an error here. */
export function named(verdict: Verdict): string {
  if (!verdict.ok) return verdict.title;
  switch (verdict.class) {
    case "m2m_token":
      return verdict.clientId ?? "";
    case "api_key":
      return verdict.credentialId ?? "";
    default:
      return verdict satisfies never;
  }
}

/** `cache` and `sender` are told apart to the end. */
export function known({ cache, sender }: AllowedToken | AllowedKey): number {
  switch (cache) {
    case "hit":
    case "stale":
    case "miss":
      break;
    default:
      cache satisfies never;
  }
  return sender === null ? 0 : (({ dpop: 1, mtls: 2, "dpop+mtls": 3 }) satisfies Record<typeof sender, number>)[sender];
}

export const payload = (verdict: JwsVerdict): Uint8Array | string =>
  verdict.ok ? ((verdict satisfies VerifiedJws).payload satisfies Uint8Array) : (verdict satisfies DeniedVerdict).code;

// What is asked may be frozen.
const policy = {
  issuers: [{ preset: "workos", issuer: "https://issuer.example", audience: ["a", "b"], algorithms: ["ES256"], optionalClaims: ["iss"], jwks: { keys: [] } }],
  routes: [{ methods: ["GET"], path: "/v1/*", classes: ["m2m_token", "api_key"], scopes: { allOf: ["a"], anyOf: ["b"] }, organization: { oneOf: ["org_1"] } }],
  deny: [{ organization: "org_1" }, { issuer: "https://issuer.example", jti: "t" }],
} as const;
const { routes, ...ofTokens } = policy;
using verifier = await createJwtVerifier(ofTokens);
using checker = await createApiKeyChecker({ prefix: "acme", environment: "live", seals: ["s"] } as const, { store: memoryStore() });
using gate = await createGate({ ...policy, limits: { rules: [{ name: "a", by: "key", limit: 1, period: 60 }] } } as const);
using check = await createOriginCheck({ issuer: "https://api.example", audience: ["a"], jwks: { keys: [] } } as const);
verifier.setDenyList([{ issuer: "https://issuer.example", client: "c", until: 1 }] as const);

const options: VerifyOptions = { scopes: ["a"] as const, now: 0 };
const whence: CheckOptions = { ...options, ip: "192.0.2.7" };
same<ReturnType<typeof verifier.verify>, Verdict | Promise<Verdict>>(true);
same<ReturnType<typeof verifier.verifySync>, Verdict>(true);
told(await verifier.verify("token", options));
told(verifier.verifySync("token", { dpop: { proof: "", method: "GET", url: "https://api.example/" }, certificate: new Uint8Array() }));
told(await checker.check("key", whence));
told(await gate.check({ method: "GET", url: "/", headers: [["a", "b"]] as const }));
payload(await verifyJws("jws", { keys: [] }, { algorithms: ["EdDSA", "ML-DSA-65"] } as const));
const assertion = await check.check(new Request("https://api.example/"));
if (assertion.ok) assertion.class satisfies CredentialClass;

// @ts-expect-error A promise may have to be awaited.
verifier.verify("token").ok;
// @ts-expect-error There is no such option.
verifier.verify("token", { scope: "a" });
// @ts-expect-error A key is checked with an address, and a token is not.
verifier.verify("token", { ip: "192.0.2.7" });
// @ts-expect-error There is no such algorithm.
await verifyJws("jws", { keys: [] }, { algorithms: ["none"] });
// @ts-expect-error A policy names its issuers.
await createJwtVerifier({});
// @ts-expect-error There is no such class.
await createGate({ routes: [{ methods: ["GET"], path: "/", classes: ["password"] }] });
// @ts-expect-error Keys are looked up somewhere.
await createApiKeyChecker({ prefix: "acme", environment: "live" });
// @ts-expect-error There is no such environment.
await createApiKeyChecker({ prefix: "acme", environment: "staging" }, { store: memoryStore() });
// @ts-expect-error Denied by nothing.
verifier.setDenyList([{ until: 1 }]);
