import { Gate as CoreGate } from "./glue.js";
import { coreFailedAnswer, coreFailedVerdict, prepare, run, type MaybePromise } from "./core.js";
import { coreHost } from "./host.js";
import { sealBytes } from "./keys.js";
import { jsonText } from "./text.js";
import type { AuditEvent, Gate, GateOptions, GatePolicy, GateRequest, Origin, Verdict } from "../types/index.js";

interface Answer {
  status: number;
  headers: [string, string][];
  body: string;
}

type Outcome =
  | { action: "respond"; answer: Answer; audit: string | null }
  | {
      action: "forward";
      forward: { origin: string | null; remove: string[]; set: [string, string][]; failure: Answer };
      audit: string | null;
    };

export async function createGate(policy: GatePolicy | string, options: GateOptions = {}): Promise<Gate> {
  prepare();
  const { snapshots = {}, seals, origin, audit = logAudit, address, ...host } = options;
  const core = new CoreGate(jsonText(policy, "the policy"), jsonText(snapshots, "the snapshots"), sealBytes(seals), coreHost(host));
  const fetchOrigin = originFetcher(origin);

  const check = (request: Request | GateRequest): MaybePromise<Verdict> =>
    run(
      () => core.check(coreRequest(request, address)),
      (answer) => {
        const { verdict, audit: event } = JSON.parse(answer) as { verdict: Verdict; audit: string };
        report(audit, event);
        return verdict;
      },
      coreFailedVerdict,
    );

  const fetch = async (request: Request): Promise<Response> => {
    const outcome = await run(
      () => core.handle(coreRequest(request, address)),
      (answer) => JSON.parse(answer) as Outcome,
      (): Outcome => ({ action: "respond", answer: coreFailedAnswer(), audit: null }),
    );
    if (outcome.audit !== null) report(audit, outcome.audit);
    if (outcome.action === "respond") return response(outcome.answer, request);
    const { forward } = outcome;
    try {
      return await fetchOrigin(forwarded(request, forward), forward.origin);
    } catch {
      return response(forward.failure, request);
    }
  };

  return { check, fetch, worker: () => ({ fetch }) };
}

function coreRequest(request: Request | GateRequest, address: GateOptions["address"]): object {
  const isRequest = typeof Request === "function" && request instanceof Request;
  const ip = isRequest ? address?.(request) : (request as GateRequest).ip;
  return {
    method: request.method,
    url: request.url,
    headers: [...headerPairs(request.headers)],
    ip: ip ?? undefined,
  };
}

function* headerPairs(headers: Headers | GateRequest["headers"]): Iterable<[string, string]> {
  const entries = Symbol.iterator in headers ? headers : Object.entries(headers);
  for (const [name, value] of entries as Iterable<[string, string | readonly string[] | undefined]>) {
    if (value === undefined) continue;
    for (const one of typeof value === "string" ? [value] : value) yield [name, one];
  }
}

/** The request as the core wants the origin to see it; the body streams through. */
function forwarded(request: Request, forward: { remove: string[]; set: [string, string][] }): Request {
  const headers = new Headers(request.headers);
  for (const name of forward.remove) headers.delete(name);
  for (const [name, value] of forward.set) headers.set(name, value);
  return new Request(request, { headers, redirect: "manual" });
}

/** Sends a request to the origin that was lent, or to the one that the policy names. */
function originFetcher(lent: Origin | undefined): (request: Request, named: string | null) => Promise<Response> {
  const send = typeof lent === "function" ? lent : lent === undefined ? undefined : (request: Request) => lent.fetch(request);
  return async (request, named) => {
    if (named !== null) {
      const { pathname, search } = new URL(request.url);
      request = new Request(named + pathname + search, request);
      return (send ?? globalThis.fetch)(request);
    }
    if (send === undefined) throw new Error("the policy names no origin and none was lent");
    return send(request);
  };
}

function response(answer: Answer, request: Request): Response {
  return new Response(request.method === "HEAD" ? null : answer.body, { status: answer.status, headers: answer.headers });
}

/** An audit sink that fails must not fail the decision. */
function report(audit: (event: AuditEvent) => void, event: string): void {
  try {
    audit(JSON.parse(event) as AuditEvent);
  } catch (error) {
    console.error("edgeward: the audit sink failed", error instanceof Error ? error.message : "");
  }
}

function logAudit(event: AuditEvent): void {
  console.log(JSON.stringify(event));
}
