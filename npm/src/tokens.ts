import { TokenVerifier } from "./glue.js";
import { coreFailedKeySets, coreFailedVerdict, prepare, presentedText, readKeySets, readVerdict, run } from "./core.js";
import { coreHost } from "./host.js";
import { jsonText } from "./text.js";
import type { DenySnapshotStatus, JwtVerifier, TokenHost, TokenPolicy, TokenVerifyOptions } from "../types/index.js";

export async function createJwtVerifier(policy: TokenPolicy | string, host: TokenHost = {}): Promise<JwtVerifier> {
  prepare();
  const lent = coreHost(host, () => core);
  const secrets = jsonText(host.introspectionSecrets ?? {}, "the secrets for introspection");
  const core: TokenVerifier = new TokenVerifier(jsonText(policy, "the policy"), secrets, lent);
  const verify = (token: string, options: TokenVerifyOptions | undefined, synchronously: boolean) =>
    run(() => core.verify(presentedText(token), options, synchronously), readVerdict, coreFailedVerdict);
  return {
    verify: (token, options) => verify(token, options, false),
    verifySync(token, options) {
      const verdict = verify(token, options, true);
      // It waits for nothing: the core was told to ask for nothing that takes time.
      return verdict instanceof Promise ? coreFailedVerdict() : verdict;
    },
    refresh: async () => run(() => core.refresh(), readKeySets, coreFailedKeySets),
    keySets: () => readKeySets(core.keySets()),
    denySnapshot: () => JSON.parse(core.denySnapshot()) as DenySnapshotStatus | null,
    setDenyList: (list) => core.setDenyList(jsonText(list, "the deny list")),
  };
}
