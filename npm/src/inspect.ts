import { inspect as inspectCredential } from "./glue.js";
import { presentedText } from "./core.js";
import { jsonText } from "./text.js";
import type { InspectOptions, Inspection } from "../types/index.js";

export function inspect(credential: string, options: InspectOptions = {}): Inspection {
  const { jwks, now = Date.now() } = options;
  const keys = jwks === undefined ? "" : jsonText(jwks, "the key set");
  return JSON.parse(inspectCredential(presentedText(credential), keys, now)) as Inspection;
}
