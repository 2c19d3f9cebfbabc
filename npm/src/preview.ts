import { previewRequest as preview } from "./glue.js";
import { enter } from "./instance.js";
import { headerPairs } from "./gate-request.js";
import { presentedText } from "./presented.js";
import { jsonText } from "./text.js";
import type { GatePolicy, Preview, PreviewOptions, PreviewRequest } from "../types/index.js";

export function previewRequest(policy: GatePolicy | string, request: PreviewRequest, options: PreviewOptions = {}): Preview {
  const { jwks, record, now = Date.now(), ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`there is no option \`${unknown}\` here`);
  if (typeof request !== "object" || request === null) throw new TypeError("a request is an object");
  const { headers = {}, credential, ...rest } = request;
  const presented = credential === undefined ? undefined : presentedText(credential);
  const told = JSON.stringify({ ...rest, headers: [...headerPairs(headers)], credential: presented });
  const rules = jsonText(policy, "the policy");
  const keys = jwks === undefined ? undefined : jsonText(jwks, "the key set");
  const stored = record === undefined ? undefined : jsonText(record, "the record");
  return JSON.parse(enter(() => preview(rules, told, keys, stored, now))) as Preview;
}
