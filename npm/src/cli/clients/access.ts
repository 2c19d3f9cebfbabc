// What the commands about clients do it through: a store, or a gate.
import { ClientAdminError, createClientAdmin } from "../../index.js";
import type { ClientAdmin } from "../../../types/index.js";
import { StepError } from "../command.js";
import { asking } from "../keys/gate.js";
import { opened } from "../keys/store.js";
import { WHERE as KEYS, addressOf, gateAddress, storeUrl } from "../keys/where.js";

/** A step, by its name in the core. */
export type Step = "add" | "import" | "list" | "show" | "update" | "add-secret" | "revoke-secret" | "remove";

/** Clients, wherever they are. Everything throws a `StepError` where the other side says no. */
export interface Clients {
  /** Whether the other side knows by itself who it is that asks. */
  readonly knowsWho: boolean;
  /** Carries out a step. `body` is what the core reads: an object, or JSON text. */
  carryOut(step: Step, id: string | undefined, body: object | string): Promise<Record<string, unknown>>;
}

/** The options that say where, as those of keys: a store of clients needs no policy. */
export const WHERE = {
  store: KEYS.store,
  "redis-prefix": KEYS["redis-prefix"],
  gate: KEYS.gate,
  "token-file": KEYS["token-file"],
} as const;

export type Where = { readonly [name in keyof typeof WHERE]?: string | undefined };

/** How the commands about one client end where it does not go well. */
export const EXITS = { objection: "there is no such client, its record does not allow it, or it was refused", failed: "nobody can tell: the store or the gate did not answer" } as const;

/** Opens what the options name, does the work, and closes it, come what may. */
export async function within<T>(where: Where, work: (clients: Clients) => Promise<T>): Promise<T> {
  const address = addressOf(where);
  if ("gate" in address) return work(gateClients(gateAddress(address.gate, where, false)));
  const { url, redisPrefix } = storeUrl(address.store, where);
  const { store, close, exists } = await opened(url, redisPrefix);
  try {
    return await work(storeClients(await createClientAdmin({}, { store }), exists));
  } finally {
    await close().catch(() => undefined);
  }
}

function storeClients(admin: ClientAdmin, exists: () => void): Clients {
  return {
    knowsWho: false,
    async carryOut(step, id, body) {
      // A place that is mistyped holds no clients, and says nothing of those that are elsewhere.
      if (step !== "add" && step !== "import") exists();
      try {
        return (await carryOut(admin, step, id ?? "", body)) as Record<string, unknown>;
      } catch (error) {
        if (error instanceof ClientAdminError) throw new StepError(error);
        throw error;
      }
    },
  };
}

async function carryOut(admin: ClientAdmin, step: Step, id: string, body: object | string): Promise<object> {
  const changed = async (record: Promise<unknown>) => ({ id, record: await record });
  // The core reads the body strictly, and says what is wrong with it.
  const asked = body as never;
  switch (step) {
    case "add":
      return admin.add(asked);
    case "import":
      return admin.import(asked);
    case "list":
      return admin.list(asked);
    case "show":
      return admin.show(id);
    case "update":
      return changed(admin.update(id, asked));
    case "add-secret":
      return changed(admin.addSecret(id, asked));
    case "revoke-secret":
      return changed(admin.revokeSecret(id, asked));
    case "remove":
      return changed(admin.remove(id, asked));
  }
}

function gateClients(address: Parameters<typeof asking>[0]): Clients {
  const { document } = asking(address);
  return {
    knowsWho: true,
    carryOut(step, id, body) {
      const [method, path] = endpoint(step, id);
      if (step === "list") return document(path, { query: body as Record<string, string | number | undefined> });
      return document(path, method === "GET" ? {} : { method, body });
    },
  };
}

function endpoint(step: Step, id = ""): [method: string, path: string] {
  const client = `admin/clients/${encodeURIComponent(id)}`;
  switch (step) {
    case "list":
      return ["GET", "admin/clients"];
    case "add":
      return ["POST", "admin/clients"];
    case "import":
      return ["POST", "admin/clients/import"];
    case "show":
      return ["GET", client];
    case "update":
      return ["PATCH", client];
    case "add-secret":
      return ["POST", `${client}/secrets`];
    case "revoke-secret":
      return ["POST", `${client}/secrets/revoke`];
    case "remove":
      return ["POST", `${client}/remove`];
  }
}
