// The way to the origin and back.
import type { Answer } from "./core.js";
import type { Origin } from "../types/index.js";

/** How the core wants a request to be changed, and where it goes. */
export interface ForwardedTo {
  origin: string | null;
  remove: string[];
  set: [string, string][];
}

// What belongs to one connection and not to the request (RFC 9110 §7.6.1), and what only its two ends can settle.
const OF_THE_CONNECTION = ["keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "expect"];

/** The request as the core wants the origin to see it; the body streams through. */
export function forwarded(request: Request, forward: ForwardedTo): Request {
  const headers = new Headers(request.headers);
  const named = headers.get("connection")?.split(",").map((name) => name.trim().toLowerCase()) ?? [];
  // What the client names goes before the gate sets its own headers: it cannot have those taken out further on. An
  // upgrade, as to WebSockets, is the origin's to accept.
  for (const name of [...OF_THE_CONNECTION, ...named]) {
    if (/^[\w-]+$/.test(name) && name !== "upgrade") headers.delete(name);
  }
  if (named.includes("upgrade")) headers.set("connection", "upgrade");
  else headers.delete("connection");
  for (const name of forward.remove) headers.delete(name);
  for (const [name, value] of forward.set) headers.set(name, value);
  return new Request(request, { headers, redirect: "manual" });
}

/** Sends a request to the origin that was lent, or to the one that the policy names. */
export function originFetcher(lent: Origin | undefined): (request: Request, named: string | null) => Promise<Response> {
  if (lent !== undefined && typeof lent !== "function" && typeof (lent as { fetch?: unknown } | null)?.fetch !== "function") {
    throw new TypeError("`origin` is a function that takes a request, or an object with a method fetch");
  }
  const send = typeof lent === "function" ? lent : lent === undefined ? undefined : (request: Request) => lent.fetch(request);
  return async (request, named) => {
    if (named !== null) {
      const { pathname, search } = new URL(request.url);
      request = new Request(named + pathname + search, request);
      return send === undefined ? unpacked(await globalThis.fetch(request)) : send(request);
    }
    if (send === undefined) throw new Error("the policy names no origin and none was lent");
    return send(request);
  };
}

/** Other hosts than workerd unpack a body and leave the headers as they were: whoever sends it on would lie. */
function unpacked(response: Response): Response {
  const { navigator } = globalThis as { navigator?: { userAgent?: string } };
  if (!response.headers.has("content-encoding") || navigator?.userAgent === "Cloudflare-Workers") return response;
  const { status, statusText } = response;
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return new Response(response.body, { status, statusText, headers });
}

export function response(answer: Answer, request: Request): Response {
  return new Response(request.method === "HEAD" ? null : answer.body, { status: answer.status, headers: answer.headers });
}
