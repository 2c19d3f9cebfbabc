import { KeyChecker } from "./glue.js";
import { coreFailedVerdict, prepare, readVerdict, run } from "./core.js";
import { lending } from "./host.js";
import { held, letting, type Held } from "./instance.js";
import { jsonText } from "./text.js";
import { presentedText } from "./presented.js";
import type { ApiKeyChecker, ApiKeyForm, Host } from "../types/index.js";

export async function createApiKeyChecker(form: ApiKeyForm, host: Host): Promise<ApiKeyChecker> {
  prepare();
  const { seals, ...rest } = form ?? {};
  const lend = lending(host, () => core());
  const [text, secrets] = [jsonText(rest, "the form of the keys"), sealBytes(seals)];
  const core: Held<KeyChecker> = held("the checker", () => new KeyChecker(text, secrets, lend()), lend.end);
  if (host?.store === undefined) {
    core.free();
    throw new TypeError("API keys are looked up in a store: lend one as `store`");
  }
  return {
    check: (key, options) =>
      core.use(() => run(() => core().check(presentedText(key), options), readVerdict, coreFailedVerdict)),
    ...letting(core.free),
  };
}

/** Seals as bytes: text is taken as UTF-8. */
export function sealBytes(seals: readonly (string | Uint8Array)[] = []): Uint8Array[] {
  const encoder = new TextEncoder();
  const wrong = () => new TypeError("`seals` is an array of secrets, each a string or a Uint8Array");
  if (!Array.isArray(seals)) throw wrong();
  return seals.map((seal: unknown) => {
    if (typeof seal === "string") return encoder.encode(seal);
    if (seal instanceof Uint8Array) return seal.slice();
    throw wrong();
  });
}
