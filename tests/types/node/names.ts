// Every other name that the entries export, where people write it.
import { KeyAdminError, coreRestarts, createGate, createJwtVerifier, createKeyAdmin, inspect, lint, takeSnapshot, version } from "edgeward";
import type {
  AllowedAssertion, AllowedKey, AllowedToken, AllowedVerdict, AnalyticsPoint, ApiKeyChecker, ApiKeyForm, ApiKeyPolicy, AssertionPolicy, AuditCounts,
  AuditEvent, AuditRecord, AuditSink, ClaimCondition, ClaimPath, ClaimValue, CorsPolicy, DenyEntry, DenyList, DenyPublished,
  DenySnapshotPolicy, DenySnapshotStatus, DpopPolicy, DpopProof, Fault, Gate, GateOptions, GatePolicy, GateRequest, Host,
  InspectOptions, InspectedPart, Inspection, IntrospectionPolicy, IntrospectionSecrets, InventoryPage, IssuedKey, IssuerPolicy,
  JsonWebKeySet, JwsOptions, JwtVerifier, KeyAdmin, KeyAdminForm, KeyAdminHost, KeyChange, KeyDocumentOptions, KeyPage, KeyRecord,
  KeyReviewing, KeySetPolicy, KeySetStatus, KeyState, KeyStorePolicy, KeyUsage, LeaksPolicy, Lifecycle, Lifetime, LimitBy,
  LimitRulePolicy, LimitsPolicy, Limiter, LintOptions, Moment, NewKey, Origin, Preset, ProxyPolicy, ResourcePolicy,
  RevocationReason, ReviewPage, ReviewPolicy, ReviewSummary, RoutePolicy, Snapshot, SnapshotOptions, SnapshotTaken, Span, Store,
  StoreListing, TokenHost, TokenPolicy, TokenVerifyOptions,
} from "edgeward";
import { init, initSync, type CoreBytes, type CoreModule, type CoreSource } from "edgeward/slim";
import { consoleSink, queueSink, analyticsSink, type AuditDataset, type AuditQueue, type QueueSinkOptions } from "edgeward/audit";
import { fileStore, type FileStore, type FileStoreOptions } from "edgeward/store/file";
import { kvStore, type KeyWriterNamespace, type KeyWriterStub, type KvNamespace, type KvStore, type KvStoreOptions } from "edgeward/store/kv";
import { memoryStore, type MemoryStore, type MemoryStoreOptions } from "edgeward/store/memory";
import { redisStore, type RedisStore, type RedisStoreOptions } from "edgeward/store/redis";
import { unstorageStore, type Unstorage, type UnstorageStore, type UnstorageStoreOptions } from "edgeward/store/unstorage";

// Policies, part by part.
const path: ClaimPath = "/realm_access/org";
const value: ClaimValue = true;
const conditions: Record<ClaimPath, ClaimCondition> = { [path]: { oneOf: [value, 1, "a"] }, b: { sameAs: "sub" }, c: { present: false } };
const keySet: KeySetPolicy = { maxAge: 60, maxStale: 0, timeout: 500 };
const introspection: IntrospectionPolicy = { endpoint: "https://i.example/", clientId: "api", tokens: "all" };
const preset: Preset = "auth0";
const issuer: IssuerPolicy = { preset, issuer: "https://i.example", requireClaims: conditions, keySet, introspection, requireHeader: { typ: null } };
const dpop: DpopPolicy = { algorithms: ["ES256"], maxAge: 60 };
const jwks: JsonWebKeySet = { keys: [{ kty: "EC" }] };
const denySnapshot: DenySnapshotPolicy = { maxAge: 60, jwks };
const entry: DenyEntry = { key: "id", until: 1 };
const deny: DenyList = [entry, { organization: "org_1" }];
const tokens: TokenPolicy = { issuers: [issuer], dpop, deny, denySnapshot };
const store: KeyStorePolicy = { cacheSeconds: 0 };
const apiKeys: ApiKeyPolicy = { prefix: "acme", environment: "live", store, foreignKeys: { prefixes: ["old_"] } };
const by: LimitBy = "organization";
const rule: LimitRulePolicy = { name: "a", by, limit: 1, period: 10, keyClasses: { big: { limit: 10 } } };
const limits: LimitsPolicy = { rules: [rule], refused: { limit: 1, period: 60 } };
const route: RoutePolicy = { methods: ["GET"], path: "/:org/*", classes: ["api_key"], organization: { path: "org" }, senderConstraint: "dpop" };
const review: ReviewPolicy = { departed: ["ada"], maxAgeDays: 90 };
const assertion: AssertionPolicy = { issuer: "a", audience: "b" };
const [leaks, proxy, cors, resource]: [LeaksPolicy, ProxyPolicy, CorsPolicy, ResourcePolicy] = [
  { source: "me" },
  { forwarded: "append" },
  { origins: "*" },
  { identifier: "https://api.example" },
];
export const policy: GatePolicy = { ...tokens, apiKeys, limits, routes: [route], review, assertion, leaks, proxy, cors, resource };

// What is lent.
const limiter: Limiter = { limit: async ({ key }) => ({ success: key !== "" }) };
const origin: Origin = async (request) => new Response(request.method);
const records: Store = { get: () => null, list: (): StoreListing => ({ keys: [{ name: "a" }], list_complete: true }) };
const host: Host = { store: records, now: () => 0, waitUntil: (work) => void work, fetch: async (url, { method }) => new Response(`${url}${method}`), signatures: "wasm" };
const secrets: IntrospectionSecrets = { "https://i.example": "secret" };
const ofTokens: TokenHost = { ...host, introspectionSecrets: secrets };
const sink: AuditSink = { name: "own", takes: (record: AuditRecord) => record.bytes < 10, send() {}, batch: { events: 1, bytes: 1, linger: 1 } };
const options: GateOptions = { ...host, origin, limiters: { a: limiter }, audit: [sink, consoleSink(), (event: AuditEvent) => void event["class_uid"]] };

// The objects.
export async function objects(form: ApiKeyForm): Promise<Lifetime[]> {
  const verifier: JwtVerifier = await createJwtVerifier(tokens, ofTokens);
  const gate: Gate = await createGate(policy, options);
  const administered: KeyAdminForm = { ...form, review };
  const lent: KeyAdminHost = { store: memoryStore() };
  const admin: KeyAdmin = await createKeyAdmin(administered, lent);
  const proof: DpopProof = { proof: "", method: "GET", url: "https://api.example/" };
  const asked: TokenVerifyOptions = { dpop: proof, certificate: null, scopes: ["a"] };
  const verdict = await verifier.verify("token", asked);
  if (verdict.ok) (verdict satisfies AllowedToken | AllowedKey satisfies AllowedVerdict).scopes;
  const sets: KeySetStatus[] = verifier.keySets();
  const status: DenySnapshotStatus | null = gate.denySnapshot();
  const published: DenyPublished = await gate.deny(deny);
  const counts: AuditCounts[] = gate.audit();
  const request: GateRequest = { method: "GET", url: "/", headers: new Headers() };
  await gate.check(request);
  console.log(sets, status?.phase, published.entries, counts);
  return [verifier, gate, admin satisfies KeyReviewing];
}

// The life of keys.
export async function life(admin: KeyAdmin, checker: ApiKeyChecker): Promise<void> {
  const [overlap, expires]: [Span, Moment] = ["1h", "90d"];
  const wanted: NewKey = { organization: "o", owner: "a", revoker: "b", name: "n", expires, scopes: ["a"] as const };
  const issued: IssuedKey = await admin.issue(wanted);
  const change: KeyChange = { expires: null, scopes: [] };
  const record: KeyRecord = await admin.update(issued.id, change);
  const reason: RevocationReason = "superseded";
  const usage: KeyUsage = (await admin.show(record.id)).usage;
  const page: KeyPage = await admin.list();
  const inventory: InventoryPage = await admin.inventory();
  const [state, lifecycle]: [KeyState | undefined, Lifecycle | null | undefined] = [inventory.lines[0]?.state, inventory.lines[0]?.lifecycle];
  const reviewed: ReviewPage = await admin.review();
  const summary: ReviewSummary = reviewed.summary;
  const part: KeyDocumentOptions = { limit: 10, policy };
  for await (const text of admin.reviewText("csv", part)) console.log(text);
  await admin.rotate(issued.id, { overlap });
  await admin.revokeHeld(issued.key, { by: "a", reason });
  console.log(usage.lastUsed, page.cursor, state, lifecycle, summary.keys, await checker.check(issued.key));
  // @ts-expect-error There is no such reason.
  await admin.revoke(issued.id, { by: "a", reason: "because" });
  // @ts-expect-error A record cannot be written to.
  record.scopes.push("all");
}

// Tools.
const told: InspectOptions = { jwks, now: 0 };
const report: Inspection = inspect("token", told);
const part: InspectedPart | undefined = report.token?.header;
const fault: Fault | null | undefined = part?.fault;
const looked: LintOptions = { snapshots: {}, now: () => 0 };
const taking: SnapshotOptions = { maxAge: 1 };
const taken: SnapshotTaken = await takeSnapshot("https://i.example", taking);
const snapshot: Snapshot = taken.snapshot;
const jws: JwsOptions = { algorithms: ["ES256"], maxBytes: 1 };
export const tools = [fault, lint(policy, looked), snapshot.digest, jws, version().length, coreRestarts().toFixed()] as const;
export const assertedBy = (allowed: AllowedAssertion): string | null => allowed.clientId;
export const failed = (error: unknown): string => (error instanceof KeyAdminError ? error.code : "");

// The other entries.
const core: CoreSource = new URL("https://cdn.example/core.wasm");
await init({ module_or_path: core });
const bytes: CoreBytes = new Uint8Array();
initSync({ module: bytes });
export const start = (compiled: CoreModule): unknown => initSync({ module: compiled });
const queued: QueueSinkOptions = { events: 1 };
export const sinks = (queue: AuditQueue, dataset: AuditDataset): AuditSink[] => [queueSink(queue, queued), analyticsSink(dataset)];
export const point = ({ blobs }: AnalyticsPoint): string[] => blobs;
export function stores(namespace: KvNamespace, writer: KeyWriterNamespace, storage: Unstorage): Store[] {
  const now = () => 0;
  const [ofFile, ofKv, ofMemory]: [FileStoreOptions, KvStoreOptions, MemoryStoreOptions] = [{ now, exclusive: true }, { writer }, { now }];
  const [ofRedis, ofUnstorage]: [RedisStoreOptions, UnstorageStoreOptions] = [{ prefix: "{a}:" }, { now }];
  const stub: KeyWriterStub = writer.get(writer.idFromName("a"));
  const file: FileStore = fileStore("records", ofFile);
  const kv: KvStore = kvStore(namespace, ofKv);
  const memory: MemoryStore = memoryStore(ofMemory);
  const redis: RedisStore = redisStore((args) => args.length, ofRedis);
  const other: UnstorageStore = unstorageStore(storage, ofUnstorage);
  void stub.latest("a");
  return [file, kv, memory, redis, other];
}
