// How long a check takes, beside a bare signature check and beside others, in one run on one machine.
//
//   node bench/run.mjs [--quick] [--json]
//
// Every credential is another one, and no contestant sees one twice, but where it is to be known. A sample is the average of a batch; what is shown
// is the median of the samples and the range of their middle half. What is behind a promise is awaited one by one.
import process from "node:process";
import { version } from "edgeward";
import { ofKeys, ofKnownTokens, ofRefusedTokens, ofTokens } from "./contestants.mjs";
import { contest } from "./measure.mjs";
import { load, machine, options, versionOf } from "./report.mjs";

/**
 * How many there are in a batch: enough for the clock, and so few that most batches end before the machine turns to
 * something else. On a busy one, the median is then that of the undisturbed.
 */
const BATCHES = { RS256: 8, PS256: 8, ES256: 4, EdDSA: 4, HS256: 30 };
const KEYS_IN_A_BATCH = 20;
const KNOWN_TOKENS = 50;
const REFUSED_IN_A_BATCH = 5;
/** Samples whose middle half is spread wider than this share of their median are called noisy. */
const NOISY = 0.15;

const batches = (count, make) => Array.from({ length: count }, make);

async function measure({ quick }) {
  const [rounds, warmup] = quick ? [41, 20] : [241, 60];
  const now = Date.now();
  const groups = [];
  for (const [algorithm, size] of Object.entries(BATCHES)) {
    const { contestants, next } = await ofTokens(algorithm, now);
    const inputs = batches(rounds + warmup, () => Array.from({ length: size }, next));
    groups.push({ name: algorithm, results: await contest(contestants, inputs, warmup) });
  }
  for (const algorithm of ["RS256", "HS256"]) {
    const { contestants, tokens } = await ofKnownTokens(algorithm, KNOWN_TOKENS, now);
    const inputs = batches(rounds + warmup, () => tokens);
    groups.push({ name: `${algorithm}, known tokens`, results: await contest(contestants, inputs, warmup) });
  }
  const kinds = await ofRefusedTokens("RS256", now);
  const refused = kinds.map(({ make, ...kind }) => ({
    ...kind,
    inputs: batches(rounds + warmup, () => Array.from({ length: REFUSED_IN_A_BATCH }, () => ({ token: make() }))),
  }));
  groups.push({ name: "RS256, refused by edgeward", results: await contest(refused, batches(rounds + warmup, () => []), warmup) });
  const { good, known, wrong } = await ofKeys((rounds + warmup) * KEYS_IN_A_BATCH, now);
  const results = [];
  for (const { inputs, ...contestant } of [good, known, wrong]) {
    const split = batches(rounds + warmup, (_, round) => inputs.slice(round * KEYS_IN_A_BATCH, (round + 1) * KEYS_IN_A_BATCH));
    results.push(...(await contest([contestant], split, warmup)));
  }
  groups.push({ name: "API key", results });
  return groups;
}

/** Those that a flood of hostile tokens would be made of, which are to cost less than a good token. */
const REFUSALS = ["the signature of another", "an unknown kid", "too many bytes", "deep JSON", "no form of a token"];

/** The bars of the contract that can be read off one run, and where this run stands. */
function bars(groups) {
  const result = (group, name) => groups.find((one) => one.name === group).results.find((one) => one.name.startsWith(name));
  const ratio = (group, name, other) => result(group, name).ratio / (other === undefined ? 1 : result(group, other).ratio);
  const [native, wasm] = ["edgeward, native", "edgeward, wasm"];
  const asymmetric = ["RS256", "PS256", "ES256", "EdDSA"].flatMap((algorithm) => [
    [`${algorithm}, beside a bare synchronous check`, ratio(algorithm, native), "≤", 1.15],
    [`${algorithm}, jose beside it`, ratio(algorithm, "jose", native), "≥", 2.5],
    [`${algorithm}, fast-jwt beside it`, ratio(algorithm, "fast-jwt", native), "≥", 1],
  ]);
  const all = [
    ...asymmetric,
    ["HS256, beside crypto.subtle", ratio("HS256", native, "crypto.subtle"), "≤", 0.5],
    ["EdDSA in wasm, beside a bare native check", ratio("EdDSA", wasm), "≤", 1],
    ["ES256 in wasm, beside a bare native check", ratio("ES256", wasm), "≤", 4],
    ...["RS256", "HS256"].flatMap((algorithm) => [
      [`${algorithm} known, fast-jwt's cache beside it`, ratio(`${algorithm}, known tokens`, "fast-jwt"), "≥", 3],
      [`${algorithm} known, jose beside it`, ratio(`${algorithm}, known tokens`, "jose"), "≥", 40],
    ]),
    ...REFUSALS.map((kind) => [`refused for ${kind}, beside a good one`, ratio("RS256, refused by edgeward", kind), "≤", 1]),
    ["a known key, in µs", result("API key", "edgeward, a known key").median, "≤", 5],
    ["a wrong check, in µs", result("API key", "edgeward, a wrong check").median, "≤", 2],
  ];
  return all.map(([what, value, relation, bar]) => ({ what, value, relation, bar, met: relation === "≤" ? value <= bar : value >= bar }));
}

function print({ versions, machine, groups, noisy, bars }) {
  const cell = (value, width) => value.padStart(width);
  const digits = (value) => (value < 10 ? value.toFixed(2) : value.toFixed(1));
  console.log(Object.entries(versions).map(([name, value]) => `${name} ${value}`).join(", "));
  console.log(`${machine.cpu}, ${machine.cores} cores, load ${machine.load.before} before and ${machine.load.after} after\n`);
  console.log(`${"".padEnd(38)}${cell("µs, median", 12)}${cell("middle half", 20)}${cell("× bare", 9)}`);
  for (const { name, results } of groups) {
    console.log(name);
    for (const { name: who, median, low, high, ratio } of results) {
      const range = `${digits(low)} – ${digits(high)}`;
      console.log(`  ${who.padEnd(36)}${cell(digits(median), 12)}${cell(range, 20)}${cell(ratio === undefined ? "" : digits(ratio), 9)}`);
    }
  }
  console.log("\nAgainst the bars of the contract:");
  for (const { what, value, relation, bar, met } of bars) {
    console.log(`  ${what.padEnd(52)}${cell(digits(value), 8)}  ${relation} ${bar}  ${met ? "met" : "not met"}`);
  }
  if (noisy.length > 0) console.log(`\nThe machine was noisy; take these with care: ${noisy.join(", ")}.`);
}

const chosen = options("quick", "json");
const before = load();
const started = Date.now();
const groups = await measure(chosen);
const report = {
  versions: {
    edgeward: version(),
    jose: versionOf("jose"),
    "fast-jwt": versionOf("fast-jwt"),
    node: process.versions.node,
    openssl: process.versions.openssl,
  },
  machine: machine(before),
  seconds: (Date.now() - started) / 1000,
  groups,
  noisy: groups.flatMap(({ name, results }) =>
    results.filter(({ median, low, high }) => high - low > NOISY * median).map((result) => `${name} ${result.name}`),
  ),
  bars: bars(groups),
};
if (chosen.json) console.log(JSON.stringify(report, null, 2));
else print(report);
