// The figures that Edgeward must reach, and where a run stands. A bar whose figure cannot be had is not met, and says why.
import { summarize } from "./measure.mjs";

const ASYMMETRIC = ["RS256", "PS256", "ES256", "EdDSA"];
const NATIVE = "edgeward, native";
/** So much may memory grow from one third of the tokens to the next, as a share, and count as flat. */
const GROWTH = 0.02;

/** The row of a contestant, or what keeps it from having a figure. */
function row(groups, group, name) {
  const found = groups.find((one) => one.name === group)?.results.find((one) => one.name === name);
  if (found === undefined) throw new Error(`there is no ${name} in "${group}"`);
  if (found.fails) throw new Error(`${name} ${found.fails}`);
  return found;
}

/** How many times as long as the other it takes, round by round where both were held against a third. */
function times(groups, group, name, other) {
  const [one, two] = [row(groups, group, name), row(groups, group, other)];
  return one.ratio !== undefined && two.ratio !== undefined ? one.ratio / two.ratio : one.median / two.median;
}

const median = (groups, group, name) => row(groups, group, name).median;

/**
 * By how much the last third of the steps exceeds the third before it, as a share of that. Of each it is the median: one step
 * in which the collector had not come round yet is no growth.
 */
export function growth(rows, what) {
  const third = Math.ceil(rows.length / 3);
  const [earlier, later] = [rows.slice(-2 * third, -third), rows.slice(-third)].map((steps) => summarize(steps.map((one) => one[what])).median);
  return later / earlier - 1;
}

/** Each bar by the part of the run that has its figure. */
function all({ groups, sizes, memory }) {
  const bar = (part, what, relation, limit, value) => ({ part, what, relation, bar: limit, value });
  const node = (algorithm) => `Node, new tokens, ${algorithm}`;
  const workerd = (algorithm) => `workerd, new tokens, ${algorithm}`;
  const gate = "workerd, a gate, ES256";
  const [refused, hostile] = ["Node, refused tokens, RS256", "Node, hostile tokens, RS256"];
  const attacks = ["oversize", "deep header", "deep payload", "many members", "unknown kid", "64 keys, unknown kid", "64 keys, no kid"];
  return [
    ...ASYMMETRIC.flatMap((algorithm) => [
      bar("workerd", `workerd, ${algorithm}, × crypto.subtle`, "≤", 1.15, () => times(groups, workerd(algorithm), "edgeward", "crypto.subtle verify")),
      bar("workerd", `workerd, ${algorithm}, jose × ours`, ">", 1, () => times(groups, workerd(algorithm), "jose", "edgeward")),
    ]),
    bar("workerd", "workerd, HS256, × crypto.subtle", "≤", 0.5, () => times(groups, workerd("HS256"), "edgeward", "crypto.subtle verify")),
    bar("node", "Node, HS256, × crypto.subtle", "≤", 0.5, () => times(groups, node("HS256"), NATIVE, "crypto.subtle verify")),
    ...ASYMMETRIC.flatMap((algorithm) => [
      bar("node", `Node, ${algorithm}, × crypto.verify`, "≤", 1.15, () => times(groups, node(algorithm), NATIVE, "node:crypto verify")),
      bar("node", `Node, ${algorithm}, jose × ours`, "≥", 2.5, () => times(groups, node(algorithm), "jose", NATIVE)),
      bar("node", `Node, ${algorithm}, fast-jwt without cache × ours`, ">", 1, () => times(groups, node(algorithm), "fast-jwt", NATIVE)),
    ]),
    ...["RS256", "ES256"].flatMap((algorithm) => [
      bar("node", `the same token, ${algorithm}, fast-jwt with cache × ours`, "≥", 3, () => times(groups, `Node, the same token again, ${algorithm}`, "fast-jwt, cache", NATIVE)),
      bar("node", `the same token, ${algorithm}, jose × ours`, "≥", 40, () => times(groups, `Node, the same token again, ${algorithm}`, "jose", NATIVE)),
    ]),
    ...["Node", "workerd"].flatMap((host) => [
      bar(host.toLowerCase(), `${host}, a known API key, µs`, "≤", 5, () => median(groups, `${host}, API keys`, "edgeward, a known key")),
      bar(host.toLowerCase(), `${host}, an API key with a wrong check, µs`, "≤", 2, () => median(groups, `${host}, API keys`, "edgeward, a wrong check")),
    ]),
    bar("node", "wasm alone, EdDSA, × crypto.verify", "≤", 1, () => times(groups, node("EdDSA"), "edgeward, wasm", "node:crypto verify")),
    bar("node", "wasm alone, ES256, × crypto.verify", "≤", 4, () => times(groups, node("ES256"), "edgeward, wasm", "node:crypto verify")),
    bar("start", "whole package for a Worker, KB after gzip", "≤", 250, () => sizes.whole / 1000),
    bar("start", "without asymmetric crypto, KB after gzip", "≤", 110, () => {
      throw new Error("there is no such variant");
    }),
    bar("start", "workerd, start of a verifier, ms", "≤", 15, () => median(groups, "workerd, start", "edgeward, a verifier")),
    bar("start", "workerd, start of a gate, ms", "≤", 15, () => median(groups, "workerd, start", "edgeward, a gate")),
    bar("gate", "workerd, throughput of the gate, × Hono and jose", "≥", 1.3, () => times(groups, gate, "edgeward", "Hono and jose")),
    bar("memory", "growth of the core's memory", "≤", GROWTH, () => growth(memory, "core")),
    bar("memory", "growth of the program's memory", "≤", GROWTH, () => growth(memory, "program")),
    ...["forged", "expired", "malformed"].map((kind) =>
      bar("hostile", `a refusal (${kind}), × an acceptance`, "≤", 1.05, () => times(groups, refused, `${kind}: ${NATIVE}`, `good: ${NATIVE}`))),
    ...attacks.map((kind) =>
      bar("hostile", `hostile (${kind}), × a good token`, "<", 1, () => times(groups, hostile, `${kind}: ${NATIVE}`, `good: ${NATIVE}`))),
  ];
}

const HOLDS = { "≤": (value, bar) => value <= bar, "<": (value, bar) => value < bar, "≥": (value, bar) => value >= bar, ">": (value, bar) => value > bar };

/** Every bar of the parts that were run: its figure, and whether it is met. */
export function bars(report) {
  return all(report)
    .filter(({ part }) => report.parts.includes(part))
    .map(({ value, ...bar }) => {
      try {
        const reached = value();
        return { ...bar, value: reached, met: HOLDS[bar.relation](reached, bar.bar) };
      } catch (error) {
        return { ...bar, value: null, why: error.message, met: false };
      }
    });
}
