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
import { logAudit, report } from "./audit.js";
import { failureOf, originFetcher, passOn, response, type ForwardedTo } from "./gate-forward.js";
import { certificateOf, coreRequest } from "./gate-request.js";
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
  Verdict,
} from "../types/index.js";

type Answered = { action: "respond"; answer: Answer; audit: string[] };
type Outcome = Answered | { action: "forward"; forward: ForwardedTo; audit: string[] };

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
      return await passOn(request, forward, fetchOrigin);
    } catch (error) {
      const failed = await run(
        () => core.forwardFailed(seen(request), forward.requestId, ...failureOf(error)) as string,
        (answer) => JSON.parse(answer) as Answered,
        (): Answered => ({ action: "respond", answer: coreFailedAnswer(), audit: [] }),
      );
      for (const event of failed.audit) report(audit, JSON.parse(event) as AuditEvent);
      return response(failed.answer, request);
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
