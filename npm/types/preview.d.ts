// What a gate would make of a request.
import type { GatePolicy } from "./gate.js";
import type { JsonWebKeySet, Snapshot } from "./host.js";
import type { CredentialClass, Verdict } from "./verdict.js";

/** A request that nobody sends. */
export interface PreviewRequest {
  /** The method, in upper case. */
  method: string;
  /** The URL, with scheme and host or as a path alone. */
  url: string;
  /** Its other headers. */
  headers?: Readonly<Record<string, string | readonly string[]>>;
  /** The token or the key, without the scheme that stands before it. */
  credential?: string;
  /**
   * The header that the credential comes in, as `authorization` or `x-api-key`. Where left out, it is the first of those that
   * the policy takes its class from, and `authorization` before all others.
   */
  in?: string;
  /** The client's address. */
  ip?: string;
  /** The SHA-256 thumbprint of the client's certificate. */
  certificate?: string;
}

/** What {@link previewRequest} may use. */
export interface PreviewOptions {
  /**
   * A key set or a snapshot. It stands in for keys that the policy has elsewhere (`jwksUri`, `discovery`): nothing is ever
   * fetched here.
   */
  jwks?: JsonWebKeySet | Snapshot | string;
  /**
   * The record of the key, as the store holds it under `key/<id>`, or as `keys show` and the verdict have it. Those have no
   * digest of the secret: then it is supposed that the secret is right.
   */
  record?: Readonly<Record<string, unknown>> | string;
  /** The time in milliseconds since the Unix epoch; now where left out. */
  now?: number;
}

/** A route of the policy, and why it was chosen or not. */
export interface PreviewedRoute {
  /** The pattern of its path. */
  pattern: string;
  /** Its methods. */
  methods: string[];
  /** The hosts that the policy serves, for all of its routes; null for whichever. */
  hosts: string[] | null;
  /** The classes of credential that it takes. */
  classes: CredentialClass[];
  /** The scopes that it needs: all of `allOf`, and one of `anyOf` where there are any. */
  scopes: { allOf: string[]; anyOf: string[] };
  /** The organization that the credential must belong to. */
  organization: { path: string } | { header: string } | { oneOf: string[] } | null;
  /** Whether the credential must be bound to its sender. */
  senderConstraint: "optional" | "required" | "dpop" | "mtls";
  /** Whether it is the route of this request. */
  chosen: boolean;
  /** Why, or why not. */
  why: string;
  /** A method and a path that this route is chosen for; null where none was found. */
  example: { method: string; path: string } | null;
}

/** What the gate would do with the request. */
export type PreviewedOutcome =
  | {
      action: "forward";
      /** The headers that it sets on the request. */
      set: [name: string, value: string][];
      /** The headers that it takes out before, in lower case. */
      removed: string[];
    }
  | {
      action: "respond";
      /** The status of its own answer. */
      status: number;
      /** The headers of that answer. */
      headers: [name: string, value: string][];
      /** The body of that answer. */
      body: string;
    };

/** What a gate would make of a request. Neither the signature nor a secret is in it. */
export interface Preview {
  /** All routes of the policy, in their order. */
  routes: PreviewedRoute[];
  /** The place of the route of this request in `routes`; null where none takes it. */
  route: number | null;
  /** The class of the credential that was found, and the header that it was in. */
  credential: { class: CredentialClass; from: string } | null;
  /** The verdict of production; null where `waitsFor` says that it cannot be told here, and where nothing is decided. */
  verdict: Verdict | null;
  /** What follows from it; null where the verdict waits, and at the gate's own endpoints. */
  outcome: PreviewedOutcome | null;
  /** Why the keys that were handed over cannot stand in for those of the policy. */
  keysObjection: string | null;
  /**
   * What production would ask and a preview cannot: the `store`, for the record of a key or a signed deny list; an
   * `introspection` endpoint; a `key_set` that is elsewhere; or the `seal` of a key whose check is not the plain one, which
   * is mistyped, invented or sealed. Null where it has all that it needs.
   */
  waitsFor: "store" | "introspection" | "key_set" | "seal" | null;
  /** What of this is an example or left out, in words: the id of the request, limits, the signed assertion. */
  notes: string[];
}

/**
 * Says what a gate of this policy would make of a request: which route takes it and why, the verdict on its credential, and
 * the headers that the origin would get or the answer that the client would. It is decided as in production and it asks
 * nobody: no server, no store.
 *
 * @param policy The policy of a gate, as {@link createGate} takes it.
 * @param request The request, with the credential in its headers or apart.
 * @param options Keys and the record that stand in for what is elsewhere, the time.
 * @returns The preview.
 * @throws {PolicyError} Where no gate can be made of the policy; an `Error` where the request, `jwks` or `record` cannot be read.
 *
 * @example
 * ```ts
 * import { previewRequest } from "edgeward";
 *
 * const request = { method: "GET", url: "https://api.example/v1/reports/42", credential: token };
 * const { route, verdict, outcome } = previewRequest(policy, request, { jwks: keys });
 * console.log(route === null ? "no route" : `route ${route}`, verdict?.ok ? outcome : verdict?.code);
 * ```
 */
export declare function previewRequest(policy: GatePolicy | string, request: PreviewRequest, options?: PreviewOptions): Preview;
