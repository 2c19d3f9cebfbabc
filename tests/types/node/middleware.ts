// The adapters as programs in Node write them.
import { createServer } from "node:http";
import { createServer as createHttp2Server } from "node:http2";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { createGate } from "edgeward";
import type { Allowed, Gate, GateAnswer, Guarded, GuardFrom, HeaderChanges } from "edgeward";
import { withGate, type FetchHandler, type WithGateOptions } from "edgeward/fetch";
import { guard, type EdgewardEnv, type GuardOptions } from "edgeward/hono";
import { expressGuard, fastifyGuard, httpGuard } from "edgeward/node";
import type { ConnectMiddleware, FastifyGuard, GuardedRequest, GuardedResponse } from "edgeward/node";

const gate: Gate = await createGate({ routes: [] });

const app = express();
const middleware: ConnectMiddleware = expressGuard(gate);
app.use(middleware);
app.use("/v1", expressGuard(gate), express.json());
app.get("/v1/reports", (request, response) => {
  const subject: string | null | undefined = request.edgeward?.subject;
  // @ts-expect-error Nobody need have been let in where no guard stands before.
  request.edgeward.subject;
  response.json({ subject });
});

const server = fastify();
const plugin: FastifyGuard = fastifyGuard(gate);
await server.register(plugin);
server.get("/v1/reports", async (request) => {
  // @ts-expect-error Null where no guard stands before.
  request.edgeward.subject;
  return request.edgeward?.class === "api_key" ? request.edgeward.record["owner"] : request.edgeward?.claims["sub"];
});

createServer(httpGuard(gate, (request, response) => void response.end(`${request.edgeward.subject} ${request.socket.remoteAddress}`)));
createHttp2Server(httpGuard(gate, (request, response) => void response.end(`${request.edgeward.subject} ${request.stream.id}`)));

export const own: (request: GuardedRequest, response: GuardedResponse) => void = httpGuard(gate, (request: GuardedRequest, response: GuardedResponse) => [request.url, response.statusCode]);

const options: GuardOptions = { address: (c) => c.req.header("cf-connecting-ip") };
const hono = new Hono<EdgewardEnv>();
hono.use(guard(gate, options));
hono.get("/v1/reports", (c) => c.json({ subject: c.var.edgeward.subject }));
const routed = new Hono().use(guard(gate)).get("/v1/reports", (c) => c.json({ subject: c.var.edgeward.subject, scopes: c.var.edgeward.scopes }));
// @ts-expect-error There is no such member of a verdict.
new Hono().use(guard(gate)).get("/", (c) => c.text(c.var.edgeward.password));
export { routed };

const handler: FetchHandler<[{ hostname: string }]> = (request, verdict, info) => Response.json([request.url, verdict.class, info.hostname]);
const two = (request: Request, { subject }: Allowed): Response => Response.json([request.url, subject]);
export const told: (request: Request, info: { hostname: string }) => Promise<Response> = withGate(gate, two, {
  address: (request, info: { hostname: string }) => info.hostname,
});
// @ts-expect-error What is misspelt is found.
withGate(gate, two, { adress: () => null });
const from: WithGateOptions<[{ hostname: string }]> = { address: (_, info) => info.hostname };
export const fetch: (request: Request, info: { hostname: string }) => Promise<Response> = withGate(gate, handler, from);
export const GET: (request: Request) => Promise<Response> = withGate(gate, (_, verdict) => Response.json(verdict.organization));

const asker: GuardFrom = { ip: "192.0.2.1" };
const guarded: Guarded = await gate.guard({ method: "GET", url: "/v1/reports", headers: {}, body: null }, asker);
if (guarded.action === "respond") guarded.response satisfies GateAnswer;
else (guarded.verdict satisfies Allowed).ok satisfies true;
if (guarded.action === "pass") guarded.request satisfies HeaderChanges;
// @ts-expect-error What is answered has no verdict.
if (guarded.action === "respond") guarded.verdict;
gate.failed("GET", new Error("why")) satisfies GateAnswer;

// @ts-expect-error The gate itself is taken, and not the promise of it.
expressGuard(createGate({ routes: [] }));
