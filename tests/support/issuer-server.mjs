// An issuer on this machine that publishes a key set, and has every kind of trouble that issuers have.
import { createServer } from "node:http";

const OPENID = "/.well-known/openid-configuration";
const OAUTH = "/.well-known/oauth-authorization-server";

const json = (response, status, document, headers = {}) => {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(typeof document === "string" ? document : JSON.stringify(document));
};

/** A JSON document that never ends. */
function endless(response) {
  response.writeHead(200, { "content-type": "application/json" });
  const piece = " ".repeat(16_384);
  const more = () => {
    while (!response.destroyed && response.write(piece));
  };
  response.on("drain", more);
  more();
}

/** How the issuer may answer the question for its key set; each is given the answer, and the issuer. */
const WAYS = {
  well(response, { set, headers, request }) {
    const { etag } = headers;
    if (etag !== undefined && request.headers["if-none-match"] === etag) {
      response.writeHead(304, headers);
      response.end();
    } else {
      json(response, 200, set, headers);
    }
  },
  slowly: (response, issuer) => setTimeout(() => WAYS.well(response, issuer), issuer.delay).unref(),
  /** Not until `release` is called. */
  held: (response, issuer) => issuer.waiting.push(() => WAYS.well(response, issuer)),
  never() {},
  reset: (response) => response.socket.resetAndDestroy(),
  cut(response) {
    response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
    response.write('{"keys":[');
    setImmediate(() => response.socket.destroy());
  },
  garbage: (response) => json(response, 200, "<html>Sorry, we are down for maintenance.</html>"),
  empty: (response) => json(response, 200, { keys: [] }),
  error: (response) => json(response, 500, { error: "server_error" }),
  redirect: (response, { set }) => json(response, 302, set, { location: "/elsewhere" }),
  /** Many keys in few bytes, and many bytes. */
  many: (response, { set }) => json(response, 200, { keys: [...set.keys, ...Array(10_000).fill({ kty: "X" })] }),
  heavy: (response, { set }) => json(response, 200, { keys: Array(10_000).fill(set.keys[0]) }),
  endless,
};

/**
 * Starts an issuer with this key set. `path` is that of its name, for those that have one.
 */
export async function startIssuer(set, { path = "" } = {}) {
  const asked = { keys: 0, metadata: 0, elsewhere: 0 };
  const connections = new Set();
  const waiting = [];
  const state = { set, headers: {}, way: "well", delay: 5_000, metadata: {}, waiting };
  let revalidated = 0;
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url, "http://issuer");
    if (pathname === `${path}/jwks`) {
      asked.keys++;
      if (request.headers["if-none-match"] !== undefined) revalidated++;
      WAYS[state.way](response, { ...state, request });
    } else if (pathname === `${path}${OPENID}` || pathname === `${OAUTH}${path}`) {
      asked.metadata++;
      const answer = () => json(response, 200, { issuer: address.issuer, jwks_uri: address.jwksUri, ...state.metadata });
      if (state.holdsMetadata) waiting.push(answer);
      else answer();
    } else {
      asked.elsewhere++;
      json(response, 200, state.set);
    }
  });
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.on("close", () => connections.delete(socket));
  });
  const listen = (port) => new Promise((resolve) => server.listen(port, "127.0.0.1", resolve));
  await listen(0);
  const { port } = server.address();
  const address = { issuer: `http://127.0.0.1:${port}${path}`, jwksUri: `http://127.0.0.1:${port}${path}/jwks` };
  const close = () => {
    for (const socket of connections) socket.destroy();
    return server.listening ? new Promise((resolve) => server.close(resolve)) : undefined;
  };
  return {
    ...address,
    /** How often it was asked for its keys, for its metadata, and for what it has not. */
    asked,
    /** How often it was asked whether a set still holds. */
    revalidated: () => revalidated,
    /** How it answers from now on: one of `WAYS`. `delay` is for `slowly`, in milliseconds. */
    answers(way, { delay = 5_000 } = {}) {
      if (!(way in WAYS)) throw new Error(`the issuer has no way ${way}`);
      Object.assign(state, { way, delay });
    },
    /** How many wait for `release`. */
    waiting: () => waiting.length,
    /** Answers whoever waits. */
    release: () => waiting.splice(0).forEach((answer) => answer()),
    /** Publishes other keys, with these headers from now on. */
    publish: (keys, headers = state.headers) => Object.assign(state, { set: keys, headers }),
    /** Changes members of its metadata. */
    says: (metadata) => (state.metadata = metadata),
    /** Whether its metadata wait for `release`. */
    holdsMetadata: (value) => (state.holdsMetadata = value),
    /** Nobody listens any more. */
    goDown: close,
    /** Somebody does again. */
    comeUp: () => listen(port),
    stop: close,
  };
}
