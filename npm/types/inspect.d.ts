// Looking into a credential.
import type { JsonWebKeySet, Snapshot } from "./host.js";
import type { Algorithm, CredentialClass } from "./verdict.js";

/** What {@link inspect} may use. */
export interface InspectOptions {
  /** A key set or a snapshot whose keys are tried. */
  jwks?: JsonWebKeySet | Snapshot | string;
  /** The time in milliseconds since the Unix epoch. */
  now?: number;
}

/** A reason, with its words. */
export interface Fault {
  code: string;
  title: string;
  /** The section of the standard behind it. */
  section: string;
  note: string | null;
}

/** A segment of a token, decoded as far as it goes. */
export interface InspectedPart {
  text: string | null;
  fault: Fault | null;
}

/** What can be said of a credential without a policy. */
export interface Inspection {
  class: CredentialClass | null;
  token: {
    form: Fault | null;
    header: InspectedPart;
    payload: InspectedPart;
    signatureBytes: number | null;
    /** Whether the signature holds under a key that was given. It says nothing of whether the key is to be trusted. */
    mathematics: {
      holds: boolean | null;
      kid: string | null;
      algorithm: Algorithm | null;
      fault: Fault | null;
      refusedKeys: string[];
    };
    times: { claim: "iat" | "nbf" | "exp"; at: number; past: boolean }[];
  } | null;
  key: {
    prefix: string;
    environment: "live" | "test";
    id: string;
    /** Where the secret begins and ends, in characters. */
    secretAt: [number, number];
    /** Whether the check is the unsealed one; a sealed check cannot be judged without the seal. */
    checkHolds: boolean;
  } | null;
}

/**
 * Looks into a credential, for people.
 *
 * @throws Where `jwks` is not JSON.
 */
export declare function inspect(credential: string, options?: InspectOptions): Inspection;
