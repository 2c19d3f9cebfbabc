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
import { failureOf, NotForwarded, originFetcher, passOn, response, type ForwardedTo } from "./gate-forward.js";
import { coreRequest, LentFailed } from "./gate-request.js";
import { lending } from "./host.js";
import { CoreFailed, coreRestarts, enter, held, type Held } from "./instance.js";
import { sealBytes } from "./keys.js";
import { requireLimiters } from "./limiters.js";
import { seenOf } from "./seen.js";
import { jsonText } from "./text.js";
import type {
  DenyPublished,
  DenySnapshotStatus,
  Gate,
  GateOptions,
  GatePolicy,
  GateRequest,
  Verdict,
} from "../types/index.js";

type Answered = { action: "respond"; answer: Answer; audit: AuditEntry[] };
type Outcome = Answered | { action: "forward"; forward: ForwardedTo; audit: AuditEntry[] };

export async function createGate(policy: GatePolicy | string, options: GateOptions = {}): Promise<Gate> {
  prepare();
  const lend = lending(options, () => core());
  const { snapshots = {}, introspectionSecrets = {}, seals, bootstrapSecret, denySigningKey, assertionKeys, origin } = options;
  const { address, certificate } = options;
  const audit = auditDelivery(options.audit, lend());
  const surroundings = () => JSON.stringify({ sinks: audit.counts() });
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
  const seen = (request: Request | GateRequest): object | undefined => {
    try {
      return coreRequest(request, address, certificate);
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
  const core: Held<CoreGate> = held(() => {
    const made = new CoreGate(text, beside, secrets, sealing, bootstrapSecret, signingKey, vouching, { ...lend(), surroundings });
    if (denyList !== undefined) made.setDenyList(denyList);
    made.setRestarts(coreRestarts());
    return made;
  });
  if (enter(() => core().takesKeys) && options.store === undefined) {
    throw new TypeError("the policy takes API keys, which are looked up in a store: lend one as `store`");
  }
  requireLimiters(enter(() => core().limiters), options.limiters);

  const undecided = (request: Request | GateRequest): Answered => {
    audit.take([coreFailedAudit(request.method)]);
    return { action: "respond", answer: coreFailedAnswer(), audit: [] };
  };

  const check = (request: Request | GateRequest): MaybePromise<Verdict> => {
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

  const fetch = async (request: Request): Promise<Response> => {
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
      if (seenOf(request)?.instead !== undefined) throw new NotForwarded("no_such_target");
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
    enter(() => core().setDenyList(next));
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
    return publish(() => core().deny(denied));
  };
  const undeny: Gate["undeny"] = async (entries) => {
    const withdrawn = jsonText(entries, "the entries");
    return publish(() => core().undeny(withdrawn));
  };

  const denySnapshot = () => JSON.parse(enter(() => core().denySnapshot())) as DenySnapshotStatus | null;
  const refresh = async () => {
    const keySets = await run(() => core().refresh(), readKeySets, coreFailedKeySets);
    const failure = denySnapshot()?.publishFailure;
    // Before long every check would be put off for it: somebody has to know.
    if (failure) console.error("edgeward: the deny list could not be published", failure);
    return keySets;
  };
  const keySets = () => readKeySets(enter(() => core().keySets()));
  const scheduled = async () => void (await refresh());

  const { counts, flush } = audit;

  return { audit: counts, flush, check, fetch, refresh, keySets, denySnapshot, deny, undeny, setDenyList, worker: () => ({ fetch, scheduled }) };
}

/** Private JWKs as text, for the core to read and to forget. */
function signingKeyText(key: string | object | undefined, what: string): string | undefined {
  return key === undefined || key === "" ? undefined : jsonText(key, what);
}
