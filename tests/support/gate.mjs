// Runs the Worker as `wrangler deploy` would upload it (dist/worker) in the real runtime, in front of
// the demo origin, with a real local store.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));
const TYPES = { js: "ESModule", wasm: "CompiledWasm", json: "Text" };

/** Every module of the bundle, the entry first. */
function modules(directory, policy) {
  return readdirSync(directory)
    .filter((name) => name.replace(/\?module$/, "").split(".").at(-1) in TYPES)
    .sort((a, b) => Number(b === "index.js") - Number(a === "index.js"))
    .map((name) => ({
      type: TYPES[name.replace(/\?module$/, "").split(".").at(-1)],
      path: `${directory}/${name}`,
      ...(policy && name.endsWith("policy.json") && { contents: JSON.stringify(policy) }),
    }));
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
 * secrets, `policy` takes the place of the bundled one. The answer has `fetch`, the `store`, the `log` (an array of lines, the Worker's own
 * included) and `stop`.
 */
export async function startGate({ entries = {}, bindings = {}, policy, ...options } = {}) {
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
        modules: modules(path("dist/worker"), policy),
        kvNamespaces: ["EDGEWARD_STORE"],
        serviceBindings: { ORIGIN: "edgeward-demo-origin" },
        bindings,
        ...options,
      },
      {
        name: "edgeward-demo-origin",
        compatibilityDate,
        modules: [{ type: "ESModule", path: path("worker/origin/index.js") }],
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
    stop: () => gate.dispose(),
  };
}
