// The life of API keys. The core carries out each step; what is here names it and hands the outcome on.
import { KeyAdmin as CoreKeyAdmin, type Task } from "./glue.js";
import { prepare, run } from "./core.js";
import { lending } from "./host.js";
import { held, letting } from "./instance.js";
import { keyReviewing } from "./key-review.js";
import { sealBytes } from "./keys.js";
import { jsonText } from "./text.js";
import type { KeyAdmin, KeyAdminForm, KeyAdminHost, KeyRecord } from "../types/index.js";

export interface Failure {
  code: string;
  status: number;
  message: string;
}

export class KeyAdminError extends Error {
  override readonly name = "KeyAdminError";
  readonly code: string;
  readonly status: number;

  constructor({ code, status, message }: Failure) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

export const CORE_FAILED: Failure = { code: "host_failed", status: 503, message: "the core failed: nobody can tell what was done" };

export async function createKeyAdmin(form: KeyAdminForm, host: KeyAdminHost): Promise<KeyAdmin> {
  prepare();
  const { seals, review = {}, ...rest } = form ?? {};
  const lend = lending(host);
  const [text, secrets] = [jsonText(rest, "the form of the keys"), sealBytes(seals)];
  const core = held("the administration", () => new CoreKeyAdmin(text, secrets, lend()), lend.end);
  const store = host?.store;
  let reviewing;
  try {
    if (store === undefined || (store.swap === undefined && (store.put === undefined || store.delete === undefined))) {
      throw new TypeError("keys are changed in a store that takes writes: lend one as `store`");
    }
    reviewing = keyReviewing(rest.environment, review, lend, done, lost);
  } catch (error) {
    core.free();
    throw error;
  }
  const { calls, free } = reviewing;
  const step = <T>(name: string, id: string | undefined, body: object | string): Promise<T> => {
    if (id !== undefined && typeof id !== "string") throw new TypeError("the id of a key is a string");
    const asked = jsonText(body, "what is asked for");
    return core.use(() => done<T>(() => core().carryOut(name, id, asked) as string | Task));
  };
  const record = async (name: string, id: string, body: object = {}) =>
    (await step<{ record: KeyRecord }>(name, String(id), body)).record;
  return {
    issue: async (key) => step("issue", undefined, key),
    list: async ({ cursor, limit } = {}) => step("list", undefined, { cursor: cursor ?? undefined, limit }),
    show: async (id) => step("show", String(id), {}),
    update: (id, change) => record("update", id, change),
    rotate: async (id, rotation = {}) => step("rotate", String(id), rotation),
    disable: (id) => record("disable", id),
    enable: (id) => record("enable", id),
    revoke: (id, revocation) => record("revoke", id, revocation),
    async revokeHeld(key, revocation) {
      const [presented, body] = [String(key), jsonText(revocation, "who revokes the key and why")];
      return core.use(() => done(() => core().revokeHeld(presented, body) as string | Task));
    },
    import: async (key) => step("import", undefined, key),
    ...calls,
    ...letting(() => {
      free();
      core.free();
    }),
  };
}

/** The store failed on the way, or the core did. */
function lost(words?: string): KeyAdminError {
  return new KeyAdminError(words === undefined ? CORE_FAILED : { code: "store_unavailable", status: 503, message: words });
}

/** What a step came to, or the error that says why it was not done. */
export async function done<T>(
  start: () => string | Task,
  error: (failure: Failure) => Error = (failure) => new KeyAdminError(failure),
): Promise<T> {
  const outcome = await run(
    start,
    (answer) => JSON.parse(answer) as { done: T } | { failed: Failure },
    () => ({ failed: CORE_FAILED }),
  );
  if ("failed" in outcome) throw error(outcome.failed);
  return outcome.done;
}
