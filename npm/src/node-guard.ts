// The gate as middleware of Node's own servers, of Express and whatever takes its middleware, and of Fastify.
import { answerWith, changeAnswer, changeRequest, told, type Incoming, type Outgoing } from "./node-messages.js";
import { requireGate } from "./guarded.js";
import type { Gate, GateAnswer, Guarded } from "../types/index.js";
import type { ConnectMiddleware, FastifyGuard, httpGuard as HttpGuard } from "../types/node-guard.js";

/** What a framework does with what the gate says: one of these is called, once. */
interface Ways {
  /** Sends an answer in place of the handler's. */
  answer(answer: GateAnswer): void;
  /** Lets the handler have the request. */
  pass(): void;
  /** Nobody waits for an answer any more. */
  drop(): void;
}

function put(gate: Gate, request: Incoming, response: Outgoing, url: string | undefined, { answer, pass, drop }: Ways): void {
  const fail = (error: unknown) => answer(gate.failed(request.method ?? "", error));
  const settle = (guarded: Guarded) => {
    try {
      if (guarded.action === "respond") return answer(guarded.response);
      // A client that left while the gate waited for a key set or a store: whoever answers now answers nobody.
      if (response.destroyed || response.stream?.destroyed) return drop();
      changeRequest(request, guarded.request);
      if (guarded.answer !== null) changeAnswer(response, guarded.answer);
      request.edgeward = guarded.verdict;
    } catch (error) {
      return fail(error);
    }
    // What the handler throws is nothing of the gate's.
    pass();
  };
  let guarded;
  try {
    guarded = gate.guard(told(request, url));
  } catch (error) {
    return fail(error);
  }
  if (guarded instanceof Promise) void guarded.then(settle, fail);
  else settle(guarded);
}

export function expressGuard(gate: Gate): ConnectMiddleware {
  requireGate(gate, "expressGuard");
  return function edgeward(request, response, next) {
    const [incoming, outgoing] = [request as Incoming, response as unknown as Outgoing];
    put(gate, incoming, outgoing, incoming.originalUrl ?? incoming.url, {
      answer: (answer) => answerWith(outgoing, answer),
      pass: () => next(),
      drop: () => undefined,
    });
  };
}

export const httpGuard: typeof HttpGuard = (gate, handler) => {
  requireGate(gate, "httpGuard");
  if (typeof handler !== "function") throw new TypeError("httpGuard takes a handler: a function of a request and a response");
  return (request, response) => {
    const [incoming, outgoing] = [request as unknown as Incoming, response as unknown as Outgoing];
    put(gate, incoming, outgoing, incoming.url, {
      answer: (answer) => answerWith(outgoing, answer),
      pass: () => handler(request as Parameters<typeof handler>[0], response),
      drop: () => undefined,
    });
  };
};

/** As much of Fastify as is asked for. */
interface Instance {
  hasRequestDecorator(name: string): boolean;
  decorateRequest(name: string, value: null): void;
  addHook(name: "onRequest", hook: (request: FastifyRequest, reply: Reply, done: () => void) => void): void;
}

interface FastifyRequest {
  raw: Incoming;
  originalUrl: string;
  edgeward: Incoming["edgeward"] | null;
}

interface Reply {
  raw: Outgoing;
  code(status: number): this;
  header(name: string, value: string): this;
  send(body?: Uint8Array): void;
  hijack(): void;
}

export function fastifyGuard(gate: Gate): FastifyGuard {
  requireGate(gate, "fastifyGuard");
  const plugin: FastifyGuard = (instance, _options, done) => {
    const fastify = instance as Instance;
    if (!fastify.hasRequestDecorator("edgeward")) fastify.decorateRequest("edgeward", null);
    fastify.addHook("onRequest", (request, reply, next) => {
      put(gate, request.raw, reply.raw, request.originalUrl, {
        answer: ({ status, headers, body }) => {
          reply.code(status);
          for (const [name, value] of headers) reply.header(name, value);
          // Of a text Fastify would say the charset too.
          reply.send(body === "" ? undefined : new TextEncoder().encode(body));
        },
        pass: () => {
          request.edgeward = request.raw.edgeward;
          next();
        },
        drop: () => reply.hijack(),
      });
    });
    done();
  };
  // Hooks are of the context that they are added in: that in which it was registered, and not one of its own.
  return Object.assign(plugin, { [Symbol.for("skip-override")]: true, [Symbol.for("fastify.display-name")]: "edgeward" });
}
