// The gate as middleware of Node's own servers, of Express and whatever takes its middleware, and of Fastify. No types of
// either are needed to use it.
import type { Allowed, Gate } from "./index.js";

/** A request of Node's, of Express or of what else takes such middleware. */
export interface GuardedRequest {
  /** The method, as it came. */
  method?: string | undefined;
  /** The target, as it came. */
  url?: string | undefined;
  /** The headers one by one, names and values in turn. */
  rawHeaders: string[];
  /** The headers by their names. */
  headers: object;
}

/** A response of Node's. */
export interface GuardedResponse {
  /** The status that is sent. */
  statusCode: number;
  /** Whether the head of the answer is on its way. */
  headersSent: boolean;
}

/** Middleware of Express (4 and 5), Connect and their like. */
export type ConnectMiddleware = (request: GuardedRequest, response: GuardedResponse, next: (error?: unknown) => void) => void;

/**
 * The gate as middleware of Express. Put it in front of what parses bodies. What it refuses, or answers by itself, nothing
 * behind it sees; handlers find the request without its credential, and the verdict in `request.edgeward`.
 *
 * @param gate The gate.
 *
 * @example
 * ```ts
 * import express from "express";
 * import { expressGuard } from "edgeward/node";
 *
 * export const app = express();
 * app.use(expressGuard(gate));
 * app.use(express.json());
 * app.get("/v1/reports/:id", (request, response) => response.json({ subject: request.edgeward?.subject }));
 * ```
 */
export declare function expressGuard(gate: Gate): ConnectMiddleware;

/** As Node has it; where no types of Node are installed, of whatever type the server says. */
// @ts-ignore: as above.
type IncomingMessage = import("node:http").IncomingMessage;
/** As {@link IncomingMessage}. */
// @ts-ignore: as above.
type ServerResponse = import("node:http").ServerResponse;

/**
 * A handler of Node's `http`, `https` or `http2` (in its compatible form) behind the gate.
 *
 * @typeParam Request The server's requests; Node's `IncomingMessage` where nothing else is said.
 * @typeParam Response The server's responses; Node's `ServerResponse` where nothing else is said.
 * @param gate The gate.
 * @param handler Answers what the gate lets through.
 *
 * @example
 * ```ts
 * import { createServer } from "node:http";
 * import { httpGuard } from "edgeward/node";
 *
 * export const server = createServer(httpGuard(gate, (request, response) => response.end(request.edgeward.subject)));
 * ```
 */
export declare function httpGuard<Request extends GuardedRequest = IncomingMessage, Response extends GuardedResponse = ServerResponse>(
  gate: Gate,
  handler: (request: Request & { edgeward: Allowed }, response: Response) => unknown,
): (request: Request, response: Response) => void;

/** A plugin of Fastify. */
export type FastifyGuard = (instance: object, options: object, done: (error?: Error) => void) => void;

/**
 * The gate as a plugin of Fastify, for the context in which it is registered: it runs as an `onRequest` hook, before
 * bodies are parsed. Handlers find the verdict in `request.edgeward`.
 *
 * @param gate The gate.
 *
 * @example
 * ```ts
 * import fastify from "fastify";
 * import { fastifyGuard } from "edgeward/node";
 *
 * const app = fastify();
 * await app.register(fastifyGuard(gate));
 * app.get("/v1/reports/:id", async (request) => ({ subject: request.edgeward?.subject }));
 *
 * const answer = await app.inject({ url: "/v1/reports/7", headers: { authorization: `Bearer ${token}` } });
 * console.log(answer.statusCode);
 * ```
 */
export declare function fastifyGuard(gate: Gate): FastifyGuard;

// What is not said to be exported is not.
export {};

/** For handlers of Express. */
declare global {
  namespace Express {
    interface Request {
      /** Who was let in; nobody where no guard stands before. */
      edgeward?: Allowed;
    }
  }
}

/** For handlers of Fastify. */
// @ts-ignore: where Fastify is not installed, there is nothing to add to.
declare module "fastify" {
  interface FastifyRequest {
    /** Who was let in; null where no guard stands before. */
    edgeward: Allowed | null;
  }
}
