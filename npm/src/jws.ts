import { JwsVerifier } from "./glue.js";
import { coreFailedVerdict, prepare, run, type MaybePromise } from "./core.js";
import { lending } from "./host.js";
import { held, type Held } from "./instance.js";
import { jsonText } from "./text.js";
import { presentedText } from "./presented.js";
import type { DeniedVerdict, Host, JsonWebKeySet, JwsOptions, JwsVerdict, Snapshot, VerifiedJws } from "../types/index.js";

/** As many key sets are kept ready, by their text: a set that was changed is another one. */
const MOST_READY = 8;
const ready = new WeakMap<object, Map<string, Held<JwsVerifier>>>();
const PLATFORM: Host = {};

export function verifyJws(
  compact: string,
  jwks: JsonWebKeySet | Snapshot | string,
  options: JwsOptions,
  host: Host = PLATFORM,
): MaybePromise<JwsVerdict> {
  prepare();
  const core = verifierFor(jwks, options, host);
  const verify = () => core().verify(presentedText(compact));
  return core.use(() => run<JwsVerdict>(verify, read, () => coreFailedVerdict() as DeniedVerdict));
}

function verifierFor(jwks: JsonWebKeySet | Snapshot | string, options: JwsOptions, host: Host): Held<JwsVerifier> {
  const [keys, policy] = [jsonText(jwks, "the key set"), jsonText(options, "the options")];
  const name = `${policy}\n${keys}`;
  let ofHost = ready.get(host);
  if (ofHost === undefined) ready.set(host, (ofHost = new Map()));
  const known = ofHost.get(name);
  if (known !== undefined) return known;
  const lend = lending(host);
  const made = held("the key set", () => new JwsVerifier(keys, policy, lend()), lend.end);
  const oldest = ofHost.keys().next();
  if (ofHost.size >= MOST_READY && !oldest.done) {
    ofHost.get(oldest.value)?.free();
    ofHost.delete(oldest.value);
  }
  ofHost.set(name, made);
  return made;
}

function read(answer: string): JwsVerdict {
  const verdict = JSON.parse(answer) as (Omit<VerifiedJws, "payload"> & { payload: string }) | DeniedVerdict;
  return verdict.ok ? { ...verdict, payload: bytes(verdict.payload) } : verdict;
}

function bytes(base64url: string): Uint8Array {
  const text = atob(base64url.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
