// The gate as a Worker: everything is in the package, and what it trusts is in policy.json.
import { env } from "cloudflare:workers";
import { createGate } from "edgeward";
import { analyticsSink, consoleSink, queueSink } from "edgeward/audit";
import { kvStore } from "edgeward/store/kv";
import snapshots from "./generated/snapshots.json";
import policy from "./policy.json";

// Where it is bound, all changes of records go through it.
export { KeyWriter } from "edgeward/store/kv-writer";

// A JSON array of strings, the current seal first, or one seal as it stands. What fails here must not be quoted.
function sealsOf(text) {
  if (!text?.startsWith("[")) return text === undefined ? undefined : [text];
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("EDGEWARD_SEALS is a JSON array of strings, or one seal");
  }
}

// Every event goes to the log; to a queue and to Analytics Engine where they are bound.
const audit = [consoleSink()];
if (env.EDGEWARD_AUDIT_QUEUE) audit.push(queueSink(env.EDGEWARD_AUDIT_QUEUE));
if (env.EDGEWARD_ANALYTICS) audit.push(analyticsSink(env.EDGEWARD_ANALYTICS));

const gate = await createGate(policy, {
  snapshots,
  store: env.EDGEWARD_STORE && kvStore(env.EDGEWARD_STORE, { writer: env.EDGEWARD_KEY_WRITER }),
  // A secret: JSON by issuer, where the policy has introspection endpoints.
  introspectionSecrets: env.EDGEWARD_INTROSPECTION_SECRETS,
  // Secrets: the seals of API keys, and what administers until the first administrator has come.
  seals: sealsOf(env.EDGEWARD_SEALS),
  bootstrapSecret: env.EDGEWARD_BOOTSTRAP_SECRET,
  // A secret: the private key of deny lists as a JWK, where the policy has strict mode and this deployment publishes.
  denySigningKey: env.EDGEWARD_DENY_SIGNING_KEY,
  // A secret: the private keys of assertions as a JSON array of JWKs, where the policy has `assertion`.
  assertionKeys: env.EDGEWARD_ASSERTION_KEYS,
  // Rate-limit bindings, by the names that the policy has for them.
  limiters: Object.fromEntries(Object.entries(env).filter(([name]) => name.startsWith("EDGEWARD_LIMIT_"))),
  origin: env.ORIGIN,
  audit,
  // Cloudflare sets this header itself, over whatever a client sends.
  address: (request) => request.headers.get("cf-connecting-ip"),
});

export default gate.worker();
