import type { AuditEvent, Store, Verdict } from "../../../types/index.js";
import { CommandError, EXIT, UsageError, core, readOptional, type Command } from "../command.js";
import { credentialFrom } from "../credential.js";
import { JSON_OPTION, command, under } from "../declare.js";
import { opened, type Opened } from "../keys/store.js";
import { secretFrom } from "../keys/values.js";
import { WHERE, gateBase, sealsOf, storeUrl } from "../keys/where.js";
import { write, writeDocument } from "../output.js";
import { unusable } from "../policy.js";
import { secretJson, secretOf } from "../secrets.js";
import { waitingFor } from "../terminal.js";
import { momentOf } from "../times.js";
import { askedBy, type Asked } from "./asked.js";
import { verdictOfGate } from "./gate.js";
import { verdictInWords } from "./words.js";

const OF_KEYS = "API keys:";

export const OPTIONS = {
  scopes: { type: "string", value: "'A B'", takes: "text", words: "the scopes that are needed, all of them, parted by blanks" },
  ip: { type: "string", value: "ADDRESS", takes: "text", words: "the address of the client" },
  now: { type: "string", value: "WHEN", takes: "text", words: "judge as at another time: 90d or 12h from now on, 2027-01-31, 2027-01-31T12:00:00Z, or seconds since 1970" },
  offline: { type: "boolean", words: "ask no server: keys come from the policy, from snapshots, and from the store" },
  ...JSON_OPTION,
  ...under("By what it is judged (a policy; or an issuer, or the form of API keys):", {
    policy: { type: "string", value: "FILE", takes: "file", env: "EDGEWARD_POLICY", words: "a policy: that of a gate, or one with issuers alone" },
    snapshots: { type: "string", value: "FILE", takes: "file", inner: true, words: "snapshots of key sets by issuer, as edgeward snapshot --into writes them" },
    issuer: { type: "string", value: "NAME", takes: "text", words: "the issuer, exactly as the token names it in iss" },
    audience: { type: "string", value: "'A B'", takes: "text", inner: true, words: "the audiences of which the token must name one" },
    algorithms: { type: "string", value: "'A B'", takes: "text", inner: true, words: "the algorithms that it may be signed with, as ES256" },
    jwks: { type: "string", value: "FILE", takes: "file", inner: true, words: "its key set, or a snapshot of it; - for standard input" },
    "jwks-uri": { type: "string", value: "URL", takes: "text", inner: true, words: "where its key set is fetched; by its metadata where neither is named" },
  }),
  ...under("By a gate that runs, in place of all these:", {
    gate: { type: "string", value: "URL", takes: "text", words: "https://api.example/_edgeward: its own verdict on the credential alone" },
  }),
  ...under("As a request, by the routes of the policy:", {
    url: { type: "string", value: "URL", takes: "text", words: "the URL that is asked for, as https://api.example/v1/reports" },
    method: { type: "string", value: "METHOD", takes: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"], words: "the method, GET where left out" },
    header: { type: "string", value: "NAME", takes: "text", words: "the header that the credential stands in; Authorization where left out" },
    "dpop-file": { type: "string", value: "FILE", takes: "file", words: "the DPoP proof that came with the token" },
    certificate: { type: "string", value: "THUMBPRINT", takes: "text", words: "the SHA-256 thumbprint of the client's certificate" },
  }),
  ...under(OF_KEYS, {
    store: WHERE.store,
    prefix: WHERE.prefix,
    environment: WHERE.environment,
    "seals-file": WHERE["seals-file"],
    "redis-prefix": WHERE["redis-prefix"],
  }),
} as const;

export const verify: Command = command(
  {
    name: "verify",
    summary: "say whether a token or an API key is good, and why not",
    synopsis: "[FILE] [options]",
    about: `Gives the verdict on a credential: whether it is let through, whose it is, what it may do and when it ends; or why it is refused. The credential is read from FILE, from standard input ("-", or nothing), or from EDGEWARD_CREDENTIAL, and never stands in an argument. A store is read and never written.`,
    options: OPTIONS,
    operand: { name: "FILE", takes: "file" },
    exits: { good: "it is good", objection: "it is refused", failed: "nobody can tell: keys, the store or a server could not be had" },
  },
  async (args) => {
    const { operand, values } = readOptional(args, OPTIONS, "one file with a credential");
    if (values.gate !== undefined) return end(await askedOfGate(values.gate, operand, values), Date.now(), undefined, values.json);
    const now = clockOf(values.now);
    const store = lent(values);
    const asked = await askedBy(values);
    const request = requestOf(credentialFrom(operand), values);
    const lends = { now, store, offline: values.offline === true, seals: sealsOf(values) };
    const { verdict, event } = await judged(asked, request, lends).finally(() => store.close());
    return end(verdict, now?.() ?? Date.now(), event, values.json);
  },
);

/** Prints the verdict, and says how the command ends. */
async function end(verdict: Verdict, now: number, event: AuditEvent | undefined, asJson: boolean | undefined): Promise<number> {
  await (asJson === true ? writeDocument(verdict) : write(verdictInWords(verdict, now, event)));
  if (verdict.ok) return EXIT.good;
  return verdict.status >= 500 || verdict.status === 429 ? EXIT.failed : EXIT.objection;
}

async function askedOfGate(gate: string, operand: string | undefined, values: Given): Promise<Verdict> {
  const other = Object.entries(values).find(([name, value]) => value !== undefined && name !== "gate" && name !== "json");
  if (other !== undefined) throw new UsageError(`--${other[0]}, or --gate: a gate judges by its own policy, and by its own clock`);
  const base = gateBase(gate);
  const credential = credentialFrom(operand);
  const waiting = waitingFor(`asking ${base}`);
  return verdictOfGate(base, credential).finally(() => waiting.done());
}

type Given = { readonly [name in Exclude<keyof typeof OPTIONS, "json" | "offline">]?: string | undefined };

/** The clock that is asked for; none for that of this machine. */
function clockOf(text: string | undefined): (() => number) | undefined {
  const at = momentOf(text, "--now");
  return at === undefined ? undefined : () => at;
}

interface Presented {
  method: string;
  url: string;
  headers: [string, string][];
  ip?: string;
  certificate?: string;
}

function requestOf(credential: string, { url, method = "GET", header, ip, certificate, "dpop-file": proof }: Given): Presented {
  if (url === undefined && proof !== undefined) throw new UsageError("--dpop-file goes with --url: a proof is for one request");
  if (url === undefined && (method !== "GET" || header !== undefined)) throw new UsageError("--method and --header go with --url");
  if (url !== undefined && !(URL.canParse(url) && /^https?:$/.test(new URL(url).protocol))) throw new UsageError("--url takes a URL with scheme and host, as https://api.example/v1/reports");
  const scheme = proof === undefined ? "Bearer" : "DPoP";
  const presented: [string, string] = header === undefined || /^authorization$/i.test(header) ? ["authorization", `${scheme} ${credential}`] : [header, credential];
  return {
    method,
    url: url ?? "https://edgeward.invalid/",
    headers: [presented, ...(proof === undefined ? [] : [["dpop", secretFrom(proof, "the proof")] as [string, string]])],
    ...(ip !== undefined && { ip }),
    ...(certificate !== undefined && { certificate }),
  };
}

interface Lent {
  now: (() => number) | undefined;
  store: LentStore;
  offline: boolean;
  seals: string[];
}

async function judged({ policy, snapshots, takesKeys }: Asked, request: Presented, { now, store, offline, seals }: Lent): Promise<{ verdict: Verdict; event: AuditEvent | undefined }> {
  const { createGate } = await core();
  const events: AuditEvent[] = [];
  const introspectionSecrets = secretJson("EDGEWARD_INTROSPECTION_SECRETS");
  const lends = {
    ...(now !== undefined && { now }),
    ...((takesKeys || store.isNamed) && { store: store.store }),
    ...(offline && { fetch: () => Promise.reject(new Error("--offline asks nobody")) }),
    ...(introspectionSecrets && { introspectionSecrets }),
    snapshots,
    seals,
    audit: (event: AuditEvent) => void events.push(event),
  };
  const gate = await createGate(policy, lends).catch((error: unknown) => {
    throw unusable(error);
  });
  const waiting = waitingFor(offline ? "judging" : "judging, and asking for keys where they are fetched");
  try {
    const verdict = await gate.check(request);
    await gate.flush();
    if (!verdict.ok && verdict.status >= 500) store.complain();
    return { verdict, event: events[0] };
  } finally {
    waiting.done();
  }
}

interface LentStore {
  store: Store;
  isNamed: boolean;
  /** Throws what kept the store from being opened, if anything did. */
  complain(): void;
  close(): Promise<void>;
}

/** A store that is opened when it is asked, and never written: to judge is no use of a key. */
function lent(values: Given): LentStore {
  const url = values.store ?? secretOf("EDGEWARD_STORE");
  const place = url ? storeUrl(url, values) : undefined;
  let opening: Promise<Opened> | undefined;
  let failure: unknown;
  const open = async (): Promise<Store> => {
    try {
      if (place === undefined) {
        throw new CommandError("an API key is looked up in a store, and none was named", { code: "store_missing", hint: "--store, or EDGEWARD_STORE" });
      }
      const { store, exists } = await (opening ??= opened(place.url, place.redisPrefix));
      exists();
      return store;
    } catch (error) {
      failure = error;
      throw error;
    }
  };
  return {
    store: {
      get: async (key, options) => (await open()).get(key, options),
      latest: async (key) => {
        const store = await open();
        return store.latest === undefined ? store.get(key) : store.latest(key);
      },
    },
    isNamed: place !== undefined,
    complain() {
      if (failure !== undefined) throw failure;
    },
    close: async () => {
      await (await opening?.catch(() => undefined))?.close().catch(() => undefined);
    },
  };
}
