// The records of M2M clients. The core carries out each step; what is here names it and hands the outcome on.
import { ClientAdmin as CoreClientAdmin, readClientListing as coreListing, type Task } from "./glue.js";
import { prepare } from "./core.js";
import { lending } from "./host.js";
import { enter, held, letting } from "./instance.js";
import { CORE_FAILED, done, type Failure } from "./key-admin.js";
import { keyReviewing } from "./key-review.js";
import { jsonText } from "./text.js";
import type { ClientAdmin, ClientAdminHost, ClientAdminOptions, ClientListing, ClientRecord } from "../types/index.js";

export class ClientAdminError extends Error {
  override readonly name = "ClientAdminError";
  readonly code: string;
  readonly status: number;

  constructor({ code, status, message }: Failure) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export async function createClientAdmin(options: ClientAdminOptions, host: ClientAdminHost): Promise<ClientAdmin> {
  prepare();
  const { review = {}, ...others } = options ?? {};
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`there is no option \`${unknown}\` here`);
  const lend = lending(host);
  const core = held("the administration of clients", () => new CoreClientAdmin(lend()), lend.end);
  const store = host?.store;
  const carried = <T>(start: () => string | Task) => done<T>(start, (failure) => new ClientAdminError(failure));
  let reviewing;
  try {
    if (store === undefined || (store.swap === undefined && (store.put === undefined || store.delete === undefined))) {
      throw new TypeError("clients are put on record in a store that takes writes: lend one as `store`");
    }
    reviewing = keyReviewing("", review, lend, carried, lost);
  } catch (error) {
    core.free();
    throw error;
  }
  const { calls, free } = reviewing;
  const step = <T>(name: string, id: string | undefined, body: object | string): Promise<T> => {
    const asked = jsonText(body, "what is asked for");
    return core.use(() => carried<T>(() => core().carryOut(name, id, asked) as string | Task));
  };
  const record = async (name: string, id: string, body: object) =>
    (await step<{ record: ClientRecord }>(name, String(id), body)).record;
  return {
    add: async (client) => step("add", undefined, client),
    import: async (client) => step("import", undefined, client),
    list: async ({ cursor, limit } = {}) => step("list", undefined, { cursor: cursor ?? undefined, limit }),
    show: async (id) => step("show", String(id), {}),
    update: (id, change) => record("update", id, change),
    addSecret: (id, secret = {}) => record("add-secret", id, secret),
    revokeSecret: (id, ended) => record("revoke-secret", id, ended),
    remove: (id, removal) => record("remove", id, removal),
    ...calls,
    ...letting(() => {
      free();
      core.free();
    }),
  };
}

/** The store failed on the way, or the core did. */
function lost(words?: string): ClientAdminError {
  return new ClientAdminError(words === undefined ? CORE_FAILED : { code: "store_unavailable", status: 503, message: words });
}

export function readClientListing(text: string, { from, issuer }: { from: "auth0" | "workos"; issuer: string }): ClientListing {
  prepare();
  if (typeof text !== "string") throw new TypeError("a listing is JSON text");
  if (typeof issuer !== "string" || issuer === "") throw new TypeError("`issuer` is what the tokens of the clients name in `iss`");
  return JSON.parse(enter(() => coreListing(String(from), text, issuer))) as ClientListing;
}
