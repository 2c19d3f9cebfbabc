// What is measured in Node: new tokens, a known one, refused and hostile ones, and API keys.
import { ofHostile, ofKeys, ofKnown, ofRefused, ofTokens } from "./contestants.mjs";
import { contest } from "./measure.mjs";

/**
 * How many there are in a batch: enough for the clock, and so few that most batches end before the machine turns to
 * something else. On a busy one, the median is then that of the undisturbed.
 */
const BATCHES = { RS256: 8, PS256: 8, ES256: 4, EdDSA: 4, HS256: 30 };
const KNOWN = 30;
const KEYS = 20;
/** RSA is the algorithm whose good token costs least beside HMAC, so that it holds refusals to most. */
const REFUSED = "RS256";

const batches = (count, make) => Array.from({ length: count }, make);

async function tokens(name, { contestants, next }, size, { rounds, warmup }) {
  const inputs = batches(rounds + warmup, () => Array.from({ length: size }, next));
  return { part: "node", name, unit: "µs", results: await contest(contestants, inputs, warmup) };
}

export async function inNode({ rounds, warmup }) {
  const size = { rounds, warmup };
  const now = Date.now();
  const groups = [];
  for (const [algorithm, batch] of Object.entries(BATCHES)) {
    groups.push(await tokens(`Node, new tokens, ${algorithm}`, await ofTokens(algorithm, now), batch, size));
  }
  for (const algorithm of ["RS256", "ES256"]) {
    groups.push(await tokens(`Node, the same token again, ${algorithm}`, await ofKnown(algorithm, now), KNOWN, size));
  }
  const keys = await ofKeys((rounds + warmup) * KEYS, now);
  const results = [];
  for (const { inputs, ...contestant } of keys) {
    const split = batches(rounds + warmup, (_, round) => inputs.slice(round * KEYS, (round + 1) * KEYS));
    results.push(...(await contest([contestant], split, warmup)));
  }
  groups.push({ part: "node", name: "Node, API keys", unit: "µs", results });
  return groups;
}

export async function hostile({ rounds, warmup }) {
  const now = Date.now();
  const size = { rounds: Math.ceil(rounds / 2), warmup: Math.ceil(warmup / 2) };
  const groups = [
    await tokens(`Node, refused tokens, ${REFUSED}`, await ofRefused(REFUSED, now), 4, size),
    await tokens(`Node, hostile tokens, ${REFUSED}`, await ofHostile(REFUSED, now), 4, size),
  ];
  return groups.map((group) => ({ ...group, part: "hostile" }));
}
