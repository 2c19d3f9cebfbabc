// The one answer, of both classes.

/** The two operating models of a machine credential. */
export type CredentialClass = "m2m_token" | "api_key";

/** The signature algorithms. */
export type Algorithm =
  | "HS256"
  | "HS384"
  | "HS512"
  | "RS256"
  | "RS384"
  | "RS512"
  | "PS256"
  | "PS384"
  | "PS512"
  | "ES256"
  | "ES384"
  | "ES512"
  | "ES256K"
  | "EdDSA"
  | "Ed25519"
  | "ML-DSA-44"
  | "ML-DSA-65"
  | "ML-DSA-87";

/** What both classes tell of an allowed credential. */
export interface AllowedVerdict {
  /** The credential is good. */
  ok: true;
  /** The token's `sub`, or the owner of the key. */
  subject: string | null;
  /** The customer that it belongs to; null where the token names none. */
  organization: string | null;
  /** The client that a token was issued to. */
  clientId: string | null;
  /** The id of an API key, or the token's `jti`. */
  credentialId: string | null;
  /** What it may do. */
  scopes: string[];
  /** When the credential ends, in seconds since the Unix epoch. */
  expires: number | null;
  /** Who issued the token. */
  issuer: string | null;
  /** The id of the key that the token is signed with. */
  kid: string | null;
  /** The algorithm that the token is signed with. */
  algorithm: Algorithm | null;
  /** What the token is bound to, which its sender has proven to hold; null for one that is good in anybody's hands. */
  sender: "dpop" | "mtls" | "dpop+mtls" | null;
  /**
   * Whether what was authenticated was known from before: `hit`, or `stale` where the store did not answer. What was
   * decided is always decided anew.
   */
  cache: "hit" | "stale" | "miss";
}

/** An M2M token that is good. */
export interface AllowedToken extends AllowedVerdict {
  /** What it is. */
  class: "m2m_token";
  /** The claims, as they were signed. */
  claims: Record<string, unknown>;
}

/** An API key that is good. */
export interface AllowedKey extends AllowedVerdict {
  /** What it is. */
  class: "api_key";
  /** The record, without its digest. */
  record: Record<string, unknown>;
}

/** A credential that is refused, or cannot be judged. */
export interface DeniedVerdict {
  /** The credential is not good, or that cannot be told. */
  ok: false;
  /** What it is, as far as that could be told. */
  class?: CredentialClass;
  /** The stable reason code. */
  code: string;
  /** 401 or 403 say no, 400 that the request is at fault, 503 that it cannot be told. */
  status: number;
  /** What is wrong, as it may be told to the client. */
  title: string;
  /** What to do about it, as it may be told to the client. */
  detail: string;
  /** The value for `WWW-Authenticate`, where a challenge is due. */
  challenge: string | null;
  /** In how many seconds it is worth another try, where `status` is 429. */
  retryAfter?: number;
}

/** The one answer. */
export type Verdict = AllowedToken | AllowedKey | DeniedVerdict;

/** What a single check may be asked beside the credential. */
export interface VerifyOptions {
  /** The scopes that are needed, all of them. */
  scopes?: readonly string[];
  /** The time in milliseconds since the Unix epoch, in place of the host's. */
  now?: number;
}

/** As {@link VerifyOptions}, with the client's address. */
export interface CheckOptions extends VerifyOptions {
  /** The client's address, for keys that are good from some addresses only. */
  ip?: string;
}
