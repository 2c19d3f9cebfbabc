import { watchFile, unwatchFile } from "node:fs";
import { version } from "../../index.js";
import { gateListener } from "../../node-listener.js";
import type { LintFinding } from "../../../types/index.js";
import { CommandError, EXIT, print, reason, say, type Command } from "../command.js";
import { auditLines, type AuditLines } from "./audit-lines.js";
import { startClock } from "./clock.js";
import { serve as gateOf, WrongPolicy, type Served } from "./policy.js";
import { listen, secureContext } from "./server.js";
import { OPTIONS, settingsOf, type Settings } from "./settings.js";
import { openStore, type ServedStore } from "./store.js";

export { OPTIONS };

const usage = `Usage: edgeward serve --policy FILE [options]

The gate as a server: in front of an API, or beside a proxy that asks it about each request. Audit events go to standard
output, one a line, as JSON; what is for people goes to standard error.

Options:
  --policy FILE           the policy (else EDGEWARD_POLICY)
  --snapshots FILE        the snapshots that are deployed with it, by issuer
  --origin URL            where requests go that are let through; goes before the policy's \`origin\`
  --listen WHERE          HOST:PORT or unix:PATH; 127.0.0.1:8080 where left out
  --store URL             file:PATH, redis://HOST:PORT/DB, rediss://… or memory: (else EDGEWARD_STORE, which may hold a
                          password; else the directory edgeward-store beside the policy)
  --redis-prefix P        what every name in Redis begins with
  --audit-file FILE       write audit events to the end of a file, and not to standard output
  --refresh TIME          how often key sets are fetched by the clock, more or less: 5m where left out, 1m in strict mode
  --grace TIME            how long requests under way may take once the server is told to end; 10s where left out
  --watch                 read policy and snapshots again when they change, and not on SIGHUP alone
  --check                 do everything but listen, and say whether it is well
  --json                  with --check: print what was found as JSON

TLS:
  --tls-cert FILE         the certificate with its chain, as PEM
  --tls-key FILE          its private key, as PEM
  --tls-client-ca FILE    who signs the certificates of clients: one that is shown must be good, and tokens may be bound to it

Bounds:
  --headers-timeout TIME  how long the head of a request may take; 10s where left out
  --request-timeout TIME  how long a whole request may take; 5m where left out
  --keep-alive TIME       how long a connection waits for its next request; 65s where left out
  --idle-timeout TIME     how long nothing may move on a connection, an answer under way too; 10m where left out
  --max-header-size N     how long the head of a request may be, in bytes; 16384 where left out
  --max-connections N     how many connections there may be; no bound where left out

Secrets, each in the environment, or in a file that NAME_FILE names:
  EDGEWARD_SEALS                  the seals of API keys, a JSON array, the current one first
  EDGEWARD_BOOTSTRAP_SECRET       administers until the first administrator has come with a token
  EDGEWARD_DENY_SIGNING_KEY       signs deny lists in strict mode: a private Ed25519 JWK
  EDGEWARD_ASSERTION_KEYS         signs assertions for the origin: a JSON array of private JWKs
  EDGEWARD_INTROSPECTION_SECRETS  JSON by issuer, where the policy has introspection endpoints

Signals: SIGTERM and SIGINT end it once requests are done, a second one at once; SIGHUP reads policy, snapshots, secrets and
certificates again, and opens the audit file anew.

Exit codes: 0 ended as it was told, 1 ended with requests cut off, 2 wrong usage or a policy that cannot be used, 3 could not
begin: a file, an address, a store; with --check also: the keys of an issuer.
`;

export const serve: Command = {
  summary: "be the gate: a server in front of an API, or beside a proxy",
  usage,
  async run(args) {
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
    } catch (error) {
      const faults = error instanceof WrongPolicy ? error.faults : [];
      if (settings.json) print(JSON.stringify({ good: false, policy: settings.policy, fault: reason(error), faults }));
      if (!(error instanceof WrongPolicy)) throw error;
      say(`edgeward serve: ${error.message}`);
      return EXIT.usage;
    } finally {
      await store?.close().catch(() => undefined);
      await audit?.close();
    }
  },
};

async function check(settings: Settings, { sink }: AuditLines, { store, name }: ServedStore): Promise<number> {
  const served = await gateOf(settings, { store, audit: sink, publishes: true });
  // What is fetched is fetched by a gate that signs nothing.
  const { gate } = await gateOf(settings, { store, audit: sink, publishes: false });
  const keySets = await gate.refresh();
  const failed = keySets.filter(({ failure }) => failure !== null);
  const { digest, origin, findings } = served;
  if (settings.json) {
    const found = { good: failed.length === 0, policy: settings.policy, fault: null, faults: [], digest, store: name, origin: origin ?? null, findings, keySets };
    print(JSON.stringify(found));
  }
  for (const { issuer, failure } of failed) say(`edgeward serve: the keys of ${issuer} cannot be fetched: ${failure}`);
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
      await audit.reopen();
      server.renew();
      const next = await gateOf(settings, lent);
      const before = served;
      served = next;
      await before.gate.flush();
      tellOf(settings, served, name);
      say(`edgeward serve: read again; policy ${served.digest}`);
      await served.gate.refresh();
    } catch (error) {
      say(`edgeward serve: what was there before stays in force: ${reason(error)}`);
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
  say(`edgeward serve: ${signal}: ${waiting === 0 ? "nothing is under way" : `${requests(waiting)} under way`}; another signal ends it at once`);
  const cutOff = await server.stop(settings.grace);
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
  if (serious.length > 0) say(`edgeward serve: ${serious.length} findings of medium or high severity, which \`edgeward lint ${policy}\` says: ${rules(serious)}`);
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
