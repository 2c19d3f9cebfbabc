// The gate of a policy file: read, judged, and made with what this process lends it.
import { createHash } from "node:crypto";
import { createGate } from "../../index.js";
import type { AuditSink } from "../../../types/audit-types.js";
import type { Gate, GatePolicy, LintFinding, Store } from "../../../types/index.js";
import { judged, readBeside, readPolicy, unusable } from "../policy.js";
import { sealsOfEnvironment, secretJson, secretOf } from "../secrets.js";
import type { Settings } from "./settings.js";

/** A gate, and what is to be told of it. */
export interface Served {
  readonly gate: Gate;
  /** The SHA-256 of the policy file. */
  readonly digest: string;
  readonly findings: readonly LintFinding[];
  readonly origin: string | undefined;
  /** The path before the gate's own endpoints. */
  readonly prefix: string;
  readonly isForwardAuth: boolean;
  readonly isStrict: boolean;
  /** Whether TLS ends before this server, as the policy says. */
  readonly tlsEndsAhead: boolean;
  /** The limiters that the policy names, for which this process counts itself. */
  readonly limiters: readonly string[];
}

/** What a gate is lent here. A check publishes nothing. */
export interface Lent {
  readonly store: Store;
  readonly audit: AuditSink;
  readonly publishes: boolean;
}

/**
 * Reads the files and the secrets again each time.
 *
 * @throws {PolicyError} With every fault.
 */
export async function serve(settings: Settings, { store, audit, publishes }: Lent): Promise<Served> {
  const { policy: file, snapshots: snapshotsFile, origin } = settings;
  const { text } = readPolicy(file);
  const snapshots = readBeside(snapshotsFile) ?? "{}";
  const findings = await judged(text, { snapshots });
  const policy = JSON.parse(text) as GatePolicy;
  const limiters = ownLimiters(policy);
  if (origin !== undefined) (policy as { origin: string }).origin = origin;
  const seals = sealsOfEnvironment();
  const bootstrapSecret = secretOf("EDGEWARD_BOOTSTRAP_SECRET");
  const introspectionSecrets = secretJson("EDGEWARD_INTROSPECTION_SECRETS");
  const denySigningKey = publishes ? secretJson("EDGEWARD_DENY_SIGNING_KEY") : undefined;
  const assertionKeys = secretJson("EDGEWARD_ASSERTION_KEYS");
  let gate: Gate;
  try {
    gate = await createGate(origin === undefined && limiters.length === 0 ? text : policy, {
      store,
      audit,
      snapshots,
      seals,
      ...(bootstrapSecret !== undefined && { bootstrapSecret }),
      ...(introspectionSecrets !== undefined && { introspectionSecrets: introspectionSecrets as never }),
      ...(denySigningKey !== undefined && { denySigningKey }),
      ...(assertionKeys !== undefined && { assertionKeys }),
    });
  } catch (error) {
    // What is wrong beside the policy is a secret, of which the core says no part.
    throw unusable(error);
  }
  return {
    gate,
    digest: `sha-256:${createHash("sha256").update(text).digest("hex")}`,
    findings,
    origin: policy.origin,
    prefix: policy.prefix ?? "/_edgeward",
    isForwardAuth: policy.forwardAuth !== undefined,
    tlsEndsAhead: policy.tlsEndsAhead === true,
    isStrict: policy.denySnapshot !== undefined,
    limiters,
  };
}

type Bound = { binding?: string; whenUnavailable?: unknown };

/** Limiters are the platform's, and here is none: the gate counts in its own memory, as for rules that name none. */
function ownLimiters(policy: GatePolicy): string[] {
  const { rules = [], refused } = policy.limits ?? {};
  const bound = [...rules, ...rules.flatMap(({ keyClasses = {} }) => Object.values(keyClasses)), ...(refused === undefined ? [] : [refused])] as Bound[];
  const names = bound.flatMap(({ binding }) => binding ?? []);
  for (const one of bound) {
    delete one.binding;
    delete one.whenUnavailable;
  }
  return [...new Set(names)];
}
