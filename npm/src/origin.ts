import { OriginCheck as CoreOriginCheck } from "./glue.js";
import { coreFailedKeySets, coreFailedVerdict, prepare, readKeySets, run } from "./core.js";
import { coreRequest } from "./gate-request.js";
import { lending } from "./host.js";
import { enter, held, type Held } from "./instance.js";
import { jsonText } from "./text.js";
import type { GateRequest, Host, OriginCheck, OriginPolicy, OriginVerdict } from "../types/index.js";

const noCertificate = () => undefined;

export async function createOriginCheck(policy: OriginPolicy | string, host: Host = {}): Promise<OriginCheck> {
  prepare();
  const text = jsonText(policy, "the policy");
  const lend = lending(host, () => core());
  const core: Held<CoreOriginCheck> = held(() => new CoreOriginCheck(text, lend()));
  const read = (answer: string) => JSON.parse(answer) as OriginVerdict;
  return {
    check(request: Request | GateRequest) {
      const seen = coreRequest(request, undefined, noCertificate);
      return run(() => core().check(seen), read, () => coreFailedVerdict() as OriginVerdict);
    },
    refresh: async () => run(() => core().refresh(), readKeySets, coreFailedKeySets),
    keySets: () => readKeySets(enter(() => core().keySets())),
  };
}
