// A request, as the core is told of it.
import { seenOf } from "./seen.js";
import type { GateOptions, GateRequest, GuardFrom } from "../types/index.js";

/** What Cloudflare says of the certificate: of the connection, where no client can write. */
function certificateOf(request: Request): string | undefined {
  const { cf } = request as { cf?: { tlsClientAuth?: { certFingerprintSHA256?: string } } };
  return cf?.tlsClientAuth?.certFingerprintSHA256;
}

/** A function that was lent failed at a request, so that nobody can tell about it. */
export class LentFailed extends Error {
  constructor(
    readonly what: string,
    cause: unknown,
  ) {
    super(`\`${what}\` failed`, { cause });
  }
}

function asked<T>(what: string, ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    throw new LentFailed(what, error);
  }
}

export function coreRequest(
  request: Request | GateRequest,
  address: GateOptions["address"],
  certificate: GateOptions["certificate"],
  from: GuardFrom = {},
): object {
  if (typeof request !== "object" || request === null) throw new TypeError("a request is an object");
  const isRequest = typeof Request === "function" && request instanceof Request;
  const seen = isRequest ? seenOf(request) : undefined;
  const { method } = seen?.instead ?? request;
  const headers = seen?.headers ?? request.headers;
  // A router that is mounted sees the rest of the path alone, and what Express keeps of the whole is what the client asked for.
  const url = (isRequest ? seen?.instead?.url : (request as GateRequest).originalUrl) ?? request.url;
  if (typeof method !== "string" || typeof url !== "string") throw new TypeError("a request has `method` and `url`, both strings");
  const lentAddress = (request: Request) => (address === undefined ? seen?.ip : address(request));
  const ip: unknown = from.ip ?? (isRequest ? asked("address", () => lentAddress(request)) : (request as GateRequest).ip) ?? undefined;
  if (ip !== undefined && typeof ip !== "string") throw new TypeError("the address of a client is a string");
  // Where a function was lent, the certificate of the connection may be that of a proxy.
  const connected = (request: Request) => seen?.certificate ?? certificateOf(request);
  const asking = isRequest ? () => (certificate ?? connected)(request) : () => (request as GateRequest).certificate;
  const thumbprint: unknown = from.certificate ?? asked("certificate", asking) ?? undefined;
  if (thumbprint !== undefined && typeof thumbprint !== "string") {
    throw new TypeError("the thumbprint of a certificate is a string");
  }
  // A body can be read once, and the request may be handled again.
  let read: Promise<Uint8Array | null> | undefined;
  const stream = request.body;
  const body = stream === undefined ? undefined : (longest: number) => (read ??= bodyOf(stream, longest));
  return { method, url, headers: [...headerPairs(headers)], ip, certificate: thumbprint, body };
}

/** The body of a request for an endpoint of the gate's own, or null where it is longer than this. */
async function bodyOf(stream: NonNullable<GateRequest["body"]> | null, longest: number): Promise<Uint8Array | null> {
  if (stream === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of "getReader" in stream ? read(stream) : stream) {
    // What was parsed before, and a stream that was told to make text, are no body.
    if (!ArrayBuffer.isView(chunk)) throw new TypeError("a body is read as bytes");
    length += chunk.byteLength;
    if (length > longest) return null;
    chunks.push(chunk);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

/** Not every host can iterate over a stream. One that is left before its end is cancelled. */
async function* read(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  let done = false;
  try {
    for (;;) {
      const step = await reader.read();
      done = step.done;
      if (step.done) return;
      yield step.value;
    }
  } finally {
    if (!done) await reader.cancel();
  }
}

export function* headerPairs(headers: Headers | GateRequest["headers"]): Iterable<[string, string]> {
  if (typeof headers !== "object" || headers === null) throw new TypeError("a request has `headers`: an object, or pairs");
  const entries = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of entries as Iterable<[string, string | readonly string[] | undefined]>) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) yield [name, String(one)];
  }
}
