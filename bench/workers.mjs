// Workers for the bench: bundled as a deployment would be, with the core as a module of its own, and run by miniflare's workerd.
import { readFileSync } from "node:fs";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
export const [, compatibilityDate] = /^compatibility_date = "(.+)"$/m.exec(readFileSync(path("../wrangler.toml"), "utf8"));

/** The core stays a module beside the bundle; which file it is says who imports it. */
const core = (found) => ({
  name: "core",
  setup({ onResolve }) {
    onResolve({ filter: /\.wasm(\?module)?$/ }, async ({ path: name, resolveDir }) => {
      found.add(new URL(name.replace("?module", ""), `file://${resolveDir}/`).pathname);
      return { path: "./core.wasm", external: true };
    });
  },
});

/** A Worker as its modules: `script` and, where it imports the core, `wasm`. */
export async function bundle(source) {
  const found = new Set();
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: path("."), sourcefile: "bundled.js" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*", "node:*"],
    conditions: ["workerd", "worker", "import"],
    plugins: [core(found)],
  });
  const [wasm] = [...found].map((file) => readFileSync(file));
  return { script: outputFiles[0].text, wasm };
}

export const bundleFile = (file) => bundle(`export { default } from "./${file}";`);

/** Starts Workers, each with the name it is asked for by: `url(name)`, and `stop`. */
export async function start(workers) {
  const runtime = new Miniflare({
    ...convertV4MiniflareOptions({
      cf: false,
      workers: workers.map(({ name, script, wasm, ...rest }) => ({
        name,
        compatibilityDate,
        modulesRoot: path("."),
        modules: [
          { type: "ESModule", path: path(`${name}.js`), contents: script },
          ...(wasm ? [{ type: "CompiledWasm", path: path("core.wasm"), contents: wasm }] : []),
        ],
        unsafeDirectSockets: [{}],
        ...rest,
      })),
    }),
    log: new Log(LogLevel.NONE),
  });
  await runtime.ready;
  return { url: (name) => runtime.unsafeGetDirectURL(name), stop: () => runtime.dispose() };
}

/** One request over a connection that stays open: status and text. */
export function ask(agent, url, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { agent, method, headers }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece;
      resolve({ status: response.statusCode, text });
    });
    request.on("error", reject).end(body);
  });
}
