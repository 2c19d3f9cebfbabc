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

// The bundle as it is, with a clock that can be put ahead of the machine's: a request says by how many seconds, and from
// then on it is so for the whole isolate.
const CLOCKED = {
  "clocked.js": `
    import "./clock.js";
    import worker from "./index.js";
    export * from "./index.js";
    export default {
      ...worker,
      fetch(request, ...rest) {
        const ahead = request.headers.get("clock-ahead");
        if (ahead !== null) globalThis.clockAhead = Number(ahead) * 1000;
        return worker.fetch(request, ...rest);
      },
    };`,
  "clock.js": `
    const { now } = Date;
    globalThis.clockAhead = 0;
    Date.now = () => now() + globalThis.clockAhead;`,
};

// The bundle as it is, over a core that fails where a request says so by the name of an export: at once, or when so many
// others were begun. Those begin together, so that most still wait for their answers.
const FAILING = {
  "failing.js": `
    import { coreTraps } from "./core-traps.js";
    import worker from "./index.js";
    export * from "./index.js";
    let arrived = 0;
    let begun = 0;
    let waiting = 0;
    const until = async (condition) => {
      while (!condition()) await new Promise((resolve) => setTimeout(resolve, 1));
    };
    export default {
      ...worker,
      async fetch(request, ...rest) {
        const [name, how, others] = ["core-fails", "core-fails-how", "core-waits-for"].map((header) => request.headers.get(header));
        if (name === null && others !== null) {
          arrived++;
          await until(() => arrived >= Number(others));
          begun++;
          waiting++;
          try {
            return await worker.fetch(request, ...rest);
          } finally {
            waiting--;
          }
        }
        if (name === null) return worker.fetch(request, ...rest);
        if (others !== null) await until(() => begun >= Number(others));
        const waited = waiting;
        coreTraps.once(name, how ?? "trap");
        const answer = await worker.fetch(request, ...rest);
        const called = coreTraps.instances.flatMap(({ calledAfter }) => calledAfter);
        return new Response(answer.body, { status: answer.status, headers: { waited: String(waited), called: called.join() } });
      },
    };`,
  "core-traps.js": readFileSync(path("tests/support/core-traps.mjs"), "utf8"),
};

function around(directory, modules, wrapper) {
  const added = Object.entries(wrapper).map(([name, contents]) => ({ type: "ESModule", path: `${directory}/${name}`, contents }));
  return [...added, ...modules];
}

/**
 * The modules with a `Host` that is the URL's. On the network the two are one; a request that Miniflare dispatches has the
 * host of the socket that it came through.
 */
function hosted(directory, modules) {
  const contents = `
    import worker from "./${modules[0].path.split("/").at(-1)}";
    export * from "./${modules[0].path.split("/").at(-1)}";
    export default {
      ...worker,
      fetch(request, ...rest) {
        const headers = new Headers(request.headers);
        headers.set("host", new URL(request.url).host);
        return worker.fetch(new Request(request, { headers }), ...rest);
      },
    };`;
  return [{ type: "ESModule", path: `${directory}/hosted.js`, contents }, ...modules];
}

// A client of the gate that gives up when its request says so; workerd then ends what the gate does for it. A client that
// closes its connection is not noticed by a workerd of one's own.
const IMPATIENT = `
  export default {
    async fetch(request, env) {
      const signal = AbortSignal.timeout(Number(request.headers.get("gives-up-after")));
      try {
        return await env[request.headers.get("gate")].fetch(request, { signal });
      } catch {
        return new Response("gave up", { status: 499 });
      }
    },
  };`;

/** The class is that of the first isolate, so that all have one and the same object. */
const keyWriter = (isolate) => ({ className: "KeyWriter", useSQLite: true, ...(isolate > 0 && { scriptName: named(0) }) });

const named = (isolate) => (isolate === 0 ? "edgeward" : `edgeward-${isolate + 1}`);

/**
 * Starts the gate. `entries` are put into its store first, as JSON; `bindings` are its variables and
 * secrets; `documents` are a `policy` and `snapshots` in place of the bundled ones; `origin` is the
 * text of a Worker in place of the demo origin, `beside` are more Workers, and `worker` that of one in place of the gate. Of `isolates` there may be several, which share the store; with
 * `state`, what is stored is kept in that directory and is there for the next gate that is started with it; with
 * `clock`, the header `clock-ahead` of a request moves the clock of its isolate; with `failing`, its header `core-fails`
 * makes the core fail. The answer has `fetch`, `urls` of the
 * isolates for clients of their own, `impatient` (a way to an isolate whose client gives up), `scheduled`, the `store` and its `writer`,
 * the `log` (an array of lines, the Worker's own included), `logged` and `stop`.
 */
export async function startGate(options = {}) {
  const { entries = {}, bindings = {}, documents, origin, worker, isolates = 1, clock = false, failing = false, state, beside = [], ...rest } = options;
  const log = [];
  const compatibilityDate = /^compatibility_date = "(.+)"$/m.exec(
    readFileSync(path("wrangler.toml"), "utf8"),
  )[1];
  const directory = path("dist/worker");
  const bundle =
    worker === undefined ? modules(directory, documents) : [{ type: "ESModule", path: `${directory}/index.js`, contents: worker }];
  const wrapped = clock || failing ? around(directory, bundle, failing ? FAILING : CLOCKED) : bundle;
  const configuration = {
    log: new KeptLog(log),
    handleStructuredLogs: ({ level, message }) => log.push(`${level}: ${message}`),
    cf: false,
    ...(state !== undefined && { resourcePersistencePath: state }),
    workers: [
      ...Array.from({ length: isolates }, (_, isolate) => ({
        name: named(isolate),
        compatibilityDate,
        modulesRoot: directory,
        modules: worker === undefined ? hosted(directory, wrapped) : wrapped,
        kvNamespaces: { EDGEWARD_STORE: "edgeward-store" },
        // A Worker in place of the gate has no such class.
        ...(worker === undefined && { durableObjects: { EDGEWARD_KEY_WRITER: keyWriter(isolate) } }),
        serviceBindings: { ORIGIN: "edgeward-demo-origin" },
        unsafeDirectSockets: [{}],
        bindings,
        ...rest,
      })),
      {
        name: "edgeward-demo-origin",
        compatibilityDate,
        modules: [{ type: "ESModule", path: path("worker/origin/index.js"), contents: origin }],
        modulesRoot: path("worker/origin"),
      },
      ...beside.map((one) => ({ compatibilityDate, ...one })),
      {
        name: "impatient",
        compatibilityDate,
        modules: true,
        script: IMPATIENT,
        serviceBindings: Object.fromEntries(Array.from({ length: isolates }, (_, isolate) => [named(isolate), named(isolate)])),
        unsafeDirectSockets: [{}],
      },
    ],
  };
  const gate = new Miniflare(convertV4MiniflareOptions(configuration));
  await gate.ready;
  const store = await gate.getKVNamespace("EDGEWARD_STORE", "edgeward");
  for (const [key, value] of Object.entries(entries)) await store.put(key, JSON.stringify(value));
  return {
    fetch: (target, init) => gate.dispatchFetch(new URL(target, "https://gate.example"), init),
    urls: await Promise.all(Array.from({ length: isolates }, (_, isolate) => gate.unsafeGetDirectURL(named(isolate)))),
    impatient: async (target, { headers, after, isolate = 0 }) => {
      const url = new URL(target, await gate.unsafeGetDirectURL("impatient"));
      return fetch(url, { headers: { ...headers, gate: named(isolate), "gives-up-after": String(after) } });
    },
    /** Runs the handler for cron triggers. */
    scheduled: async (isolate = 0) => (await gate.getWorker(named(isolate))).scheduled({ cron: "*/5 * * * *" }),
    store,
    /** A namespace of another Worker. */
    namespace: (binding, name) => gate.getKVNamespace(binding, name),
    /** The object that records are changed through. */
    writer: async () => {
      const objects = await gate.getDurableObjectNamespace("EDGEWARD_KEY_WRITER", named(0));
      return objects.get(objects.idFromName("records"));
    },
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
