// When the core itself fails: the answer is "cannot tell", it is audited, and nothing is let through or thrown.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { coreTraps } from "../support/core-traps.mjs";
import { keeping } from "../support/audit-schema.mjs";
import { NOW, apiKey, countingStore, signer, tokenPolicy } from "../support/credentials.mjs";

const { initSync, createApiKeyChecker, createGate, createJwtVerifier } = await import("edgeward/slim");
const core = fileURLToPath(import.meta.resolve("edgeward/core.wasm"));
initSync({ module: new WebAssembly.Module(readFileSync(core)) });
const failing = coreTraps.during;

const issuer = signer("ES256");
const key = apiKey();
const host = (get) => ({ now: () => NOW, store: get ? { get } : countingStore(key) });
const later = async () => JSON.stringify(key.record);
const UNDECIDED = { ok: false, code: "host_failed", status: 503, challenge: null };

function expectUndecided(verdict) {
  const { title, detail, ...rest } = verdict;
  assert.deepEqual(rest, UNDECIDED);
  assert.ok(title && detail);
}

test("a trap in a check of a token is 503, with and without a promise", async () => {
  const verifier = await createJwtVerifier(tokenPolicy(issuer), host());
  const token = issuer.mint();
  expectUndecided(await failing(["tokenverifier_verifyPresented"], () => verifier.verify(token)));
  expectUndecided(await failing(["tokenverifier_verifyPresented"], () => verifier.verifySync(token)));
  assert.equal(verifier.verify(token).ok, true);
});

test("a trap in a check of a key is 503, before the store is asked and after it answered", async () => {
  const form = { prefix: "acme", environment: "live" };
  const checker = await createApiKeyChecker(form, host());
  expectUndecided(await failing(["keychecker_check"], () => checker.check(key.key)));
  const slow = await createApiKeyChecker(form, host(later));
  expectUndecided(await failing(["task_resume"], () => slow.check(key.key)));
  const rejecting = await createApiKeyChecker(form, host(() => Promise.reject(new Error("injected"))));
  expectUndecided(await failing(["task_fail"], () => rejecting.check(key.key)));
  assert.equal((await slow.check(key.key)).ok, true);
});

test("a trap in the gate is 503, is audited, and reaches no origin", async () => {
  const events = [];
  const forwarded = [];
  const policy = {
    ...tokenPolicy(issuer),
    apiKeys: { prefix: "acme", environment: "live" },
    routes: [{ methods: ["GET"], path: "/v1/*", classes: ["m2m_token", "api_key"] }],
  };
  const gate = await createGate(policy, {
    ...host(later),
    audit: keeping(events),
    origin: (request) => {
      forwarded.push(request);
      return new Response("origin");
    },
  });
  const bearer = (credential) => new Request("https://api.example/v1/a", { headers: { authorization: `Bearer ${credential}` } });
  expectUndecided(await failing(["gate_check"], () => gate.check(bearer(issuer.mint()))));
  for (const [names, credential] of [
    [["gate_handle"], issuer.mint()],
    [["task_resume"], key.key],
  ]) {
    const answer = await failing(names, () => gate.fetch(bearer(credential)));
    assert.equal(answer.status, 503);
    assert.equal(answer.headers.get("content-type"), "application/problem+json");
    assert.equal((await answer.json()).code, "host_failed");
  }
  assert.deepEqual(forwarded, []);
  assert.equal(events.length, 3);
  for (const event of events) {
    assert.deepEqual([event.status, event.status_code, event.http_request.http_method], ["Undecided", "host_failed", "GET"]);
    assert.ok(Math.abs(event.time - Date.now()) < 60_000);
  }
  assert.equal((await gate.fetch(bearer(key.key))).status, 200);
});
