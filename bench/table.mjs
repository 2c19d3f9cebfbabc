// What a run prints: one table for each group, then the bars.

const digits = (value) => (Math.abs(value) < 10 ? value.toFixed(2) : Math.abs(value) < 1000 ? value.toFixed(1) : value.toFixed(0));
const mebibytes = (bytes) => (bytes / 2 ** 20).toFixed(1);
const NAME = 46;
/** Samples whose middle half is spread wider than this share of their median are marked with "~". */
const NOISY = 0.15;

function group({ name, unit, results }) {
  const lines = [`${name.padEnd(NAME)}${unit.padStart(12)}${"middle half".padStart(18)}${"ratio".padStart(8)}`];
  for (const { name: who, fails, median, low, high, ratio } of results) {
    if (fails) lines.push(`  ${who.padEnd(NAME - 2)}  fails: ${fails}`);
    else {
      const range = `${digits(low)} – ${digits(high)}`;
      const noise = high - low > NOISY * Math.abs(median) ? " ~" : "";
      lines.push(`  ${who.padEnd(NAME - 2)}${digits(median).padStart(12)}${range.padStart(18)}${(ratio === undefined ? "" : digits(ratio)).padStart(8)}${noise}`.trimEnd());
    }
  }
  return lines;
}

/** The report as text. */
export function table({ versions, machine, seconds, groups, memory, sizes, bars }) {
  const lines = [
    Object.entries(versions).map(([name, value]) => `${name} ${value}`).join(", "),
    `${machine.cpu}, ${machine.cores} cores, load ${machine.load.before} before and ${machine.load.after} after, ${seconds.toFixed(0)} s`,
    "~: the middle half is spread wider than 15 % of the median",
  ];
  for (const one of groups) lines.push("", ...group(one));
  if (sizes) {
    lines.push("", `A Worker's upload after gzip -9: ${sizes.whole} bytes, of which ${sizes.core} the core and ${sizes.script} JavaScript`);
  }
  if (memory) {
    lines.push("", `${"Distinct tokens through one verifier, HS256".padEnd(NAME)}${"core, MiB".padStart(12)}${"program, MiB".padStart(18)}`);
    for (const { tokens, core, program } of memory) {
      lines.push(`  ${String(tokens).padEnd(NAME - 2)}${mebibytes(core).padStart(12)}${mebibytes(program).padStart(18)}`);
    }
  }
  lines.push("", "Against the bars:");
  for (const { what, value, why, relation, bar, met } of bars) {
    const figure = value === null ? "none" : digits(value);
    lines.push(`  ${what.padEnd(54)}${figure.padStart(8)}  ${relation} ${String(bar).padEnd(5)} ${met ? "met" : "not met"}${why ? `: ${why}` : ""}`);
  }
  lines.push("", `${bars.filter(({ met }) => met).length} of ${bars.length} bars met.`);
  return lines.join("\n");
}
