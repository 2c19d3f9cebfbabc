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
  type AuditEntry,
  type MaybePromise,
} from "./core.js";
import { auditDelivery } from "./audit-delivery.js";
import { failureOf, originFetcher, passOn, refused, response, type ForwardedTo } from "./gate-forward.js";
import { coreRequest, LentFailed } from "./gate-request.js";
import { coreHost, lending } from "./host.js";
import { CoreFailed, coreRestarts, enter, held, letting, type Held } from "./instance.js";
import { sealBytes } from "./keys.js";
import { requireLimiters } from "./limiters.js";
import { jsonText } from "./text.js";
import type {
  DenyPublished,
  DenySnapshotStatus,
  Gate,
  GateOptions,
  GatePolicy,
  GateRequest,
  Guarded,
  GuardFrom,
  Verdict,
} from "../types/index.js";

type Answered = { action: "respond"; answer: Answer; audit: AuditEntry[] };
type Outcome = Answered | { action: "forward"; forward: ForwardedTo; audit: AuditEntry[] };

export async function createGate(policy: GatePolicy | string, options: GateOptions = {}): Promise<Gate> {
  prepare();
  const surroundings = () => JSON.stringify({ sinks: audit.counts() });
  const lend = lending(options, () => core(), { surroundings });
  const { snapshots = {}, introspectionSecrets = {}, seals, bootstrapSecret, denySigningKey, assertionKeys, origin } = options;
  const { address, certificate } = options;
  // Events may be on their way when the gate is gone.
  const audit = auditDelivery(options.audit, coreHost(options));
  if (address !== undefined && typeof address !== "function") {
    throw new TypeError("`address` is a function that takes a request and returns the client's address");
  }
  if (certificate !== undefined && typeof certificate !== "function") {
    throw new TypeError("`certificate` is a function that takes a request and returns the thumbprint of its client's certificate");
  }
  if (bootstrapSecret !== undefined && typeof bootstrapSecret !== "string") {
    throw new TypeError("`bootstrapSecret` is a string");
  }
  const fetchOrigin = originFetcher(origin);
  /** The request as the core is told of it, or nothing where a function that was lent failed at it. */
  const seen = (request: Request | GateRequest, from?: GuardFrom): object | undefined => {
    try {
      return coreRequest(request, address, certificate, from);
    } catch (error) {
      if (!(error instanceof LentFailed)) throw error;
      const { message, cause } = error;
      console.error(`edgeward: ${message}`, cause instanceof Error ? cause.message : "");
      audit.take([coreFailedAudit(request.method, message)]);
      return undefined;
    }
  };
  const secrets = jsonText(introspectionSecrets, "the secrets for introspection");
  const [text, beside, sealing] = [jsonText(policy, "the policy"), jsonText(snapshots, "the snapshots"), sealBytes(seals)];
  const signingKey = signingKeyText(denySigningKey, "the signing key of deny lists");
  const vouching = signingKeyText(assertionKeys, "the keys of assertions");
  let denyList: string | undefined;
  const make = () => {
    const made = new CoreGate(text, beside, secrets, sealing, bootstrapSecret, signingKey, vouching, lend());
    if (denyList !== undefined) made.setDenyList(denyList);
    made.setRestarts(coreRestarts());
    return made;
  };
  const ended = () => {
    lend.end();
    audit.end();
  };
  const core: Held<CoreGate> = held("the gate", make, ended);
  try {
    if (enter(() => core().takesKeys) && options.store === undefined) {
      throw new TypeError("the policy takes API keys, which are looked up in a store: lend one as `store`");
    }
    requireLimiters(enter(() => core().limiters), options.limiters);
  } catch (error) {
    core.free();
    throw error;
  }

  const undecided = (request: Request | GateRequest): Answered => {
    audit.take([coreFailedAudit(request.method)]);
    return { action: "respond", answer: coreFailedAnswer(), audit: [] };
  };

  const decide = (request: Request | GateRequest): MaybePromise<Verdict> => {
    const told = seen(request);
    if (told === undefined) return coreFailedVerdict();
    return run(
      () => core().check(told),
      (answer) => {
        const { verdict, audit: entries } = JSON.parse(answer) as { verdict: Verdict; audit: AuditEntry[] };
        audit.take(entries);
        return verdict;
      },
      () => {
        audit.take([coreFailedAudit(request.method)]);
        return coreFailedVerdict();
      },
    );
  };

  const guarded = (request: Request | GateRequest, from?: GuardFrom): MaybePromise<Guarded> => {
    const told = seen(request, from);
    if (told === undefined) return refused(coreFailedAnswer(), request.method);
    return run(
      () => core().guard(told),
      (answer) => {
        const { audit: entries, ...outcome } = JSON.parse(answer) as Guarded & { audit: AuditEntry[] };
        audit.take(entries);
        return outcome.action === "respond" ? refused(outcome.response, request.method) : outcome;
      },
      () => refused(undecided(request).answer, request.method),
    );
  };

  const failed: Gate["failed"] = (method, error) => {
    console.error("edgeward: what stands around the gate failed:", error instanceof Error ? error.message : "");
    audit.take([coreFailedAudit(method, "what stands around the gate failed")]);
    return coreFailedAnswer();
  };

  const handle = async (request: Request): Promise<Response> => {
    const told = seen(request);
    if (told === undefined) return response(coreFailedAnswer(), request);
    const outcome = await run(
      () => core().handle(told),
      (answer) => JSON.parse(answer) as Outcome,
      (): Outcome => undecided(request),
    );
    audit.take(outcome.audit);
    if (outcome.action === "respond") return response(outcome.answer, request);
    const { forward } = outcome;
    try {
      return await passOn(request, forward, fetchOrigin);
    } catch (error) {
      const failure = () => core().forwardFailed(told, forward.requestId, ...failureOf(error)) as string;
      const read = (answer: string) => JSON.parse(answer) as Answered;
      const failed = error instanceof CoreFailed ? undecided(request) : await run(failure, read, () => undecided(request));
      audit.take(failed.audit);
      return response(failed.answer, request);
    }
  };

  const setDenyList: Gate["setDenyList"] = (list) => {
    const next = jsonText(list, "the deny list");
    core.use(() => enter(() => core().setDenyList(next)));
    denyList = next;
  };

  const publish = async (work: () => string | Task): Promise<DenyPublished> => {
    const lost = () => ({ failure: "the core failed: whether the deny list was changed cannot be told" });
    const read = (answer: string) => JSON.parse(answer) as DenyPublished | { failure: string };
    const published: DenyPublished | { failure: string } = await run(work, read, lost);
    if ("failure" in published) throw new Error(published.failure);
    return published;
  };
  const deny: Gate["deny"] = async (entries) => {
    const denied = jsonText(entries, "the entries");
    return core.use(() => publish(() => core().deny(denied)));
  };
  const undeny: Gate["undeny"] = async (entries) => {
    const withdrawn = jsonText(entries, "the entries");
    return core.use(() => publish(() => core().undeny(withdrawn)));
  };

  const denySnapshotNow = () => JSON.parse(enter(() => core().denySnapshot())) as DenySnapshotStatus | null;
  const refreshAll = async () => {
    const keySets = await run(() => core().refresh(), readKeySets, coreFailedKeySets);
    const failure = denySnapshotNow()?.publishFailure;
    // Before long every check would be put off for it: somebody has to know.
    if (failure) console.error("edgeward: the deny list could not be published", failure);
    return keySets;
  };

  const fetch = async (request: Request) => core.use(() => handle(request));
  const refresh = async () => core.use(refreshAll);
  const scheduled = async () => void (await refresh());
  const { counts, flush } = audit;

  return {
    audit: counts,
    flush,
    check: (request) => core.use(() => decide(request)),
    guard: (request, from) => core.use(() => guarded(request, from)),
    failed,
    fetch,
    refresh,
    keySets: () => readKeySets(core.use(() => enter(() => core().keySets()))),
    denySnapshot: () => core.use(denySnapshotNow),
    deny,
    undeny,
    setDenyList,
    worker: () => ({ fetch, scheduled }),
    ...letting(core.free),
  };
}

/** Private JWKs as text, for the core to read and to forget. */
function signingKeyText(key: string | object | undefined, what: string): string | undefined {
  return key === undefined || key === "" ? undefined : jsonText(key, what);
}
