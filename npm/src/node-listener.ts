// A gate as the listener of a server of Node's. What comes is told to the gate as it came: headers one by one, the address
// and the certificate of the connection. Bodies stream both ways, and what breaks off on one side breaks off on the other.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { pairsOf, thumbprintOf, unlike, urlOf } from "./node-connection.js";
import { ofLength } from "./origin-node.js";
import { withSeen, type Seen } from "./seen.js";
import type { Gate } from "../types/index.js";
import type { GateListener, GateListenerOptions } from "../types/node.js";

/** A request that is not answered yet. */
interface UnderWay {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly left: AbortController;
  /** Whether its client waits to be told to send the body. */
  waits: boolean;
  /** Whether it was answered past `outgoing`. */
  isAnswered: boolean;
}

/** How many requests of one connection may wait for each other: who sends more reads no answers. */
const MOST_AT_ONCE = 100;

export function gateListener(gate: Pick<Gate, "fetch">, options: GateListenerOptions = {}): GateListener {
  if (typeof (gate as Partial<Gate> | null)?.fetch !== "function") throw new TypeError("the gate is what createGate promises");
  const { closing = () => false } = options;
  if (typeof closing !== "function") throw new TypeError("`closing` is a function that says whether the server is about to end");
  const bySocket = new WeakMap<object, Set<UnderWay>>();

  const handle = async (incoming: IncomingMessage, outgoing: ServerResponse, waits: boolean): Promise<void> => {
    const one: UnderWay = { incoming, outgoing, left: new AbortController(), waits, isAnswered: false };
    const { socket } = incoming;
    const all = bySocket.get(socket) ?? new Set();
    if (all.size >= MOST_AT_ONCE) return void socket.destroy();
    const before = [...all].at(-1);
    bySocket.set(socket, all.add(one));
    outgoing.once("close", () => {
      all.delete(one);
      if (!outgoing.writableFinished) one.left.abort();
    });
    if (before !== undefined) {
      // One at a time (RFC 9112 §9.3.2). Of those that wait when their connection ends, Node says nothing more.
      await new Promise<void>((resolve) => before.outgoing.once("close", resolve));
      if (!socket.writable) return;
    }
    try {
      const answer = await gate.fetch(requestOf(one));
      if (one.isAnswered || outgoing.destroyed) return void answer.body?.cancel().catch(() => undefined);
      await send(answer, one, closing());
    } catch (error) {
      if (one.isAnswered || outgoing.destroyed) return;
      // An answer that broke off must not look complete.
      if (outgoing.headersSent) return void outgoing.destroy();
      console.error("edgeward: a request could not be answered", error instanceof Error ? error.message : "");
      for (const name of outgoing.getHeaderNames()) outgoing.removeHeader(name);
      const body = problem(503);
      outgoing.writeHead(503, { ...PROBLEM, "content-length": Buffer.byteLength(body), connection: "close" }).end(body);
    }
  };

  const listener = (incoming: IncomingMessage, outgoing: ServerResponse) => void handle(incoming, outgoing, false);
  const checkContinue = (incoming: IncomingMessage, outgoing: ServerResponse) => void handle(incoming, outgoing, true);
  const clientError = (error: NodeJS.ErrnoException, socket: Socket): void => {
    const [one, ...others] = bySocket.get(socket) ?? [];
    // What is answered now would be read as the answer to a request before this one.
    const isOthers = one !== undefined && (others.length > 0 || one.incoming.complete || one.outgoing.headersSent);
    if (error.code === "ECONNRESET" || !socket.writable || isOthers) return void socket.destroy();
    if (one !== undefined) one.isAnswered = true;
    const status = STATUS[error.code ?? ""] ?? 400;
    const body = problem(status);
    const head = { ...PROBLEM, "content-length": Buffer.byteLength(body), connection: "close" };
    const lines = Object.entries(head).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.end(`HTTP/1.1 ${status} ${WORDS[status]![0]}\r\n${lines.join("")}\r\n${body}`, () => socket.destroy());
  };
  return Object.assign(listener, { checkContinue, clientError }) as unknown as GateListener;
}

/** What is answered to what is no request: by the code of what Node's server found. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_CHUNK_EXTENSIONS_OVERFLOW: 413,
  HPE_HEADER_OVERFLOW: 431,
};

const WORDS: Readonly<Record<number, readonly [title: string, detail: string]>> = {
  400: ["Bad Request", "What was sent is no request that can be read in one way only."],
  408: ["Request Timeout", "The request was not there in time."],
  413: ["Content Too Large", "A chunk says more of itself than is read."],
  431: ["Request Header Fields Too Large", "The head of the request is longer than is read."],
  503: ["Service Unavailable", "Nobody can tell whether the request is allowed. Try again later."],
};

const PROBLEM = { "content-type": "application/problem+json", "cache-control": "no-store" };

function problem(status: number): string {
  const [title, detail] = WORDS[status]!;
  return JSON.stringify({ type: "about:blank", title, status, detail });
}

/** For clients of HTTP/1.0, which need not say for which host they come. */
function localHost({ localAddress, localPort }: Socket): string {
  if (localAddress === undefined) return "localhost";
  return `${localAddress.includes(":") ? `[${localAddress}]` : localAddress}:${localPort}`;
}

/**
 * The request. Nothing is mended: what a URL would say otherwise than the client wrote it, or a `Request` cannot say at all,
 * the gate is told so that it refuses it.
 */
function requestOf(one: UnderWay): Request {
  const { incoming, left } = one;
  const { method = "", url: target = "", rawHeaders, socket } = incoming;
  const headers = pairsOf(rawHeaders);
  const host = headers.find(([name]) => name.toLowerCase() === "host")?.[1] ?? localHost(socket);
  const written = urlOf(target, host, socket);
  const seen: Seen = { headers, ip: socket.remoteAddress, certificate: thumbprintOf(socket), instead: undefined };
  try {
    const url = new URL(written);
    const [, path] = /^https?:\/\/[^/?#]+(\/[^?#]*)(?:\?[^#]*)?$/.exec(written) ?? [];
    if (path !== undefined && url.pathname === path) {
      const body = hasBody(incoming) ? { body: bodyOf(one), duplex: "half" as const } : {};
      return withSeen(new Request(url, { method, headers, signal: left.signal, ...body }), seen);
    }
  } catch {
    // A host that is none, or a method that no `Request` has.
  }
  const stand = new Request("http://nowhere.invalid/", { method: method === "HEAD" ? "HEAD" : "GET", signal: left.signal });
  return withSeen(stand, { ...seen, instead: { method, url: unlike(target) } });
}

/** A `Request` of these methods has no body, and Node passes over theirs. */
function hasBody({ method, headers }: IncomingMessage): boolean {
  return method !== "GET" && method !== "HEAD" && ("content-length" in headers || "transfer-encoding" in headers);
}

/** Read as far as somebody wants it, and no further. */
function bodyOf(one: UnderWay): ReadableStream<Uint8Array> {
  const chunks = one.incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array>;
  const source: UnderlyingDefaultSource<Uint8Array> = {
    async pull(controller) {
      if (one.waits) {
        one.waits = false;
        one.outgoing.writeContinue();
      }
      const { done, value } = await chunks.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    // The connection goes on: the answer is still to come.
    cancel: async () => void (await chunks.return?.()),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}

const WITHOUT_BODY = [204, 304];

async function send(answer: Response, one: UnderWay, closes: boolean): Promise<void> {
  const { incoming, outgoing } = one;
  const { status, statusText, headers, body } = answer;
  const isBare = incoming.method === "HEAD" || WITHOUT_BODY.includes(status);
  for (const [name, value] of headers) outgoing.appendHeader(name, value);
  if (status === 204) outgoing.removeHeader("content-length");
  // Where nobody wanted the body, its client may send it or not: the next request could begin anywhere.
  if (closes || one.waits) outgoing.setHeader("connection", "close");
  if (statusText === "") outgoing.writeHead(status);
  else outgoing.writeHead(status, statusText);
  if (isBare) {
    body?.cancel().catch(() => undefined);
    outgoing.end();
    return;
  }
  const length = headers.get("content-length") ?? undefined;
  if (body === null) {
    // A length of nothing that is there would have the client take the next answer for this one's body.
    if (length !== undefined && Number(length) !== 0) outgoing.destroy();
    else outgoing.end();
    return;
  }
  outgoing.flushHeaders();
  await pipeline(Readable.fromWeb(body as NodeReadableStream), ofLength(length), outgoing);
}
