// A real authorization server on this machine: oidc-provider, with one client that mints tokens and one API that asks
// about them. It can rotate its keys.
import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

const RESOURCE = "https://api.example";
export const CLIENT = { id: "nightly-report", secret: "client-secret" };
/** An API of each way to authenticate, with characters that have to be encoded. */
export const API = {
  client_secret_basic: { id: "api:basic", secret: "s%cret:+ &=" },
  client_secret_post: { id: "api-post", secret: "s%cret:+ &=" },
};

/** A key pair of the server, as its private JWK. */
export function signingKey(kid) {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid, alg: "RS256", use: "sig" };
}

/** Starts the server. `format` of the tokens is `opaque` or `jwt`. */
export async function startAuthorizationServer() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  const issuer = `http://127.0.0.1:${port}`;
  let format = "opaque";
  const api = (method) => ({
    client_id: API[method].id,
    client_secret: API[method].secret,
    token_endpoint_auth_method: method,
    grant_types: [],
    response_types: [],
    redirect_uris: [],
  });
  const configuration = {
    ttl: { ClientCredentials: 600 },
    clients: [
      {
        client_id: CLIENT.id,
        client_secret: CLIENT.secret,
        grant_types: ["client_credentials"],
        response_types: [],
        redirect_uris: [],
      },
      api("client_secret_basic"),
      api("client_secret_post"),
    ],
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => RESOURCE,
        getResourceServerInfo: () => ({
          scope: "reports:read reports:write",
          audience: RESOURCE,
          accessTokenFormat: format,
          accessTokenTTL: 600,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
    scopes: ["reports:read", "reports:write"],
    cookies: { keys: ["a key for cookies, which no test uses"] },
  };
  // A provider has its keys for life: another set of them is another provider, as after a deployment of the server.
  const serve = (...keys) => (answer = new Provider(issuer, { ...configuration, jwks: { keys } }).callback());
  let answer;
  serve(signingKey("as-1"));
  let down = false;
  let asked = 0;
  let fetched = 0;
  server.on("request", (request, response) => {
    if (request.url.startsWith("/token/introspection")) asked++;
    if (request.url === "/jwks") fetched++;
    if (down) request.socket.destroy();
    else if (request.url === "/moved") response.writeHead(307, { location: "/token/introspection" }).end();
    else answer(request, response);
  });

  const post = async (path, form, headers = {}) => {
    const authorization = `Basic ${Buffer.from(`${CLIENT.id}:${CLIENT.secret}`).toString("base64")}`;
    const body = new URLSearchParams(form);
    return fetch(`${issuer}${path}`, { method: "POST", headers: { authorization, ...headers }, body });
  };
  return {
    issuer,
    endpoint: `${issuer}/token/introspection`,
    /** Where the endpoint is said to have moved from. */
    moved: `${issuer}/moved`,
    /** How often it was asked about a token. */
    asked: () => asked,
    /** How often its key set was fetched. */
    fetched: () => fetched,
    /** Goes on with these keys: all are published, and it signs with the first one. */
    rotate: serve,
    /** Whether connections are closed without an answer. */
    setDown: (value) => (down = value),
    /** A token of the client, minted as any client mints one. */
    async mint(of = "opaque", headers = {}) {
      format = of;
      const response = await post("/token", { grant_type: "client_credentials", scope: "reports:read" }, headers);
      const { access_token: token, ...rest } = await response.json();
      if (token === undefined) throw new Error(JSON.stringify(rest));
      return token;
    },
    revoke: (token) => post("/token/revocation", { token }),
    jwks: async () => (await fetch(`${issuer}/jwks`)).json(),
    stop: () => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
