// After the core failed: the next request works, those that waited are not harmed, and what failed never answers again.
import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { after, afterEach, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { coreTraps } from "../support/core-traps.mjs";
import { NOW, apiKey, keySet, signer, tokenPolicy } from "../support/credentials.mjs";

const edgeward = await import("edgeward");
const { coreRestarts, createApiKeyChecker, createGate, createJwtVerifier, createKeyAdmin } = edgeward;

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc");
/** Lets finalizers run. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

const issuer = signer("ES256");
const key = apiKey();
const form = { prefix: "acme", environment: "live" };
const policy = {
  ...tokenPolicy(issuer),
  apiKeys: form,
  routes: [{ methods: ["GET"], path: "/v1/*", classes: ["m2m_token", "api_key"] }],
};

const said = [];
const { error } = console;
console.error = (...words) => void said.push(words.join(" "));
after(() => void (console.error = error));
afterEach(() => {
  for (const { calledAfter } of coreTraps.instances) assert.deepEqual(calledAfter, [], "a failed instance was called again");
  said.length = 0;
});

/** A store whose reads are answered when the test says so. */
function slowStore(...keys) {
  const values = new Map(keys.map(({ storeKey, record }) => [storeKey, JSON.stringify(record)]));
  const waiting = [];
  const reads = [];
  const later = (answer) => new Promise((resolve) => waiting.push(() => resolve(answer())));
  return {
    values,
    reads,
    swaps: [],
    waiting,
    /** Answers whatever is asked from now on until nothing is. */
    async answer() {
      for (;;) {
        await turn();
        if (waiting.length === 0) return;
        for (const resolve of waiting.splice(0)) resolve();
      }
    },
    get(name) {
      reads.push(name);
      return later(() => values.get(name) ?? null);
    },
    swap(name, expected, value) {
      this.swaps.push(name);
      return later(() => {
        if ((values.get(name) ?? null) !== expected) return false;
        if (value === null) values.delete(name);
        else values.set(name, value);
        return true;
      });
    },
  };
}

const quickStore = (...keys) => {
  const values = new Map(keys.map(({ storeKey, record }) => [storeKey, JSON.stringify(record)]));
  return {
    values,
    get: (name) => values.get(name) ?? null,
    put: (name, value) => void values.set(name, value),
    delete: (name) => void values.delete(name),
    async list({ prefix, limit, cursor = "0" }) {
      const names = [...values.keys()].filter((name) => name.startsWith(prefix)).sort();
      const end = Number(cursor) + limit;
      const keys = names.slice(Number(cursor), end).map((name) => ({ name }));
      return end < names.length ? { keys, list_complete: false, cursor: String(end) } : { keys, list_complete: true };
    },
  };
};

const bearer = (credential, init = {}) => {
  const { path = "/v1/a", headers, ...rest } = init;
  return new Request(`https://api.example${path}`, { ...rest, headers: { authorization: `Bearer ${credential}`, ...headers } });
};
const written = async (document) => {
  let text = "";
  for await (const part of document) text += part;
  return text;
};
const code = (verdict) => verdict.ok || verdict.code;

/** Lets the core fail at a request of its own. */
async function fail(how = "trap") {
  const before = coreRestarts();
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  coreTraps.once("tokenverifier_verifyPresented", how);
  assert.equal(code(verifier.verify(issuer.mint())), "host_failed");
  assert.equal(coreRestarts(), before + 1);
}

for (const how of ["trap", "panic", "stack"]) {
  test(`the next request works: ${how}`, async () => {
    const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
    const token = issuer.mint();
    const before = coreRestarts();
    coreTraps.once("tokenverifier_verifyPresented", how);
    const { ok, code, status } = verifier.verify(token);
    assert.deepEqual([ok, code, status], [false, "host_failed", 503]);
    assert.equal(coreRestarts(), before + 1);
    assert.equal(verifier.verify(token).ok, true);
    assert.equal(verifier.verifySync(token).ok, true);
    assert.equal(said.filter((line) => line.startsWith("edgeward: the core failed and is started anew")).length, 1);
  });
}

test("a panic is told by its place, once, and of no request", async () => {
  const checker = await createApiKeyChecker(form, { store: quickStore(key), now: () => NOW });
  coreTraps.once("keychecker_check", "panic");
  assert.equal(code(checker.check(key.key)), "host_failed");
  const panics = said.filter((line) => line.includes("panicked"));
  assert.equal(panics.length, 1);
  assert.match(panics[0], /^edgeward: the core panicked at .+\.rs:\d+:\d+: /);
  for (const line of said) assert.ok(!line.includes(key.secret) && !line.includes(key.id));
  assert.equal(checker.check(key.key).ok, true);
});

test("whatever was made before is there afterwards", async () => {
  const store = quickStore(key);
  const host = { store, now: () => NOW };
  const admin = await createKeyAdmin(form, host);
  const checker = await createApiKeyChecker(form, host);
  const verifier = await createJwtVerifier(tokenPolicy(issuer), host);
  const gate = await createGate(policy, { ...host, audit: () => undefined, origin: () => new Response("origin") });
  const origin = await edgeward.createOriginCheck({ issuer: "https://api.example", audience: "o", algorithms: ["ES256"], jwks: keySet(issuer) }, host);
  const jws = signer("RS256");
  const algorithms = { algorithms: ["RS256"] };
  const signed = jws.mint();
  assert.equal((await edgeward.verifyJws(signed, keySet(jws), algorithms, host)).ok, true);
  const inventory = await written(admin.inventoryText());
  await fail();
  const issued = await admin.issue({ organization: "org-1", owner: "a@example.com", revoker: "b@example.com", name: "n", scopes: [] });
  await fail();
  assert.equal((await checker.check(issued.key)).ok, true);
  await fail();
  assert.equal((await verifier.verify(issuer.mint())).ok, true);
  await fail();
  assert.deepEqual(verifier.keySets(), []);
  await fail();
  assert.equal(verifier.denySnapshot(), null);
  await fail();
  assert.deepEqual(await verifier.refresh(), []);
  await fail();
  assert.equal((await gate.check(bearer(issuer.mint()))).ok, true);
  await fail();
  assert.equal(await (await gate.fetch(bearer(key.key))).text(), "origin");
  await fail();
  assert.deepEqual([gate.keySets(), gate.denySnapshot()], [[], null]);
  await fail();
  assert.equal((await edgeward.verifyJws(signed, keySet(jws), algorithms, host)).ok, true);
  await fail();
  assert.equal(code(await origin.check({ method: "GET", url: "/", headers: {} })), "assertion_missing");
  await fail();
  assert.deepEqual([origin.keySets(), await origin.refresh()], [[], []]);
  await fail();
  assert.equal((await admin.show(key.id)).record.name, key.record.name);
  await fail();
  assert.equal((await admin.review()).findings !== undefined, true);
  await admin.revoke(issued.id, { by: "b@example.com", reason: "unused" });
  for (const name of store.values.keys()) if (name !== key.storeKey) store.values.delete(name);
  await fail();
  assert.equal(await written(admin.inventoryText()), inventory);
  await fail();
  assert.equal(edgeward.inspect(issuer.mint(), { now: NOW }).class, "m2m_token");
  await fail();
  assert.ok(edgeward.forgeries(issuer.mint(), { now: NOW }).length > 0);
  await fail();
  assert.ok(edgeward.lifecycle().length > 0);
  await fail();
  assert.ok(Array.isArray(edgeward.lint(policy)));
  await fail();
  assert.ok(edgeward.reviewPolicy(policy));
  await fail();
  assert.match(edgeward.version(), /^\d+\./);
  await fail();
  const fetched = await edgeward.takeSnapshot("https://issuer.example/jwks.json", {
    fetch: async () => Response.json(keySet(issuer)),
    now: () => NOW,
  });
  assert.ok(fetched);
});

test("a hundred that wait are not harmed, and one that failed is 503", async () => {
  const keys = Array.from({ length: 100 }, () => apiKey());
  const store = slowStore(...keys);
  const events = [];
  const gate = await createGate(policy, {
    store,
    now: () => NOW,
    audit: (event) => void events.push(event),
    origin: (request) => new Response(request.headers.get("edgeward-credential-id")),
  });
  const answers = keys.map(({ key }) => gate.fetch(bearer(key)));
  await turn();
  assert.equal(store.waiting.length, 100);
  coreTraps.once("gate_handle");
  const failed = await gate.fetch(bearer(issuer.mint()));
  assert.equal(failed.status, 503);
  assert.equal((await failed.json()).code, "host_failed");
  await store.answer();
  const bodies = await Promise.all(answers.map(async (answer) => [(await answer).status, await (await answer).text()]));
  assert.deepEqual(bodies, keys.map(({ id }) => [200, id]));
  for (const { storeKey } of keys) assert.equal(store.reads.filter((read) => read === storeKey).length, 2);
  // Each is decided, and reported, once.
  assert.deepEqual(events.map((event) => event.status_code).sort(), ["host_failed", ...keys.map(() => "allowed")].sort());
});

test("one that waits may fail itself, and its neighbours still go on", async () => {
  const [first, second] = [apiKey(), apiKey()];
  const store = slowStore(first, second);
  const checker = await createApiKeyChecker(form, { store, now: () => NOW });
  const verdicts = [checker.check(first.key), checker.check(second.key)];
  coreTraps.once("task_resume");
  await store.answer();
  assert.deepEqual((await Promise.all(verdicts)).map(code), ["host_failed", true]);
});

test("others cannot make it run for ever", async () => {
  const store = slowStore(key);
  const checker = await createApiKeyChecker(form, { store, now: () => NOW });
  const verdict = checker.check(key.key);
  for (let round = 0; round < 4; round++) {
    await fail();
    for (const resolve of store.waiting.splice(0)) resolve();
    await turn();
  }
  assert.equal(code(await verdict), "host_failed");
  assert.equal(store.reads.length, 4);
});

test("a change that was under way is not made twice, and one that only looked so far is made", async () => {
  const store = slowStore(key);
  const admin = await createKeyAdmin(form, { store, now: () => NOW });
  const issued = admin.issue({ organization: "org-1", owner: "a@example.com", revoker: "b@example.com", name: "n", scopes: [] });
  const refused = assert.rejects(issued, { name: "KeyAdminError", code: "host_failed", status: 503 });
  await turn();
  assert.equal(store.swaps.length, 1);
  await fail();
  await store.answer();
  await refused;
  assert.equal(store.swaps.length, 1);

  const disabled = admin.disable(key.id);
  await turn();
  assert.equal(store.swaps.length, 1, "it reads the record first");
  await fail();
  await store.answer();
  assert.equal((await disabled).disabled, true);
  assert.equal(store.swaps.length, 2);
});

test("the body of a request is there when it is handled again", async () => {
  const store = slowStore(key);
  const bootstrapSecret = "b".repeat(40);
  const administered = { ...policy, admin: { issuer: "https://issuer.example" } };
  const gate = await createGate(administered, { store, now: () => NOW, audit: () => undefined, bootstrapSecret });
  const body = JSON.stringify({ reason: "key_compromise" });
  const path = `/_edgeward/admin/keys/${key.id}/revoke`;
  const answer = gate.fetch(bearer(bootstrapSecret, { method: "POST", path, body, headers: { "content-type": "application/json" } }));
  // Until the record is read, which comes after the body.
  for (let round = 0; round < 20 && !store.reads.includes(key.storeKey); round++) {
    for (const resolve of store.waiting.splice(0)) resolve();
    await turn();
  }
  assert.ok(store.reads.includes(key.storeKey), store.reads.join());
  assert.deepEqual(store.swaps, []);
  const before = store.reads.length;
  await fail();
  await store.answer();
  assert.equal((await answer).status, 200);
  assert.ok(store.reads.length > before, "it was handled again");
  assert.equal(JSON.parse(store.values.get(key.storeKey)).revocation.reason, "key_compromise");
});

test("a core that fails at the origin's answer is given up as at any other time, and the answer is not handed on", async () => {
  const events = [];
  let cancelled = 0;
  const origin = () => new Response(new ReadableStream({ cancel: () => void cancelled++ }));
  const gate = await createGate(policy, { now: () => NOW, store: quickStore(key), audit: (event) => void events.push(event), origin });
  const before = coreRestarts();
  coreTraps.once("endedOfAnswer");
  const failed = await gate.fetch(bearer(key.key));
  assert.deepEqual([failed.status, (await failed.json()).code], [503, "host_failed"]);
  assert.equal(coreRestarts(), before + 1);
  assert.equal(cancelled, 1);
  // The glue lets go of a text that it did not get, on its way out.
  for (const { calledAfter } of coreTraps.instances) assert.deepEqual(calledAfter.splice(0).filter((name) => name !== "__wbindgen_free"), []);
  assert.deepEqual(events.map((event) => event.status_code), ["allowed", "host_failed"]);
  const next = await gate.fetch(bearer(key.key));
  assert.equal(next.status, 200);
  await next.body.cancel();
});

test("an origin's answer that comes after a failure is not shown to the instance that failed", async () => {
  let answer;
  const origin = () => new Promise((resolve) => (answer = resolve));
  const gate = await createGate(policy, { now: () => NOW, store: quickStore(key), audit: () => undefined, origin });
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const waiting = gate.fetch(bearer(key.key));
  await turn();
  // No other instance can be started yet.
  coreTraps.refuse(1);
  coreTraps.once("tokenverifier_verifyPresented");
  assert.equal(code(verifier.verify(issuer.mint())), "host_failed");
  answer(new Response("origin", { headers: { connection: "x-hop", "x-hop": "1" } }));
  const answered = await waiting;
  assert.deepEqual([answered.status, answered.headers.get("x-hop"), await answered.text()], [200, null, "origin"]);
});

test("a core that failed within a call of the host decides nothing for the outer one", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  let inner;
  const store = {
    get() {
      coreTraps.once("tokenverifier_verifyPresented");
      inner = verifier.verifySync(issuer.mint());
      return JSON.stringify(key.record);
    },
  };
  const checker = await createApiKeyChecker(form, { store, now: () => NOW });
  const before = coreRestarts();
  assert.equal(code(checker.check(key.key)), "host_failed");
  assert.equal(code(inner), "host_failed");
  assert.equal(coreRestarts(), before + 1);
  assert.equal(verifier.verify(issuer.mint()).ok, true);
  // Its frames were still there, and went on to their end: that they did is no answer.
  for (const state of coreTraps.instances) state.calledAfter.length = 0;
});

test("an error of the host that cannot even be read is one of the host, and harms nobody", async () => {
  const unreadable = Object.defineProperty(new Error(), "message", { get: () => assert.fail("injected") });
  const store = { get: () => Promise.reject(unreadable) };
  const checker = await createApiKeyChecker(form, { store, now: () => NOW });
  const before = coreRestarts();
  assert.equal(code(await checker.check(key.key)), "store_unavailable");
  assert.equal(coreRestarts(), before);
});

test("where another instance cannot be started, each request tries once", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const checker = await createApiKeyChecker(form, { store: slowStore(key), now: () => NOW });
  const waiting = checker.check(key.key);
  const [restarts, refusals] = [coreRestarts(), coreTraps.refusals()];
  coreTraps.refuse(4);
  coreTraps.once("tokenverifier_verifyPresented");
  const verdicts = Array.from({ length: 4 }, () => code(verifier.verify(issuer.mint())));
  assert.deepEqual(verdicts, Array(4).fill("host_failed"));
  assert.deepEqual([coreTraps.refusals() - refusals, coreRestarts() - restarts], [4, 0]);
  assert.equal(code(verifier.verify(issuer.mint())), true);
  assert.equal(coreRestarts(), restarts + 1);
  void waiting;
});

test("a failure while it starts, or while something is made again, is 503 once for each request", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const ask = () => code(verifier.verify(issuer.mint()));
  for (const name of ["__wbindgen_start", "tokenverifier_new"]) {
    const started = coreTraps.instances.length;
    coreTraps.once("tokenverifier_verifyPresented");
    const verdicts = await coreTraps.during([name], () => [ask(), ask(), ask()]);
    assert.deepEqual(verdicts, Array(3).fill("host_failed"), name);
    assert.ok(coreTraps.instances.length - started <= 3, name);
    assert.equal(ask(), true, name);
  }
});

test("a deny list that was set is in force afterwards", async () => {
  const host = { store: quickStore(key), now: () => NOW };
  const gate = await createGate(policy, { ...host, audit: () => undefined });
  const verifier = await createJwtVerifier(tokenPolicy(issuer), host);
  const list = [{ organization: "org-1" }];
  gate.setDenyList(list);
  verifier.setDenyList(list);
  await fail();
  assert.equal(code(await gate.check(bearer(key.key))), "key_invalid");
  assert.equal(code(await gate.check(bearer(issuer.mint()))), "token_invalid");
  assert.equal(code(await verifier.verify(issuer.mint())), "token_invalid");
  // A list that is refused, or at which the core failed, leaves the one before.
  assert.throws(() => gate.setDenyList("no list"));
  coreTraps.once("gate_setDenyList");
  assert.throws(() => gate.setDenyList([]), /^CoreFailed: the core failed$/);
  assert.equal(code(await gate.check(bearer(key.key))), "key_invalid");
  gate.setDenyList([]);
  await fail();
  assert.equal((await gate.check(bearer(key.key))).ok, true);
});

test("strict mode is closed until the list is read again", async () => {
  const signing = { ...generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" }), kid: "deny-1" };
  const { d, ...published } = signing;
  const store = quickStore(key);
  const strict = { ...policy, denySnapshot: { maxAge: 60, jwks: { keys: [published] } } };
  const gate = await createGate(strict, {
    store,
    now: () => NOW,
    denySigningKey: signing,
    audit: () => undefined,
    waitUntil: () => undefined,
  });
  await gate.deny([{ key: key.id }]);
  assert.equal(code(await gate.check(bearer(key.key))), "key_invalid");
  await fail();
  assert.equal(code(await gate.check(bearer(key.key))), "key_invalid", "read again from the store");
  store.values.delete("deny/snapshot");
  await fail();
  assert.equal(code(await gate.check(bearer(key.key))), "deny_snapshot_unavailable");
  assert.equal(code(await gate.check(bearer(issuer.mint()))), "deny_snapshot_unavailable");
});

test("keys of the platform belong to one instance, whose numbers mean others in the next", async () => {
  // In an instance where no key was counted yet.
  await fail();
  const [first, second] = ["first", "second"].map((kid) => signer("ES256", { kid, another: true }));
  const pair = await createJwtVerifier(tokenPolicy([first, second]), { now: () => NOW });
  const other = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const posing = second.mint({ header: { kid: "first" } });
  const verdicts = () => [first.mint(), second.mint(), posing].map((token) => code(pair.verify(token)));
  assert.deepEqual(verdicts(), [true, true, "signature_invalid"]);
  coreTraps.once("tokenverifier_verifyPresented");
  assert.equal(code(pair.verify(first.mint())), "host_failed");
  // Made again in the other order: the first of the pair has the number that was the second's.
  assert.equal(other.verify(issuer.mint()).ok, true);
  assert.deepEqual(verdicts(), [true, true, "signature_invalid"]);
});

test("health says how often it was", async () => {
  const open = { ...policy, metrics: { public: true } };
  const gate = await createGate(open, { store: quickStore(key), now: () => NOW, audit: () => undefined });
  await fail();
  const health = await (await gate.fetch(new Request("https://api.example/_edgeward/health"))).json();
  assert.equal(health.restarts, coreRestarts());
});

test("a document that had begun ends with an error, one that had not is written", async () => {
  const store = quickStore(...Array.from({ length: 150 }, () => apiKey()));
  const admin = await createKeyAdmin(form, { store, now: () => NOW });
  const whole = await written(admin.inventoryText());
  const waiting = written(admin.inventoryText());
  await fail();
  assert.equal(await waiting, whole);
  const begun = admin.inventoryText();
  assert.equal((await begun.next()).done, false);
  await fail();
  await assert.rejects(begun.next(), { name: "KeyAdminError", code: "host_failed", status: 503 });
});

test("what is let go of an old instance is not let go in the new one", async () => {
  const store = slowStore(key);
  for (let round = 0; round < 50; round++) {
    const checker = await createApiKeyChecker(form, { store, now: () => NOW });
    void checker.check(key.key);
  }
  await turn();
  await fail();
  const fresh = coreTraps.instances.at(-1);
  const freed = fresh.freed;
  for (let round = 0; round < 5; round++) {
    collect();
    await turn();
  }
  assert.equal(fresh.freed, freed);
});

test("memory stays flat over thousands of them", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), { now: () => NOW });
  const token = issuer.mint();
  const rounds = async (number) => {
    for (let round = 0; round < number; round++) {
      coreTraps.once("tokenverifier_verifyPresented");
      verifier.verify(token);
      coreTraps.instances.length = 0;
      said.length = 0;
      if (round % 100 === 0) await turn();
    }
    assert.equal(verifier.verify(token).ok, true);
    for (let round = 0; round < 3; round++) {
      collect();
      await turn();
    }
    const { heapUsed, external, arrayBuffers } = process.memoryUsage();
    return heapUsed + external + arrayBuffers;
  };
  const before = await rounds(500);
  const grown = (await rounds(3000)) - before;
  assert.ok(grown < 4 * 2 ** 20, `${grown} bytes more`);
});
