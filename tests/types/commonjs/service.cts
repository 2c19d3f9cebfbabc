// A service in CommonJS: what is required has the types of what is imported.
import { createGate, createKeyAdmin, KeyAdminError, type Gate, type Verdict } from "edgeward";
import audit = require("edgeward/audit");
import edgeward = require("edgeward");
import slim = require("edgeward/slim");
import { fileStore } from "edgeward/store/file";
import { kvStore } from "edgeward/store/kv";
import { memoryStore } from "edgeward/store/memory";
import { redisStore } from "edgeward/store/redis";
import { unstorageStore } from "edgeward/store/unstorage";

async function main(): Promise<Verdict> {
  using gate: Gate = await createGate({ routes: [] }, { audit: audit.consoleSink(), store: memoryStore() });
  await using admin = { [Symbol.asyncDispose]: async () => gate.flush() };
  const verdict = await gate.check({ method: "GET", url: "/", headers: { authorization: undefined } });
  if (verdict.ok && verdict.class === "api_key") console.log(verdict.record, admin);
  // @ts-expect-error Which of the two it is, is not known here.
  verdict.code;
  try {
    await (await createKeyAdmin({ prefix: "acme", environment: "live" }, { store: fileStore("records") })).show("id");
  } catch (error) {
    if (error instanceof KeyAdminError) console.log(error.code satisfies string);
  }
  return verdict;
}

void main();
export = { version: edgeward.version(), started: slim.initSync, stores: [kvStore, redisStore, unstorageStore] };
