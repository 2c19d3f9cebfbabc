// Tokens that differ from a good one in one or two places: in the header, the claims, the encoding or the signature.
// What is drawn depends on the seed alone.
import { segment } from "./credentials.mjs";

/** mulberry32: enough for a test, and the same in every run. */
export function chance(seed) {
  const next = () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    below: (bound) => Math.floor(next() * bound),
    one: (choices) => choices[Math.floor(next() * choices.length)],
  };
}

/** Sets or takes away a member: undefined is no JSON. */
const set = (name, value) => (part) => (value === undefined ? delete part[name] : (part[name] = value));
/** A member of the header by its name, which begins the name of the mutation. */
const header = (name, values, member = name.split(" ")[0]) => ({
  level: "header",
  name,
  draw: (c, draft) => set(member, c.one(values))(draft.header),
});
const claim = (name, values, member = name.split(" ")[0]) => ({
  level: "claim",
  name,
  draw: (c, draft) => {
    const value = c.one(values);
    set(member, typeof value === "function" ? value(draft.now) : value)(draft.claims);
  },
});
/** The JSON text changed after it was written. */
const text = (level, name, change) => ({
  level,
  name,
  draw: (c, draft) => draft.texts.push([level, (json) => change(json, c)]),
});
const encoded = (name, change) => ({ level: "encoding", name, draw: (c, draft) => (draft.encode = (token) => change(token, c)) });
const unsigned = (name, change) => ({ level: "signature", name, draw: (c, draft) => (draft.resign = (bytes) => change(bytes, c)) });

const prepend = (member) => (json) => (json === "{}" ? `{${member}}` : json.replace("{", `{${member},`));
const inSegment = (change) => (token, c) => {
  const parts = token.split(".");
  const place = c.below(3);
  parts[place] = change(parts[place], c);
  return parts.join(".");
};
const at = (word, place, character) => word.slice(0, place) + character + word.slice(place);
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Another last character that stands for the same bytes where left-over bits are ignored. */
function looseTail(word, c) {
  const spare = [0, 0, 16, 4][word.length % 4];
  if (spare === 0) return `${word}=`;
  const last = ALPHABET.indexOf(word.at(-1));
  return word.slice(0, -1) + ALPHABET[(last - (last % spare)) + 1 + c.below(spare - 1)];
}

const NUMBERS = [0, -1, 1.5, 1e20, -1e20, 9007199254740991, -9007199254740991];
const NO_NUMBERS = ["1", "", null, true, [], {}, [1], "9999999999"];
const NO_TEXTS = [1, null, true, [], {}, ["a"], { a: 1 }];

export const MUTATIONS = [
  { level: "none", name: "nothing", draw: () => {} },

  header("typ", ["JWT", "jwt", "AT+JWT", "application/at+jwt", undefined]),
  header("typ of another kind", ["dpop+jwt", "logout+jwt", "secevent+jwt", "JOSE", "JWE", "at+jwt ", "", "id+jwt"]),
  header("typ of another type", NO_TEXTS),
  header("alg", ["none", "None", "NONE", "nOnE", "", "es256", "RS256 ", "HS256", "HS512", "ES384", "A128KW", "dir"]),
  header("alg of another type", [...NO_TEXTS, undefined]),
  header("kid", ["", "other", "K", "../../dev/null", "' OR 1=1 --", "k".repeat(600), undefined]),
  header("kid of another type", NO_TEXTS),
  header("crit", [[], ["exp"], ["b64"], ["http://example/ext"], "exp", null, [1], {}]),
  header("zip", ["DEF", "", null]),
  header("b64", [true, false, null]),
  header("cty", ["JWT", "jwt", "application/jwt", "application/JWT"]),
  header("cty without harm", ["json", "application/json"]),
  header("enc", ["A128GCM", null]),
  header("jku", ["https://evil.example/jwks"]),
  header("jwk", [{ kty: "oct", k: "AA" }, null]),
  header("x5c", [["AA"], null]),
  header("x-unknown", ["x", 1, null, { a: [] }]),
  text("header", "a header member twice", (json, c) => prepend(c.one(['"alg":"none"', '"kid":"other"', '"x":1,"x":1']))(json)),
  text("header", "a header with a byte order mark", (json) => `\ufeff${json}`),
  text("header", "a header with white space", (json, c) => c.one([` ${json}`, `${json}\n`, json.replace("{", "{ \t\r\n")])),
  text("header", "a header that is no object", (json, c) => c.one(["[]", "null", '"x"', "1", "", `[${json}]`, "{", `${json}x`])),
  text("header", "a header nested deep", prepend(`"x":${"[".repeat(100)}${"]".repeat(100)}`)),

  claim("exp", [(now) => now + 1, (now) => now - 1, (now) => now, (now) => now - 4, (now) => now - 6, (now) => now + 0.5, (now) => now - 0.5, undefined]),
  claim("exp of another size", NUMBERS),
  claim("exp of another type", NO_NUMBERS),
  claim("nbf", [(now) => now, (now) => now + 5, (now) => now + 6, (now) => now + 4.5, (now) => now + 5.5, (now) => now + 9999]),
  claim("nbf of another size", NUMBERS),
  claim("nbf of another type", NO_NUMBERS),
  claim("iat", [(now) => now, (now) => now + 5, (now) => now + 6, (now) => now + 5.5, (now) => now + 9999, undefined]),
  claim("iat of another size", NUMBERS),
  claim("iat of another type", NO_NUMBERS),
  claim("iss", ["https://issuer.example/", "https://issuer.exampl", "HTTPS://issuer.example", "https://issuer.example\0", "", undefined]),
  claim("iss of another type", [...NO_TEXTS, ["https://issuer.example"]]),
  claim("aud", [["https://api.example"], ["x", "https://api.example"], [], ["x"], "https://api.example/", "https://api.exampl", "", undefined]),
  claim("aud of another type", [1, null, true, {}, { 0: "https://api.example" }, [["https://api.example"]]]),
  claim("aud with something else in it", [["https://api.example", 1], ["https://api.example", null], [{}, "https://api.example"]]),
  claim("sub", ["", "\u0000", "x".repeat(3000), undefined]),
  claim("sub of another type", NO_TEXTS),
  claim("jti of another type", NO_TEXTS),
  claim("client_id of another type", NO_TEXTS),
  claim("org_id of another type", NO_TEXTS),
  claim("scope", ["", undefined, "a", ["a", "b"], []]),
  claim("scope of another form", [" a", "a  b", "a\tb", ["a b"], [1], 1, null, {}]),
  claim("nonce", ["x", null]),
  claim("at_hash", ["x"]),
  claim("events", [{ "http://schemas.openid.net/event/backchannel-logout": {} }, null]),
  claim("cnf", [{ jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" }, { jkt: "x" }, { jwk: {} }, {}, null]),
  text("claim", "a claim twice", (json, c) => prepend(c.one(['"exp":9999999999', '"iss":"x"', '"aud":"x"', '"x":{"a":1,"a":1}']))(json)),
  text("claim", "a claim twice, once escaped", (json, c) => prepend(c.one(['"\\u0065xp":9999999999', '"i\\u0073s":"x"']))(json)),
  text("claim", "a number beyond 2^53", prepend('"x":9007199254740993')),
  text("claim", "a number beyond a double", (json, c) => prepend(c.one(['"x":1e400', '"x":-1e400']))(json)),
  text("claim", "a lone surrogate", (json, c) => prepend(c.one(['"x":"\\ud800"', '"\\udfff":1']))(json)),
  text("claim", "harmless members", (json, c) => prepend(c.one(['"__proto__":{"admin":true}', '"x":-0', '"x":1e-400', '"":""', '"constructor":1']))(json)),
  text("claim", "a payload with a byte order mark", (json) => `\ufeff${json}`),
  text("claim", "a payload with white space", (json, c) => c.one([` ${json}`, `${json}\n`, json.replace("{", "{ \t\r\n")])),
  text("claim", "a payload that is no object", (json, c) => c.one(["[]", "null", '"x"', "1", "", `[${json}]`, `${json}${json}`, json.replaceAll('"', "'")])),
  text("claim", "a payload nested deep", (json, c) => prepend(`"x":${"[".repeat(c.one([33, 5000]))}`)(json).replace(/(\[+)/, (all) => all + "]".repeat(all.length))),
  text("claim", "a payload that is no UTF-8", (json) => Buffer.concat([Buffer.from(json.slice(0, -1)), Buffer.from(',"x":"'), Buffer.from([0xff]), Buffer.from('"}')])),
  text("claim", "a payload that is large", prepend(`"x":"${"x".repeat(20_000)}"`)),

  encoded("padding", inSegment((word) => `${word}${"=".repeat((4 - (word.length % 4)) % 4 || 1)}`)),
  encoded("left-over bits", inSegment(looseTail)),
  encoded("white space", inSegment((word, c) => at(word, c.below(word.length + 1), c.one([" ", "\n", "\t", "\r\n"])))),
  encoded("the other alphabet", (token) => token.replaceAll("-", "+").replaceAll("_", "/")),
  encoded("a character of no alphabet", inSegment((word, c) => at(word, c.below(word.length + 1), c.one(["*", "%", "\0", "é", "\u200b"])))),
  encoded("a segment too many", (token, c) => c.one([`${token}.`, `.${token}`, `${token}.AA`, `${token}.AA.AA`])),
  encoded("a segment too few", (token, c) => token.split(".").slice(0, 1 + c.below(2)).join(".")),
  encoded("an empty segment", inSegment(() => "")),
  encoded("a scheme before it", (token, c) => c.one([`Bearer ${token}`, ` ${token}`, `${token} `])),
  encoded("a segment cut short", inSegment((word, c) => word.slice(0, c.below(word.length)))),
  encoded("the JSON serialization", (token) => {
    const [protectedHeader, payload, signature] = token.split(".");
    return JSON.stringify({ protected: protectedHeader, payload, signature });
  }),

  unsigned("a bit of the signature", (bytes, c) => {
    const changed = Buffer.from(bytes);
    changed[c.below(changed.length)] ^= 1 << c.below(8);
    return changed;
  }),
  unsigned("a signature cut short", (bytes, c) => bytes.subarray(0, c.below(bytes.length))),
  unsigned("a signature run on", (bytes, c) => (c.below(2) ? Buffer.concat([bytes, Buffer.alloc(1)]) : Buffer.concat([Buffer.alloc(1), bytes]))),
  unsigned("zeros for a signature", (bytes) => Buffer.alloc(bytes.length)),
  unsigned("ones for a signature", (bytes) => Buffer.alloc(bytes.length, 255)),
  unsigned("a signature twice", (bytes) => Buffer.concat([bytes, bytes])),
];

/** A token of this signer with these mutations, in their order. */
export function mutated(signer, claims, mutations, c, now) {
  const draft = {
    header: { alg: signer.algorithm, kid: signer.kid, typ: "at+jwt" },
    claims: { ...claims },
    texts: [],
    encode: (token) => token,
    resign: (bytes) => bytes,
    now,
  };
  for (const mutation of mutations) mutation.draw(c, draft);
  const written = (level, part) =>
    draft.texts.filter(([of]) => of === level).reduce((json, [, change]) => change(json.toString()), JSON.stringify(part));
  const input = `${segment(written("header", draft.header))}.${segment(written("claim", draft.claims))}`;
  return draft.encode(`${input}.${segment(draft.resign(signer.sign(input)))}`);
}
