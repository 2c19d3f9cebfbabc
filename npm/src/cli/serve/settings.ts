// What the options and the environment of `serve` come to.
import { dirname, resolve } from "node:path";
import { UsageError, readOptions, seconds } from "../command.js";
import { under } from "../declare.js";
import { placeOf } from "../keys/where.js";
import { secretOf } from "../secrets.js";

const time = (words: string) => ({ type: "string", value: "TIME", takes: "text", words }) as const;
const number = (words: string) => ({ type: "string", value: "N", takes: "text", words }) as const;
const file = (words: string) => ({ type: "string", value: "FILE", takes: "file", words }) as const;

export const OPTIONS = {
  policy: { ...file("the policy"), env: "EDGEWARD_POLICY" },
  snapshots: file("the snapshots that are deployed with it, by issuer"),
  origin: { type: "string", value: "URL", takes: "text", words: "where requests go that are let through; goes before the policy's `origin`" },
  listen: { type: "string", value: "WHERE", takes: "text", words: "HOST:PORT or unix:PATH; 127.0.0.1:8080 where left out" },
  store: {
    type: "string",
    value: "URL",
    takes: "text",
    words: "file:PATH, redis://HOST:PORT/DB, rediss://… or memory:; with a password, in EDGEWARD_STORE alone, which stands for it where it is left out; else the directory edgeward-store beside the policy",
  },
  "redis-prefix": { type: "string", value: "P", takes: "text", words: "what every name in Redis begins with" },
  "audit-file": file("write audit events to the end of a file, and not to standard output"),
  refresh: time("how often key sets are fetched by the clock, more or less: 5m where left out, 1m in strict mode"),
  grace: time("how long requests under way may take once the server is told to end; 10s where left out"),
  watch: { type: "boolean", words: "read policy and snapshots again when they change, and not on SIGHUP alone" },
  check: { type: "boolean", words: "do everything but listen, and say whether it is well" },
  json: { type: "boolean", words: "with --check: print what was found as JSON, errors too" },
  ...under("TLS:", {
    "tls-cert": file("the certificate with its chain, as PEM"),
    "tls-key": file("its private key, as PEM"),
    "tls-client-ca": file("who signs the certificates of clients: one that is shown must be good, and tokens may be bound to it"),
  }),
  ...under("Bounds:", {
    "headers-timeout": time("how long the head of a request may take; 10s where left out"),
    "request-timeout": time("how long a whole request may take; 5m where left out"),
    "keep-alive": time("how long a connection waits for its next request; 65s where left out"),
    "idle-timeout": time("how long nothing may move on a connection, an answer under way too; 10m where left out"),
    "max-header-size": number("how long the head of a request may be, in bytes; 16384 where left out"),
    "max-connections": number("how many connections there may be; no bound where left out"),
  }),
} as const;

/** Where it listens. */
export type Listen = { readonly host: string; readonly port: number } | { readonly path: string };

export interface Settings {
  readonly policy: string;
  readonly snapshots: string | undefined;
  readonly origin: string | undefined;
  readonly listen: Listen;
  readonly store: string;
  readonly redisPrefix: string | undefined;
  readonly tls: { readonly cert: string; readonly key: string; readonly clientCa: string | undefined } | undefined;
  readonly auditFile: string | undefined;
  /** All times are in seconds. How often key sets are fetched by the clock; where left out, as often as the policy needs it. */
  readonly refresh: number | undefined;
  readonly grace: number;
  readonly watch: boolean;
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAlive: number;
  /** How long nothing may move on a connection, also while a request is under way. */
  readonly idleTimeout: number;
  readonly maxHeaderSize: number;
  readonly maxConnections: number | undefined;
  readonly check: boolean;
  readonly json: boolean;
}

export function settingsOf(args: string[]): Settings {
  const values = readOptions(args, OPTIONS);
  const policy = values.policy ?? process.env["EDGEWARD_POLICY"];
  if (!policy) throw new UsageError("the policy is missing: --policy FILE, or EDGEWARD_POLICY");
  if (policy === "-" || values.snapshots === "-") throw new UsageError("the policy and the snapshots are files: they are read again on SIGHUP");
  const { check = false, json = false } = values;
  if (json && !check) throw new UsageError("--json goes with --check: otherwise standard output has an audit event a line, as JSON");
  const time = (option: "refresh" | "grace" | "headers-timeout" | "request-timeout" | "keep-alive" | "idle-timeout", usual: string) =>
    seconds(values[option] ?? usual, `--${option}`);
  const above = (option: "refresh" | "headers-timeout" | "request-timeout" | "keep-alive" | "idle-timeout", usual: string) => {
    const found = time(option, usual);
    // To Node's server nought is no bound at all, and more than this is none either.
    if (found === 0 || found > 86_400) throw new UsageError(`--${option} takes a time from 1s to 1d`);
    return found;
  };
  const [headersTimeout, requestTimeout] = [above("headers-timeout", "10s"), above("request-timeout", "5m")];
  if (headersTimeout > requestTimeout) throw new UsageError("--headers-timeout is no longer than --request-timeout, which it is a part of");
  const grace = time("grace", "10s");
  if (grace > 3600) throw new UsageError("--grace takes a time up to 1h");
  return {
    policy,
    snapshots: values.snapshots,
    origin: values.origin,
    listen: listenOf(values.listen ?? "127.0.0.1:8080"),
    ...storeOf(values.store, values["redis-prefix"], policy),
    tls: tlsOf(values["tls-cert"], values["tls-key"], values["tls-client-ca"]),
    auditFile: values["audit-file"] === "-" ? undefined : values["audit-file"],
    refresh: values.refresh === undefined ? undefined : above("refresh", ""),
    grace,
    watch: values.watch ?? false,
    headersTimeout,
    requestTimeout,
    keepAlive: above("keep-alive", "65s"),
    idleTimeout: above("idle-timeout", "10m"),
    maxHeaderSize: count(values["max-header-size"], "--max-header-size", 1024, 1 << 20) ?? 16_384,
    maxConnections: count(values["max-connections"], "--max-connections", 1, 1_000_000),
    check,
    json,
  };
}

function count(text: string | undefined, option: string, least: number, most: number): number | undefined {
  if (text === undefined) return undefined;
  const number = /^[0-9]{1,9}$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) throw new UsageError(`${option} takes a number from ${least} to ${most}`);
  return number;
}

function listenOf(text: string): Listen {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    if (path === "") throw new UsageError("--listen: the path of the socket is missing, as unix:/run/edgeward/gate.sock");
    return { path };
  }
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const [host, port] = [bracketed ?? plain, Number(digits)];
  if (host === undefined || port > 65_535) throw new UsageError("--listen takes HOST:PORT, as 127.0.0.1:8080 or [::1]:8080, or unix:PATH");
  return { host, port };
}

function storeOf(option: string | undefined, redisPrefix: string | undefined, policy: string): Pick<Settings, "store" | "redisPrefix"> {
  const store = option ?? secretOf("EDGEWARD_STORE") ?? `file:${resolve(dirname(policy), "edgeward-store")}`;
  if (store !== "memory:") {
    const { url, redisPrefix: prefix } = placeOf(store, redisPrefix);
    return { store: url, redisPrefix: prefix };
  }
  if (redisPrefix !== undefined) throw new UsageError("--redis-prefix goes with a Redis");
  return { store, redisPrefix };
}

function tlsOf(cert: string | undefined, key: string | undefined, clientCa: string | undefined): Settings["tls"] {
  if (cert === undefined && key === undefined && clientCa === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError("TLS takes --tls-cert and --tls-key");
  return { cert, key, clientCa };
}
