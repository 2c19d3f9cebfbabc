import { KeyChecker } from "./glue.js";
import { coreFailedVerdict, prepare, presentedText, readVerdict, run } from "./core.js";
import { coreHost } from "./host.js";
import type { ApiKeyChecker, ApiKeyForm, Host } from "../types/index.js";

export async function createApiKeyChecker(form: ApiKeyForm, host: Host): Promise<ApiKeyChecker> {
  prepare();
  const { seals, ...rest } = form;
  const core = new KeyChecker(rest, sealBytes(seals), coreHost(host));
  return {
    check: (key, options) => run(() => core.check(presentedText(key), options), readVerdict, coreFailedVerdict),
  };
}

/** Seals as bytes: text is taken as UTF-8. */
export function sealBytes(seals: readonly (string | Uint8Array)[] = []): Uint8Array[] {
  const encoder = new TextEncoder();
  return seals.map((seal) => (typeof seal === "string" ? encoder.encode(seal) : seal));
}
