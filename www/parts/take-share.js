// What was seen of a credential as a document that can be handed on: no signature, no secret, no bytes of the payload, and of
// members only what was chosen. It is in a link's fragment, which no browser sends to a server.
import { read } from "./policy-example.js";

/** Members whose values go along unless somebody says otherwise: what a verifier decides by, and nobody's name. */
const USUAL = { header: ["alg", "typ", "kid", "crit"], payload: ["exp", "iat", "nbf"], key: ["environment"] };

const MOST = 128;
const LONGEST_NAME = 200;
const LONGEST_VALUE = 1000;
const LARGEST = 65_536;

/** What of this credential can be chosen: `{ place, name, value, usual, fits }`. */
export function choices({ token, key }) {
  if (key)
    return ["prefix", "environment", "id"].filter((name) => key[name] !== null).map((name) => choice("key", name, key[name]));
  const all = ["header", "payload"].map((place) =>
    Object.entries(read(token[place].text)).map(([name, value]) => choice(place, name, value)),
  );
  return all
    .flat()
    .filter(({ name }) => name.length <= LONGEST_NAME)
    .slice(0, MOST);
}

const choice = (place, name, value) => ({
  place,
  name,
  value,
  usual: USUAL[place].includes(name),
  fits: JSON.stringify(value).length <= LONGEST_VALUE,
});

/** The document. `taken` says of a choice whether its value goes along; `at` is in seconds. */
export function sharedOf(report, taken, at) {
  const { token, key, verdict } = report;
  const { steps } = token ?? key;
  const failed = steps.find(({ outcome }) => outcome === "failed");
  return {
    v: 1,
    class: report.class,
    at,
    mathematics: token ? token.mathematics.holds : key.checkHolds,
    trust: token?.trust.established ?? false,
    policy: verdict && (verdict.ok ? [] : [verdict.code, verdict.title]),
    failed: failed ? [failed.code, failed.reason] : null,
    steps: steps.map(({ step, outcome }) => [step, outcome]),
    members: choices(report).map((one) => (taken(one) && one.fits ? [one.place, one.name, one.value] : [one.place, one.name])),
    lint: report.lint.slice(0, MOST).map(({ rule, severity, title }) => [rule, severity, title]),
  };
}

const base64url = (bytes) =>
  btoa(String.fromCharCode(...bytes))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const through = (bytes, stream) => new Blob([bytes]).stream().pipeThrough(stream);

/** The document as it stands in a link. The first letter says whether it is packed. */
export async function pack(shared) {
  const bytes = new TextEncoder().encode(JSON.stringify(shared));
  if (!globalThis.CompressionStream) return `j${base64url(bytes)}`;
  const packed = await new Response(through(bytes, new CompressionStream("deflate-raw"))).arrayBuffer();
  return `z${base64url(new Uint8Array(packed))}`;
}

/** The document that stands in a link; null where it is none. Whoever wrote it could write anything. */
export async function unpack(text) {
  try {
    const [, form, base64] = /^([jz])([\w-]{2,43690})$/.exec(text);
    const bytes = Uint8Array.from(atob(base64.replaceAll("-", "+").replaceAll("_", "/")), (byte) => byte.charCodeAt(0));
    const stream = form === "z" ? through(bytes, new DecompressionStream("deflate-raw")) : new Blob([bytes]).stream();
    const pieces = [];
    let size = 0;
    for (const reader = stream.getReader(); ;) {
      const { done, value } = await reader.read();
      if (done) break;
      size += value.length;
      if (size > LARGEST) {
        await reader.cancel();
        return null;
      }
      pieces.push(value);
    }
    const whole = await new Blob(pieces).arrayBuffer();
    return checked(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(whole)));
  } catch {
    return null;
  }
}

const OUTCOMES = ["passed", "failed", "not_reached", "not_asked"];
const isText = (value, longest = LONGEST_NAME) => typeof value === "string" && value.length <= longest;
const isList = (value) => Array.isArray(value) && value.length <= MOST;
const isPair = (value) => isList(value) && value.length === 2 && value.every((one) => isText(one));
const isMember = (value) =>
  isList(value) &&
  Object.hasOwn(USUAL, value[0]) &&
  isText(value[1]) &&
  (value.length === 2 || (value.length === 3 && JSON.stringify(value[2]).length <= LONGEST_VALUE));

/** The members that are known, where each is what it should be; nothing otherwise. */
function checked({ v, class: kind, at, mathematics, trust, policy, failed, steps, members, lint }) {
  const good =
    v === 1 &&
    (kind === "m2m_token" || kind === "api_key") &&
    Number.isSafeInteger(at) &&
    [true, false, null].includes(mathematics) &&
    typeof trust === "boolean" &&
    (policy === null || isPair(policy) || (isList(policy) && policy.length === 0)) &&
    (failed === null || isPair(failed)) &&
    isList(steps) &&
    steps.every((one) => isPair(one) && OUTCOMES.includes(one[1])) &&
    isList(members) &&
    members.every(isMember) &&
    isList(lint) &&
    lint.every((one) => isList(one) && one.length === 3 && one.every((part) => isText(part, 400)));
  return good ? { v, class: kind, at, mathematics, trust, policy, failed, steps, members, lint } : null;
}
