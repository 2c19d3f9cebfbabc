// docs/middleware.md shows code that runs.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { test } from "node:test";
import express from "express";
import fastify from "fastify";
import { Hono } from "hono";
import { createGate } from "edgeward";
import { withGate } from "edgeward/fetch";
import { guard } from "edgeward/hono";
import { expressGuard, fastifyGuard } from "edgeward/node";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";
import { listening } from "../support/guarded.mjs";
import { send } from "../support/suite.mjs";

const page = readFileSync(new URL("../../docs/middleware.md", import.meta.url), "utf8");
const blocks = [...page.matchAll(/^```js\n([\s\S]*?)^```$/gm)].map(([, text]) => text);
const issuer = signer("ES256");
const credential = `Bearer ${issuer.mint({ claims: { org_id: "org_acme" } })}`;
const routes = ["/v1/reports", "/v1/reports/:id"].map((path) => ({ methods: ["GET"], path, classes: ["m2m_token"] }));
const policy = { ...tokenPolicy(issuer), tlsEndsAhead: true, routes };
const lent = { now: () => NOW, audit: () => {} };

/** Runs the block that has this in it, with these names in place of its imports, and hands back what it made. */
async function shown(mark, names, made) {
  const found = blocks.filter((text) => text.includes(mark));
  assert.equal(found.length, 1, `one block with ${mark}`);
  const body = found[0].replace(/^import .*\n/gm, "").replace(/^export const/gm, "const");
  const run = Object.getPrototypeOf(async () => {}).constructor;
  return new run(...Object.keys(names), `${body}\nreturn ${made};`)(...Object.values(names));
}

async function answers(app) {
  const server = await listening(createServer(app));
  const ask = (headers) => send(server.port, { method: "GET", path: "/v1/reports/7", headers }, "-");
  const [good, bad] = [await ask([["Authorization", credential]]), await ask([])];
  await server.stop();
  assert.deepEqual([good.status, "organization" in JSON.parse(good.body), bad.status], [200, true, 401]);
}

test("the code of the page runs, block by block", async () => {
  const gate = await createGate(policy, lent);
  const make = (policy, options) => createGate(policy, { ...lent, ...options });
  const hono = await shown("app.use(guard(gate))", { Hono, createGate: make, guard, policy, store: undefined }, "app");
  const request = (headers) => new Request("https://api.example/v1/reports/7", { headers });
  const both = async (ask) => [(await ask(request({ authorization: credential }))).status, (await ask(request({}))).status];
  assert.deepEqual(await both((request) => hono.fetch(request)), [200, 401]);
  await answers(await shown("app.use(expressGuard(gate))", { express, expressGuard, gate }, "app"));
  const app = await shown("app.register(fastifyGuard(gate))", { fastify, fastifyGuard, gate }, "app");
  await app.ready();
  await answers(app.routing);
  const served = [];
  const [Deno, Bun] = [{ serve: (handler) => served.push(handler) }, { serve: ({ fetch }) => served.push(fetch) }];
  served.push(await shown("Deno.serve", { withGate, gate, Deno, Bun }, "GET"));
  const beside = [{ remoteAddr: { hostname: "192.0.2.1" } }, { requestIP: () => null }, {}];
  for (const [place, handler] of served.entries()) assert.deepEqual(await both((request) => handler(request, beside[place])), [200, 401]);
  const told = [];
  const names = { gate, credential, respond: (answer) => told.push(answer.status), handle: (verdict) => told.push(verdict.ok) };
  await shown("gate.guard(", names, "undefined");
  await shown("gate.guard(", { ...names, credential: "Bearer x" }, "undefined");
  assert.deepEqual(told, [true, 401]);
});
