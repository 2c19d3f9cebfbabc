// What middleware is told of a request.
import type { AllowedKey, AllowedToken } from "./verdict.js";

/** A good credential, of either class. */
export type Allowed = AllowedToken | AllowedKey;

/** Where a request came from, from who holds its connection. */
export interface GuardFrom {
  /** The address of the other end; `trustedProxies` of the policy decides whether a header says more. */
  ip?: string | undefined;
  /** The SHA-256 thumbprint of the client certificate, in base64url or hexadecimal. */
  certificate?: string | undefined;
}

/** An answer, to be sent as it is. */
export interface GateAnswer {
  /** The status. */
  status: number;
  /** In their order; a name may stand there more than once. */
  headers: [name: string, value: string][];
  /** Empty for none. */
  body: string;
}

/** What is done to headers, in this order. */
export interface HeaderChanges {
  /** Those to take out, in lower case. */
  remove: string[];
  /** Those to set. */
  set: [name: string, value: string][];
}

/** What becomes of a request in front of a handler. */
export type Guarded =
  /** It is answered with this, and the handler never sees it. */
  | { action: "respond"; response: GateAnswer }
  /** The handler answers it. */
  | {
      action: "pass";
      verdict: Allowed;
      /** What the audit event has as its `metadata.uid`, and the request as `edgeward-request-id`. */
      requestId: string;
      /** To the request: the credential out, the identity in. */
      request: HeaderChanges;
      /** To the answer of the handler, last of all: what the policy's `cors` says. Null for nothing. */
      answer: (HeaderChanges & { add: [name: string, value: string][] }) | null;
    };
