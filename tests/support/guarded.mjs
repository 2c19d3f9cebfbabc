// A gate in front of a handler, by each of the adapters: servers of this machine whose handler keeps what it was handed.
import { createServer } from "node:http";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { withGate } from "edgeward/fetch";
import { guard } from "edgeward/hono";
import { expressGuard, fastifyGuard, httpGuard } from "edgeward/node";
import { gateServer } from "./gate-server.mjs";

const CASE = "x-case";

/** What handlers were handed, by the case of the request, in the form of an origin's (tests/support/suite.mjs). */
export function keeper() {
  const reached = new Map();
  const keep = (told) => {
    const place = told.rawHeaders.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === CASE);
    const name = told.rawHeaders[place + 1];
    reached.set(name, [...(reached.get(name) ?? []), told]);
  };
  return {
    keep,
    of: (name) => reached.get(name) ?? [],
    count: () => [...reached.values()].flat().length,
  };
}

export async function listening(server) {
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    stop() {
      server.closeAllConnections?.();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

async function whole(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("latin1");
}

/** A handler of Node's: what it was handed, in each of the forms that Node has for headers. */
const nodeHandler = (keep, headers) => async (request, response) => {
  const { method, rawHeaders, headers: joined, headersDistinct, edgeward } = request;
  const body = await whole(request);
  keep({ method, url: request.originalUrl ?? request.url, rawHeaders, joined, distinct: headersDistinct, body, verdict: edgeward });
  response.writeHead(200, { "content-type": "text/plain", ...headers });
  response.end(method === "HEAD" ? undefined : "of the origin");
};

const fetchHandler = (keep, headers) => async (request, verdict) => {
  const { method } = request;
  const { pathname, search } = new URL(request.url);
  keep({ method, url: pathname + search, rawHeaders: [...request.headers].flat(), body: await request.text(), verdict });
  return new Response(method === "HEAD" ? null : "of the origin", { headers: { "content-type": "text/plain", ...headers } });
};

/** Each adapter by name: takes a gate and a keeper's `keep`, and the headers of the handler's answers. */
export const NODE_ADAPTERS = {
  http: (gate, keep, headers) => listening(createServer(httpGuard(gate, nodeHandler(keep, headers)))),
  express(gate, keep, headers) {
    const app = express();
    app.use(expressGuard(gate));
    app.use(nodeHandler(keep, headers));
    return listening(createServer(app));
  },
  /** Where a router is mounted, `url` is the rest of the path alone. */
  async "express, mounted"(gate, keep, headers) {
    const app = express();
    const router = express.Router();
    router.use(expressGuard(gate), nodeHandler(keep, headers));
    app.use(/^\/[^/]*/, router);
    return listening(createServer(app));
  },
  async fastify(gate, keep, headers) {
    const app = fastify();
    app.register(fastifyGuard(gate));
    app.removeAllContentTypeParsers();
    app.addContentTypeParser("*", (request, payload, done) => {
      whole(payload).then((body) => done(null, body), done);
    });
    app.all("*", (request, reply) => {
      const { method, raw, originalUrl, body, edgeward } = request;
      const { rawHeaders, headers: joined, headersDistinct: distinct } = raw;
      keep({ method, url: originalUrl, rawHeaders, joined, distinct, body: body ?? "", verdict: edgeward });
      reply.headers({ "content-type": "text/plain", ...headers }).send(method === "HEAD" ? undefined : "of the origin");
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    return {
      port: app.server.address().port,
      stop() {
        app.server.closeAllConnections();
        return app.close();
      },
    };
  },
};

export const FETCH_ADAPTERS = {
  fetch: (gate, keep, headers) => gateServer({ fetch: withGate(gate, fetchHandler(keep, headers)) }),
  hono(gate, keep, headers) {
    const app = new Hono();
    app.use(guard(gate));
    app.all("*", (c) => fetchHandler(keep, headers)(c.req.raw, c.var.edgeward));
    return gateServer({ fetch: (request) => app.fetch(request) });
  },
};
