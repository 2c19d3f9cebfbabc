import { takeSnapshot as take } from "./glue.js";
import { prepare, run } from "./core.js";
import { lending } from "./host.js";
import type { SnapshotOptions, SnapshotTaken } from "../types/index.js";

/** A week, in seconds. */
const MAX_AGE = 604_800;

export async function takeSnapshot(issuerOrUrl: string, options: SnapshotOptions = {}): Promise<SnapshotTaken> {
  prepare();
  const { maxAge = MAX_AGE } = options;
  if (typeof issuerOrUrl !== "string") throw new TypeError("an issuer, or the URL of a key set, is a string");
  if (!Number.isInteger(maxAge) || maxAge < 1 || maxAge > 0xffff_ffff) {
    throw new TypeError("`maxAge` is a number of seconds, 1 at least");
  }
  const lend = lending(options);
  const outcome = await run(
    () => take(issuerOrUrl, maxAge, lend()) as ReturnType<Parameters<typeof run>[0]>,
    (answer) => JSON.parse(answer) as SnapshotTaken | { error: string },
    () => ({ error: "the core failed" }),
  );
  if ("error" in outcome) throw new Error(outcome.error);
  return outcome;
}
