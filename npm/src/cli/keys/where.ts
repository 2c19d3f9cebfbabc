// Where the keys are, by the options and the environment.
import { CommandError, UsageError, readText } from "../command.js";
import { under } from "../declare.js";
import { readPolicy } from "../policy.js";
import { sealsIn, sealsOfEnvironment, secretOf } from "../secrets.js";
import type { Keys } from "./access.js";
import { gateKeys, type GateAddress } from "./gate.js";
import { storeKeys, type StoreAddress } from "./store.js";

/** The options that say where. None of them takes a secret. */
export const WHERE = under("Where (one of the two):", {
  store: {
    type: "string",
    value: "URL",
    takes: "text",
    env: "EDGEWARD_STORE",
    words: "a store: file:PATH, redis://HOST:PORT/DB or rediss://…; with a password, in the environment alone",
  },
  policy: { type: "string", value: "FILE", takes: "file", env: "EDGEWARD_POLICY", inner: true, words: "the policy whose apiKeys and review are meant" },
  prefix: { type: "string", value: "P", takes: "text", inner: true, words: "what keys begin with; with --environment in place of a policy" },
  environment: { type: "string", value: "ENV", takes: ["live", "test"], inner: true, words: "live or test; with --prefix" },
  "seals-file": {
    type: "string",
    value: "FILE",
    takes: "file",
    env: "EDGEWARD_SEALS",
    inner: true,
    words: "the seals, a JSON array or one a line; in the environment a JSON array, or parted by commas",
  },
  "redis-prefix": { type: "string", value: "P", takes: "text", inner: true, words: "what every name in Redis begins with" },
  gate: { type: "string", value: "URL", takes: "text", env: "EDGEWARD_GATE", words: "a gate: https://api.example/_edgeward" },
  "token-file": {
    type: "string",
    value: "FILE",
    takes: "file",
    env: "EDGEWARD_TOKEN",
    inner: true,
    words: "the token of an administrator; - for standard input",
  },
});

export type Where = { readonly [name in keyof typeof WHERE]?: string | undefined };

const OF_STORES = ["policy", "prefix", "environment", "redis-prefix", "seals-file"] as const;

/** Opens what the options name. `bare` where a gate is asked for what needs no token. */
export async function open(where: Where, { bare = false } = {}): Promise<Keys> {
  const address = addressOf(where);
  return "gate" in address ? gateKeys(gateAddress(address.gate, where, bare)) : storeKeys(storeAddress(address.store, where));
}

/** Opens it, does the work, and closes it, come what may. */
export async function within<T>(where: Where, work: (keys: Keys) => Promise<T>, options?: { bare?: boolean }): Promise<T> {
  const keys = await open(where, options);
  try {
    return await work(keys);
  } finally {
    await keys.close().catch(() => undefined);
  }
}

type Address = { gate: string } | { store: string };

export function addressOf({ store, gate }: Where): Address {
  if (store !== undefined && gate !== undefined) throw new UsageError("--store and --gate: one of them");
  if (gate !== undefined) return { gate };
  if (store !== undefined) return { store };
  const ofStore = secretOf("EDGEWARD_STORE");
  const { EDGEWARD_GATE: ofGate } = process.env;
  if (ofStore && ofGate) throw new UsageError("EDGEWARD_STORE and EDGEWARD_GATE are both set: say --store or --gate");
  if (ofGate) return { gate: ofGate };
  if (ofStore) return { store: ofStore };
  throw new UsageError("where the keys are is missing: --store or --gate, or EDGEWARD_STORE or EDGEWARD_GATE");
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/;

export function gateAddress(text: string, where: Where, bare: boolean): GateAddress {
  const misplaced = OF_STORES.find((name) => where[name] !== undefined);
  if (misplaced !== undefined) throw new UsageError(`--${misplaced} goes with --store: a gate has its own policy`);
  const base = gateBase(text);
  return bare ? { base, token: undefined } : { base, token: tokenOf(where) };
}

/** The URL of a gate with its prefix, without a slash at the end, where a credential may be sent to it. */
export function gateBase(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) throw new UsageError("a gate is a URL, as https://api.example/_edgeward");
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "") {
    throw new UsageError("the URL of a gate has no user, no query and no fragment: it is its prefix, as https://api.example/_edgeward");
  }
  if (url.protocol === "http:" && !LOOPBACK.test(url.hostname)) {
    throw new UsageError("a token goes over https alone; http is for a gate on this machine");
  }
  return url.href.replace(/\/+$/, "");
}

function tokenOf({ "token-file": file }: Where): string {
  const token = (file === undefined ? (secretOf("EDGEWARD_TOKEN") ?? "") : readText(file)).trim();
  if (token === "") throw new UsageError("the token of an administrator is missing: --token-file, or EDGEWARD_TOKEN");
  if (!/^[\x21-\x7e]+$/.test(token)) throw new CommandError("what was handed over as a token is none", { code: "token_malformed", hint: "the file, or EDGEWARD_TOKEN, holds the token alone: no word Bearer before it, and no blank in it" });
  return token;
}

function storeAddress(store: string, where: Where): StoreAddress {
  return { ...storeUrl(store, where), ...formOf(where), seals: sealsOf(where) };
}

/** Where the store is, whatever is kept in it. */
export function storeUrl(store: string, where: Pick<Where, "redis-prefix" | "token-file">): Pick<StoreAddress, "url" | "redisPrefix"> {
  if (where["token-file"] !== undefined) throw new UsageError("--token-file goes with --gate");
  if (/^memory:/.test(store)) throw new UsageError("a store in memory is gone with the command: file:, redis: or rediss:");
  return placeOf(store, where["redis-prefix"]);
}

/** A store by its URL. What is none is not repeated: it could have a password in it. */
export function placeOf(store: string, redisPrefix: string | undefined): Pick<StoreAddress, "url" | "redisPrefix"> {
  const scheme = /^([a-z]+):/.exec(store)?.[1];
  const isRedis = scheme === "redis" || scheme === "rediss";
  if (scheme !== "file" && !isRedis) throw new UsageError("a store is file:PATH, redis://HOST:PORT/DB or rediss://HOST:PORT/DB");
  if (!isRedis) {
    if (redisPrefix !== undefined) throw new UsageError("--redis-prefix goes with a Redis");
    return { url: store, redisPrefix };
  }
  if (!URL.canParse(store)) throw new UsageError("the URL of the Redis is none, as redis://localhost:6379/0");
  return { url: store, redisPrefix };
}

function formOf({ policy, prefix, environment }: Where): Pick<StoreAddress, "form" | "policy"> {
  if (prefix !== undefined || environment !== undefined) {
    if (policy !== undefined) throw new UsageError("--policy, or --prefix and --environment");
    if (prefix === undefined || environment === undefined) throw new UsageError("--prefix and --environment go together");
    if (environment !== "live" && environment !== "test") throw new UsageError("--environment takes live or test");
    return { form: { prefix, environment }, policy: undefined };
  }
  const file = policy ?? process.env["EDGEWARD_POLICY"];
  if (!file) throw new UsageError("the form of the keys is missing: --policy (or EDGEWARD_POLICY), or --prefix and --environment");
  const { text, document } = readPolicy(file);
  const { apiKeys, review } = document as { apiKeys?: StoreAddress["form"]; review?: object };
  if (typeof apiKeys !== "object" || apiKeys === null) {
    throw new CommandError(`${file}: the policy has no \`apiKeys\``, { code: "policy_invalid", hint: "a policy that takes API keys says their form: \"apiKeys\": { \"prefix\": \"acme\", \"environment\": \"live\" }" });
  }
  return { form: { ...apiKeys, ...(review !== undefined && { review }) }, policy: text };
}

/** The seals, the current one first; none where none are handed over. */
export function sealsOf({ "seals-file": file }: Pick<Where, "seals-file">): string[] {
  return file === undefined ? sealsOfEnvironment() : sealsIn(readText(file), "\n");
}
