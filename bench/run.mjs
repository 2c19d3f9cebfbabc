// How long a check takes, beside a bare signature check and beside others, in one run on one machine.
//
//   node bench/run.mjs [--quick] [--json] [--write] [--only node|hostile|workerd|start|gate|memory]
//
// Every credential is another one unless it is said, and no contestant sees one twice. What is shown is the median of the
// samples and the range of their middle half. docs/performance.md says how each figure is measured; with --write the table
// is put into README.md.
import { readFileSync, writeFileSync } from "node:fs";
import process from "node:process";
import { version } from "edgeward";
import { bars } from "./bars.mjs";
import { load, machine, options, versionOf } from "./report.mjs";
import { table } from "./table.mjs";

const PEERS = ["jose", "fast-jwt", "jsonwebtoken", "aws-jwt-verify", "hono", "@tsndr/cloudflare-worker-jwt", "workerd"];
/** A quick run shows that the bench works; its figures say little. */
const FULL = { rounds: 241, warmup: 60, workerd: { rounds: 41, warmup: 8, batch: 200 }, starts: 25, turns: 15, requests: 2_000, tokens: 1_000_000, steps: 10 };
const QUICK = { rounds: 11, warmup: 4, workerd: { rounds: 5, warmup: 2, batch: 60 }, starts: 3, turns: 2, requests: 200, tokens: 20_000, steps: 4 };

/** The parts in their order. Each brings in what it needs when it is its turn: not every Node.js runs workerd's tools. */
const PARTS = {
  node: async () => ({ groups: await (await import("./node.mjs")).inNode(size) }),
  hostile: async () => ({ groups: await (await import("./node.mjs")).hostile(size) }),
  workerd: async () => ({ groups: await (await import("./workerd.mjs")).inWorkerd(size.workerd) }),
  start: async () => ({ groups: await (await import("./start.mjs")).startUp(size), sizes: await (await import("./sizes.mjs")).sizes() }),
  gate: async () => ({ groups: await (await import("./gate.mjs")).throughput(size) }),
  memory: async () => ({ memory: await (await import("./memory.mjs")).held(size) }),
};

const chosen = options("quick", "json", "write", { only: Object.keys(PARTS) });
const size = chosen.quick ? QUICK : FULL;
const parts = chosen.only === undefined ? Object.keys(PARTS) : [chosen.only];
if (chosen.write && (chosen.quick || chosen.only !== undefined)) {
  console.error("README.md has the table of a whole run: --write goes with neither --quick nor --only.");
  process.exit(2);
}

const before = load();
const started = Date.now();
const report = { groups: [], parts };
const say = (what) => process.stderr.isTTY && console.error(what);
for (const part of parts) {
  say(`measuring: ${part}`);
  const { groups = [], ...rest } = await PARTS[part]();
  report.groups.push(...groups);
  Object.assign(report, rest);
}

const whole = {
  versions: {
    edgeward: version(),
    ...Object.fromEntries(PEERS.map((name) => [name, versionOf(name)])),
    node: process.versions.node,
    openssl: process.versions.openssl,
  },
  machine: machine(before),
  seconds: (Date.now() - started) / 1000,
  quick: chosen.quick,
  ...report,
  bars: bars(report),
};
console.log(chosen.json ? JSON.stringify(whole, null, 2) : table(whole));

if (chosen.write) {
  const page = new URL("../README.md", import.meta.url);
  const text = readFileSync(page, "utf8");
  const [begin, end] = ["<!-- bench:begin -->", "<!-- bench:end -->"];
  const [start, stop] = [text.indexOf(begin) + begin.length, text.indexOf(end)];
  if (start < begin.length || stop < start) throw new Error(`README.md has no ${begin} and ${end}`);
  const said = `\`cargo xtask bench\` measures in one run, in turns, with local keys; only the ratios mean something on another machine, and [docs/performance.md](docs/performance.md) says how each figure comes about. Its last output:`;
  writeFileSync(page, `${text.slice(0, start)}\n${said}\n\n\`\`\`\n${table(whole)}\n\`\`\`\n\nBars that are not met are printed as such.\n${text.slice(stop)}`);
}
