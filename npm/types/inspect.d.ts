// Looking into a credential.
import type { GatePolicy } from "./gate.js";
import type { JsonWebKeySet, Snapshot } from "./host.js";
import type { TokenPolicy } from "./tokens.js";
import type { Algorithm, CredentialClass, Verdict } from "./verdict.js";

/** What {@link inspect} may use. */
export interface InspectOptions {
  /**
   * The policy whose verdict is asked for: that of {@link createJwtVerifier}, or that of {@link createGate}. Of a gate's,
   * what it says of tokens and of keys counts, and no route.
   */
  policy?: TokenPolicy | GatePolicy | string;
  /**
   * A key set or a snapshot whose keys are tried. With a policy it stands in for keys that the policy has elsewhere
   * (`jwksUri`, `discovery`): nothing is ever fetched here.
   */
  jwks?: JsonWebKeySet | Snapshot | string;
  /** The time in milliseconds since the Unix epoch; now where left out. */
  now?: number;
}

/** A reason, with its words. */
export interface Fault {
  /** The reason code, as in production. */
  code: string;
  /** That reason in words. */
  title: string;
  /** The section of the standard behind it. */
  section: string;
  /** More, where there is more to say. */
  note: string | null;
}

/**
 * What became of a step: it `passed` or `failed`, the verification ended before it (`not_reached`), or there was nothing to
 * ask, or nobody to ask (`not_asked`).
 */
export type StepOutcome = "passed" | "failed" | "not_reached" | "not_asked";

/** One step of a verification, and what became of it. */
export interface InspectedStep {
  /** The stable name of the step. */
  step: string;
  /** What became of it. */
  outcome: StepOutcome;
  /** What has to be so. */
  title: string;
  /** The section of the standard that asks for it. */
  section: string;
  /** Of a step that failed, the reason code, as in production. */
  code: string | null;
  /** That reason in words. */
  reason: string | null;
  /** More, where there is more to say. */
  note: string | null;
}

/** Where a member of an object, or an item of an array, stands. Ranges are half-open. */
export interface MemberSpan {
  /** Its JSON pointer (RFC 6901). */
  pointer: string;
  /** The member with its name, in bytes of the decoded text in UTF-8. */
  bytes: [number, number];
  /** Its value, in bytes of the decoded text. */
  value: [number, number];
  /** The characters of the token that hold the member; null where the token is not written as it should be. */
  characters: [number, number] | null;
}

/** A segment of a token, decoded as far as it goes. */
export interface InspectedPart {
  /** The decoded text; null where it cannot be decoded. */
  text: string | null;
  /** What the verifier says against it, whatever it said before. */
  fault: Fault | null;
  /** The first place where it goes wrong: the byte of the decoded text, and the character of the token. */
  broken: { kind: "base64url" | "utf8" | "json"; byte: number | null; character: number | null } | null;
  /** Where its members stand, 256 of them at most. */
  spans: MemberSpan[];
  /** Whether there are more. */
  moreSpans: boolean;
}

/** From where a key is known: the `policy`, whoever `handed_over` the token, or `nobody`. */
export type KeyOrigin = "policy" | "handed_over" | "nobody";

/** One key that was at hand, and why it was chosen or not. */
export interface InspectedKey {
  /** From where it is known. */
  origin: KeyOrigin;
  /** Its place in its set, from 0. */
  index: number;
  /** Its `kid`. */
  kid: string | null;
  /** Its `kty`. */
  kty: string | null;
  /** Its `crv`. */
  crv: string | null;
  /** Its `alg`. */
  alg: string | null;
  /** Its `use`. */
  use: string | null;
  /** Its SHA-256 thumbprint (RFC 7638); null of a secret. */
  thumbprint: string | null;
  /** The algorithms of the token's issuer that it serves. */
  serves: Algorithm[];
  /** Whether the verifier chooses it for this token. */
  chosen: boolean;
  /** Why, or why not. */
  why: string;
  /** Whether the signature holds under it; null where it was not tried. */
  holds: boolean | null;
}

/** What there is to say of a token. */
export interface InspectedToken {
  /** The first segment. */
  header: InspectedPart;
  /** The second. */
  payload: InspectedPart;
  /** How long the signature is, in bytes; null where it cannot be decoded. */
  signatureBytes: number | null;
  /** The verifier's steps in its order. At most one failed, and it is the reason of the verdict. */
  steps: InspectedStep[];
  /** Whether the signature holds under the key that is chosen. It says nothing of whether that key is to be trusted. */
  mathematics: {
    holds: boolean | null;
    /** The place of that key in `keys`. */
    key: number | null;
    kid: string | null;
    algorithm: Algorithm | null;
    fault: Fault | null;
  };
  /** Whether anybody but the token vouches for the key. */
  trust: {
    origin: KeyOrigin;
    /** Whether the policy itself has the key, and the signature holds under it. */
    established: boolean;
    /** The issuer by the policy. */
    issuer: string | null;
    words: string;
    /** The members of the header by which the token brings or names a key of its own: worthless, and never followed. */
    ownKeys: ("jwk" | "jku" | "x5c" | "x5u")[];
  };
  /** Every key that was at hand. */
  keys: InspectedKey[];
  /** Why the keys that were handed over cannot stand in for those of the policy. */
  keysObjection: string | null;
  /** The claims that are times, in seconds since the Unix epoch, and whether each is past. */
  times: { claim: "iat" | "nbf" | "exp"; at: number; past: boolean }[];
  /** Times in seconds since the Unix epoch; `seconds` is from the beginning to the end. */
  lifetime: { issued: number | null; notBefore: number | null; expires: number | null; seconds: number | null };
  /** With a policy, the moments at which its verdict changes: the reason code before and after, null where it is allowed. */
  clockEdges: { at: number; before: string | null; after: string | null }[];
  /**
   * How many well-known secrets were tried on the signature, here and nowhere else, each as its text and as the bytes that
   * it encodes; null where the algorithm is none of HMAC.
   */
  secretsTried: number | null;
  /** The place in that list, from 0, of the secret that signed it; null where none of them did. */
  secretFound: number | null;
}

/** A member of the record of an API key, and why it is there. */
export interface RecordMember {
  /** The member. */
  member: string;
  /** Why the store holds it. */
  why: string;
  /** Where that is said. */
  section: string;
}

/** What there is to say of an API key. Its secret is in none of it. */
export interface InspectedApiKey {
  /** The prefix. */
  prefix: string | null;
  /** The environment. */
  environment: "live" | "test" | null;
  /** The id. */
  id: string | null;
  /** Where its parts stand, in characters; null for a key of another form. */
  spans: Record<"prefix" | "environment" | "id" | "secret" | "check", { start: number; end: number }> | null;
  /** Where the secret begins and ends, in characters. */
  secretAt: [number, number] | null;
  /** Whether the check is the unsealed one; a sealed check cannot be judged without the seal. */
  checkHolds: boolean | null;
  /** Whether it is a key of another form that the policy takes. */
  foreign: boolean;
  /** The name under which the store has its record. */
  storedAs: string | null;
  /** What of its secret stands in that record. */
  stored: string;
  /**
   * What the store would hold for this key, as an example: the beginning of the digest is that of this key, and what only
   * its issuer knows is in parentheses. Null of what is no key.
   */
  record: Record<string, unknown> | null;
  /** The members of that record, in its order, and why each is there. */
  sections: RecordMember[];
  /** How hard its secret is to guess where it was drawn at random, in whole bits; null for a key of another form. */
  entropyBits: number | null;
  /** How the check is computed; null for a key of another form. */
  checkWords: string | null;
  /** The checker's steps in its order. Those of the store are not asked here. */
  steps: InspectedStep[];
}

/** Something unwise about a credential. */
export interface CredentialFinding {
  /** The stable code of the rule. */
  rule: string;
  /** How bad it is. */
  severity: "low" | "medium" | "high";
  /** What is wrong. */
  title: string;
  /** What to do about it. */
  advice: string;
  /** The section that warns of it. */
  section: string;
  /** Where it is. */
  place: "header" | "payload" | "keys" | "credential";
  /** The JSON pointer of the member there. */
  pointer: string | null;
}

/** What is said of a credential of any class. */
export interface Inspected {
  /** What the policy says of it at `now`, by the verifier itself; null without a policy, and where the store has to tell. */
  verdict: Verdict | null;
  /** What is unwise about it, the worst first. */
  lint: CredentialFinding[];
}

/** What can be said of a credential, by its class. The signature and the secret are in none of it. */
export type Inspection =
  | (Inspected & { class: Extract<CredentialClass, "m2m_token">; token: InspectedToken; key: null })
  | (Inspected & { class: Extract<CredentialClass, "api_key">; token: null; key: InspectedApiKey })
  | (Inspected & { class: null; token: null; key: null });

/**
 * Looks into a credential, for people: what is in it, every step of its verification with its reason, under which key its
 * signature holds and whether that key is to be trusted, and what is unwise about it. It asks nobody: no server, no store.
 *
 * @param credential The token or the key, without the scheme that stood before it.
 * @param options The policy whose verdict is asked for, keys to try, the time.
 * @returns The report, told apart by its `class`.
 * @throws {PolicyError} Where the policy cannot be used; an `Error` where `jwks` is not JSON.
 *
 * @example
 * ```ts
 * import { inspect } from "edgeward";
 *
 * const report = inspect(token, { policy, jwks: keys });
 * if (report.class === "m2m_token") {
 *   const failed = report.token.steps.find(({ outcome }) => outcome === "failed");
 *   console.log(failed ? `${failed.step}: ${failed.code}` : "nothing against it");
 * }
 * ```
 */
export declare function inspect(credential: string, options?: InspectOptions): Inspection;
