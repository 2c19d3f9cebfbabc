import { Gate as CoreGate, type Task } from "./glue.js";
import {
  coreFailedAnswer,
  coreFailedAudit,
  coreFailedKeySets,
  coreFailedVerdict,
  prepare,
  readKeySets,
  run,
  type Answer,
  type MaybePromise,
} from "./core.js";
import { coreHost } from "./host.js";
import { sealBytes } from "./keys.js";
import { jsonText } from "./text.js";
import type {
  AuditEvent,
  DenyPublished,
  DenySnapshotStatus,
  Gate,
  GateOptions,
  GatePolicy,
  GateRequest,
  Origin,
  Verdict,
} from "../types/index.js";

type Outcome =
  | { action: "respond"; answer: Answer; audit: string[] }
  | {
      action: "forward";
      forward: { origin: string | null; remove: string[]; set: [string, string][]; failure: Answer };
      audit: string[];
    };

type Sink = NonNullable<GateOptions["audit"]>;

export async function createGate(policy: GatePolicy | string, options: GateOptions = {}): Promise<Gate> {
  prepare();
  const host = coreHost(options, () => core);
  const { snapshots = {}, introspectionSecrets = {}, seals, bootstrapSecret, denySigningKey, origin, audit = logAudit } = options;
  const { address, certificate = certificateOf } = options;
  if (typeof audit !== "function") throw new TypeError("`audit` is a function that takes an event");
  if (address !== undefined && typeof address !== "function") {
    throw new TypeError("`address` is a function that takes a request and returns the client's address");
  }
  if (typeof certificate !== "function") {
    throw new TypeError("`certificate` is a function that takes a request and returns the thumbprint of its client's certificate");
  }
  if (bootstrapSecret !== undefined && typeof bootstrapSecret !== "string") {
    throw new TypeError("`bootstrapSecret` is a string");
  }
  const fetchOrigin = originFetcher(origin);
  const seen = (request: Request | GateRequest) => coreRequest(request, address, certificate);
  const secrets = jsonText(introspectionSecrets, "the secrets for introspection");
  const core: CoreGate = new CoreGate(
    jsonText(policy, "the policy"),
    jsonText(snapshots, "the snapshots"),
    secrets,
    sealBytes(seals),
    bootstrapSecret,
    signingKeyText(denySigningKey),
    host,
  );
  if (core.takesKeys && options.store === undefined) {
    throw new TypeError("the policy takes API keys, which are looked up in a store: lend one as `store`");
  }

  const check = (request: Request | GateRequest): MaybePromise<Verdict> =>
    run(
      () => core.check(seen(request)),
      (answer) => {
        const { verdict, audit: event } = JSON.parse(answer) as { verdict: Verdict; audit: string };
        report(audit, JSON.parse(event) as AuditEvent);
        return verdict;
      },
      () => {
        report(audit, coreFailedAudit(request.method));
        return coreFailedVerdict();
      },
    );

  const fetch = async (request: Request): Promise<Response> => {
    const outcome = await run(
      () => core.handle(seen(request)),
      (answer) => JSON.parse(answer) as Outcome,
      (): Outcome => {
        report(audit, coreFailedAudit(request.method));
        return { action: "respond", answer: coreFailedAnswer(), audit: [] };
      },
    );
    for (const event of outcome.audit) report(audit, JSON.parse(event) as AuditEvent);
    if (outcome.action === "respond") return response(outcome.answer, request);
    const { forward } = outcome;
    try {
      return await fetchOrigin(forwarded(request, forward), forward.origin);
    } catch {
      return response(forward.failure, request);
    }
  };

  const setDenyList: Gate["setDenyList"] = (list) => core.setDenyList(jsonText(list, "the deny list"));

  const publish = async (work: () => string | Task): Promise<DenyPublished> => {
    const lost = () => ({ failure: "the core failed: whether the deny list was changed cannot be told" });
    const read = (answer: string) => JSON.parse(answer) as DenyPublished | { failure: string };
    const published: DenyPublished | { failure: string } = await run(work, read, lost);
    if ("failure" in published) throw new Error(published.failure);
    return published;
  };
  const deny: Gate["deny"] = (entries) => publish(() => core.deny(jsonText(entries, "the entries")));
  const undeny: Gate["undeny"] = (entries) => publish(() => core.undeny(jsonText(entries, "the entries")));

  const denySnapshot = () => JSON.parse(core.denySnapshot()) as DenySnapshotStatus | null;
  const refresh = async () => {
    const keySets = await run(() => core.refresh(), readKeySets, coreFailedKeySets);
    const failure = denySnapshot()?.publishFailure;
    // Before long every check would be put off for it: somebody has to know.
    if (failure) console.error("edgeward: the deny list could not be published", failure);
    return keySets;
  };
  const keySets = () => readKeySets(core.keySets());
  const scheduled = async () => void (await refresh());

  return { check, fetch, refresh, keySets, denySnapshot, deny, undeny, setDenyList, worker: () => ({ fetch, scheduled }) };
}

/** A private JWK as text, for the core to read and to forget. */
function signingKeyText(key: GateOptions["denySigningKey"]): string | undefined {
  return key === undefined || key === "" ? undefined : jsonText(key, "the signing key of deny lists");
}

/** What Cloudflare says of the certificate: of the connection, where no client can write. */
function certificateOf(request: Request): string | undefined {
  const { cf } = request as { cf?: { tlsClientAuth?: { certFingerprintSHA256?: string } } };
  return cf?.tlsClientAuth?.certFingerprintSHA256;
}

function coreRequest(
  request: Request | GateRequest,
  address: GateOptions["address"],
  certificate: NonNullable<GateOptions["certificate"]>,
): object {
  if (typeof request !== "object" || request === null) throw new TypeError("a request is an object");
  const isRequest = typeof Request === "function" && request instanceof Request;
  const { method, url, headers } = request;
  if (typeof method !== "string" || typeof url !== "string") throw new TypeError("a request has `method` and `url`, both strings");
  const ip: unknown = (isRequest ? address?.(request) : (request as GateRequest).ip) ?? undefined;
  if (ip !== undefined && typeof ip !== "string") throw new TypeError("the address of a client is a string");
  const thumbprint: unknown = (isRequest ? certificate(request) : (request as GateRequest).certificate) ?? undefined;
  if (thumbprint !== undefined && typeof thumbprint !== "string") {
    throw new TypeError("the thumbprint of a certificate is a string");
  }
  const body = isRequest ? (longest: number) => bodyOf(request, longest) : undefined;
  return { method, url, headers: [...headerPairs(headers)], ip, certificate: thumbprint, body };
}

/** The body of a request for an endpoint of the gate's own, or null where it is longer than this. */
async function bodyOf(request: Request, longest: number): Promise<Uint8Array | null> {
  if (request.body === null) return new Uint8Array(0);
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = (request.body as ReadableStream<Uint8Array>).getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > longest) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  const body = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.byteLength;
  }
  return body;
}

function* headerPairs(headers: Headers | GateRequest["headers"]): Iterable<[string, string]> {
  if (typeof headers !== "object" || headers === null) throw new TypeError("a request has `headers`: an object, or pairs");
  const entries = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of entries as Iterable<[string, string | readonly string[] | undefined]>) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) yield [name, String(one)];
  }
}

// What belongs to one connection and not to the request (RFC 9110 §7.6.1), and what only its two ends can settle.
const OF_THE_CONNECTION = ["keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "expect"];

/** The request as the core wants the origin to see it; the body streams through. */
function forwarded(request: Request, forward: { remove: string[]; set: [string, string][] }): Request {
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
function originFetcher(lent: Origin | undefined): (request: Request, named: string | null) => Promise<Response> {
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

function response(answer: Answer, request: Request): Response {
  return new Response(request.method === "HEAD" ? null : answer.body, { status: answer.status, headers: answer.headers });
}

/** An audit sink that fails, at once or later, must not fail the decision. */
function report(audit: Sink, event: AuditEvent): void {
  const failed = (error: unknown) =>
    console.error("edgeward: the audit sink failed", error instanceof Error ? error.message : "");
  try {
    const pending = audit(event) as unknown;
    if (typeof (pending as { then?: unknown } | null | undefined)?.then === "function") {
      Promise.resolve(pending).catch(failed);
    }
  } catch (error) {
    failed(error);
  }
}

function logAudit(event: AuditEvent): void {
  console.log(JSON.stringify(event));
}
