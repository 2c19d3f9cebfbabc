import { inspect as inspectCredential } from "./glue.js";
import { presentedText } from "./core.js";
import { enter } from "./instance.js";
import { jsonText } from "./text.js";
import type { InspectOptions, Inspection } from "../types/index.js";

export function inspect(credential: string, options: InspectOptions = {}): Inspection {
  const { jwks, now = Date.now() } = options;
  const keys = jwks === undefined ? "" : jsonText(jwks, "the key set");
  const presented = presentedText(credential);
  return JSON.parse(enter(() => inspectCredential(presented, keys, now))) as Inspection;
}
