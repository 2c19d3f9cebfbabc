// The suite in Chromium: a directory is served, a page of it opened, and what the page defines is run there.
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize } from "node:path";

const TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json; charset=utf-8",
  ".wasm": "application/wasm",
};

/** What a page needs for the core that travels as text, and nothing more: no request leaves it. */
export const INLINED = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'none'";
/** What a page needs that fetches the core. */
export const FETCHED = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; worker-src 'self'; connect-src 'self'";

/** Serves a directory on a free port, with a Content-Security-Policy. Every path that was asked for is kept. */
export async function serve(directory, policy) {
  const requests = [];
  const headers = policy === undefined ? {} : { "content-security-policy": policy };
  const server = createServer(async (request, response) => {
    const { pathname } = new URL(request.url, "http://localhost");
    requests.push(pathname);
    const name = pathname.endsWith("/") ? `${pathname}index.html` : pathname;
    try {
      const body = await readFile(join(directory, normalize(decodeURIComponent(name))));
      response.writeHead(200, { ...headers, "content-type": TYPES[extname(name)] ?? "application/octet-stream" }).end(body);
    } catch {
      response.writeHead(404, headers).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    base: `http://127.0.0.1:${server.address().port}`,
    requests,
    stop: () => new Promise((resolve) => (server.close(resolve), server.closeAllConnections())),
  };
}

/**
 * Opens a page and runs the function that it put at `globalThis[name]`. Whatever goes wrong in the page is an error, so that
 * a suite which never began is not taken for one that found nothing.
 */
export async function runAt(browser, url, vectors, { name = "run", ready } = {}) {
  const page = await browser.newPage();
  const troubles = [];
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.location().url.endsWith("/favicon.ico")) troubles.push(message.text());
  });
  try {
    await page.goto(url);
    // Where a framework is the one to load what the page runs, the page says when.
    if (ready !== undefined) await page.locator(ready).waitFor();
    const told = await page.evaluate(([name, vectors]) => globalThis[name]?.(vectors), [name, vectors]);
    if (told === undefined || troubles.length > 0) throw new Error(`the page ran no suite: ${troubles.join("; ") || "no word of why"}`);
    return told;
  } finally {
    await page.close();
  }
}

/** Serves a directory for as long as a suite takes in its page. */
export async function runInPage(browser, directory, vectors, { policy = INLINED, path = "/", name } = {}) {
  const server = await serve(directory, policy);
  try {
    const told = await runAt(browser, `${server.base}${path}`, vectors, { name });
    return { told, requests: server.requests.filter((request) => request !== "/favicon.ico") };
  } finally {
    await server.stop();
  }
}
