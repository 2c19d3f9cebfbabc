import { TokenVerifier } from "./glue.js";
import { coreFailedVerdict, prepare, presentedText, readVerdict, run } from "./core.js";
import { coreHost } from "./host.js";
import type { Host, JwtVerifier, TokenPolicy, VerifyOptions } from "../types/index.js";

export async function createJwtVerifier(policy: TokenPolicy | string, host?: Host): Promise<JwtVerifier> {
  prepare();
  const core = new TokenVerifier(policyText(policy), coreHost(host));
  const verify = (token: string, options: VerifyOptions | undefined, synchronously: boolean) =>
    run(() => core.verify(presentedText(token), options, synchronously), readVerdict, coreFailedVerdict);
  return {
    verify: (token, options) => verify(token, options, false),
    verifySync(token, options) {
      const verdict = verify(token, options, true);
      // It waits for nothing: the core was told to ask for nothing that takes time.
      return verdict instanceof Promise ? coreFailedVerdict() : verdict;
    },
  };
}

/** A policy as the text that the core reads; text stays as it is, so that the core sees what the file says. */
export function policyText(policy: unknown): string {
  if (typeof policy === "string") return policy;
  const text = JSON.stringify(policy) as string | undefined;
  if (text === undefined) throw new TypeError("the policy is an object or JSON text");
  return text;
}
