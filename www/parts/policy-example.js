// A policy that fits what is in hand, to begin with.

const ALGORITHM = /^(?:[HRP]S(?:256|384|512)|ES(?:256K?|384|512)|EdDSA|Ed25519|ML-DSA-(?:44|65|87))$/;

/** What can be read of a JSON text; an empty object where nothing can. */
export function read(text) {
  try {
    const value = JSON.parse(text);
    return value !== null && typeof value === "object" ? value : {};
  } catch {
    return {};
  }
}

/** Lists of texts stand in one line each. */
export const compact = (json) =>
  json.replaceAll(/\[\s*("[^"\\]*"(?:,\s*"[^"\\]*")*)\s*\]/g, (_, items) => `[${items.replaceAll(/,\s+/g, ", ")}]`);

/** The issuer as the token itself names it, with the keys that were pasted, given as text. */
export function issuerOf({ token }, keys) {
  const [{ alg }, { iss, aud, exp, iat }] = [read(token.header.text), read(token.payload.text)];
  const issuer = typeof iss === "string" && iss !== "" ? iss : "https://issuer.example";
  const audience = [aud].flat().find((one) => typeof one === "string" && one !== "");
  const jwks = read(keys);
  const missing = [audience === undefined && "aud", exp === undefined && iat !== undefined && "exp"].filter(Boolean);
  return {
    issuer,
    ...(audience !== undefined && { audience }),
    algorithms: [typeof alg === "string" && ALGORITHM.test(alg) ? alg : "ES256"],
    ...(missing.length > 0 && { optionalClaims: missing }),
    ...(missing.includes("exp") && { maxTokenAge: 3600 }),
    ...(Array.isArray(jwks.keys) ? { jwks } : { discovery: "openid-configuration" }),
  };
}

const OTHER = {
  issuer: "https://issuer.example",
  audience: "https://api.example",
  algorithms: ["ES256"],
  discovery: "openid-configuration",
};

/** A whole policy of a gate, with routes enough to see one let it through, one want more, and one want another class. */
export function examplePolicy({ report, keys, keysFault }) {
  const { token, key } = report;
  const [own, other] = token ? ["m2m_token", "api_key"] : ["api_key", "m2m_token"];
  const scope = token ? read(token.payload.text).scope : "";
  const [held] = typeof scope === "string" ? scope.split(" ").filter((one) => one !== "") : [];
  const scopes = held === undefined ? {} : { scopes: [held] };
  return {
    issuers: [token ? issuerOf(report, keysFault ? "" : keys) : OTHER],
    apiKeys: { prefix: key?.prefix ?? "acme", environment: key?.environment ?? "live" },
    routes: [
      { methods: ["GET", "HEAD"], path: "/v1/reports/:id", classes: [own], ...scopes },
      { methods: ["POST"], path: "/v1/reports", classes: [own], scopes: ["reports:publish"] },
      { methods: ["GET"], path: "/v1/statistics", classes: [other] },
    ],
  };
}
