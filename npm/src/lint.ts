import { lintPolicy } from "./glue.js";
import { prepare } from "./core.js";
import { coreHost } from "./host.js";
import { enter } from "./instance.js";
import { jsonText } from "./text.js";
import type { GatePolicy, LintFinding, LintOptions } from "../types/index.js";

export function lint(policy: GatePolicy | string, options: LintOptions = {}): LintFinding[] {
  prepare();
  const { snapshots = {}, ...host } = options;
  const [text, beside, lent] = [jsonText(policy, "the policy"), jsonText(snapshots, "the snapshots"), coreHost(host)];
  return JSON.parse(enter(() => lintPolicy(text, beside, lent))) as LintFinding[];
}
