import { OriginCheck as CoreOriginCheck } from "./glue.js";
import { coreFailedKeySets, coreFailedVerdict, prepare, readKeySets, run } from "./core.js";
import { coreRequest } from "./gate-request.js";
import { lending } from "./host.js";
import { enter, held, letting, type Held } from "./instance.js";
import { jsonText } from "./text.js";
import type { GateRequest, Host, OriginCheck, OriginPolicy, OriginVerdict } from "../types/index.js";

const noCertificate = () => undefined;

export async function createOriginCheck(policy: OriginPolicy | string, host: Host = {}): Promise<OriginCheck> {
  prepare();
  const text = jsonText(policy, "the policy");
  const lend = lending(host, () => core());
  const core: Held<CoreOriginCheck> = held("the check", () => new CoreOriginCheck(text, lend()), lend.end);
  const read = (answer: string) => JSON.parse(answer) as OriginVerdict;
  return {
    check(request: Request | GateRequest) {
      return core.use(() => {
        const seen = coreRequest(request, undefined, noCertificate);
        return run(() => core().check(seen), read, () => coreFailedVerdict() as OriginVerdict);
      });
    },
    refresh: async () => core.use(() => run(() => core().refresh(), readKeySets, coreFailedKeySets)),
    keySets: () => readKeySets(core.use(() => enter(() => core().keySets()))),
    ...letting(core.free),
  };
}
