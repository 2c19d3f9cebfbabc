import { OriginCheck as CoreOriginCheck } from "./glue.js";
import { coreFailedKeySets, coreFailedVerdict, prepare, readKeySets, run } from "./core.js";
import { coreRequest } from "./gate-request.js";
import { coreHost } from "./host.js";
import { jsonText } from "./text.js";
import type { GateRequest, Host, OriginCheck, OriginPolicy, OriginVerdict } from "../types/index.js";

const noCertificate = () => undefined;

export async function createOriginCheck(policy: OriginPolicy | string, host: Host = {}): Promise<OriginCheck> {
  prepare();
  const lent = coreHost(host, () => core);
  const core: CoreOriginCheck = new CoreOriginCheck(jsonText(policy, "the policy"), lent);
  const seen = (request: Request | GateRequest) => coreRequest(request, undefined, noCertificate);
  const read = (answer: string) => JSON.parse(answer) as OriginVerdict;
  return {
    check: (request) => run(() => core.check(seen(request)), read, () => coreFailedVerdict() as OriginVerdict),
    refresh: async () => run(() => core.refresh(), readKeySets, coreFailedKeySets),
    keySets: () => readKeySets(core.keySets()),
  };
}
