// Key sets that a deployment brings along.
import type { Host, Snapshot } from "./host.js";

/** What {@link takeSnapshot} is told and lent. */
export interface SnapshotOptions extends Pick<Host, "fetch" | "now"> {
  /** How long the keys are good, in seconds; a week where left out. */
  maxAge?: number;
}

/** A snapshot that was taken. */
export interface SnapshotTaken {
  /** The snapshot, to be deployed as JSON. */
  snapshot: Required<Snapshot>;
  /** The issuer, where its metadata led to the keys; null where a URL of a key set was given. */
  issuer: string | null;
  /** How many keys are usable with one algorithm or another. */
  keys: number;
  /** The keys that are of no use, each with why. */
  refused: string[];
}

/**
 * Fetches the keys of an issuer by its metadata (OpenID Connect Discovery 1.0, else RFC 8414), or those at the URL of a key
 * set, for a deployment to bring along.
 *
 * @param issuerOrUrl The issuer, or the URL of a key set.
 * @param options How long the keys are good, and what the runtime lends.
 * @returns The snapshot, and what is wrong with keys that are of no use.
 * @throws Where there are none, with what each place answered.
 *
 * @example
 * ```ts
 * import { takeSnapshot } from "edgeward";
 *
 * const { snapshot, keys, refused } = await takeSnapshot("https://issuer.example/jwks.json", { maxAge: 86_400 });
 * console.log(keys, refused, JSON.stringify(snapshot).length);
 * ```
 */
export declare function takeSnapshot(issuerOrUrl: string, options?: SnapshotOptions): Promise<SnapshotTaken>;
