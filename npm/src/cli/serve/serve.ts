import { watchFile, unwatchFile } from "node:fs";
import { version } from "../../index.js";
import { gateListener } from "../../node-listener.js";
import type { LintFinding } from "../../../types/index.js";
import { EXIT, print, reason, say, type Command } from "../command.js";
import { command } from "../declare.js";
import { faultInWords, faultsOf } from "../errors.js";
import { shown } from "../terminal.js";
import { auditLines, type AuditLines } from "./audit-lines.js";
import { startClock } from "./clock.js";
import { serve as gateOf, type Served } from "./policy.js";
import { listen, secureContext } from "./server.js";
import { OPTIONS, settingsOf, type Settings } from "./settings.js";
import { openStore, type ServedStore } from "./store.js";

const MORE = `Secrets come by the environment, or by a file that the variable with _FILE at its end names: EDGEWARD_SEALS, EDGEWARD_STORE, EDGEWARD_BOOTSTRAP_SECRET (administers until the first administrator has come with a token), EDGEWARD_DENY_SIGNING_KEY (signs deny lists in strict mode: a private Ed25519 JWK), EDGEWARD_ASSERTION_KEYS (signs assertions for the origin: a JSON array of private JWKs), EDGEWARD_INTROSPECTION_SECRETS (JSON by issuer).

Signals: SIGTERM and SIGINT end it once requests are done, a second one at once; SIGHUP reads policy, snapshots, secrets and certificates again, and opens the audit file anew.`;

export const serve: Command = command(
  {
    name: "serve",
    summary: "be the gate: a server in front of an API, or beside a proxy",
    synopsis: "--policy FILE [options]",
    about: "The gate as a server: in front of an API, or beside a proxy that asks it about each request. Audit events go to standard output, one a line, as JSON; what is for people goes to standard error.",
    options: OPTIONS,
    more: MORE,
    exits: {
      good: "ended as it was told",
      objection: "ended with requests cut off",
      failed: "could not begin: a file, an address, a store; with --check also: the keys of an issuer",
    },
  },
  async (args) => {
    const settings = settingsOf(args);
    // What is wrong is found before anything listens.
    if (settings.tls !== undefined) secureContext(settings.tls);
    let audit: AuditLines | undefined;
    let store: ServedStore | undefined;
    // Whoever has it read again while it begins must not end it.
    const asked = settings.check ? undefined : reloading();
    try {
      audit = await auditLines(settings.auditFile);
      store = await openStore(settings);
      return asked === undefined ? await check(settings, audit, store) : await stay(settings, audit, store, asked);
    } finally {
      await store?.close().catch(() => undefined);
      await audit?.close();
    }
  },
);

async function check(settings: Settings, { sink }: AuditLines, { store, name }: ServedStore): Promise<number> {
  const served = await gateOf(settings, { store, audit: sink, publishes: true });
  // What is fetched is fetched by a gate that signs nothing.
  const { gate } = await gateOf(settings, { store, audit: sink, publishes: false });
  const keySets = await gate.refresh();
  const failed = keySets.filter(({ failure }) => failure !== null);
  const { digest, origin, findings } = served;
  if (settings.json) {
    const found = { good: failed.length === 0, policy: settings.policy, digest, store: name, origin: origin ?? null, findings, keySets };
    print(JSON.stringify(found));
  }
  for (const { issuer, failure } of failed) say(`edgeward serve: the keys of ${issuer} cannot be fetched: ${shown(failure)}`);
  tellOf(settings, served, name);
  say(failed.length === 0 ? "edgeward serve: it is well, and would listen" : "edgeward serve: it would listen, and wait for those keys");
  return failed.length === 0 ? EXIT.good : EXIT.failed;
}

async function stay(settings: Settings, audit: AuditLines, { store, name }: ServedStore, asked: Reloading): Promise<number> {
  const lent = { store, audit: audit.sink, publishes: true };
  let served = await gateOf(settings, lent);
  let isEnding = false;
  // Each request goes through the gate that is in force when it comes.
  const current = { fetch: (request: Request) => served.gate.fetch(request) };
  const server = await listen(settings, gateListener(current, { closing: () => isEnding }));
  tellOf(settings, served, name);
  say(`edgeward ${version()} listens on ${server.where}; policy ${served.digest}; store ${name}`);
  const clock = startClock(() => served, settings.refresh);

  const again = async () => {
    if (isEnding) return;
    try {
      // A log that was moved away is begun anew, whatever becomes of the rest.
      await audit.reopen();
      const next = await gateOf(settings, lent);
      try {
        server.renew();
      } catch (error) {
        next.gate.free();
        throw error;
      }
      const before = served;
      served = next;
      await before.gate.flush();
      // What is under way there comes to its end.
      before.gate.free();
      tellOf(settings, served, name);
      say(`edgeward serve: read again; policy ${served.digest}`);
      await served.gate.refresh();
    } catch (error) {
      const faults = faultsOf(error);
      say(`edgeward serve: what was there before stays in force: ${faults.length > 0 ? `the policy in ${settings.policy} cannot be used` : reason(error)}`);
      for (const fault of faults) say(faultInWords(fault));
    }
  };
  const reloads = oneAtATime(again);
  const files = settings.watch ? [settings.policy, settings.snapshots].filter((file) => file !== undefined) : [];
  for (const file of files) watchFile(file, { interval: 500, persistent: false }, reloads);
  asked.begin(reloads);

  const signal = await told();
  isEnding = true;
  clock.stop();
  for (const file of files) unwatchFile(file);
  const waiting = server.underWay();
  // It is said once it is so: whoever reads it finds nobody who listens.
  const stopped = server.stop(settings.grace);
  say(`edgeward serve: ${signal}: ${waiting === 0 ? "nothing is under way" : `${requests(waiting)} under way`}; another signal ends it at once`);
  const cutOff = await stopped;
  await served.gate.flush();
  const lost = served.gate.audit().reduce((sum, { dropped, failed, waiting }) => sum + dropped + failed + waiting, 0);
  if (lost > 0) say(`edgeward serve: ${lost} audit events were lost`);
  if (cutOff > 0) say(`edgeward serve: ${requests(cutOff)} cut off after ${settings.grace} s`);
  const code = cutOff > 0 ? EXIT.objection : EXIT.good;
  // Whoever does not read standard output is not waited for.
  setTimeout(() => process.exit(code), 1000).unref();
  return code;
}

interface Reloading {
  /** Does it from now on, and now where it was asked for before. */
  begin(work: () => void): void;
}

function reloading(): Reloading {
  let isDue = false;
  let work: () => void = () => {
    isDue = true;
  };
  process.on("SIGHUP", () => work());
  return {
    begin(reload) {
      work = reload;
      if (isDue) reload();
    },
  };
}

/** The signal that ends the server. The next one does what it does to any program. */
function told(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ["SIGTERM", "SIGINT"] as const) {
      process.on(name, function first() {
        for (const each of ["SIGTERM", "SIGINT"] as const) process.removeAllListeners(each);
        resolve(name);
      });
    }
  });
}

/** What is asked for while it is done is done once more. */
function oneAtATime(work: () => Promise<void>): () => void {
  let running = false;
  let isDue = false;
  return () => {
    isDue = true;
    if (running) return;
    running = true;
    void (async () => {
      while (isDue) {
        isDue = false;
        await work();
      }
      running = false;
    })();
  };
}

function tellOf(settings: Settings, { findings, origin, prefix, isForwardAuth, tlsEndsAhead, limiters }: Served, store: string): void {
  const { policy } = settings;
  const serious = findings.filter(({ severity }) => severity !== "low");
  if (serious.length > 0) say(`edgeward serve: ${serious.length === 1 ? "1 finding" : `${serious.length} findings`} of medium or high severity, which \`edgeward lint ${policy}\` says: ${rules(serious)}`);
  if (settings.tls === undefined && !tlsEndsAhead && !isForwardAuth) {
    say("edgeward serve: credentials that come over plain HTTP from elsewhere are refused as exposed: --tls-cert, or `tlsEndsAhead` in the policy where TLS ends before");
  }
  if (limiters.length > 0) say(`edgeward serve: the limits of ${limiters.join(", ")} are counted by this process for itself`);
  if (store === "memory:") say("edgeward serve: what is in the store is gone when this process ends");
  if (origin !== undefined) say(`edgeward serve: requests that are let through go to ${origin}`);
  else if (isForwardAuth) say(`edgeward serve: nothing is forwarded: proxies ask at ${prefix}/verify`);
  else say(`edgeward serve: no origin: it answers ${prefix}/verify and its other endpoints, and what is let through is answered with 502`);
}

const rules = (findings: readonly LintFinding[]) => [...new Set(findings.map(({ rule }) => rule))].join(", ");
const requests = (count: number) => (count === 1 ? "1 request" : `${count} requests`);
