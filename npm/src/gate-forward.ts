// The way to the origin and back. What is taken out and what is set is the core's to say.
import { endedOfAnswer } from "./glue.js";
import type { Answer } from "./core.js";
import { enter } from "./instance.js";
import { nodeFetch } from "./origin-node.js";
import type { Origin } from "../types/index.js";

/** How the core wants a request and its answer to be changed, and where the request goes. */
export interface ForwardedTo {
  origin: string | null;
  requestId: string;
  remove: string[];
  set: [string, string][];
  timeout: number;
  answer: { remove: string[]; set: [string, string][]; add: [string, string][] } | null;
}

/** What kept the origin from answering, as the core knows it. */
type Failure = "unreachable" | "timed_out" | "no_origin" | "client_left";

export class NotForwarded extends Error {
  constructor(readonly failure: Failure) {
    super(failure);
  }
}

type Send = (request: Request, named: string | null) => Promise<Response>;

/** Sends a request to the origin as the core wants it to be seen, and hands back its answer; bodies stream through. */
export async function passOn(request: Request, forward: ForwardedTo, send: Send): Promise<Response> {
  const abort = new AbortController();
  // Not every host says when a client has left.
  const client = request.signal as AbortSignal | null | undefined;
  const left = () => abort.abort(client?.reason);
  if (client?.aborted) throw new NotForwarded("client_left");
  client?.addEventListener("abort", left, { once: true });
  const sent = send(forwarded(request, forward, abort.signal), forward.origin);
  let timer: ReturnType<typeof setTimeout> | undefined;
  // What was lent may not know of the signal.
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new NotForwarded("timed_out"));
      abort.abort();
      sent.then((answer) => answer.body?.cancel()).catch(() => undefined);
    }, forward.timeout);
  });
  try {
    const answer = await Promise.race([sent, late]);
    try {
      return answered(answer, forward);
    } catch (error) {
      // Nobody reads it any more, and the origin need not go on.
      answer?.body?.cancel().catch(() => undefined);
      throw error;
    }
  } catch (error) {
    throw client?.aborted ? new NotForwarded("client_left") : error;
  } finally {
    clearTimeout(timer);
  }
}

/** What an error of `passOn` is to the core, and one word for the cause, if any. */
export function failureOf(error: unknown): [failure: Failure, cause: string] {
  if (error instanceof NotForwarded) return [error.failure, ""];
  const { name, code, cause } = (error ?? {}) as { name?: unknown; code?: unknown; cause?: { code?: unknown } | null };
  const word = cause?.code ?? code ?? name;
  return ["unreachable", typeof word === "string" ? word : ""];
}

function forwarded(request: Request, forward: ForwardedTo, signal: AbortSignal): Request {
  const headers = new Headers(request.headers);
  for (const name of forward.remove) headers.delete(name);
  for (const [name, value] of forward.set) headers.set(name, value);
  // Where the host handed over no body there is none to have a length.
  if (request.body === null) headers.delete("content-length");
  return new Request(request, { headers, redirect: "manual", signal });
}

/** Sends a request to the origin that was lent, or to the one that the policy names. */
export function originFetcher(lent: Origin | undefined): Send {
  if (lent !== undefined && typeof lent !== "function" && typeof (lent as { fetch?: unknown } | null)?.fetch !== "function") {
    throw new TypeError("`origin` is a function that takes a request, or an object with a method fetch");
  }
  const send = typeof lent === "function" ? lent : lent === undefined ? undefined : (request: Request) => lent.fetch(request);
  const own = nodeFetch();
  return async (request, named) => {
    if (named !== null) {
      const { pathname, search } = new URL(request.url);
      request = new Request(named + pathname + search, request);
      if (send !== undefined) return send(request);
      return own === undefined ? unpacked(await globalThis.fetch(acceptingWhatIsUnpacked(request), AS_IT_COMES)) : own(request);
    }
    if (send === undefined) throw new NotForwarded("no_origin");
    return send(request);
  };
}

/** The origin's answer without what ends at the gate, and with what the core adds. */
function answered(response: Response, { answer }: ForwardedTo): Response {
  const isUpgrade = response.status === 101;
  const names = [...response.headers.keys()].join("\n");
  const ended = enter(() => endedOfAnswer(names, response.headers.get("connection") ?? "", isUpgrade));
  if (ended === "" && answer === null) return response;
  const headers = new Headers(response.headers);
  for (const name of ended.split("\n").filter(Boolean)) headers.delete(name);
  for (const name of answer?.remove ?? []) headers.delete(name);
  for (const [name, value] of answer?.set ?? []) headers.set(name, value);
  for (const [name, value] of answer?.add ?? []) headers.append(name, value);
  return withHeaders(response, headers);
}

function withHeaders(response: Response, headers: Headers): Response {
  const { status, statusText, body } = response;
  const { webSocket } = response as { webSocket?: unknown };
  return new Response(body, { status, statusText, headers, ...(webSocket ? { webSocket } : {}) } as ResponseInit);
}

const { navigator, process, Deno } = globalThis as {
  navigator?: { userAgent?: string };
  process?: { versions?: { bun?: string } };
  Deno?: unknown;
};
const IN_WORKERD = navigator?.userAgent === "Cloudflare-Workers";
const IN_BUN = process?.versions?.bun !== undefined;
const IN_DENO = Deno !== undefined;

// What `fetch` of a host unpacks by itself. Newer codings are unpacked by some. workerd unpacks nothing; Bun nothing where
// it is told so by a member that is its own; Deno nothing where `identity` alone was asked for.
const UNPACKED = IN_WORKERD || IN_BUN || IN_DENO ? [] : ["gzip", "x-gzip", "deflate", "br"];
const AS_IT_COMES = (IN_BUN ? { decompress: false } : {}) as RequestInit;

/** The client cannot be sent what the host cannot be trusted to hand over as it was, or unpacked. */
function acceptingWhatIsUnpacked(request: Request): Request {
  const accepted = request.headers.get("accept-encoding");
  if (IN_WORKERD || (IN_BUN && accepted !== null)) return request;
  // Where none is named, Bun and Deno ask for those that they know.
  if (accepted === null && !IN_BUN && !IN_DENO) return request;
  const known = (accepted ?? "").split(",").filter((one) => UNPACKED.includes(one.split(";")[0]!.trim().toLowerCase()));
  const headers = new Headers(request.headers);
  headers.set("accept-encoding", known.length === 0 ? "identity" : known.map((one) => one.trim()).join(", "));
  return new Request(request, { headers });
}

/** They leave the headers as they were: whoever sends such a body on would lie. */
function unpacked(response: Response): Response {
  const packed = response.headers.get("content-encoding");
  // An answer to HEAD tells of a body that was not sent, and so was not unpacked.
  if (packed === null || response.body === null) return response;
  if (!packed.split(",").every((coding) => UNPACKED.includes(coding.trim().toLowerCase()))) return response;
  const headers = new Headers(response.headers);
  headers.delete("content-encoding");
  headers.delete("content-length");
  return withHeaders(response, headers);
}

/** An answer that keeps a request from a handler, as `response` would have it. */
export function refused(answer: Answer, method: string): { action: "respond"; response: Answer } {
  return { action: "respond", response: method === "HEAD" ? { ...answer, body: "" } : answer };
}

export function response(answer: Answer, request: Request): Response {
  const hasBody = request.method !== "HEAD" && answer.body !== "";
  return new Response(hasBody ? answer.body : null, { status: answer.status, headers: answer.headers });
}
