// The policy that a credential is held against: that of a file, or what the options say in its place.
import { UsageError, readText } from "../command.js";
import { readJson } from "../json.js";
import { judged, readBeside, readPolicy } from "../policy.js";

/** What of the options says by what a credential is judged. */
export interface By {
  policy?: string | undefined;
  snapshots?: string | undefined;
  issuer?: string | undefined;
  audience?: string | undefined;
  algorithms?: string | undefined;
  jwks?: string | undefined;
  "jwks-uri"?: string | undefined;
  prefix?: string | undefined;
  environment?: string | undefined;
  scopes?: string | undefined;
  url?: string | undefined;
  method?: string | undefined;
  "dpop-file"?: string | undefined;
}

export interface Asked {
  /** The policy of a gate, as JSON text. */
  policy: string;
  snapshots: string;
  takesKeys: boolean;
}

/** What of a policy says what a credential is worth, apart from any route. */
const OF_CREDENTIALS = ["issuers", "apiKeys", "dpop", "maxTokenBytes", "deny", "denySnapshot"] as const;

const OF_ISSUER = ["audience", "algorithms", "jwks", "jwks-uri"] as const;

export async function askedBy(by: By): Promise<Asked> {
  const snapshots = readBeside(by.snapshots) ?? "{}";
  const file = by.policy ?? (by.issuer === undefined && by.prefix === undefined ? process.env["EDGEWARD_POLICY"] : undefined);
  if (file) return { ...(await fromFile(file, snapshots, by)), snapshots };
  const ofIssuer = OF_ISSUER.find((name) => by[name] !== undefined);
  if (by.issuer === undefined && ofIssuer !== undefined) throw new UsageError(`--${ofIssuer} goes with --issuer`);
  if (by.issuer === undefined && by.prefix === undefined) {
    throw new UsageError("by what it is to be judged is missing: --policy (or EDGEWARD_POLICY), --issuer, or --prefix");
  }
  if (by.url !== undefined && by["dpop-file"] === undefined) {
    throw new UsageError("--url goes with --policy, whose routes it is about, or with --dpop-file, whose proof it is for");
  }
  const members = [
    ...(by.issuer === undefined ? [] : [`"issuers":[${issuerText(by.issuer, by)}]`]),
    ...(by.prefix === undefined ? [] : [`"apiKeys":${keysText(by.prefix, by.environment)}`]),
  ];
  return { policy: routed(JSON.parse(`{${members.join()}}`) as Document, by), snapshots, takesKeys: by.prefix !== undefined };
}

type Document = Record<string, unknown>;

async function fromFile(file: string, snapshots: string, by: By): Promise<Omit<Asked, "snapshots">> {
  const besides = [...OF_ISSUER, "issuer", "prefix", "environment"] as const;
  const other = besides.find((name) => by[name] !== undefined);
  if (other !== undefined) throw new UsageError(`--policy, or --${other}`);
  const { text, document } = readPolicy(file);
  // Strictly, and all of it: what is taken from it below has been judged.
  await judged(text, { snapshots });
  const takesKeys = document["apiKeys"] !== undefined;
  // A policy without routes has nothing to say of a request: then the URL is for the proof alone.
  if (by.url !== undefined && document["routes"] === undefined && by["dpop-file"] === undefined) {
    throw new UsageError(`the policy in ${file} has no routes, which --url is about`);
  }
  if (by.url === undefined || document["routes"] === undefined) {
    const own = Object.fromEntries(OF_CREDENTIALS.filter((name) => document[name] !== undefined).map((name) => [name, document[name]]));
    return { policy: routed(own, by), takesKeys };
  }
  if (by.scopes !== undefined) throw new UsageError("--scopes, or --url: a route says itself what it needs");
  // One request has no rate, and no origin is told of it.
  const { limits: _limits, assertion: _assertion, ...rest } = document;
  return { policy: JSON.stringify(rest), takesKeys };
}

/** One route for whatever is presented. */
function routed(own: Document, { scopes, method = "GET" }: By): string {
  const classes = [...(own["issuers"] === undefined ? [] : ["m2m_token"]), ...(own["apiKeys"] === undefined ? [] : ["api_key"])];
  return JSON.stringify({ ...own, routes: [{ methods: [method], path: "/*", classes, scopes: wordsOf(scopes) }] });
}

function wordsOf(text = ""): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== "");
}

function issuerText(issuer: string, by: By): string {
  const { audience, algorithms, jwks, "jwks-uri": jwksUri } = by;
  const missing = (["audience", "algorithms"] as const).filter((name) => by[name] === undefined);
  if (missing.length > 0) throw new UsageError(`missing: ${missing.map((name) => `--${name}`).join(", ")}`);
  if (jwks !== undefined && jwksUri !== undefined) throw new UsageError("--jwks and --jwks-uri: one of them");
  const from = jwksUri !== undefined ? { jwksUri } : jwks === undefined ? { discovery: "openid-configuration" } : { jwks: readJson(readText(jwks), jwks) };
  return JSON.stringify({ issuer, audience: wordsOf(audience), algorithms: wordsOf(algorithms), ...from });
}

function keysText(prefix: string, environment: string | undefined): string {
  if (environment === undefined) throw new UsageError("--prefix and --environment go together");
  return JSON.stringify({ prefix, environment });
}
