// One recipe for each bundler: what docs/bundlers.md tells people to write, and nothing besides that a test needs.
import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { build as esbuild } from "esbuild";
import { build as vite } from "vite";
import webpack from "webpack";
import { INLINED } from "./browser.mjs";
import { runnerModule } from "./bundled.mjs";

/** How the entry without the core is given one, by each bundler. docs/bundlers.md has these lines. */
export const FETCHING = {
  vite: {
    imports: 'import { init } from "edgeward/slim";\nimport core from "edgeward/core.wasm?url";',
    start: "await init({ module_or_path: core });",
  },
  webpack: {
    imports: 'import { init } from "edgeward/slim";',
    start: 'await init({ module_or_path: new URL("edgeward/core.wasm", import.meta.url) });',
  },
  esbuild: {
    imports: 'import { init } from "edgeward/slim";\nimport core from "edgeward/core.wasm";',
    start: "await init({ module_or_path: new URL(core, location.href) });",
  },
};
const fetching = (bundler) => ({ entry: "edgeward/slim", ...FETCHING[bundler] });

/** A worker, as Vite and webpack take it; in docs/bundlers.md as well. */
export const NEW_WORKER = 'new Worker(new URL("./worker.js", import.meta.url), { type: "module" })';

/** Where no bundler is, the names that the page imports; in docs/bundlers.md as well. */
export const IMPORT_MAP = `{
  "imports": {
    "edgeward": "/node_modules/edgeward/dist/index.js",
    "edgeward/store/memory": "/node_modules/edgeward/dist/store/memory.js"
  }
}`;

/** The page that every bundler makes: it runs the suite in itself, and in a worker where there is one. */
const page = (project, options = {}) => {
  project.write("page.js", `${runnerModule(options)}\nglobalThis.run = run;\n${options.worker ?? ""}`);
  return join(project.directory, "page.js");
};

const WORKER = `
globalThis.runInWorker = (vectors) => new Promise((resolve, reject) => {
  const worker = ${NEW_WORKER};
  worker.onerror = (event) => reject(new Error("in the worker: " + event.message));
  worker.onmessage = ({ data }) => resolve(data);
  worker.postMessage(vectors);
});`;
const IN_WORKER = "\nself.onmessage = async ({ data }) => self.postMessage(await run(data));\n";

const html = (script) => `<!doctype html><meta charset="utf-8"><title>suite</title>${script}`;

/** The files of a directory, with their sizes. */
export function filesOf(directory, under = "") {
  return readdirSync(join(directory, under), { withFileTypes: true }).flatMap((entry) => {
    const name = under === "" ? entry.name : `${under}/${entry.name}`;
    return entry.isDirectory() ? filesOf(directory, name) : [{ name, size: statSync(join(directory, name)).size }];
  });
}

/** No bundler: an import map, and the modules as they lie in node_modules. */
export function plain(project) {
  page(project);
  project.write("index.html", html(`<script type="importmap">${IMPORT_MAP}</script><script type="module" src="/page.js"></script>`));
  // An import map stands in the page itself, which the policy has to allow by its hash.
  const hash = createHash("sha256").update(IMPORT_MAP).digest("base64");
  return { directory: project.directory, policy: INLINED.replace("'self'", `'self' 'sha256-${hash}'`) };
}

/** A project of Vite. With `core`, the entry without the core, which is a file of its own. */
export function writeForVite(project, { core = false } = {}) {
  page(project, core ? fetching("vite") : { worker: WORKER });
  if (!core) project.write("worker.js", runnerModule() + IN_WORKER);
  project.write("index.html", html('<script type="module" src="/page.js"></script>'));
}

/** The same, built. */
export async function withVite(project, options) {
  writeForVite(project, options);
  const directory = join(project.directory, "dist-vite");
  await vite({ root: project.directory, configFile: false, logLevel: "silent", build: { outDir: directory, emptyOutDir: true, chunkSizeWarningLimit: 8000 } });
  return directory;
}

const QUICK = { optimization: { minimize: false } };

/** webpack 5, with nothing set but where things are; as `quick`, what it drops is dropped, and what it keeps is not made small. */
export async function withWebpack(project, { core = false, quick = false } = {}) {
  const entry = page(project, core ? fetching("webpack") : { worker: WORKER });
  if (!core) project.write("worker.js", runnerModule() + IN_WORKER);
  const directory = join(project.directory, "dist-webpack");
  const output = { path: directory, clean: true };
  await pack({ mode: "production", context: project.directory, entry, output, ...(quick && QUICK) });
  project.write("dist-webpack/index.html", html('<script src="/main.js"></script>'));
  return directory;
}

function pack(configuration) {
  return new Promise((resolve, reject) => {
    webpack({ performance: false, ...configuration }, (error, stats) => {
      if (error) reject(error);
      else if (stats.hasErrors() || stats.hasWarnings()) reject(new Error(stats.toString({ all: false, errors: true, warnings: true })));
      else resolve(stats);
    });
  });
}

const quietly = { bundle: true, minify: true, logLevel: "silent" };

/** esbuild, as a module or as a script, with the core in a file of its own where asked. */
export async function withEsbuild(project, { format, core = false }) {
  const entry = page(project, core ? fetching("esbuild") : {});
  const name = `dist-esbuild-${format}`;
  const directory = join(project.directory, name);
  await esbuild({ ...quietly, entryPoints: [entry], outdir: directory, format, ...(core ? { loader: { ".wasm": "file" } } : {}) });
  project.write(`${name}/index.html`, html(format === "esm" ? '<script type="module" src="/page.js"></script>' : '<script src="/page.js"></script>'));
  return directory;
}

/** A service worker, by esbuild: it takes the vectors from a page, and answers on the port that came with them. */
export async function serviceWorker(project) {
  project.write("service.js", `${runnerModule()}
    self.addEventListener("install", () => self.skipWaiting());
    self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
    self.addEventListener("message", (event) => event.waitUntil(run(event.data).then((told) => event.ports[0].postMessage(told))));`);
  project.write("dist-service/page.js", `globalThis.run = async (vectors) => {
    await navigator.serviceWorker.register("/service.js");
    const { active } = await navigator.serviceWorker.ready;
    return new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = ({ data }) => resolve(data);
      active.postMessage(vectors, [port2]);
    });
  };`);
  project.write("dist-service/index.html", html('<script src="/page.js"></script>'));
  const directory = join(project.directory, "dist-service");
  await esbuild({ ...quietly, entryPoints: [join(project.directory, "service.js")], outdir: directory, format: "iife" });
  return directory;
}

const server = (project) => project.write("server.js", `${runnerModule()}\nexport { run };\n`);

/** What runs in Node, in one file, by each bundler. */
export const SERVERS = {
  async "esbuild, esm"(project) {
    const outfile = join(project.directory, "dist-server/esbuild.mjs");
    await esbuild({ ...quietly, entryPoints: [server(project)], outfile, platform: "node", format: "esm" });
    return outfile;
  },
  async "esbuild, cjs"(project) {
    const outfile = join(project.directory, "dist-server/esbuild.cjs");
    await esbuild({ ...quietly, entryPoints: [server(project)], outfile, platform: "node", format: "cjs" });
    return outfile;
  },
  async webpack(project, { quick = false } = {}) {
    const output = { path: join(project.directory, "dist-server"), filename: "webpack.cjs", library: { type: "commonjs2" } };
    await pack({ mode: "production", target: "node", context: project.directory, entry: server(project), output, ...(quick && QUICK) });
    return join(output.path, output.filename);
  },
  async "Vite SSR"(project) {
    const outDir = join(project.directory, "dist-server-vite");
    const build = { ssr: server(project), outDir, emptyOutDir: true, chunkSizeWarningLimit: 8000 };
    await vite({ root: project.directory, configFile: false, logLevel: "silent", build, ssr: { noExternal: true } });
    return join(outDir, "server.js");
  },
};
