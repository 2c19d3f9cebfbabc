// What the connection of a request says, and the request's own words, for whoever asks the gate in a server of Node's.

/** As much of Node's sockets as is asked for. */
export interface Connection {
  remoteAddress?: string | undefined;
  /** Of a TLS socket alone. */
  encrypted?: boolean;
  getPeerX509Certificate?(): { fingerprint256: string } | undefined;
}

export const schemeOf = (connection: Connection | undefined) => (connection?.encrypted === true ? "https:" : "http:");

const thumbprints = new WeakMap<object, string>();

/**
 * The SHA-256 thumbprint of the certificate whose key the handshake has proven the client to hold. A token is bound to this
 * very certificate (RFC 8705 §3): whether anybody trusts who signed it is for the server's `rejectUnauthorized` to say.
 */
export function thumbprintOf(connection: Connection | undefined): string | undefined {
  if (connection?.encrypted !== true) return undefined;
  const known = thumbprints.get(connection);
  if (known !== undefined) return known;
  const thumbprint = connection.getPeerX509Certificate?.()?.fingerprint256;
  if (thumbprint !== undefined) thumbprints.set(connection, thumbprint);
  return thumbprint;
}

/** Headers as they came, one by one: of one that stands twice, Node's `headers` has the first alone. */
export function pairsOf(rawHeaders: readonly string[]): [name: string, value: string][] {
  const headers: [string, string][] = [];
  for (let place = 0; place + 1 < rawHeaders.length; place += 2) headers.push([rawHeaders[place]!, rawHeaders[place + 1]!]);
  return headers;
}

/** The URL that a target stands for on this connection, or the target as it came where it stands for none. */
export function urlOf(target: string, host: string | undefined, connection: Connection | undefined): string {
  // A target has no fragment (RFC 9112 §3.2), and a URL may have one.
  if (target.includes("#")) return unlike(target);
  if (target.startsWith("/")) return host === undefined ? target : `${schemeOf(connection)}//${host}${target}`;
  // A client in plain text that writes `https:` does not come by TLS for it.
  return target.replace(/^https?:/i, schemeOf(connection));
}

/** A target that a handler would not see as it was written, in the place of a URL: none begins so, and the core refuses it. */
export const unlike = (target: string) => `#${target}`;
