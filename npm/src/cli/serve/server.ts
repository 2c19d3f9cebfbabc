// Node's server, bounded against slow and greedy clients.
import { constants } from "node:crypto";
import { lstatSync, readFileSync, unlinkSync } from "node:fs";
import { createServer, type Server, type ServerOptions } from "node:http";
import { createServer as createTlsServer, type Server as TlsServer } from "node:https";
import { connect, type AddressInfo, type Socket } from "node:net";
import { createSecureContext, type SecureContextOptions, type TLSSocket } from "node:tls";
import type { GateListener } from "../../../types/node.js";
import { CommandError, fileError, reason } from "../command.js";
import type { Listen, Settings } from "./settings.js";

export interface Listening {
  /** As a URL, or as the path of a socket. */
  readonly where: string;
  /** Reads certificate and key again, for connections that come from now on. */
  renew(): void;
  /** How many requests are under way. */
  underWay(): number;
  /** Takes no more, and waits until nothing is under way, or for so many seconds. Says how many requests were cut off. */
  stop(grace: number): Promise<number>;
}

/** Reads what is needed for TLS, and finds what is wrong with it. */
export function secureContext(tls: NonNullable<Settings["tls"]>): SecureContextOptions {
  const read = (file: string) => {
    try {
      return readFileSync(file);
    } catch (error) {
      throw fileError("read", file, error);
    }
  };
  const { cert, key, clientCa } = tls;
  const options = {
    cert: read(cert),
    key: read(key),
    minVersion: "TLSv1.2" as const,
    // A client could show another certificate than that which was looked at, and have the server do the costly part again.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(clientCa !== undefined && { ca: read(clientCa) }),
  };
  try {
    createSecureContext(options);
  } catch (error) {
    throw new CommandError(`certificate and key cannot be used (${[cert, key, clientCa].filter(Boolean).join(", ")}): ${reason(error)}`);
  }
  return options;
}

export async function listen(settings: Settings, listener: GateListener): Promise<Listening> {
  const { tls, headersTimeout, requestTimeout, keepAlive, idleTimeout, maxHeaderSize, maxConnections } = settings;
  const options: ServerOptions = {
    headersTimeout: headersTimeout * 1000,
    requestTimeout: requestTimeout * 1000,
    keepAliveTimeout: keepAlive * 1000,
    // Node looks for slow clients now and then, which must not be long after their time.
    connectionsCheckingInterval: Math.min(5000, headersTimeout * 250),
    maxHeaderSize,
    noDelay: true,
  };
  const server = tls === undefined ? createServer(options) : secure(options, tls);
  server.timeout = idleTimeout * 1000;
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  // Node's server knows of no connection whose TLS is not there yet.
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  // By connection: of requests that wait for another one there, Node says nothing when it ends.
  const underWay = new Map<object, number>();
  const counted = (handle: GateListener | GateListener["checkContinue"]): GateListener["checkContinue"] => (request, response) => {
    const socket = request.socket as Socket;
    if (!underWay.has(socket)) socket.once("close", () => underWay.delete(socket));
    const add = (one: number) => underWay.set(socket, (underWay.get(socket) ?? 0) + one);
    add(1);
    (response as unknown as NodeJS.EventEmitter).once("close", () => underWay.has(socket) && add(-1));
    handle(request, response);
  };
  const count = () => [...underWay.values()].reduce((sum, one) => sum + one, 0);
  server.on("request", counted(listener)).on("checkContinue", counted(listener.checkContinue)).on("clientError", listener.clientError);
  await bound(server, settings.listen);
  server.on("error", (error) => console.error("edgeward: the server failed", reason(error)));
  return {
    where: whereOf(server, settings.listen, tls !== undefined),
    renew: () => (tls === undefined ? undefined : (server as TlsServer).setSecureContext(secureContext(tls))),
    underWay: count,
    async stop(grace) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const idle = setInterval(() => server.closeIdleConnections(), 50);
      let late: ReturnType<typeof setTimeout> | undefined;
      const over = new Promise<void>((resolve) => (late = setTimeout(resolve, grace * 1000)));
      await Promise.race([closed, over]);
      clearInterval(idle);
      clearTimeout(late);
      const cutOff = count();
      for (const socket of sockets) socket.destroy();
      await closed;
      return cutOff;
    },
  };
}

function secure(options: ServerOptions, tls: NonNullable<Settings["tls"]>): TlsServer {
  const asks = tls.clientCa !== undefined;
  const server = createTlsServer({ ...options, ...secureContext(tls), requestCert: asks, rejectUnauthorized: false, handshakeTimeout: options.headersTimeout! });
  // Whoever has none may come, and routes say whether that is enough. One that is shown must be good.
  server.on("secureConnection", (socket: TLSSocket) => {
    if (asks && !socket.authorized && socket.getPeerX509Certificate() !== undefined) socket.destroy();
  });
  server.on("tlsClientError", (_, socket) => socket.destroy());
  return server;
}

async function bound(server: Server, where: Listen): Promise<void> {
  if ("path" in where) await clearStale(where.path);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => reject(new CommandError(inWords(error, where))));
    server.listen(where, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

/** The socket of a server that ended without a word is in the way of the next one. */
async function clearStale(path: string): Promise<void> {
  // What is no socket is somebody's, though nobody answers there either.
  if (lstatSync(path, { throwIfNoEntry: false })?.isSocket() !== true) return;
  const code = await new Promise<string | undefined>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(undefined);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => resolve(error.code));
  });
  if (code === "ECONNREFUSED") unlinkSync(path);
}

function inWords(error: NodeJS.ErrnoException, where: Listen): string {
  const place = "path" in where ? where.path : `${where.host}:${where.port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return `cannot listen on ${place}: somebody else does`;
    case "EACCES":
      return `cannot listen on ${place}: this account may not`;
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return `cannot listen on ${place}: this machine has no such address`;
    default:
      return `cannot listen on ${place}: ${reason(error)}`;
  }
}

function whereOf(server: Server, listen: Listen, isTls: boolean): string {
  if ("path" in listen) return `unix:${listen.path}`;
  const { address, family, port } = server.address() as AddressInfo;
  return `${isTls ? "https" : "http"}://${family === "IPv6" ? `[${address}]` : address}:${port}`;
}
