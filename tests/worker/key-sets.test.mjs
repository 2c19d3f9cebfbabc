// Key sets that are fetched, in workerd: many isolates over one store, an issuer with every kind of trouble, and one that
// rotates its keys.
import assert from "node:assert/strict";
import http from "node:http";
import { after, before, test } from "node:test";
import { AUDIENCE, keySet, segment, signer } from "../support/credentials.mjs";
import { signingKey, startAuthorizationServer } from "../support/authorization-server.mjs";
import { startGate } from "../support/gate.mjs";
import { startIssuer } from "../support/issuer-server.mjs";
import { until } from "../support/until.mjs";

/** How the gate keeps the set; in seconds, the time-out in milliseconds. */
const KEPT = { maxAge: 60, staleWhileRevalidate: 60, maxStale: 600, cooldown: 5, timeout: 400 };
const ISOLATES = 32;
const [one, two] = ["one", "two"].map((kid) => signer("ES256", { kid, another: true }));
const agent = new http.Agent({ keepAlive: true });

let issuer;
let gate;
let unused = 0;
before(async () => {
  issuer = await startIssuer(keySet(one));
  gate = await startGate({ documents: documents(issuer, { jwksUri: issuer.jwksUri }), isolates: ISOLATES, clock: true });
});
after(async () => {
  agent.destroy();
  await gate.stop();
  await issuer.stop();
});

function documents({ issuer }, keys, algorithm = "ES256") {
  return { policy: { issuers: [{ issuer, audience: AUDIENCE, algorithms: [algorithm], keySet: KEPT, ...keys }] }, snapshots: {} };
}

/** What workerd and the Worker complain of. */
const troubled = (log) => log.filter((line) => /^(error|warn): /.test(line));

/** An isolate that has seen no request yet. */
function coldIsolate() {
  assert.ok(unused < ISOLATES, "there are too few isolates");
  return unused++;
}

/** A token that outlives every clock of these tests. */
function mint(signer = one, name = issuer.issuer) {
  const now = Date.now();
  return signer.mint({ claims: { iss: name, exp: Math.floor(now / 1000) + 1_000_000 }, now });
}

/** The verdict of an isolate, put into one word, and how long it took. */
function ask(isolate, { token = mint(), ahead, of = gate } = {}) {
  const headers = { authorization: `Bearer ${token}`, ...(ahead === undefined ? {} : { "clock-ahead": String(ahead) }) };
  const started = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.get(new URL("/_edgeward/verify", of.urls[isolate]), { agent, headers }, async (response) => {
      let text = "";
      for await (const piece of response.setEncoding("utf8")) text += piece;
      const verdict = JSON.parse(text);
      resolve({ word: verdict.ok || verdict.code, status: verdict.status, took: performance.now() - started });
    });
    request.on("error", reject);
  });
}
const word = async (...question) => (await ask(...question)).word;

const entries = async ({ store } = gate) => {
  const { keys } = await store.list({ prefix: "jwks/" });
  return Promise.all(keys.map(async ({ name }) => [name, JSON.parse(await store.get(name))]));
};
async function emptyStore({ store } = gate) {
  for (const [name] of await entries({ store })) await store.delete(name);
}
/** Makes the set in the store older by some seconds, as if they had passed. */
async function age(seconds) {
  for (const [name, entry] of await entries()) {
    await gate.store.put(name, JSON.stringify({ ...entry, fetchedAt: entry.fetchedAt - seconds }));
  }
}
const filled = (condition = () => true, of = gate) =>
  until(async () => (await entries(of)).some(([, entry]) => condition(entry)), "the store is filled");

/** The issuer is well, and the store has its set, which is as old as this. */
async function storeHolds(seconds) {
  issuer.answers("well");
  if ((await entries()).length === 0) {
    if (written === undefined) await gate.scheduled(coldIsolate());
    else await gate.store.put(...written);
    await filled();
  }
  const [[name, entry]] = await entries();
  written ??= [name, JSON.stringify(entry)];
  await gate.store.put(name, JSON.stringify({ ...entry, fetchedAt: Math.floor(Date.now() / 1000) - seconds }));
}
let written;

/** How often the issuer is asked for its keys meanwhile. */
async function fetches(work) {
  const before = issuer.asked.keys;
  await work();
  return issuer.asked.keys - before;
}

test("the log would show a request that waits for nothing, or for what is another's", async () => {
  const waiting = `
    let theirs;
    export default {
      async fetch(request) {
        if (request.url.endsWith("/waits")) await new Promise(() => undefined);
        if (request.url.endsWith("/theirs")) await theirs;
        theirs = new Promise((resolve) => setTimeout(resolve, 10));
        return new Response("mine");
      },
    };`;
  const worker = await startGate({ worker: waiting });
  try {
    for (const path of ["/waits", "/mine", "/theirs"]) await (await fetch(new URL(path, worker.urls[0]))).arrayBuffer();
    await worker.logged((log) => troubled(log).length >= 2);
    assert.match(troubled(worker.log)[0], /had hung and would never generate a response/);
    assert.match(troubled(worker.log)[1], /created by a request that has since ended/);
  } finally {
    await worker.stop();
  }
});

test("isolates that start one after the other need one fetch", async () => {
  await emptyStore();
  const made = await fetches(async () => {
    assert.equal(await word(coldIsolate()), true);
    await filled();
    for (let isolate = 0; isolate < 7; isolate++) assert.equal(await word(coldIsolate()), true);
  });
  assert.equal(made, 1);
});

// They cannot know of each other before the first one has written what it fetched.
test("isolates that start at one time make a fetch each at most, and later ones none", async () => {
  await emptyStore();
  issuer.answers("held");
  const several = Array.from({ length: 4 }, coldIsolate);
  const made = await fetches(async () => {
    const answers = several.map((isolate) => word(isolate));
    await until(() => issuer.waiting() === several.length, "all of them ask");
    issuer.answers("well");
    issuer.release();
    assert.deepEqual(await Promise.all(answers), several.map(() => true));
    await filled();
    assert.equal(await word(coldIsolate()), true);
  });
  assert.equal(made, several.length);
});

test("the first requests of an isolate make one fetch, and all are answered by it", async () => {
  await emptyStore();
  issuer.answers("held");
  const isolate = coldIsolate();
  const made = await fetches(async () => {
    const answers = Array.from({ length: 40 }, () => word(isolate));
    await until(() => issuer.waiting() > 0, "the issuer is asked");
    issuer.answers("well");
    issuer.release();
    assert.deepEqual(new Set(await Promise.all(answers)), new Set([true]));
  });
  assert.equal(made, 1);
});

test("requests that wait for an issuer that never answers are all told at its time-out", async () => {
  await emptyStore();
  issuer.answers("never");
  const isolate = coldIsolate();
  const made = await fetches(async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(isolate)));
    assert.deepEqual(new Set(answers.map(({ word, status }) => `${status} ${word}`)), new Set(["503 key_set_unavailable"]));
  });
  assert.equal(made, 1);
});

test("a client that leaves while its request asks the issuer holds up nobody", async () => {
  await emptyStore();
  issuer.answers("held");
  const isolate = coldIsolate();
  const made = await fetches(async () => {
    const headers = { authorization: `Bearer ${mint()}` };
    const leader = gate.impatient("/_edgeward/verify", { headers, after: 50, isolate });
    await until(() => issuer.waiting() > 0, "the issuer is asked");
    const others = Array.from({ length: 10 }, () => word(isolate));
    assert.equal((await leader).status, 499);
    issuer.answers("well");
    issuer.release();
    assert.deepEqual(new Set(await Promise.all(others)), new Set([true]));
  });
  // Somebody who took the work over would have asked again.
  assert.equal(made, 1);
});

test("so it is where the issuer is asked for two things, one after the other", async () => {
  const other = await startIssuer(keySet(one));
  const found = await startGate({ documents: documents(other, { discovery: "openid-configuration" }), clock: true });
  try {
    other.holdsMetadata(true);
    const token = mint(one, other.issuer);
    const headers = { authorization: `Bearer ${token}` };
    const leader = found.impatient("/_edgeward/verify", { headers, after: 50 });
    await until(() => other.waiting() > 0, "the issuer is asked");
    const others = Array.from({ length: 10 }, () => word(0, { token, of: found }));
    assert.equal((await leader).status, 499);
    other.release();
    assert.deepEqual(new Set(await Promise.all(others)), new Set([true]));
    assert.deepEqual(other.asked, { keys: 1, metadata: 1, elsewhere: 0 });
    assert.deepEqual(troubled(found.log), []);
  } finally {
    await found.stop();
    await other.stop();
  }
});

for (const way of ["slowly", "never", "reset", "cut", "garbage", "error", "endless", "down"]) {
  test(`a set that is stale is used at once where the issuer has trouble (${way})`, async () => {
    await storeHolds(KEPT.maxAge);
    await (way === "down" ? issuer.goDown() : issuer.answers(way));
    try {
      const isolate = coldIsolate();
      // The first one finds the set in the store, and the others have it.
      for (let request = 0; request < 10; request++) {
        const { word, took } = await ask(isolate);
        assert.equal(word, true);
        assert.ok(took < KEPT.timeout, `request ${request} took ${took} ms`);
      }
    } finally {
      if (way === "down") await issuer.comeUp();
      issuer.answers("well");
    }
  });
}

test("what is fetched behind a request goes on when the request is answered", async () => {
  await storeHolds(KEPT.maxAge);
  const [[, before]] = await entries();
  issuer.answers("held");
  const isolate = coldIsolate();
  assert.equal(await word(isolate), true);
  await until(() => issuer.waiting() === 1, "the issuer is asked");
  issuer.answers("well");
  issuer.release();
  await filled((entry) => entry.fetchedAt >= before.fetchedAt + KEPT.maxAge);
  assert.equal(await fetches(() => word(isolate)), 0);
});

test("while the issuer fails a set is used to its end, and past that it cannot be told", async () => {
  await storeHolds(KEPT.maxAge + KEPT.staleWhileRevalidate);
  issuer.answers("error");
  assert.equal(await word(coldIsolate()), true, "it asked first");
  await age(KEPT.maxStale - KEPT.staleWhileRevalidate);
  const late = await ask(coldIsolate());
  assert.deepEqual([late.word, late.status], ["key_set_unavailable", 503]);
  // An isolate that has held it all the time.
  issuer.answers("well");
  await storeHolds(0);
  const isolate = coldIsolate();
  assert.equal(await word(isolate), true);
  issuer.answers("error");
  await emptyStore();
  assert.equal(await word(isolate, { ahead: KEPT.maxAge }), true);
  assert.equal(await word(isolate, { ahead: KEPT.maxAge + KEPT.maxStale - 2 }), true);
  const over = await ask(isolate, { ahead: KEPT.maxAge + KEPT.maxStale + 1 });
  assert.deepEqual([over.word, over.status], ["key_set_stale", 503]);
  issuer.answers("well");
  assert.equal(await word(isolate, { ahead: KEPT.maxAge + KEPT.maxStale + KEPT.cooldown + 1 }), true);
});

test("keys that nobody has make one fetch, however many ask for them at one time", async () => {
  await storeHolds(0);
  const isolate = coldIsolate();
  assert.equal(await word(isolate), true);
  const rest = mint().slice(mint().indexOf("."));
  const made = await fetches(async () => {
    const flood = Array.from({ length: 100 }, (_, number) =>
      word(isolate, { token: `${segment({ alg: "ES256", kid: `nobody-${number}`, typ: "at+jwt" })}${rest}`, ahead: KEPT.cooldown + 1 }));
    assert.deepEqual(new Set(await Promise.all(flood)), new Set(["signing_key_unknown"]));
  });
  assert.equal(made, 1);
});

test("the handler for cron triggers fills the store, so that no request asks the issuer", async () => {
  await emptyStore();
  issuer.answers("well");
  const isolate = coldIsolate();
  assert.equal(await fetches(async () => assert.equal((await gate.scheduled(isolate)).outcome, "ok")), 1);
  await filled();
  assert.equal(await fetches(async () => assert.equal(await word(coldIsolate()), true)), 0);
  assert.equal(await fetches(async () => assert.equal(await word(isolate), true)), 0);
  issuer.answers("garbage");
  assert.equal((await gate.scheduled(coldIsolate())).outcome, "ok", "an issuer in trouble is no failure of the run");
  issuer.answers("well");
});

test("a real issuer rotates its keys under the Worker: new tokens work at once, old ones as long as promised", async () => {
  const server = await startAuthorizationServer();
  const rotating = await startGate({ documents: documents(server, { discovery: "openid-configuration" }, "RS256"), isolates: 2, clock: true });
  try {
    const of = rotating;
    const [before, after] = [signingKey("before"), signingKey("after")];
    server.rotate(before);
    const old = await server.mint("jwt");
    assert.equal(await word(0, { token: old, of }), true);
    await filled(() => true, of);
    assert.equal(await word(1, { token: old, of }), true);
    assert.equal(server.fetched(), 1, "the other isolate has it from the store");

    // The new key is published and signs at once; the old one still vouches.
    server.rotate(after, before);
    const next = await server.mint("jwt");
    assert.equal(await word(0, { token: next, of, ahead: KEPT.cooldown + 1 }), true);
    assert.equal(await word(0, { token: old, of }), true);
    assert.equal(server.fetched(), 2);
    await filled((entry) => entry.keys.length === 2, of);
    assert.equal(await word(1, { token: next, of, ahead: KEPT.cooldown + 1 }), true);
    assert.equal(server.fetched(), 2, "the other isolate has it from the store");

    // The old key is gone.
    server.rotate(after);
    const stale = 2 * KEPT.cooldown + KEPT.maxAge;
    assert.equal(await word(0, { token: old, of, ahead: stale }), true, "the set is fetched behind this one");
    await filled((entry) => entry.keys.length === 1, of);
    assert.equal(await word(0, { token: old, of }), "signing_key_unknown");
    assert.equal(await word(0, { token: next, of }), true);
    // Past its time the other isolate waits for the new set, and has it from the store.
    assert.equal(await word(1, { token: old, of, ahead: stale + KEPT.staleWhileRevalidate }), "signing_key_unknown");
    assert.equal(await word(1, { token: next, of }), true);
    assert.deepEqual(troubled(of.log), []);
  } finally {
    await rotating.stop();
    await server.stop();
  }
});

test("no request of all these waited for what is another's, and none hung", async () => {
  assert.equal(gate.log.some((line) => line.includes("key_set_unavailable")), true, "the log is being kept");
  assert.deepEqual(troubled(gate.log), []);
});
