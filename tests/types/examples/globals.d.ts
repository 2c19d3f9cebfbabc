// What the examples in the types take for granted. tests/node/examples.test.mjs makes the same for those that are run.
import type { ApiKeyChecker, ClientAdmin, Gate, GatePolicy, JsonWebKeySet, JwtVerifier, KeyAdmin, NotedClient, OriginCheck } from "edgeward";

declare global {
  /** A token of an issuer whose keys are `keys`. */
  const token: string;
  const keys: JsonWebKeySet;
  /** An API key, and its id. */
  const key: string;
  const id: string;
  const policy: GatePolicy;
  const verifier: JwtVerifier;
  const checker: ApiKeyChecker;
  const admin: KeyAdmin;
  const clients: ClientAdmin;
  /** A client on record, with a secret `s-1`. */
  const noted: NotedClient;
  const gate: Gate;
  /** A gate that signs deny lists. */
  const publisher: Gate;
  const check: OriginCheck;
}
