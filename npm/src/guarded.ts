// What the adapters for a `Request` share. It brings nothing of the core, and decides nothing.
import type { Gate, GateAnswer, GuardFrom, HeaderChanges } from "../types/index.js";

/** Said where the adapter is made, and not at the first request. */
export function requireGate(gate: Gate, by: string): void {
  if (typeof (gate as Gate | null | undefined)?.guard !== "function") {
    throw new TypeError(`${by} takes the gate itself: \`await createGate(policy)\``);
  }
}

/** Where a request came from, as far as a function that was lent says it. */
export function fromOf<Args extends unknown[]>(
  { address, certificate }: { address?: Asked<Args>; certificate?: Asked<Args> },
  ...args: Args
): GuardFrom {
  return { ip: address?.(...args) ?? undefined, certificate: certificate?.(...args) ?? undefined };
}

type Asked<Args extends unknown[]> = ((...args: Args) => string | null | undefined) | undefined;

export function responseOf({ status, headers, body }: GateAnswer, method: string): Response {
  return new Response(body === "" || method === "HEAD" ? null : body, { status, headers });
}

/** The request as the handler sees it. */
export function handed(request: Request, changes: HeaderChanges): Request {
  const headers = new Headers(request.headers);
  for (const name of changes.remove) headers.delete(name);
  for (const [name, value] of changes.set) headers.set(name, value);
  // Of a body that was read before nothing is left to hand over, and what a browser navigates with takes no changes.
  if (!request.bodyUsed && request.mode !== "navigate") return new Request(request, { headers });
  const { url, method, signal } = request;
  const { cf } = request as { cf?: unknown };
  return new Request(url, { method, headers, signal, ...(cf === undefined ? {} : { cf }) } as RequestInit);
}

/** The handler's answer as the client gets it. */
export function changed(
  response: Response,
  changes: (HeaderChanges & { add: [name: string, value: string][] }) | null,
): Response {
  if (changes === null || !(response instanceof Response)) return response;
  const headers = new Headers(response.headers);
  for (const name of changes.remove) headers.delete(name);
  for (const [name, value] of changes.set) headers.set(name, value);
  for (const [name, value] of changes.add) headers.append(name, value);
  const { status, statusText, body } = response;
  const { webSocket } = response as { webSocket?: unknown };
  return new Response(body, { status, statusText, headers, ...(webSocket ? { webSocket } : {}) } as ResponseInit);
}
