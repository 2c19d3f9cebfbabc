// Keys in a store, changed by the core in this process.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { fileStore } from "../../store/file.js";
import { redisStore } from "../../store/redis.js";
import type { KeyAdmin, KeyAdminError, KeyAdminForm, NewKey, PolicyError, Store } from "../../../types/index.js";
import { CommandError, StepError, core, reason } from "../command.js";
import { faultsOf } from "../errors.js";
import type { Keys, Step, TextAsked, TextEnd } from "./access.js";

/** Where a store is, and of what form its keys are. */
export interface StoreAddress {
  url: string;
  form: KeyAdminForm;
  /** The text of the policy, where there is one. */
  policy: string | undefined;
  seals: string[];
  redisPrefix: string | undefined;
}

export async function storeKeys({ url, form, policy, seals, redisPrefix }: StoreAddress): Promise<Keys> {
  const { createKeyAdmin, reviewPolicy } = await core();
  const { store, close, exists } = await opened(url, redisPrefix);
  let admin: KeyAdmin;
  try {
    admin = await createKeyAdmin({ ...form, seals }, { store });
  } catch (error) {
    await close();
    if (faultsOf(error).length > 0) throw policy === undefined ? error : placed(error as PolicyError);
    throw new CommandError(reason(error), { code: "keys_unusable", hint: "look at apiKeys in the policy, or --prefix and --environment, and at the seals", cause: error });
  }
  const done = <T>(work: Promise<T>): Promise<T> => work.catch(asStep);
  return {
    knowsWho: false,
    async carryOut(step, id, body) {
      // A place that is mistyped holds no keys, and says nothing of those that are elsewhere.
      if (step !== "issue" && step !== "import") exists();
      return done(carryOut(admin, step, id, body));
    },
    async revokeHeld(key, why) {
      exists();
      await done(admin.revokeHeld(key, { by: "holder", reason: why as "key_compromise" }));
    },
    async inventory({ cursor, limit }) {
      exists();
      return done(admin.inventory({ cursor: cursor ?? null, limit }));
    },
    async review({ cursor, limit }) {
      exists();
      return done(admin.review({ cursor: cursor ?? null, limit }));
    },
    policyFindings: () => (policy === undefined ? undefined : reviewPolicy(policy)),
    async *text(asked) {
      exists();
      return yield* textOf(admin, asked, policy);
    },
    close,
  };
}

/** The faults of the form of keys by where they stand in the policy that it came from. */
function placed(error: PolicyError): PolicyError {
  const faults = error.faults.map((fault) => ({ ...fault, pointer: /^\/review(\/|$)/.test(fault.pointer) ? fault.pointer : `/apiKeys${fault.pointer}` }));
  return Object.assign(new Error(error.message, { cause: error }), { name: "PolicyError" as const, faults });
}

async function carryOut(admin: KeyAdmin, step: Step, id: string | undefined, body: object | string): Promise<Record<string, unknown>> {
  const key = id ?? "";
  const changed = async (record: Promise<unknown>) => ({ id: key, record: await record });
  // The core reads the body strictly, and says what is wrong with it.
  const asked = body as never;
  const whole = (document: object) => document as Record<string, unknown>;
  switch (step) {
    case "issue":
      return whole(await admin.issue(body as NewKey));
    case "import":
      return whole(await admin.import(body as string));
    case "list":
      return whole(await admin.list(asked));
    case "show":
      return whole(await admin.show(key));
    case "rotate":
      return whole(await admin.rotate(key, asked));
    case "update":
      return changed(admin.update(key, asked));
    case "disable":
      return changed(admin.disable(key));
    case "enable":
      return changed(admin.enable(key));
    case "revoke":
      return changed(admin.revoke(key, asked));
  }
}

async function* textOf(admin: KeyAdmin, { of, format, cursor, limit }: TextAsked, policy: string | undefined): AsyncGenerator<string, TextEnd, void> {
  const options = { cursor: cursor ?? null, limit };
  // What is to be said about the policy was said before the first page.
  const about = policy === undefined || cursor !== undefined ? {} : { policy };
  const text = of === "inventory" ? admin.inventoryText(options) : admin.reviewText(format, { ...options, ...about });
  try {
    const { cursor, summary } = yield* text;
    return { cursor, bySeverity: summary.bySeverity };
  } catch (error) {
    if (isRefusal(error)) asStep(error);
    if (faultsOf(error).length > 0) throw error;
    throw new CommandError(reason(error), { cause: error });
  }
}

function asStep(error: unknown): never {
  if (isRefusal(error)) throw new StepError(error);
  throw error;
}

/** By its name: the package that knows it is loaded when it is needed, and not before. */
function isRefusal(error: unknown): error is KeyAdminError {
  return error instanceof Error && error.name === "KeyAdminError";
}

/** A store that is open. */
export interface Opened {
  store: Store;
  close(): Promise<void>;
  /** Throws where there is no such store. */
  exists(): void;
}

/** Opens a store. `away` is told where a process that stays loses its Redis, and where it has it again. */
export async function opened(url: string, redisPrefix: string | undefined, away?: Away): Promise<Opened> {
  if (!url.startsWith("file:")) return openRedis(url, redisPrefix, away);
  const path = pathOf(url);
  return {
    store: fileStore(path),
    close: async () => undefined,
    exists() {
      if (!existsSync(path)) {
        throw new CommandError(`there is no store at ${path}`, { code: "store_missing", hint: "is the path right? edgeward keys issue and import make a store where there is none" });
      }
    },
  };
}

/** The directory of a store in files. */
export function pathOf(url: string): string {
  const path = url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length);
  if (path === "") throw new CommandError("the path of the store is missing", { code: "store_missing", hint: "a store in files is a directory, as file:./keys" });
  return path;
}

/** Told what is wrong with the connection; nothing once it is mended. */
export type Away = (what: string | undefined) => void;

/** As much of node-redis as is used here, from version 4 on. */
interface RedisClient {
  on(event: "error" | "ready", listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: string[]): Promise<unknown>;
  close?(): Promise<unknown>;
  destroy?(): void;
  disconnect(): Promise<unknown>;
}

/** A name that no type checker and no bundler looks for: whoever has no Redis has not its client either. */
const CLIENT: string = "redis";

/** How a Redis fails, with what to do about it. What is not listed is said in the words of its client. */
const OF_REDIS: readonly (readonly [found: RegExp, code: string, words: string, hint: string])[] = [
  [/WRONGPASS|invalid (username-)?password/i, "store_password", "it does not take this user and password", "put the URL with the right ones into EDGEWARD_STORE: redis://USER:PASSWORD@HOST:PORT/DB"],
  [/NOAUTH/, "store_password", "it asks for a password, and none was given", "put the URL with it into EDGEWARD_STORE: redis://USER:PASSWORD@HOST:PORT/DB"],
  [/AUTH .*without any password configured/, "store_password", "it has no password, and one was given", "take the password out of EDGEWARD_STORE, or set one in the Redis"],
  [/NOPERM/, "store_permission", "its user may not do this", "let the user run GET, MGET, SET, DEL, EVAL and the commands of sorted sets on the names that begin with --redis-prefix"],
  [/DB index|invalid DB/i, "store_missing", "it has no such database", "the number at the end of the URL is that of the database, 0 where left out"],
  [/ECONNREFUSED/, "store_unreachable", "nothing listens there", "is it running, and are host and port right?"],
  [/ENOTFOUND|EAI_AGAIN/, "store_unreachable", "there is no host of this name", "is the name right, and does it resolve from here?"],
  [/ETIMEDOUT|timeout|EHOSTUNREACH|ENETUNREACH/i, "store_unreachable", "nothing answers there", "is host and port right, and does a firewall let this machine through?"],
  [/certificate|SSL|TLS|EPROTO|wrong version number/i, "store_tls", "the TLS connection cannot be made", "rediss:// is for a Redis with TLS, redis:// for one without; NODE_EXTRA_CA_CERTS names a file with your own authority"],
  [/LOADING/, "store_unavailable", "it is still reading its data", "try again in a moment"],
];

function redisError(error: unknown): CommandError {
  // Where every address of a host fails, the errors stand beside each other, and the message is empty.
  const all = error instanceof AggregateError ? error.errors : [error];
  const message = all.map((one) => `${(one as NodeJS.ErrnoException).code ?? ""} ${reason(one)}`).join("; ");
  const [, code, words, hint] = OF_REDIS.find(([found]) => found.test(message)) ?? [undefined, "store_unreachable", message.trim(), "look at the URL in --store or EDGEWARD_STORE"];
  return new CommandError(`the Redis cannot be reached: ${words}`, { code, hint, cause: error });
}

async function openRedis(url: string, prefix: string | undefined, away?: Away): Promise<Opened> {
  let createClient: (options: object) => RedisClient;
  try {
    ({ createClient } = (await import(CLIENT)) as { createClient: typeof createClient });
  } catch {
    throw new CommandError("the package `redis` is not there, which a store in Redis is reached through", {
      code: "redis_package_missing",
      hint: "npm install redis, or npx --package edgeward --package redis edgeward …",
    });
  }
  let client: RedisClient;
  let isThere = false;
  // A process that stays tries again, not all processes at once; one that never had it gives up.
  const again = (tries: number) => isThere && Math.min(50 * 2 ** tries, 2000) * (0.5 + Math.random());
  const reconnectStrategy = away === undefined ? false : again;
  try {
    client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: 5000, reconnectStrategy } });
    // What goes wrong is told to who waits for it.
    client.on("error", (error) => (isThere ? away?.(reason(error)) : undefined));
    client.on("ready", () => (isThere ? away?.(undefined) : undefined));
    await client.connect();
    isThere = true;
  } catch (error) {
    throw redisError(error);
  }
  const close = async () => {
    await (client.close === undefined ? client.disconnect() : client.close());
  };
  return {
    store: redisStore((args) => client.sendCommand(args), prefix === undefined ? {} : { prefix }),
    close,
    exists: () => undefined,
  };
}
