// Serves dist/www as the edge would, its _headers file included, and opens it in Chromium.
import { readFile } from "node:fs/promises";
import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const ROOT = fileURLToPath(new URL("../../dist/www/", import.meta.url));
const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".svg": "image/svg+xml",
  ".webmanifest": "application/manifest+json",
};

/** The blocks of a _headers file in their order: whose path matches, what is taken away and what is set. */
function blocksOf(text) {
  const blocks = [];
  for (const line of text.split("\n")) {
    if (/^\//.test(line)) {
      const path = line.trim().replace(/[.?+^$()[\]{}|\\]/g, "\\$&").replaceAll("*", ".*");
      blocks.push({ path: new RegExp(`^${path}$`), without: [], set: {} });
    } else if (/^\s+!/.test(line)) blocks.at(-1).without.push(line.replace("!", "").trim().toLowerCase());
    else if (/^\s+[\w-]+:/.test(line)) {
      const [name, ...value] = line.split(":");
      blocks.at(-1).set[name.trim().toLowerCase()] = value.join(":").trim();
    }
  }
  return blocks;
}

/** The headers for a path: what a later block sets is added to what an earlier one did, unless it took that away first. */
function headersFor(blocks, path) {
  const headers = {};
  for (const block of blocks.filter((block) => block.path.test(path))) {
    for (const name of block.without) delete headers[name];
    for (const [name, value] of Object.entries(block.set)) headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  }
  return headers;
}

/**
 * Serves dist/www, or another directory, on a free port and under a path. Every request it gets is kept in `requests`.
 * Without `headers` it is a plain file server, which sends none of its own.
 */
export async function servePages({ root = ROOT, under = "/", headers = true, encode } = {}) {
  const requests = [];
  const file = join(root, "_headers");
  const blocks = headers && existsSync(file) ? blocksOf(readFileSync(file, "utf8")) : [];
  const server = createServer(async (request, response) => {
    requests.push(request.url);
    const { pathname } = new URL(request.url, "http://localhost");
    const path = pathname.startsWith(under) ? pathname.slice(under.length - 1) : "/_nothing";
    const name = path.endsWith("/") ? `${path}index.html` : path;
    const own = headersFor(blocks, path);
    try {
      const body = await readFile(join(root, normalize(decodeURIComponent(name))));
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      const [sent, encoding] = encode ? [encode(name, body), { "content-encoding": "br" }] : [body, {}];
      response.writeHead(200, { ...own, "content-type": type, ...encoding }).end(sent);
    } catch {
      response.writeHead(404, { ...own, "content-type": TYPES[".html"] });
      response.end("<!doctype html><title>not found</title>");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}${under.slice(0, -1)}`,
    requests,
    stop: () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  };
}

/** Starts the browser that set-up found. */
export function startBrowser() {
  return chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}
