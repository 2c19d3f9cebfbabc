// M2M tokens through the package: options, the clock, what was signed, and whatever else somebody may hand over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createJwtVerifier, inspect } from "edgeward";
import { onEveryBackend } from "../support/backends.mjs";
import { AUDIENCE, ISSUER, NOW, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
const second = NOW / 1000 - ((NOW / 1000) % 1);
const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });

/** The reason code, or true. */
const outcome = (verdict) => verdict.ok || verdict.code;
const verifyClaims = (claims, options) => outcome(verifier.verify(issuer.mint({ claims }), options));

test("an allowed token is told of in full", () => {
  const claims = { roles: ["a"], nested: { deep: [1, { x: null }] } };
  const token = issuer.mint({ claims });
  assert.deepEqual(verifier.verify(token), {
    ok: true,
    class: "m2m_token",
    cache: "miss",
    subject: "app-1",
    organization: "org-1",
    clientId: "client-1",
    credentialId: "token-1",
    scopes: ["reports:read", "reports:write"],
    expires: second + 600,
    issuer: ISSUER,
    kid: "ES256-1",
    algorithm: "ES256",
    sender: null,
    cache: "miss",
    claims: JSON.parse(Buffer.from(token.split(".")[1], "base64url")),
  });
});

test("what a token does not say is null, and not left out", () => {
  const bare = Object.fromEntries(["sub", "client_id", "org_id", "scope", "jti", "iat"].map((name) => [name, undefined]));
  const verdict = verifier.verify(issuer.mint({ claims: bare }));
  for (const member of ["subject", "organization", "clientId", "credentialId"]) assert.equal(verdict[member], null, member);
  assert.deepEqual(verdict.scopes, []);
});

test("a refused token is told of in words that a client may read", () => {
  assert.deepEqual(verifier.verify(issuer.mint({ claims: { aud: "https://other.example" } })), {
    ok: false,
    class: "m2m_token",
    code: "audience_mismatch",
    status: 401,
    title: "The token is for another audience",
    detail: "Ask the issuer for a token for this API.",
    challenge: 'Bearer error="invalid_token", error_description="The token is for another audience"',
  });
});

test("the claims are held against the policy", () => {
  for (const [claims, expected] of [
    [{ aud: ["https://other.example", AUDIENCE] }, true],
    [{ aud: [] }, "claim_missing"],
    [{ aud: undefined }, "claim_missing"],
    [{ aud: 1 }, "claim_malformed"],
    [{ iss: "https://other.example" }, "issuer_unknown"],
    [{ iss: `${ISSUER}/` }, "issuer_unknown"],
    [{ iss: undefined }, "claim_missing"],
    [{ exp: undefined }, "claim_missing"],
    [{ exp: "9999999999" }, "claim_malformed"],
    [{ exp: second }, "token_expired"],
    [{ exp: second + 1 }, true],
    [{ nbf: second + 6 }, "token_not_yet_valid"],
    [{ nbf: second + 5 }, true],
    [{ iat: second + 6 }, "token_issued_in_future"],
    [{ scope: "a  b" }, "claim_malformed"],
    [{ scope: 7 }, "claim_malformed"],
    [{ cnf: { jkt: "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I" } }, "sender_proof_missing"],
    [{ nonce: "n" }, "typ_not_accepted"],
  ]) {
    assert.equal(verifyClaims(claims), expected, JSON.stringify(claims));
  }
});

test("the header is held against the policy", () => {
  for (const [header, expected] of [
    [{ typ: undefined }, true],
    [{ typ: "application/AT+JWT" }, true],
    [{ typ: "dpop+jwt" }, "typ_not_accepted"],
    [{ typ: "logout+jwt" }, "typ_not_accepted"],
    [{ crit: ["b64"], b64: false }, "crit_not_understood"],
    [{ crit: [] }, "crit_not_understood"],
    [{ zip: "DEF" }, "token_form_unsupported"],
    [{ alg: "es256" }, "algorithm_not_allowed"],
    [{ alg: 1 }, "header_invalid"],
    [{ jwk: issuer.jwk, jku: "https://evil.example/jwks", kid: "evil" }, "signing_key_unknown"],
  ]) {
    assert.equal(outcome(verifier.verify(issuer.mint({ header }))), expected, JSON.stringify(header));
  }
});

test("the clock is the host's, read for each check, and an option stands in for it", async () => {
  const clock = {
    milliseconds: NOW,
    now() {
      return this.milliseconds;
    },
  };
  const token = issuer.mint();
  for (const [name, timed] of Object.entries(await onEveryBackend(tokenPolicy(issuer), clock))) {
    clock.milliseconds = NOW;
    assert.equal(outcome(await timed.verify(token)), true, name);
    clock.milliseconds = (second + 600) * 1000 - 1;
    assert.equal(outcome(await timed.verify(token)), true, name);
    clock.milliseconds += 1;
    assert.equal(outcome(await timed.verify(token)), "token_expired", name);
    assert.equal(outcome(await timed.verify(token, { now: NOW })), true, name);
    assert.equal(outcome(timed.verifySync(token, { now: NOW })), true, name);
    assert.equal(outcome(await timed.verify(token, { now: NOW - 60_000 })), "token_issued_in_future", name);
  }
});

test("a clock that fails lets nothing through", async () => {
  const broken = {
    throws: () => {
      throw new Error("injected");
    },
    "is not a number": () => Number.NaN,
    "is infinite": () => Number.NEGATIVE_INFINITY,
    "is text": () => "now",
    "is a promise": async () => NOW,
    "is nothing": () => undefined,
  };
  for (const [how, now] of Object.entries(broken)) {
    const timed = await createJwtVerifier(tokenPolicy(issuer), { now });
    assert.equal((await timed.verify(issuer.mint())).ok, false, how);
  }
});

test("scopes are needed all together, and a missing one is named in the challenge", () => {
  const scoped = (...scopes) => verifier.verify(issuer.mint(), { scopes });
  assert.equal(scoped().ok, true);
  assert.equal(scoped("reports:read").ok, true);
  assert.equal(scoped("reports:write", "reports:read").ok, true);
  for (const scopes of [["reports:delete"], ["reports:read", "reports:delete"], ["reports"], ["reports:read reports:write"], [""]]) {
    const verdict = scoped(...scopes);
    assert.deepEqual([verdict.status, verdict.code], [403, "scope_insufficient"]);
    assert.match(verdict.challenge, /^Bearer error="insufficient_scope", .*scope="/);
  }
  assert.match(scoped("reports:read", "x:y").challenge, /scope="reports:read x:y"$/);
  // What is refused for itself is not asked for scopes.
  assert.equal(verifyClaims({ exp: 1 }, { scopes: ["x"] }), "token_expired");
});

test("an option that is unknown or of another type is a mistake of the program, and is thrown", () => {
  const token = issuer.mint();
  for (const [options, words] of [
    [{ scope: ["x"] }, /no option `scope`, it has `scopes`, `now`/],
    [{ scopes: ["x"], audience: "y" }, /no option `audience`/],
    [{ ip: "192.0.2.1" }, /no option `ip`/],
    [{ scopes: "reports:read" }, /`scopes` is an array of strings/],
    [{ scopes: [1] }, /`scopes` is an array of strings/],
    [{ scopes: null }, /`scopes` is an array of strings/],
    [{ scopes: new Set(["x"]) }, /`scopes` is an array of strings/],
    [{ now: "2031-05-06" }, /`now` is a number of milliseconds/],
    [{ now: new Date(NOW) }, /`now` is a number of milliseconds/],
    [{ now: Number.NaN }, /`now` is a number of milliseconds/],
    [{ now: null }, /`now` is a number of milliseconds/],
    [["reports:read"], /options of a check are an object/],
    ["reports:read", /options of a check are an object/],
    [() => {}, /options of a check are an object/],
    [7, /options of a check are an object/],
    [{ get scopes() { throw new Error("injected"); } }, /`scopes` cannot be read/],
  ]) {
    assert.throws(() => verifier.verify(token, options), words);
    assert.throws(() => verifier.verifySync(token, options), words);
  }
  for (const options of [undefined, null, {}, { scopes: undefined, now: undefined }, Object.create(null)]) {
    assert.equal(verifier.verify(token, options).ok, true);
  }
});

test("whatever is handed over as a token, it is refused and nothing is thrown", async () => {
  const good = issuer.mint();
  const [header, payload, signature] = good.split(".");
  const untold = [
    undefined,
    null,
    true,
    0,
    Number.NaN,
    7n,
    {},
    [],
    [good],
    Symbol("token"),
    () => good,
    new String(good),
    { toString: () => good },
    Buffer.from(good),
    "",
    " ",
    ".",
    "..",
    "...",
    good + "\0",
    "\0" + good,
    ` ${good}`,
    `${good}\n`,
    `${good}=`,
    `${good}.`,
    `Bearer ${good}`,
    `${header}.${payload}`,
    `${header}.${payload}.`,
    `.${payload}.${signature}`,
    `${header}..${signature}`,
    `${header}.${payload}.${signature.slice(0, -1)}`,
    `${header}.${payload}.\ud800${signature}`,
    `${header}.\udfff.${signature}`,
    `${header}.${payload}.${signature.slice(0, -1)}é`,
    "\ud800",
    "\udc00\ud800",
    "🗝️.🗝️.🗝️",
    "é".repeat(16_384),
    "a".repeat(10 * 1024 * 1024),
    ".".repeat(10 * 1024 * 1024),
    "🗝️".repeat(1024 * 1024),
    `${header}.${"A".repeat(1024 * 1024)}.${signature}`,
    good + "a".repeat(10 * 1024 * 1024),
    "[".repeat(100_000),
    JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
    "__proto__",
    "eyJhbGciOiJub25lIn0.e30.",
  ];
  for (const [name, other] of Object.entries(await onEveryBackend(tokenPolicy(issuer)))) {
    for (const token of untold) {
      const shown = `${name}: ${String(typeof token === "symbol" ? "symbol" : JSON.stringify(String(token))).slice(0, 60)}`;
      for (const verdict of [await other.verify(token), other.verifySync(token)]) {
        assert.equal(verdict.ok, false, shown);
        assert.equal(verdict.status, 401, shown);
        assert.equal(verdict.class, "m2m_token", shown);
        assert.ok(!JSON.stringify(verdict).includes(signature), shown);
      }
    }
    assert.equal((await other.verify(good)).ok, true, name);
  }
  for (const token of untold) assert.equal(typeof inspect(token), "object");
});

test("a token is judged by its size before anything else, and the bound is the policy's", async () => {
  const bounded = async (maxTokenBytes) =>
    createJwtVerifier({ ...tokenPolicy(issuer), maxTokenBytes }, { now: () => NOW });
  const token = issuer.mint({ claims: { filler: "x".repeat(20_000) } });
  assert.equal(verifier.verify(token).code, "token_too_large");
  assert.equal((await bounded(token.length - 1)).verify(token).code, "token_too_large");
  assert.equal((await bounded(token.length)).verify(token).ok, true);
  const largest = await bounded(1024 * 1024);
  assert.equal(largest.verify("a".repeat(1024 * 1024)).code, "token_malformed");
  assert.equal(largest.verify("a".repeat(1024 * 1024 + 1)).code, "token_too_large");
});

test("JavaScript sees the claims that were signed", async () => {
  const { iss, aud, exp } = { iss: ISSUER, aud: AUDIENCE, exp: second + 600 };
  const members = [
    '"__proto__":{"admin":true}',
    '"constructor":{"prototype":{"admin":true}}',
    '"toString":1,"hasOwnProperty":null,"then":"x","toJSON":"y"',
    '"":1,"a\\u0000b":2,"é":"ü","\\u00e9x":"🗝️","k\\"":"\\"\\\\\\n"',
    '"line":"\u2028\u2029"',
    '"least":-9007199254740991,"most":9007199254740991,"zero":0,"negative":-0',
    '"small":5e-324,"large":1.25e3,"tenth":0.1,"exponent":1E3',
    `"deep":${"[".repeat(30)}1${"]".repeat(30)}`,
    '"0":"zero","10":"ten","2":"two"',
    ' \n"space" :\t[ 1 ,\r\n2 ] ',
  ];
  const verifiers = Object.entries(await onEveryBackend(tokenPolicy(issuer)));
  for (const member of members) {
    const payload = `{"iss":"${iss}","aud":"${aud}","exp":${exp},${member}}`;
    const token = issuer.sealed({ alg: "ES256", kid: issuer.kid }, payload);
    for (const [name, other] of verifiers) {
      const verdict = await other.verify(token);
      assert.equal(outcome(verdict), true, `${name}: ${member}`);
      assert.deepEqual(verdict.claims, JSON.parse(payload), `${name}: ${member}`);
      assert.deepEqual(Object.keys(verdict.claims), Object.keys(JSON.parse(payload)));
      assert.equal(verdict.admin, undefined);
      assert.equal(verdict.claims.admin, undefined);
      assert.equal(Object.getPrototypeOf(verdict), Object.prototype);
      assert.equal(Object.getPrototypeOf(verdict.claims), Object.prototype);
    }
  }
  assert.equal({}.admin, undefined);
});

test("claims that two readers could read differently are refused, though they were signed", async () => {
  const usual = `"iss":"${ISSUER}","aud":"${AUDIENCE}","exp":${second + 600}`;
  for (const payload of [
    `{${usual},"exp":9999999999}`,
    `{${usual},"a":{"b":1,"b":1}}`,
    `{${usual},"a":1,"\\u0061":1}`,
    `{${usual},"__proto__":{},"__proto__":{}}`,
    `{${usual},"a":9007199254740992}`,
    `{${usual},"a":-9007199254740992}`,
    `{${usual},"a":1e16}`,
    `{${usual},"a":1e400}`,
    `{${usual},"a":"\\ud800"}`,
    `{${usual},"a":${"[".repeat(40)}${"]".repeat(40)}}`,
    `{${usual},}`,
    `{${usual}} x`,
    `\ufeff{${usual}}`,
    `[{${usual}}]`,
    `"${usual.replaceAll('"', "'")}"`,
    "",
    "null",
    Buffer.concat([Buffer.from(`{${usual},"a":"`), Buffer.from([0xff]), Buffer.from('"}')]),
  ]) {
    const token = issuer.sealed({ alg: "ES256", kid: issuer.kid }, payload);
    assert.equal(outcome(verifier.verify(token)), "payload_invalid", String(payload));
  }
});

test("each verdict is an object of its own", () => {
  const token = issuer.mint();
  const first = verifier.verify(token);
  first.claims.sub = "changed";
  first.scopes.push("admin");
  assert.equal(verifier.verify(token).claims.sub, "app-1");
  assert.deepEqual(verifier.verify(token).scopes, ["reports:read", "reports:write"]);
});
