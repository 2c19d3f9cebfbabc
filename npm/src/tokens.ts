import { type Task, TokenVerifier } from "./glue.js";
import { coreFailedKeySets, coreFailedVerdict, prepare, readKeySets, readVerdict, run, runReplying } from "./core.js";
import type { MaybePromise, Reply } from "./core.js";
import { lending } from "./host.js";
import { enter, held, letting, type Held } from "./instance.js";
import { jsonText } from "./text.js";
import { layDown } from "./laid-down.js";
import { cut } from "./presented.js";
import { seenVerdicts } from "./seen-verdicts.js";
import type { DenySnapshotStatus, JwtVerifier, TokenHost, TokenPolicy, TokenVerifyOptions, Verdict } from "../types/index.js";

export async function createJwtVerifier(policy: TokenPolicy | string, host: TokenHost = {}): Promise<JwtVerifier> {
  prepare();
  const lend = lending(host, () => core());
  const [text, secrets] = [jsonText(policy, "the policy"), jsonText(host.introspectionSecrets ?? {}, "the secrets for introspection")];
  let denyList: string | undefined;
  const make = () => {
    const made = new TokenVerifier(text, secrets, lend());
    if (denyList !== undefined) made.setDenyList(denyList);
    return made;
  };
  const core: Held<TokenVerifier> = held("the verifier", make, lend.end);
  const seen = seenVerdicts();
  let longest: number | undefined;
  const verify = (token: string, options: TokenVerifyOptions | undefined, synchronously: boolean) => {
    const ask = (knows: boolean): Reply | Task => {
      const verifier = core();
      longest ??= verifier.longest();
      const text = cut(token, longest);
      const laid = layDown(text);
      return laid === undefined
        ? verifier.verify(text, options, synchronously, knows)
        : verifier.verifyPresented(laid, options, synchronously, knows);
    };
    const read = (answer: Reply): MaybePromise<Verdict> => {
      if (typeof answer === "string") return readVerdict(answer);
      const known = seen.get(answer);
      if (known !== undefined) return known;
      return run(() => ask(false) as string | Task, (text) => seen.keep(answer, text), coreFailedVerdict);
    };
    return core.use(() => runReplying(() => ask(true), read, coreFailedVerdict));
  };
  return {
    verify: (token, options) => verify(token, options, false),
    verifySync(token, options) {
      const verdict = verify(token, options, true);
      // It waits for nothing: the core was told to ask for nothing that takes time.
      return verdict instanceof Promise ? coreFailedVerdict() : verdict;
    },
    refresh: async () => core.use(() => run(() => core().refresh(), readKeySets, coreFailedKeySets)),
    keySets: () => readKeySets(core.use(() => enter(() => core().keySets()))),
    denySnapshot: () => JSON.parse(core.use(() => enter(() => core().denySnapshot()))) as DenySnapshotStatus | null,
    setDenyList(list) {
      const next = jsonText(list, "the deny list");
      core.use(() => enter(() => core().setDenyList(next)));
      denyList = next;
    },
    ...letting(core.free),
  };
}
