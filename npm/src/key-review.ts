// Looking through the keys of a store. The core reads, judges and writes each part; what is here hands the parts on.
import { type KeyDocument, KeyReview as CoreKeyReview, reviewPolicy as corePolicy, type Task } from "./glue.js";
import { prepare, run } from "./core.js";
import type { Lending } from "./host.js";
import { CoreFailed, enter, held, type Held } from "./instance.js";
import { jsonText } from "./text.js";
import type { GatePolicy, KeyDocumentEnd, KeyDocumentOptions, KeyReviewing, ReviewPage } from "../types/index.js";

interface Part {
  text: string;
  keys: number;
  cursor: string | null;
  ended: boolean;
  summary: KeyDocumentEnd["summary"];
  stopped: string | null;
}

type Done = <T>(start: () => string | Task) => Promise<T>;

/** The most keys of a page. */
const MOST = 100;

export function keyReviewing(
  environment: string,
  limits: object,
  lend: Lending,
  done: Done,
  failure: (words?: string) => Error,
): { calls: KeyReviewing; free(): void } {
  const [of, text] = [String(environment), jsonText(limits, "the limits of the review")];
  // Calls of the review may be under way when the administration is gone.
  const core = held("the administration", () => new CoreKeyReview(of, text, lend()), lend.keep());

  async function* document(kind: string, options: KeyDocumentOptions = {}): AsyncGenerator<string, KeyDocumentEnd, void> {
    const { cursor, limit = Infinity, policy } = options;
    if (typeof limit !== "number" || !(limit >= 1)) throw new TypeError("`limit` is a number of keys, at least 1");
    const text = policy === undefined ? undefined : jsonText(policy, "the policy");
    let begun = false;
    const begin = (): KeyDocument => {
      // How far it came went with the instance: from the start again, parts would stand in it twice.
      if (begun) throw new CoreFailed();
      return core().document(kind, cursor ?? undefined, text);
    };
    const written = core.use(() => held("the document", begin));
    // It goes on when its administration has been freed.
    const letGo = lend.keep();
    try {
      return yield* parts(written, limit, () => void (begun = true));
    } finally {
      written.free();
      letGo();
    }
  }

  async function* parts(
    written: Held<KeyDocument>,
    limit: number,
    hasBegun: () => void,
  ): AsyncGenerator<string, KeyDocumentEnd, void> {
    for (let keys = 0; ; ) {
      const most = Math.min(MOST, limit - keys);
      const part = await run(
        () => written().next(most) as string | Task,
        (answer) => JSON.parse(answer) as Part,
        (): Part => {
          throw failure();
        },
      );
      keys = part.keys;
      hasBegun();
      const enough = !part.ended && keys >= limit;
      yield enough ? part.text + enter(() => written().foot()) : part.text;
      if (part.stopped !== null) throw failure(part.stopped);
      if (part.ended || enough) return { keys, cursor: part.cursor, summary: part.summary };
    }
  }

  const calls: KeyReviewing = {
    inventory: async ({ cursor, limit } = {}) =>
      core.use(() => done(() => core().inventory(cursor ?? undefined, limit) as string | Task)),
    review: async ({ cursor, limit } = {}) =>
      core.use(() => done(() => core().review(cursor ?? undefined, limit) as string | Task)),
    inventoryText: (options) => document("inventory.csv", options),
    reviewText: (format, options) => document(`review.${format}`, options),
  };
  return { calls, free: core.free };
}

export function reviewPolicy(policy: GatePolicy | string): ReviewPage {
  prepare();
  const text = jsonText(policy, "the policy");
  return JSON.parse(enter(() => corePolicy(text))) as ReviewPage;
}
