// The credential's case as text: a request, a program, a report. The credential itself is in none of them.
import { UNSEEN } from "../dom.js";
import { compact, issuerOf, read } from "./policy-example.js";
import { PLACES, linesOf } from "./take-seen.js";

/** What hides or reorders text is written by its number, which means the same in JSON and in JavaScript. */
const numbers = (text) =>
  text
    .split("")
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .join("");
const plain = (text) => text.replaceAll(UNSEEN, (unseen) => (/[ \n]/.test(unseen) ? unseen : numbers(unseen)));

export const json = (value) => plain(JSON.stringify(value, null, 2));

/** A value as it is written in a program: names stand bare where they can. */
const literal = (value) => compact(json(value)).replaceAll(/^( *)"([A-Za-z]\w*)":/gm, "$1$2:");

const variable = (report) => (report.token ? "TOKEN" : "API_KEY");

/** The header that the policy looks into for this class, and what stands before the credential in it. */
function place({ report, policy }, request) {
  const named = read(policy).credentials?.[report.token ? "m2mToken" : "apiKey"];
  const name = request?.in ?? (Array.isArray(named) ? named[0] : null);
  return typeof name === "string" && /^[\w-]+$/.test(name) && name.toLowerCase() !== "authorization"
    ? [name, ""]
    : ["authorization", "Bearer "];
}

/** The URL of the request: that of the Policy tab, or the audience of the token where that is a URL. */
function target({ report, policy }, request) {
  const { publicOrigin, hosts } = read(policy);
  const audience = report.token ? [read(report.token.payload.text).aud].flat()[0] : null;
  const base = [publicOrigin, Array.isArray(hosts) && `https://${hosts[0]}`, audience, "https://api.example/"].find(
    (one) => typeof one === "string" && /^https?:\/\/./.test(one) && URL.canParse(one),
  );
  const url = request && URL.canParse(request.url, base) ? new URL(request.url, base) : new URL(base);
  return url.href.replaceAll("'", "%27");
}

/** A line for bash or zsh. The credential is asked for and goes by standard input: no history and no list of processes has it. */
export function curl(state, request) {
  const [header, scheme] = place(state, request);
  const name = variable(state.report);
  const method = /^[A-Z]{1,16}$/.test(request?.method ?? "") ? request.method : "GET";
  const verb = { GET: "", HEAD: " --head" }[method] ?? ` --request ${method}`;
  const others = Object.entries(request?.headers ?? {})
    .filter(([, value]) => /^[ -~]*$/.test(value))
    .map(([name, value]) => ` --header '${`${name}: ${value}`.replaceAll("'", "'\\''")}'`);
  const sent = `curl --silent --show-error --include${verb} --header @-${others.join("")} '${target(state, request)}'`;
  return `read -rs ${name}\nprintf '${header}: ${scheme}%s\\n' "$${name}" |\n  ${sent}`;
}

/** The members of a public key that may stand in a program. A set with any other is read from a variable. */
const PUBLIC = new Set(["kty", "crv", "x", "y", "n", "e", "pub", "kid", "alg", "use", "key_ops", "x5c", "x5t", "x5t#S256"]);
const isPublic = ({ keys }) =>
  keys.every((key) => key?.kty !== "oct" && Object.keys(key ?? {}).every((member) => PUBLIC.has(member)));

/** A program for the package that judges the credential as this page does. It reads it from its environment. */
export function code(state, picked) {
  const { report, policy } = state;
  const request = picked ?? ("routes" in read(policy) ? { method: "GET", url: "/" } : null);
  const handed = `process.env.${variable(report)} ?? ""`;
  const last = `console.log(verdict.ok ? "allowed" : \`\${verdict.status} \${verdict.code}\`);\n`;
  const file = 'import { readFile } from "node:fs/promises";\n';
  const fromFile = 'await readFile("policy.json", "utf8")';
  const store = 'import { fileStore } from "edgeward/store/file";\n';
  if (policy !== "" && !state.policyFaults && request) {
    const [header, scheme] = place(state, request);
    const value = scheme ? `\`${scheme}\${${handed}}\`` : handed;
    const others = Object.entries(request.headers ?? {}).map(
      ([name, value]) => `, ${plain(JSON.stringify(name))}: ${plain(JSON.stringify(value))}`,
    );
    const lent = read(policy).apiKeys ? ', { store: fileStore("./keys") }' : "";
    return `${file}import { createGate } from "edgeward";\n${lent && store}
const gate = await createGate(${fromFile}${lent});
const verdict = await gate.check({
  method: ${plain(JSON.stringify(request.method))},
  url: ${plain(JSON.stringify(target(state, request)))},
  headers: { ${/^[a-z]+$/.test(header) ? header : JSON.stringify(header)}: ${value}${others.join("")} },
});
${last}`;
  }
  if (report.key) {
    const form = literal({ prefix: report.key.prefix ?? "acme", environment: report.key.environment ?? "live" }).replaceAll(
      /\s+/g,
      " ",
    );
    return `import { createApiKeyChecker } from "edgeward";\n${store}
const checker = await createApiKeyChecker(${form}, { store: fileStore("./keys") });
const verdict = await checker.check(${handed});
${last}`;
  }
  if (policy !== "" && !state.policyFaults) {
    return `${file}import { createJwtVerifier } from "edgeward";\n
const verifier = await createJwtVerifier(${fromFile});
const verdict = await verifier.verify(${handed});
${last}`;
  }
  const issuer = issuerOf(report, state.keysFault ? "" : state.keys);
  const secret = issuer.jwks && !isPublic(issuer.jwks);
  if (secret) issuer.jwks = "JWKS";
  const rules = literal({ issuers: [issuer] }).replace(/jwks: "JWKS"/, 'jwks: JSON.parse(process.env.JWKS ?? "{}")');
  return `import { createJwtVerifier } from "edgeward";\n
const verifier = await createJwtVerifier(${rules});
const verdict = await verifier.verify(${handed});
${last}`;
}

const named = (names) => (names.length > 0 ? [`- Without their values: ${names.join(", ")}`] : []);

/** What was seen, for an issue tracker: the document of a shared link, in Markdown. */
export function markdown(shared) {
  // Nothing of a credential ends a code span.
  const quoted = (text) => `\`${plain(text).replaceAll(/[`\n]/g, "'")}\``;
  return [
    ...linesOf(shared).map(([name, words, code]) => `- **${name}**: ${words}${code ? ` (${quoted(code)})` : ""}`),
    ...shared.members
      .filter((member) => member.length > 2)
      .map(([place, name, value]) => `- ${PLACES[place]} ${quoted(name)}: ${quoted(JSON.stringify(value))}`),
    ...named(shared.members.filter((member) => member.length === 2).map((member) => quoted(member[1]))),
    ...shared.lint.map(([rule, severity, title]) => `- Unwise (${severity}): ${title} (${quoted(rule)})`),
    "",
  ].join("\n");
}
