// What a server knows of a request that a `Request` has no place for: headers as they came, one by one, and who is at the
// other end. The listener and the gate may come from two files that were bundled apart, so that the name is the platform's.
const SEEN = Symbol.for("edgeward.seen");

export interface Seen {
  /** In the order and the spelling in which they came, those that came twice twice. */
  readonly headers: readonly (readonly [string, string])[];
  /** The address of the connection's other end. */
  readonly ip: string | undefined;
  /** The SHA-256 thumbprint of the certificate that it has proven to hold. */
  readonly certificate: string | undefined;
  /** The method as it came, and a URL that the core refuses, where no `Request` says the same: this one goes nowhere. */
  readonly instead: { readonly method: string; readonly url: string } | undefined;
}

/** The request, with what its server knows of it. What is made of the request later does not carry it. */
export function withSeen(request: Request, seen: Seen): Request {
  return Object.defineProperty(request, SEEN, { value: seen });
}

export function seenOf(request: Request): Seen | undefined {
  return (request as { [SEEN]?: Seen })[SEEN];
}
