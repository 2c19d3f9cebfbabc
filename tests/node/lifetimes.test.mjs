// What is made and dropped, or freed, leaves nothing behind: neither memory of the core, nor objects, nor work.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { createApiKeyChecker, createGate, createJwtVerifier, createKeyAdmin } from "edgeward";
import { memoryStore } from "edgeward/store/memory";
import { AUDIENCE, ISSUER, NOW, keySet } from "../support/credentials.mjs";
import { KINDS, form, gatePolicy, issuer, now, policy, request, settled, token, turn } from "../support/lifetimes.mjs";

const newKey = { organization: "org_1", owner: "ada", revoker: "security", name: "nightly export", scopes: ["reports:read"] };

for (const [name, kind] of Object.entries(KINDS)) {
  test(`one of the kind "${name}" whose host reaches it is collected`, async () => {
    let gone = 0;
    const collected = new FinalizationRegistry(() => gone++);
    const service = async () => {
      const own = { store: memoryStore({ now }), now: () => (own.object === undefined ? NOW : NOW) };
      own.object = await kind.make({ store: own.store, now: () => own.now() });
      collected.register(own);
      await kind.use(own.object);
    };
    for (let made = 0; made < 20; made++) await service();
    for (let round = 0; round < 20 && gone < 20; round++) await settled();
    // The engine may remember the last ones a while longer.
    assert.ok(gone >= 18, `only ${gone} of 20 were collected`);
  });

  test(`one of the kind "${name}" that was freed says so, whatever it is asked`, async () => {
    const object = await kind.make({ store: memoryStore({ now }), now });
    object.free();
    object.free();
    object[Symbol.dispose]();
    const calls = Object.entries(object).filter(([member]) => !["free", "audit", "flush", "failed"].includes(member));
    assert.ok(calls.length > 0);
    for (const [member, call] of calls) {
      const argument = name === "gate" && member === "fetch" ? new Request(request.url) : request;
      // What hands back handlers or parts asks nothing itself: those do.
      const ask = {
        worker: () => call().fetch(new Request(request.url)),
        inventoryText: () => call().next(),
        reviewText: () => call("csv").next(),
      };
      const asked = async () => (ask[member] ?? (() => call(["setDenyList", "deny", "undeny"].includes(member) ? [] : argument, {})))();
      await assert.rejects(asked, { name: "Freed", message: /^the [a-z ]+ was freed: nothing can be asked of it any more$/ }, member);
    }
  });

  test(`one of the kind "${name}" frees itself at the end of its scope`, async () => {
    const object = await kind.make({ store: memoryStore({ now }), now });
    object[Symbol.dispose]();
    await assert.rejects(async () => kind.use(object), { name: "Freed" });
  });
}

test("a call that is under way when its object is freed comes to its end", async () => {
  const store = memoryStore({ now });
  const admin = await createKeyAdmin(form, { store, now });
  const { key, id } = await admin.issue(newKey);
  let answer;
  const slow = { get: (name) => new Promise((resolve) => (answer = () => resolve(store.get(name)))) };
  const checker = await createApiKeyChecker({ ...form, usageInterval: 0 }, { store: slow, now });
  const verdict = checker.check(key);
  checker.free();
  assert.throws(() => checker.check(key), { name: "Freed" });
  answer();
  assert.equal((await verdict).credentialId, id);
});

test("an object may be freed by what it calls", async () => {
  const verifier = await createJwtVerifier(policy, {
    now() {
      verifier?.free();
      return NOW;
    },
  });
  assert.equal(verifier.verify(token).ok, true);
  assert.throws(() => verifier.verify(token), { name: "Freed" });
});

test("a request that is forwarded when its gate is freed is answered and told of", async () => {
  const events = [];
  let fail;
  const origin = () => new Promise((_, reject) => (fail = () => reject(new Error("no"))));
  const gate = await createGate(gatePolicy, { origin, now, audit: (event) => void events.push(event) });
  const answer = gate.fetch(new Request(request.url, request));
  await turn();
  gate.free();
  fail();
  assert.equal((await answer).status, 502);
  assert.equal(events.at(-1).status_code, "origin_unavailable");
  assert.equal(gate.audit()[0].sent, events.length);
});

test("a gate that is freed sends the events that wait", async () => {
  const sent = [];
  const sink = { name: "slow", batch: { events: 100, bytes: 100_000, linger: 10_000 }, send: async (records) => void sent.push(...records) };
  const gate = await createGate(gatePolicy, { now, audit: sink });
  gate.check(request);
  assert.deepEqual(sent, []);
  gate.free();
  await gate.flush();
  assert.equal(sent.length, 1);
  assert.deepEqual(gate.audit()[0], { name: "slow", sent: 1, failed: 0, dropped: 0, waiting: 0 });
});

test("what goes on behind a request stops when the object is freed", async () => {
  let clock = NOW;
  const signals = [];
  const work = [];
  const host = {
    now: () => clock,
    waitUntil: (promise) => work.push(promise),
    fetch: async (url, { signal }) => {
      signals.push(signal);
      if (signals.length === 1) return Response.json(keySet(issuer));
      return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    },
  };
  const remote = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: "https://issuer.example/jwks" };
  const verifier = await createJwtVerifier({ issuers: [{ ...remote, keySet: { maxAge: 60, staleWhileRevalidate: 600, timeout: 10_000 } }] }, host);
  assert.equal((await verifier.verify(token)).ok, true);
  clock += 61_000;
  assert.equal(verifier.verify(token).ok, true);
  while (signals.length < 2) await turn();
  assert.equal(signals[1].aborted, false);
  verifier.free();
  assert.equal(signals[1].aborted, true);
  // Nothing is left to be waited for: neither the answer, nor the time that it had.
  await Promise.all(work);
  assert.equal(signals.length, 2);
});

test("an object that is dropped while something goes on behind a request goes when that is over", async () => {
  let [gone, clock] = [0, NOW];
  const collected = new FinalizationRegistry(() => gone++);
  const work = [];
  const answers = [];
  const remote = { issuer: ISSUER, audience: AUDIENCE, algorithms: ["ES256"], jwksUri: "https://issuer.example/jwks" };
  const drop = async () => {
    let asked = 0;
    const fetch = () => (asked++ === 0 ? Promise.resolve(Response.json(keySet(issuer))) : new Promise((resolve) => answers.push(() => resolve(Response.json(keySet(issuer))))));
    const host = { now: () => clock, waitUntil: (promise) => work.push(promise), fetch };
    const verifier = await createJwtVerifier({ issuers: [{ ...remote, keySet: { maxAge: 60, staleWhileRevalidate: 600 } }] }, host);
    clock = NOW;
    assert.equal((await verifier.verify(token)).ok, true);
    clock += 61_000;
    assert.equal(verifier.verify(token).ok, true);
    collected.register(verifier);
  };
  for (let made = 0; made < 20; made++) await drop();
  await settled();
  assert.equal(answers.length, 20);
  for (const answer of answers.splice(0)) answer();
  await Promise.all(work.splice(0));
  for (let round = 0; round < 20 && gone < 20; round++) await settled();
  assert.ok(gone >= 18, `only ${gone} of 20 were collected`);
});

test("a gate that is dropped sends the events that wait when their time has come", async () => {
  const sent = [];
  const sink = { name: "slow", batch: { events: 100, bytes: 100_000, linger: 50 }, send: async (records) => void sent.push(...records) };
  const drop = async () => void (await createGate(gatePolicy, { now, audit: sink })).check(request);
  for (let made = 0; made < 5; made++) await drop();
  await settled();
  while (sent.length < 5) await turn();
  assert.equal(sent.length, 5);
});

test("a request whose store never answers is collected with what it asked", async () => {
  let gone = 0;
  const collected = new FinalizationRegistry(() => gone++);
  const lost = async () => {
    const own = {};
    const admin = await createKeyAdmin(form, { store: { get: () => new Promise(() => {}), latest: () => new Promise(() => own), swap: () => true, list: () => null }, now });
    void admin.show("0123456789abcdefghjkmnpqrs").catch(() => {});
    collected.register(admin);
    collected.register(own);
  };
  for (let made = 0; made < 20; made++) await lost();
  for (let round = 0; round < 20 && gone < 40; round++) await settled();
  assert.ok(gone >= 36, `only ${gone} of 40 were collected`);
});

test("a host that knows no weak references and no disposal works, and frees by hand", async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL("../support/old-host.mjs", import.meta.url))]);
  const { verdicts, growth, members } = JSON.parse(stdout);
  assert.deepEqual(verdicts, [true, "signature_invalid", "Freed"]);
  assert.ok(growth <= 512 * 1024, `the core grew by ${growth} bytes`);
  assert.ok(members.includes("free") && !members.includes("undefined"));
});
