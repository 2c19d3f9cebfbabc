// An origin at a URL, asked through Node's own HTTP. Its `fetch` would hold the whole of a body that streams, since it
// keeps a copy for a redirect that nobody wants, and would unpack what an origin has packed.

interface Incoming {
  readonly statusCode: number;
  readonly statusMessage: string;
  readonly rawHeaders: readonly string[];
  destroy(): void;
  resume(): void;
}

interface Outgoing {
  strictContentLength: boolean;
  readonly reusedSocket: boolean;
  on(event: "response", listener: (incoming: Incoming) => void): this;
  on(event: "error", listener: (error: Error) => void): this;
  on(event: "close", listener: () => void): this;
  end(): void;
  prependListener(event: "error", listener: (error: Error & { code?: string }) => void): this;
}

interface NodeHttp {
  request(url: URL, options: { method: string; headers: Record<string, string>; signal: AbortSignal }): Outgoing;
}

interface NodeStream {
  Readable: {
    fromWeb(stream: ReadableStream<Uint8Array>): object;
    toWeb(stream: Incoming, options: { strategy: QueuingStrategy<Uint8Array> }): ReadableStream<Uint8Array>;
  };
  pipeline(from: object, through: (from: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>, to: Outgoing, done: () => void): void;
}

interface NodeProcess {
  versions?: { node?: string; bun?: string };
  getBuiltinModule?(name: string): unknown;
}

const WITHOUT_BODY = [204, 205, 304];
/** What may be sent twice (RFC 9110 §9.2.2). */
const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];
/** How a connection ends that the other side has closed. */
const CLOSED = ["ECONNRESET", "EPIPE"];

/** Node's own, or nothing on hosts that only look like Node and on versions that are too old. */
export function nodeFetch(): ((request: Request) => Promise<Response>) | undefined {
  const { process, Deno, navigator } = globalThis as {
    process?: NodeProcess;
    Deno?: unknown;
    navigator?: { userAgent?: string };
  };
  const isNode = process?.versions?.node !== undefined && process.versions.bun === undefined && Deno === undefined;
  if (!isNode || navigator?.userAgent === "Cloudflare-Workers" || process.getBuiltinModule === undefined) return undefined;
  const load = <T>(name: string) => process.getBuiltinModule!(`node:${name}`) as T;
  const stream = load<NodeStream>("stream");
  return (request) => send(request, load<NodeHttp>(request.url.startsWith("https:") ? "https" : "http"), stream);
}

function send(request: Request, http: NodeHttp, { Readable, pipeline }: NodeStream): Promise<Response> {
  return new Promise((resolve, reject) => {
    const { method, signal } = request;
    const headers = Object.fromEntries(request.headers);
    // Node frames no body of `DELETE` or `OPTIONS` by itself: it would be the beginning of another request.
    if (request.body !== null && headers["content-length"] === undefined) headers["transfer-encoding"] = "chunked";
    const outgoing = http.request(new URL(request.url), { method, headers, signal });
    outgoing.strictContentLength = true;
    outgoing.on("error", reject);
    // An origin that changes to another protocol, for which nobody asked, makes no error.
    outgoing.on("close", () => reject(new Error("no answer")));
    outgoing.on("response", (incoming) => {
      try {
        const { statusCode: status, statusMessage: statusText, rawHeaders } = incoming;
        const headers = new Headers();
        for (let place = 0; place + 1 < rawHeaders.length; place += 2) headers.append(rawHeaders[place]!, rawHeaders[place + 1]!);
        const isBare = method === "HEAD" || WITHOUT_BODY.includes(status);
        if (isBare) incoming.resume();
        const strategy = new ByteLengthQueuingStrategy({ highWaterMark: 1 << 16 });
        resolve(new Response(isBare ? null : Readable.toWeb(incoming, { strategy }), { status, statusText, headers }));
      } catch (error) {
        incoming.destroy();
        reject(error as Error);
      }
    });
    // An origin may close a connection that was kept as a request comes (RFC 9112 §9.3.1). Each try takes one such away.
    if (request.body === null && IDEMPOTENT.includes(method)) {
      outgoing.prependListener("error", ({ code = "" }) => {
        if (outgoing.reusedSocket && CLOSED.includes(code) && !signal.aborted) resolve(send(request, http, { Readable, pipeline }));
      });
    }
    if (request.body === null) outgoing.end();
    // What goes wrong with either is an error of the request.
    else pipeline(Readable.fromWeb(request.body), ofLength(headers["content-length"]), outgoing, () => undefined);
  });
}

/** A body of another length than was said would be the beginning of another request. What Node throws then, nobody catches. */
export function ofLength(said: string | undefined) {
  return async function* (body: AsyncIterable<Uint8Array>) {
    let left = said === undefined ? Infinity : Number(said);
    for await (const chunk of body) {
      left -= chunk.byteLength;
      if (left < 0) break;
      yield chunk;
    }
    if (left !== 0 && said !== undefined) throw new Error("a body of another length than was said");
  };
}
