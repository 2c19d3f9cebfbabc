// The one suite of all hosts and bundlers. It imports nothing and names no host, so that it runs wherever the package does:
// it is given the package as it was imported there, its store in memory, and the vectors of vectors.mjs as JSON.

/** What was seen is not what was expected. */
class Differs extends Error {}

/** Two values as JSON, member by member; what is undefined is said to be. */
function same(actual, expected, what) {
  const text = (value) => JSON.stringify(value, (_, member) => (member === undefined ? "undefined" : member));
  if (text(actual) !== text(expected)) throw new Differs(`${what}: ${text(actual)}, and not ${text(expected)}`);
}

async function fails(action, name) {
  let error;
  try {
    await action();
  } catch (thrown) {
    error = thrown;
  }
  if (error === undefined) throw new Differs("nothing was thrown");
  same(error.name, name, "the name of the error");
  return error;
}

/** What a verdict comes to: the reason code, or true. */
const outcome = (verdict) => (verdict.ok === true ? true : [verdict.ok, verdict.code]);
const denied = (code) => [false, code];

const BACKENDS = ["native", "wasm"];

/** A token of each algorithm, on each backend, with and without a promise. A verifier of its own each: none knows the others' facts. */
function* ofAlgorithms({ algorithms, now }) {
  for (const { algorithm, policy, kid, good, bad, jws } of algorithms) {
    for (const signatures of BACKENDS) {
      const host = { now: () => now, signatures };
      const check = async (verify, promised) => {
        for (const [place, token] of good.entries()) {
          const answer = verify(token);
          if (promised !== undefined) same(answer instanceof Promise, promised, `a promise for token ${place}`);
          const verdict = await answer;
          same(outcome(verdict), true, `token ${place}`);
          const { class: credentialClass, subject, organization, scopes, credentialId, claims, cache } = verdict;
          same(
            [credentialClass, verdict.algorithm, verdict.kid, subject, organization, scopes, credentialId, claims.client_id, cache],
            ["m2m_token", algorithm, kid, "app-1", "org-1", ["reports:read", "reports:write"], `${algorithm}-${place + 1}`, "client-1", "miss"],
            `the verdict on token ${place}`,
          );
        }
        for (const [place, token] of bad.entries()) same(outcome(await verify(token)), denied("signature_invalid"), `bad token ${place}`);
        same((await verify(good[0])).cache, "hit", "the first token, again");
      };
      yield {
        name: `${algorithm}, ${signatures}: verify`,
        async run({ edgeward, expect }) {
          const verifier = await edgeward.createJwtVerifier(policy, host);
          const promised = signatures === "wasm" ? false : expect.promises?.includes(algorithm);
          await check((token) => verifier.verify(token), promised);
        },
      };
      yield {
        name: `${algorithm}, ${signatures}: verifySync`,
        async run({ edgeward }) {
          const verifier = await edgeward.createJwtVerifier(policy, host);
          await check((token) => verifier.verifySync(token), false);
        },
      };
      yield {
        name: `${algorithm}, ${signatures}: verifyJws`,
        async run({ edgeward }) {
          const verify = (text) => edgeward.verifyJws(text, policy.issuers[0].jwks, { algorithms: [algorithm] }, host);
          const verdict = await verify(jws.text);
          same([outcome(verdict), verdict.header?.alg, verdict.kid], [true, algorithm, kid], "the JWS");
          same(verdict.payload instanceof Uint8Array, true, "the payload is bytes");
          same(new TextDecoder().decode(verdict.payload), jws.payload, "the payload");
          same(outcome(await verify(jws.bad)), denied("signature_invalid"), "the bad one");
        },
      };
    }
  }
}

// Not every host's own cryptography takes a key so large. The core takes it then.
function* ofLargeKeys({ large, now }) {
  for (const signatures of BACKENDS) {
    yield {
      name: `an RSA key of 8192 bits, ${signatures}`,
      async run({ edgeward }) {
        const verify = (text) => edgeward.verifyJws(text, { keys: [large.jwk] }, { algorithms: ["RS256"] }, { now: () => now, signatures });
        const verdict = await verify(large.jws);
        same([outcome(verdict), new TextDecoder().decode(verdict.payload)], [true, large.payload], "the JWS");
        same(outcome(await verify(large.bad)), denied("signature_invalid"), "the bad one");
      },
    };
  }
}

function* ofTokens({ tokens, now }) {
  const { policy, good } = tokens;
  for (const signatures of BACKENDS) {
    const make = ({ edgeward }) => edgeward.createJwtVerifier(policy, { now: () => now, signatures });
    for (const { name, token, code } of tokens.cases) {
      yield {
        name: `a token ${name} is refused, ${signatures}`,
        async run(given) {
          const verifier = await make(given);
          same(outcome(await verifier.verify(token)), denied(code), "verify");
          const verdict = verifier.verifySync(token);
          same(outcome(verdict), denied(code), "verifySync");
          same([verdict.status, verdict.title.length > 0, verdict.detail.length > 0, "claims" in verdict], [401, true, true, false], "the verdict");
        },
      };
    }
    yield {
      name: `what is no string is no token, ${signatures}`,
      async run(given) {
        const verifier = await make(given);
        for (const token of [undefined, null, 1, {}, []]) same(outcome(await verifier.verify(token)), denied("token_malformed"), typeof token);
      },
    };
    yield {
      name: `scopes and the time of a single check, ${signatures}`,
      async run(given) {
        const verifier = await make(given);
        same(outcome(await verifier.verify(good, { scopes: ["reports:write"] })), true, "a scope that it has");
        same(outcome(await verifier.verify(good, { scopes: ["admin"] })), denied("scope_insufficient"), "a scope that it lacks");
        same(outcome(await verifier.verify(good, { now: now + 3_600_000 })), denied("token_expired"), "an hour later");
        same(outcome(await verifier.verify(good)), true, "now");
      },
    };
  }
}

function* ofKeys({ keys, now }) {
  const make = ({ edgeward, memoryStore }) => {
    const store = memoryStore({ now: () => now });
    for (const [name, record] of keys.records) store.put(name, record);
    return edgeward.createApiKeyChecker(keys.form, { store, now: () => now });
  };
  yield {
    name: "a good API key",
    async run(given) {
      const checker = await make(given);
      const verdict = await checker.check(keys.good.key, { scopes: ["reports:read"] });
      same(
        [outcome(verdict), verdict.class, verdict.credentialId, verdict.organization, verdict.record?.name],
        [true, "api_key", keys.good.id, keys.good.organization, "nightly reports"],
        "the verdict",
      );
      same(outcome(await checker.check(keys.good.key, { scopes: ["admin"] })), denied("scope_insufficient"), "a scope that it lacks");
    },
  };
  for (const { name, key, code } of keys.cases) {
    yield {
      name: `an API key ${name} is refused`,
      async run(given) {
        same(outcome(await (await make(given)).check(key)), denied(code), "the verdict");
      },
    };
  }
  yield {
    name: "an API key from its issue to its revocation",
    async run({ edgeward, memoryStore }) {
      const host = { store: memoryStore({ now: () => now }), now: () => now };
      const [admin, checker] = [await edgeward.createKeyAdmin(keys.form, host), await edgeward.createApiKeyChecker(keys.form, host)];
      const wanted = { organization: "org-2", owner: "ada", revoker: "security", name: "export", scopes: ["reports:read"] };
      const { id, key } = await admin.issue(wanted);
      same(outcome(await checker.check(key)), true, "once it is issued");
      await admin.revoke(id, { by: "ada", reason: "superseded" });
      const other = await edgeward.createApiKeyChecker(keys.form, host);
      same(outcome(await other.check(key)), denied("key_invalid"), "once it is revoked");
    },
  };
}

function* ofGate({ tokens, keys, now }) {
  const policy = {
    ...tokens.policy,
    apiKeys: keys.form,
    routes: [{ methods: ["GET"], path: "/v1/reports/:id", classes: ["m2m_token", "api_key"], scopes: ["reports:read"] }],
  };
  const make = async ({ edgeward, memoryStore }, origin) => {
    const events = [];
    const store = memoryStore({ now: () => now });
    for (const [name, record] of keys.records) store.put(name, record);
    const gate = await edgeward.createGate(policy, { store, now: () => now, origin, audit: (event) => void events.push(event) });
    return { gate, events };
  };
  const asked = (credential, path = "/v1/reports/1") =>
    new Request(`https://api.example${path}`, credential === undefined ? {} : { headers: { authorization: `Bearer ${credential}` } });
  yield {
    name: "the gate judges requests",
    async run(given) {
      const { gate, events } = await make(given);
      for (const [what, request, expected] of [
        ["a good token", asked(tokens.good), true],
        ["a good key", asked(keys.good.key), true],
        ["none", asked(), denied("credential_missing")],
        ["a bad token", asked(tokens.cases[0].token), denied(tokens.cases[0].code)],
        ["another path", asked(tokens.good, "/v1/other"), denied("route_unknown")],
      ]) {
        same(outcome(await gate.check(request)), expected, what);
      }
      const told = { method: "GET", url: "https://api.example/v1/reports/1", headers: { authorization: `Bearer ${tokens.good}` } };
      same(outcome(await gate.check(told)), true, "a request as an object");
      await gate.flush();
      same(events.length, 6, "the audit events");
    },
  };
  yield {
    name: "the gate tells one answer of bad keys, and its audit events the cause of each",
    async run(given) {
      const { gate, events } = await make(given);
      const bad = keys.cases.filter(({ key }) => key.includes("_"));
      for (const { name, key, code } of bad) same(outcome(await gate.check(asked(key))), denied(code), name);
      await gate.flush();
      same(events.map((event) => event.status_code), bad.map(({ cause }) => cause), "the causes");
      const line = JSON.stringify(events);
      for (const { name, key } of bad) same(line.includes(key), false, `the key ${name} stands in an event`);
    },
  };
  yield {
    name: "the gate forwards what is good, and answers the rest",
    async run(given) {
      let seen;
      const origin = {
        async fetch(request) {
          seen = Object.fromEntries(request.headers);
          return new Response("of the origin");
        },
      };
      const { gate } = await make(given, origin);
      const good = await gate.fetch(asked(tokens.good));
      same([good.status, await good.text()], [200, "of the origin"], "a good token");
      same([seen["edgeward-class"], seen["edgeward-organization"], "authorization" in seen], ["m2m_token", "org-1", false], "what the origin saw");
      seen = undefined;
      const bad = await gate.fetch(asked(keys.cases[0].key));
      const { code } = await bad.json();
      same([bad.status, code, bad.headers.get("content-type"), seen], [401, "key_invalid", "application/problem+json", undefined], "a bad key");
    },
  };
}

function* ofTheRest({ inspected, tokens, version, now }) {
  yield {
    name: "inspect looks into a token",
    async run({ edgeward }) {
      const { token, jwks, other } = inspected;
      const holds = (keys) => edgeward.inspect(token, { jwks: keys, now }).token.mathematics.holds;
      same([holds(jwks), holds(other)], [true, false], "the mathematics");
      same(edgeward.inspect("no token", { now }).class, null, "what is no credential");
    },
  };
  yield {
    name: "a wrong policy is an error when it is made, with every fault",
    async run({ edgeward }) {
      const [issuer] = tokens.policy.issuers;
      const wrong = { issuers: [{ ...issuer, algorithms: ["none"] }], more: 1 };
      const error = await fails(() => edgeward.createJwtVerifier(wrong, {}), "PolicyError");
      same(error.faults.map(({ pointer }) => pointer).sort(), ["/issuers/0/algorithms/0", "/issuers/0/jwks", "/more"], "where the faults are");
      await fails(() => edgeward.createJwtVerifier(tokens.policy, { signatures: "other" }), "TypeError");
    },
  };
  yield {
    name: "version",
    async run({ edgeward }) {
      same([edgeward.version(), edgeward.coreRestarts()], [version, 0], "the version, and how often the core was started anew");
    },
  };
}

/** Every case, by its name: what a runner expects to have passed. */
export function cases(vectors) {
  return [ofAlgorithms, ofLargeKeys, ofTokens, ofKeys, ofGate, ofTheRest].flatMap((part) => [...part(vectors)]);
}

/**
 * Runs every case on the package as this host has it, and throws nothing. `expect.promises`, where it is given, names the
 * algorithms for which this host's native check answers by a promise.
 */
export async function suite({ edgeward, memoryStore, vectors, expect = {} }) {
  const [passed, failed] = [[], []];
  for (const { name, run } of cases(vectors)) {
    try {
      await run({ edgeward, memoryStore, expect });
      passed.push(name);
    } catch (error) {
      failed.push({ name, error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) });
    }
  }
  return { passed, failed };
}
