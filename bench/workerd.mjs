// What is measured inside workerd. Its clock stands still while a request computes, so that nothing in there can time itself:
// a request checks a whole batch, and is timed from here. What an empty batch took in the same round is taken off, and the
// rest shared out among the checks.
import http from "node:http";
import { AUDIENCE, ISSUER, apiKey, mistyped, signer, tampered } from "../tests/support/credentials.mjs";
import { told } from "./measure.mjs";
import { ask, bundleFile, start } from "./workers.mjs";

const ALGORITHMS = {
  RS256: ["edgeward", "crypto.subtle verify", "jose", "hono/jwt", "@tsndr/cloudflare-worker-jwt"],
  PS256: ["edgeward", "crypto.subtle verify", "jose", "hono/jwt"],
  ES256: ["edgeward", "crypto.subtle verify", "jose", "hono/jwt", "@tsndr/cloudflare-worker-jwt"],
  EdDSA: ["edgeward", "crypto.subtle verify", "jose", "hono/jwt"],
  HS256: ["edgeward", "crypto.subtle verify", "jose", "hono/jwt", "@tsndr/cloudflare-worker-jwt"],
};
const BARE = "crypto.subtle verify";

/** Batches that are long beside the noise of a request: HMAC and API keys cost few microseconds each. */
const sizeOf = (algorithm, batch) => (algorithm === "HS256" || algorithm === "keys" ? batch * 5 : batch);

export async function inWorkerd({ rounds, warmup, batch }) {
  const issuers = Object.fromEntries(Object.keys(ALGORITHMS).map((algorithm) => [algorithm, signer(algorithm)]));
  const now = Date.now();
  const key = apiKey({ now });
  const BENCH = {
    issuer: ISSUER,
    audience: AUDIENCE,
    jwks: Object.fromEntries(Object.entries(issuers).map(([algorithm, { jwk }]) => [algorithm, jwk])),
    records: { [key.storeKey]: JSON.stringify(key.record) },
  };
  const worker = await start([{ name: "batch", ...(await bundleFile("batch-worker.mjs")), bindings: { BENCH } }]);
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const url = await worker.url("batch");
  const give = (credentials, keys = "") => ask(agent, new URL(`/give?keys=${keys}`, url), { method: "POST", body: JSON.stringify(credentials) });
  const run = async (who, algorithm) => {
    const target = new URL(`/run?who=${encodeURIComponent(who)}&algorithm=${algorithm}`, url);
    const started = performance.now();
    const { text } = await ask(agent, target);
    return { took: performance.now() - started, accepted: Number(text) };
  };
  let minted = 0;
  const mint = (algorithm) => issuers[algorithm].mint({ claims: { jti: `token-${minted++}` }, now });

  /** Rounds of all contestants in turn. `make` yields the batch of a round; each must accept as many as `expected`. */
  async function contest(name, algorithm, contestants, make, expected) {
    const samples = contestants.map(() => []);
    for (let round = 0; round < warmup + rounds; round++) {
      const credentials = make();
      await give(credentials, algorithm === "keys" ? "yes" : "");
      const empty = (await run("nothing", algorithm)).took;
      for (let turn = 0; turn < contestants.length; turn++) {
        const which = (turn + round) % contestants.length;
        const contestant = contestants[which];
        if (contestant.fails) continue;
        const { took, accepted } = await run(contestant.who, algorithm);
        if (accepted !== expected(credentials.length)) contestant.fails = `accepts ${accepted} of ${credentials.length}`;
        else if (round >= warmup) samples[which].push(((took - empty) * 1000) / credentials.length);
      }
    }
    const results = contestants.map((one, which) => (one.fails ? { name: one.name, fails: one.fails } : told(contestants, samples, which)));
    return { part: "workerd", name, unit: "µs", results };
  }

  try {
    const groups = [];
    for (const [algorithm, names] of Object.entries(ALGORITHMS)) {
      const contestants = names.map((name) => ({ name, who: name, bare: name === BARE }));
      const good = mint(algorithm);
      // Before any is timed: who accepts a forged token, or (but for the bare check) one that has ended, is out.
      for (const contestant of contestants) {
        for (const [what, token] of [["forged", tampered(good)], ["expired", issuers[algorithm].mint({ now: now - 3_600_000 })]]) {
          if (contestant.bare && what === "expired") continue;
          await give([token]);
          if ((await run(contestant.who, algorithm)).accepted > 0) contestant.fails = `accepts one that is ${what}`;
        }
      }
      const make = () => Array.from({ length: sizeOf(algorithm, batch) }, () => mint(algorithm));
      groups.push(await contest(`workerd, new tokens, ${algorithm}`, algorithm, contestants, make, (length) => length));
    }
    const count = sizeOf("keys", batch);
    const keys = [];
    for (const [name, presented, expected] of [
      ["edgeward, a known key", key.key, (length) => length],
      ["edgeward, a wrong check", mistyped(key.key), () => 0],
    ]) {
      const group = await contest("", "keys", [{ name, who: "keys" }], () => Array(count).fill(presented), expected);
      keys.push(...group.results);
    }
    groups.push({ part: "workerd", name: "workerd, API keys", unit: "µs", results: keys });
    return groups;
  } finally {
    agent.destroy();
    await worker.stop();
  }
}
