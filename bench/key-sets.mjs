// What an issuer's trouble costs the requests of a Worker: workerd as it is deployed, an issuer on this machine, and jose in
// the same runtime beside it.
//
//   cargo xtask bench --key-sets [--quick] [--json] [--write]
//
// The clock of the Worker is moved so that a refresh is due in each round: the first request of a round finds it due, the
// others come while it is under way. What is measured is a request from its client's side, over a connection that stays
// open. `--write` puts the table into docs/key-sets.md.
import { readFileSync, writeFileSync } from "node:fs";
import http from "node:http";
import process from "node:process";
import { build } from "esbuild";
import { version } from "edgeward";
import { AUDIENCE, keySet, signer } from "../tests/support/credentials.mjs";
import { startGate } from "../tests/support/gate.mjs";
import { startIssuer } from "../tests/support/issuer-server.mjs";
import { until } from "../tests/support/until.mjs";
import { quantile } from "./measure.mjs";
import { load, machine, options, versionOf } from "./report.mjs";

const PAGE = new URL("../docs/key-sets.md", import.meta.url);
const [BEGIN, END] = ["<!-- bench:begin -->", "<!-- bench:end -->"];

/** The defaults of a policy, in seconds. */
const RULES = { maxAge: 600, cooldown: 30 };
/** What happens to the issuer, by how it answers. */
const TROUBLE = {
  well: "answers",
  slowly: "answers in 5 s",
  never: "hangs",
  reset: "resets the connection",
  garbage: "answers garbage",
  down: "is down",
};

const chosen = options("quick", "json", "write");
/** Requests and rounds (`silent`: rounds, and requests in each, where an issuer keeps a fetch waiting), and milliseconds: a quick run shows that the bench works, and its figures say nothing. */
const SIZE = chosen.quick
  ? { rounds: 3, inRound: 3, silent: [2, 3], isolates: 2, atOnce: 2, timeout: 300, slow: 500 }
  : { rounds: 100, inRound: 5, silent: [14, 40], isolates: 16, atOnce: 20, timeout: 3_000, slow: 5_000 };

const one = signer("ES256", { kid: "one" });
const agent = new http.Agent({ keepAlive: true });

/** A token that outlives the clock of the Worker. */
function mint({ issuer }) {
  const now = Date.now();
  return one.mint({ claims: { iss: issuer, exp: Math.floor(now / 1000) + 1_000_000 }, now });
}

/** One request: how long it took in milliseconds, and whether the token was found good. */
async function ask(url, issuer, ahead) {
  const headers = { authorization: `Bearer ${mint(issuer)}`, "clock-ahead": String(ahead) };
  const started = performance.now();
  const answer = await new Promise((resolve, reject) => {
    const request = http.get(new URL("/_edgeward/verify", url), { agent, headers }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece;
      resolve(JSON.parse(text));
    });
    request.on("error", reject);
  });
  return { took: performance.now() - started, good: answer.ok };
}

async function edgeward(issuer, isolates = 1) {
  const { timeout } = SIZE;
  const named = { issuer: issuer.issuer, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: issuer.jwksUri };
  const policy = { issuers: [{ ...named, keySet: { timeout } }] };
  return startGate({ documents: { policy, snapshots: {} }, clock: true, isolates });
}

let bundled;
async function jose(issuer, isolates = 1) {
  const entry = new URL("jose-worker.mjs", import.meta.url).pathname;
  bundled ??= await build({ entryPoints: [entry], bundle: true, write: false, format: "esm", external: ["cloudflare:*"], conditions: ["workerd", "worker"] });
  const rules = { cacheMaxAge: RULES.maxAge * 1000, cooldownDuration: RULES.cooldown * 1000, timeoutDuration: SIZE.timeout };
  const expected = { issuer: issuer.issuer, audience: AUDIENCE, algorithms: ["ES256"] };
  const BENCH = { jwksUri: issuer.jwksUri, expected, rules };
  return startGate({ worker: bundled.outputFiles[0].text, bindings: { BENCH }, clock: true, isolates });
}

const CONTESTANTS = { edgeward, jose };

/** How long an issuer in this trouble keeps a fetch waiting, in milliseconds. */
function silent(way) {
  return way === "slowly" || way === "never" ? SIZE.timeout + 100 : 0;
}

async function trouble(issuer, way) {
  if (way === "down") await issuer.goDown();
  else issuer.answers(way, { delay: SIZE.slow });
}

/** An issuer and a contestant that trusts it. */
async function staged(start, isolates, work) {
  const issuer = await startIssuer(keySet(one));
  const worker = await start(issuer, isolates);
  try {
    return await work(issuer, worker);
  } finally {
    await worker.stop();
    await issuer.stop();
  }
}

/** Requests for which nothing is due: what the others are to be held against. */
function fresh(start) {
  return staged(start, 1, async (issuer, { urls: [url] }) => {
    const samples = [];
    for (let request = 0; request < SIZE.rounds * SIZE.inRound; request++) samples.push(await ask(url, issuer, 0));
    // The first ones are the isolate's own start.
    return samples.slice(samples.length > 100 ? 20 : 1);
  });
}

/** Requests with a set at hand whose refresh is due, or under way. */
function due(start, way) {
  return staged(start, 1, async (issuer, { urls: [url] }) => {
    for (let request = 0; request < 20; request++) await ask(url, issuer, 0);
    await trouble(issuer, way);
    const samples = [];
    let ahead = RULES.maxAge + 1;
    const rest = silent(way);
    const [rounds, inRound] = rest === 0 ? [SIZE.rounds, SIZE.inRound] : SIZE.silent;
    for (let round = 0; round < rounds; round++) {
      const first = await ask(url, issuer, ahead);
      samples.push(first);
      // Who lets a request wait for the issuer is asked by several at one time: the bench would take hours.
      const waits = first.took > SIZE.timeout / 2;
      if (waits) return [...samples, ...(await Promise.all(Array.from({ length: SIZE.atOnce }, () => ask(url, issuer, ahead))))];
      for (let request = 1; request < inRound; request++) samples.push(await ask(url, issuer, ahead));
      // The issuer's time-out passes by the clock on the wall: moved on before that, the Worker would believe that whoever
      // asked was gone.
      await new Promise((resolve) => setTimeout(resolve, rest));
      ahead += way === "well" ? RULES.maxAge + 1 : RULES.cooldown + 1;
    }
    return samples;
  });
}

/** The first request of isolates that have nothing. `shared`: another one has filled the store. */
function cold(start, way, { shared = false, after = 0 } = {}) {
  return staged(start, SIZE.isolates + 1, async (issuer, { urls: [first, ...others], store, scheduled }) => {
    if (shared) {
      await scheduled(0);
      await until(async () => (await store.list()).keys.length > 0, "the store is filled");
    }
    await trouble(issuer, way);
    const samples = [];
    for (const [place, url] of others.entries()) {
      if (!shared) for (const { name } of (await store.list()).keys) await store.delete(name);
      samples.push(await ask(url, issuer, after));
      if (samples[0].took > SIZE.timeout / 2) {
        return [...samples, ...(await Promise.all(others.slice(place + 1).map((url) => ask(url, issuer, after))))];
      }
    }
    return samples;
  });
}

function summary(situation, who, samples) {
  const sorted = samples.map(({ took }) => took).sort((a, b) => a - b);
  const good = samples.filter(({ good }) => good).length;
  return { situation, who, p50: quantile(sorted, 0.5), p99: quantile(sorted, 0.99), good, samples: samples.length };
}

async function measure() {
  const rows = [];
  const add = async (situation, who, samples) => rows.push(summary(situation, who, await samples));
  for (const [who, start] of Object.entries(CONTESTANTS)) await add("a fresh set", who, fresh(start));
  for (const [way, words] of Object.entries(TROUBLE)) {
    for (const [who, start] of Object.entries(CONTESTANTS)) await add(`a refresh is due, the issuer ${words}`, who, due(start, way));
  }
  await add("a cold isolate, the store has a set, the issuer answers", "edgeward", cold(edgeward, "well", { shared: true }));
  const stale = { shared: true, after: RULES.maxAge + 1 };
  await add("a cold isolate, the store has a stale set, the issuer hangs", "edgeward", cold(edgeward, "never", stale));
  // Past `staleWhileRevalidate` (300 s) a set is for outages: who comes first asks before it is used.
  const forOutages = { shared: true, after: RULES.maxAge + 301 };
  await add("a cold isolate, the store has a set that is good for outages alone, the issuer hangs", "edgeward", cold(edgeward, "never", forOutages));
  for (const way of ["well", "never"]) {
    for (const [who, start] of Object.entries(CONTESTANTS)) {
      await add(`a cold isolate and no store, the issuer ${TROUBLE[way]}`, who, cold(start, way));
    }
  }
  return rows;
}

function table({ versions, machine, rows }) {
  const digits = (value) => (value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0));
  const lines = rows.map(({ situation, who, p50, p99, good, samples }) =>
    `| ${situation} | ${who} | ${digits(p50)} | ${digits(p99)} | ${good} of ${samples} |`);
  return [
    "| | | p50, ms | p99, ms | found good |",
    "|---|---|--:|--:|--:|",
    ...lines,
    "",
    `${Object.entries(versions).map(([name, value]) => `${name} ${value}`).join(", ")}; ${machine.cpu}, ${machine.cores} cores, load ${machine.load.before} before and ${machine.load.after} after.`,
  ].join("\n");
}

const before = load();
const rows = await measure();
agent.destroy();
const versions = { edgeward: version(), jose: versionOf("jose"), workerd: versionOf("workerd"), node: process.versions.node };
const report = { versions, machine: machine(before), rows };
console.log(chosen.json ? JSON.stringify(report, null, 2) : table(report));
if (chosen.write) {
  const page = readFileSync(PAGE, "utf8");
  const [start, end] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)];
  if (start < BEGIN.length || end < start) throw new Error(`docs/key-sets.md has no ${BEGIN} and ${END}`);
  writeFileSync(PAGE, `${page.slice(0, start)}\n${table(report)}\n${page.slice(end)}`);
}
