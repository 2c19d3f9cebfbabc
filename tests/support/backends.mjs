// The ways in which the package checks a signature in Node, each with what it takes to be sure that it was used.
import crypto from "node:crypto";
import { createJwtVerifier } from "edgeward";
import { NOW } from "./credentials.mjs";

const hosted = (policy, host = { now: () => NOW }) => createJwtVerifier(policy, host);

export const BACKENDS = {
  /** node:crypto: at once. */
  native: { create: hosted, checkedBy: [crypto, "verify"] },
  /** crypto.subtle, as on hosts without Node's modules. */
  web: { create: (policy, host) => withoutNodeModules(() => hosted(policy, host)), checkedBy: [globalThis.crypto.subtle, "verify"] },
  /** The core alone. */
  wasm: {
    create: (policy, host = { now: () => NOW }) =>
      hosted(policy, Object.assign(Object.create(host), { signatures: "wasm" })),
  },
};

/** Calls a function with Node's built-in modules out of sight; what it makes keeps to what it saw. */
export function withoutNodeModules(call) {
  const { getBuiltinModule } = process;
  process.getBuiltinModule = undefined;
  try {
    return call();
  } finally {
    process.getBuiltinModule = getBuiltinModule;
  }
}

/** A verifier of every backend, by its name. */
export async function onEveryBackend(policy, host) {
  const made = await Promise.all(Object.entries(BACKENDS).map(async ([name, { create }]) => [name, await create(policy, host)]));
  return Object.fromEntries(made);
}
