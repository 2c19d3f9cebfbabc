// How objects that hold memory of the core are let go.
/// <reference lib="esnext.disposable" />

/**
 * What holds memory of the core: until it is freed or, where the runtime can tell, until nothing reaches it any more.
 *
 * @example
 * ```ts
 * import { createJwtVerifier, type TokenPolicy, type Verdict } from "edgeward";
 *
 * export async function verifyOnce(policy: TokenPolicy, token: string): Promise<Verdict> {
 *   using verifier = await createJwtVerifier(policy);
 *   return await verifier.verify(token);
 * }
 * ```
 */
export interface Lifetime extends Disposable {
  /**
   * Lets go of everything that it holds: at once, or after the last call that is under way. To free it again changes
   * nothing. Whatever else is asked of it afterwards is a mistake: an `Error` of the name `Freed` is thrown, or the promise
   * of the call is rejected with it.
   */
  free(): void;
}
