// Measuring: contestants in turn, round after round, so that what disturbs the machine disturbs them all.
import { performance } from "node:perf_hooks";

/** What lies at this share of the sorted samples, between two of them where need be. */
export function quantile(sorted, share) {
  const place = (sorted.length - 1) * share;
  const [low, high] = [Math.floor(place), Math.ceil(place)];
  return sorted[low] + (sorted[high] - sorted[low]) * (place - low);
}

/** Median and quartiles of samples. */
export function summarize(samples) {
  const sorted = [...samples].sort((a, b) => a - b);
  const [low, median, high] = [0.25, 0.5, 0.75].map((share) => quantile(sorted, share));
  return { median, low, high, samples: samples.length };
}

/** How long one call takes on the average of a batch, in microseconds. */
async function sample({ call, asynchronous }, inputs) {
  const started = performance.now();
  if (asynchronous) for (const input of inputs) await call(input);
  else for (const input of inputs) call(input);
  return ((performance.now() - started) * 1000) / inputs.length;
}

/**
 * Measures contestants against each other. Each takes every input once: `inputs` has one batch for each round, and the
 * first `warmup` batches are not counted. Whoever goes first changes from round to round. Where a contestant is the
 * measure of the others (`bare`), each gets its ratio to it, round by round: what slows a whole round down drops out. One that
 * `fails` has no time, and is named with what it got wrong.
 */
export async function contest(all, inputs, warmup) {
  const contestants = all.filter(({ fails }) => !fails);
  const samples = contestants.map(() => []);
  for (const [round, batch] of inputs.entries()) {
    for (let turn = 0; turn < contestants.length; turn++) {
      const which = (turn + round) % contestants.length;
      const taken = await sample(contestants[which], batch);
      if (round >= warmup) samples[which].push(taken);
    }
  }
  return all.map(({ name, fails }) => (fails ? { name, fails } : told(contestants, samples, contestants.findIndex((one) => one.name === name))));
}

/** Median, middle half and, where one contestant is the measure of the others, the ratio to it. */
export function told(contestants, samples, which) {
  const result = { name: contestants[which].name, ...summarize(samples[which]) };
  const bare = contestants.findIndex((contestant) => contestant.bare);
  if (bare < 0) return result;
  return { ...result, ratio: summarize(samples[which].map((taken, round) => taken / samples[bare][round])).median };
}
