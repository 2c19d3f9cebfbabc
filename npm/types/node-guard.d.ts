// The gate as middleware of Node's own servers, of Express and whatever takes its middleware, and of Fastify. No types of
// either are needed to use it.
import type { Allowed, Gate } from "./index.js";

/** A request of Node's, of Express or of what else takes such middleware. */
export interface GuardedRequest {
  method?: string | undefined;
  url?: string | undefined;
  rawHeaders: string[];
  headers: object;
}

/** A response of Node's. */
export interface GuardedResponse {
  statusCode: number;
  headersSent: boolean;
}

/** Middleware of Express (4 and 5), Connect and their like. */
export type ConnectMiddleware = (request: GuardedRequest, response: GuardedResponse, next: (error?: unknown) => void) => void;

/**
 * The gate as middleware of Express. Put it in front of what parses bodies. What it refuses, or answers by itself, nothing
 * behind it sees; handlers find the request without its credential, and the verdict in `request.edgeward`.
 *
 * @example
 * app.use(expressGuard(gate));
 * app.get("/v1/reports", (request, response) => response.json({ subject: request.edgeward?.subject }));
 */
export declare function expressGuard(gate: Gate): ConnectMiddleware;

// @ts-ignore: where no types of Node are installed, requests are of whatever type the server says.
type IncomingMessage = import("node:http").IncomingMessage;
// @ts-ignore: as above.
type ServerResponse = import("node:http").ServerResponse;

/** As {@link httpGuard}. */
export type HttpGuard = <Request extends GuardedRequest = IncomingMessage, Response extends GuardedResponse = ServerResponse>(
  gate: Gate,
  handler: (request: Request & { edgeward: Allowed }, response: Response) => unknown,
) => (request: Request, response: Response) => void;

/**
 * A handler of Node's `http`, `https` or `http2` (in its compatible form) behind the gate.
 *
 * @example
 * createServer(httpGuard(gate, (request, response) => response.end(request.edgeward.subject))).listen(3000);
 */
export declare const httpGuard: HttpGuard;

/** A plugin of Fastify. */
export type FastifyGuard = (instance: object, options: object, done: (error?: Error) => void) => void;

/**
 * The gate as a plugin of Fastify, for the context in which it is registered: it runs as an `onRequest` hook, before
 * bodies are parsed. Handlers find the verdict in `request.edgeward`.
 *
 * @example
 * app.register(fastifyGuard(gate));
 * app.get("/v1/reports", async (request) => ({ subject: request.edgeward?.subject }));
 */
export declare function fastifyGuard(gate: Gate): FastifyGuard;

declare global {
  namespace Express {
    interface Request {
      /** Who was let in; nobody where no guard stands before. */
      edgeward?: Allowed;
    }
  }
}

// @ts-ignore: where Fastify is not installed, there is nothing to add to.
declare module "fastify" {
  interface FastifyRequest {
    /** Who was let in; null where no guard stands before. */
    edgeward: Allowed | null;
  }
}
