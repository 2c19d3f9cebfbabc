import { inspect as inspectCredential } from "./glue.js";
import { presentedText } from "./core.js";
import { policyText } from "./tokens.js";
import type { InspectOptions, Inspection } from "../types/index.js";

export function inspect(credential: string, options: InspectOptions = {}): Inspection {
  const { jwks, now = Date.now() } = options;
  const keys = jwks === undefined ? "" : policyText(jwks);
  return JSON.parse(inspectCredential(presentedText(credential), keys, now)) as Inspection;
}
