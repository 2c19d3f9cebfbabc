// Keys in a store, changed by the core in this process.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { KeyAdminError, createKeyAdmin, reviewPolicy } from "../../index.js";
import { fileStore } from "../../store/file.js";
import { redisStore } from "../../store/redis.js";
import type { KeyAdmin, KeyAdminForm, NewKey, Store } from "../../../types/index.js";
import { CommandError, StepError, reason } from "../command.js";
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
  const { store, close, exists } = await opened(url, redisPrefix);
  let admin: KeyAdmin;
  try {
    admin = await createKeyAdmin({ ...form, seals }, { store });
  } catch (error) {
    await close();
    throw new CommandError(reason(error));
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
    policyFindings: () => (policy === undefined ? undefined : findingsOf(policy)),
    async *text(asked) {
      exists();
      return yield* textOf(admin, asked, policy);
    },
    close,
  };
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
    if (error instanceof KeyAdminError) asStep(error);
    throw new CommandError(reason(error));
  }
}

function findingsOf(policy: string) {
  try {
    return reviewPolicy(policy);
  } catch (error) {
    throw new CommandError(reason(error));
  }
}

function asStep(error: unknown): never {
  if (error instanceof KeyAdminError) throw new StepError(error);
  throw error;
}

export interface Opened {
  store: Store;
  close(): Promise<void>;
  /** Throws where there is no such store. */
  exists(): void;
}

export async function opened(url: string, redisPrefix: string | undefined): Promise<Opened> {
  if (!url.startsWith("file:")) return openRedis(url, redisPrefix);
  const path = url.startsWith("file://") ? fileURLToPath(url) : url.slice("file:".length);
  if (path === "") throw new CommandError("the path of the store is missing, as file:./keys");
  return {
    store: fileStore(path),
    close: async () => undefined,
    exists() {
      if (!existsSync(path)) throw new CommandError(`there is no store at ${path}`);
    },
  };
}

/** As much of node-redis as is used here, from version 4 on. */
interface RedisClient {
  on(event: "error", listener: (error: unknown) => void): unknown;
  connect(): Promise<unknown>;
  sendCommand(args: string[]): Promise<unknown>;
  close?(): Promise<unknown>;
  destroy?(): void;
  disconnect(): Promise<unknown>;
}

/** A name that no type checker and no bundler looks for: whoever has no Redis has not its client either. */
const CLIENT: string = "redis";

async function openRedis(url: string, prefix: string | undefined): Promise<Opened> {
  let createClient: (options: object) => RedisClient;
  try {
    ({ createClient } = (await import(CLIENT)) as { createClient: typeof createClient });
  } catch {
    throw new CommandError(
      "the package `redis` is not there, which a store in Redis is reached through: npm install redis, or npx --package edgeward --package redis edgeward …",
    );
  }
  let client: RedisClient;
  try {
    client = createClient({ url, disableOfflineQueue: true, socket: { connectTimeout: 5000, reconnectStrategy: false } });
    // What goes wrong is told to who waits for it.
    client.on("error", () => undefined);
    await client.connect();
  } catch (error) {
    throw new CommandError(`the Redis cannot be reached: ${reason(error)}`);
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
