// The store in Cloudflare KV takes the bindings as the types of Workers name them.
import { createApiKeyChecker, type Store } from "edgeward";
import { kvStore } from "edgeward/store/kv";
import { KeyWriter } from "edgeward/store/kv-writer";

export { KeyWriter };

/** Records in a namespace of another name. */
export class OtherWriter extends KeyWriter {
  protected override namespace() {
    return this.bindings.RECORDS;
  }

  constructor(
    context: DurableObjectState,
    private readonly bindings: Bindings,
  ) {
    super(context, bindings);
  }
}

interface Bindings {
  RECORDS: KVNamespace;
  WRITER: DurableObjectNamespace<KeyWriter>;
  OTHER: DurableObjectNamespace<OtherWriter>;
  PLAIN: DurableObjectNamespace;
}

export default {
  async fetch(_request, env) {
    const stores: Store[] = [
      kvStore(env.RECORDS),
      kvStore(env.RECORDS, { writer: undefined }),
      kvStore(env.RECORDS, { writer: env.WRITER }),
      kvStore(env.RECORDS, { writer: env.OTHER }),
    ];
    // @ts-expect-error: an object of another class cannot swap.
    kvStore(env.RECORDS, { writer: env.PLAIN });
    for (const store of stores) await createApiKeyChecker({ prefix: "acme", environment: "live" }, { store });
    const { swap } = kvStore(env.RECORDS, { writer: env.WRITER });
    return new Response(String(await swap?.("name", null, "value")));
  },
} satisfies ExportedHandler<Bindings>;
