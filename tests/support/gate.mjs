// Runs the Worker as `wrangler deploy` would upload it (dist/worker) in the real runtime, in front of
// the demo origin, with a real local store.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const TYPES = { js: "ESModule", wasm: "CompiledWasm", json: "Text" };

/** Every module of the bundle, the entry first; `replaced` holds documents to put in the place of the bundled ones. */
function modules(directory, replaced = {}) {
  return readdirSync(directory)
    .filter((name) => name.replace(/\?module$/, "").split(".").at(-1) in TYPES)
    .sort((a, b) => Number(b === "index.js") - Number(a === "index.js"))
    .map((name) => {
      const module = {
        type: TYPES[name.replace(/\?module$/, "").split(".").at(-1)],
        path: `${directory}/${name}`,
      };
      const document = Object.keys(replaced).find((document) => name.endsWith(`-${document}.json`));
      return document === undefined ? module : { ...module, contents: JSON.stringify(replaced[document]) };
    });
}

/** Keeps every line, so that a test can look for what must not be in one. */
class KeptLog extends Log {
  constructor(lines) {
    super(LogLevel.VERBOSE);
    this.lines = lines;
  }
  log(message) {
    this.lines.push(message);
  }
}

/**
 * Starts the gate. `entries` are put into its store first, as JSON; `bindings` are its variables and
 * secrets; `documents` are a `policy` and `snapshots` in place of the bundled ones; `origin` is the
 * text of a Worker in place of the demo origin. The answer has `fetch`, the `store`, the `log` (an
 * array of lines, the Worker's own included), `logged` and `stop`.
 */
export async function startGate({ entries = {}, bindings = {}, documents, origin, ...options } = {}) {
  const log = [];
  const compatibilityDate = /^compatibility_date = "(.+)"$/m.exec(
    readFileSync(path("wrangler.toml"), "utf8"),
  )[1];
  const configuration = {
    log: new KeptLog(log),
    handleStructuredLogs: ({ level, message }) => log.push(`${level}: ${message}`),
    cf: false,
    workers: [
      {
        name: "edgeward",
        compatibilityDate,
        modulesRoot: path("dist/worker"),
        modules: modules(path("dist/worker"), documents),
        kvNamespaces: ["EDGEWARD_STORE"],
        serviceBindings: { ORIGIN: "edgeward-demo-origin" },
        bindings,
        ...options,
      },
      {
        name: "edgeward-demo-origin",
        compatibilityDate,
        modules: [{ type: "ESModule", path: path("worker/origin/index.js"), contents: origin }],
        modulesRoot: path("worker/origin"),
      },
    ],
  };
  const gate = new Miniflare(convertV4MiniflareOptions(configuration));
  await gate.ready;
  const store = await gate.getKVNamespace("EDGEWARD_STORE", "edgeward");
  for (const [key, value] of Object.entries(entries)) await store.put(key, JSON.stringify(value));
  return {
    fetch: (target, init) => gate.dispatchFetch(new URL(target, "http://gate.example"), init),
    store,
    log,
    /** Waits until the log holds as much as the condition asks of it; lines arrive after their answer. */
    async logged(condition) {
      const deadline = Date.now() + 5000;
      while (!condition(log) && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 5));
      return log;
    },
    stop: () => gate.dispose(),
  };
}
