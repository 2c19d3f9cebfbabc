// Requests and answers of Node's HTTP, as the gate is told of them and as it wants them to be changed.
import { pairsOf, thumbprintOf, urlOf, type Connection } from "./node-connection.js";
import type { Allowed, GateAnswer, GateRequest, HeaderChanges } from "../types/index.js";

type Value = string | string[] | undefined;

/** As much of Node's `IncomingMessage` as is asked for. */
export interface Incoming extends AsyncIterable<Uint8Array> {
  method?: string | undefined;
  url?: string | undefined;
  /** The whole target, as Express keeps it where a router is mounted. */
  originalUrl?: string;
  rawHeaders: string[];
  headers: Record<string, Value>;
  headersDistinct?: Record<string, string[] | undefined>;
  socket?: Connection;
  readableDidRead?: boolean;
  iterator?(options: { destroyOnReturn: boolean }): AsyncIterable<Uint8Array>;
  resume?(): unknown;
  edgeward?: Allowed;
}

/** As much of Node's `ServerResponse`. */
export interface Outgoing {
  statusCode: number;
  headersSent: boolean;
  destroyed?: boolean;
  /** Of HTTP/2, whose response does not say itself that it is gone. */
  stream?: { destroyed?: boolean };
  getHeader(name: string): number | Value;
  setHeader(name: string, value: string | readonly string[]): void;
  removeHeader(name: string): void;
  writeHead(status: number, ...rest: unknown[]): unknown;
  end(body?: string): void;
  destroy(): void;
}

/** The request as it came on the wire. */
export function told(request: Incoming, target: string | undefined): GateRequest {
  const { socket, rawHeaders, headers } = request;
  const { remoteAddress } = socket ?? {};
  const certificate = thumbprintOf(socket);
  const host = headers["host"] ?? headers[":authority"];
  return {
    method: request.method as string,
    // Without one the core has nothing to judge, and says so. It holds the host against the headers.
    url: typeof target === "string" ? urlOf(target, typeof host === "string" ? host : undefined, socket) : (target as unknown as string),
    headers: pairsOf(rawHeaders),
    ...(remoteAddress === undefined ? {} : { ip: remoteAddress }),
    ...(certificate === undefined ? {} : { certificate }),
    body: { [Symbol.asyncIterator]: () => bodyOf(request) },
  };
}

async function* bodyOf(request: Incoming): AsyncGenerator<Uint8Array> {
  if (request.readableDidRead) {
    const error = new Error("the body was read before the gate saw it: put the guard in front of what parses bodies");
    console.error(`edgeward: ${error.message}`);
    throw error;
  }
  try {
    // Where it is too long, the connection is still needed for the answer.
    yield* request.iterator?.({ destroyOnReturn: false }) ?? request;
  } finally {
    // What nobody reads would stand in the way of the next request.
    request.resume?.();
  }
}

/** Changes the headers of a request where they are, in each of the forms that Node has for them. */
export function changeRequest(request: Incoming, { remove, set }: HeaderChanges): void {
  // Both are made of the raw ones when they are first asked for, and those must be as they came then.
  const { headers, headersDistinct, rawHeaders } = request;
  const gone = new Set(remove);
  for (const [name] of set) gone.add(name);
  const kept: string[] = [];
  for (let place = 0; place + 1 < rawHeaders.length; place += 2) {
    if (!gone.has(rawHeaders[place]!.toLowerCase())) kept.push(rawHeaders[place]!, rawHeaders[place + 1]!);
  }
  rawHeaders.splice(0, rawHeaders.length, ...kept, ...set.flat());
  for (const name of gone) {
    delete headers[name];
    if (headersDistinct !== undefined) delete headersDistinct[name];
  }
  for (const [name, value] of set) {
    headers[name] = value;
    if (headersDistinct !== undefined) headersDistinct[name] = [value];
  }
}

/** Sends an answer, beside the headers that stand there already. */
export function answerWith(response: Outgoing, { status, headers, body }: GateAnswer): void {
  // Nothing can be said any more; what was begun must not look complete.
  if (response.headersSent) return response.destroy();
  const values = grouped(headers);
  for (const [name, value] of values) {
    if (name === "vary") add(response, name, value);
    else response.setHeader(name, value);
  }
  response.statusCode = status;
  if (body === "") response.end();
  else response.end(body);
}

/** Changes the answer of a handler as its head is written, whoever writes it. */
export function changeAnswer(response: Outgoing, changes: HeaderChanges & { add: [string, string][] }): void {
  const { writeHead } = response;
  response.writeHead = (status, ...rest) => {
    response.writeHead = writeHead;
    const [message, headers] = typeof rest[0] === "string" ? [rest.slice(0, 1), rest[1]] : [[], rest[0] ?? rest[1]];
    for (const [name, value] of grouped(pairs(headers))) response.setHeader(name, value);
    for (const name of changes.remove) response.removeHeader(name);
    for (const [name, value] of changes.set) response.setHeader(name, value);
    for (const [name, value] of changes.add) add(response, name, [value]);
    return writeHead.call(response, status, ...message);
  };
}

function add(response: Outgoing, name: string, values: readonly string[]): void {
  const present = response.getHeader(name);
  response.setHeader(name, [...(present === undefined ? [] : [present].flat().map(String)), ...values]);
}

/** Names in lower case, with their values in order. */
function grouped(headers: Iterable<readonly [string, unknown]>): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of headers) {
    const lower = name.toLowerCase();
    values.set(lower, [...(values.get(lower) ?? []), ...[value].flat().map(String)]);
  }
  return values;
}

/** Headers in any of the forms that `writeHead` takes: an object, pairs, or names and values in turn. */
function pairs(headers: unknown): [string, unknown][] {
  if (!Array.isArray(headers)) return Object.entries(headers ?? {}).filter(([, value]) => value !== undefined);
  if (Array.isArray(headers[0])) return headers as [string, unknown][];
  return headers.flatMap((name, place) => (place % 2 === 0 ? [[String(name), headers[place + 1]] as [string, unknown]] : []));
}
