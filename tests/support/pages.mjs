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

/** The headers of the block for every path in a _headers file. */
function headersForAll() {
  const file = join(ROOT, "_headers");
  const headers = {};
  let applies = false;
  for (const line of existsSync(file) ? readFileSync(file, "utf8").split("\n") : []) {
    if (/^\S/.test(line)) applies = line.trim() === "/*";
    else if (applies && line.includes(":")) {
      const [name, ...value] = line.split(":");
      headers[name.trim().toLowerCase()] = value.join(":").trim();
    }
  }
  return headers;
}

/** Serves dist/www on a free port. Every request it gets is kept in `requests`. */
export async function servePages() {
  const requests = [];
  const headers = headersForAll();
  const server = createServer(async (request, response) => {
    requests.push(request.url);
    const { pathname } = new URL(request.url, "http://localhost");
    const name = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    try {
      const body = await readFile(join(ROOT, normalize(decodeURIComponent(name))));
      const type = TYPES[extname(name)] ?? "application/octet-stream";
      response.writeHead(200, { ...headers, "content-type": type }).end(body);
    } catch {
      response.writeHead(404, { ...headers, "content-type": TYPES[".html"] });
      response.end("<!doctype html><title>not found</title>");
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
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
