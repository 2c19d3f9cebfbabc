import { inspect as inspectCredential } from "./glue.js";
import { enter } from "./instance.js";
import { presentedText } from "./presented.js";
import { jsonText } from "./text.js";
import type { InspectOptions, Inspection } from "../types/index.js";

export function inspect(credential: string, options: InspectOptions = {}): Inspection {
  return judged(inspectCredential, credential, options) as Inspection;
}

/** What a function of the core says of a credential under these options. */
export function judged(ask: typeof inspectCredential, credential: string, options: InspectOptions): unknown {
  const { policy, jwks, now = Date.now(), ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`there is no option \`${unknown}\` here`);
  const rules = policy === undefined ? undefined : jsonText(policy, "the policy");
  const keys = jwks === undefined ? undefined : jsonText(jwks, "the key set");
  const presented = presentedText(credential);
  return JSON.parse(enter(() => ask(presented, rules, keys, now)));
}
