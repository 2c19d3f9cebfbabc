// The package as npm installs it from its tarball, in each Node.js: one suite, a thin runner for each way of import, and each
// runner is seen to go red.
import { execFileSync } from "node:child_process";
import { describe } from "node:test";
import { HMAC, ML_DSA, matrix, without } from "./support/matrix.mjs";
import { installByNpm } from "./support/pack.mjs";
import { program } from "./support/programs.mjs";

const byNpm = (variable) => (project) => installByNpm(project, program(variable));
const args = (file) => [file];
// Node.js has it from 24.7 on; the system's is usually an older one.
const system = Number(/^v(\d+)/.exec(execFileSync(program("SYSTEM_NODE"), ["--version"], { encoding: "utf8" }))[1]);

describe("Node.js", { concurrency: 2 }, () =>
  matrix({
    "the system's": { variable: "SYSTEM_NODE", host: /^node [2-9]\d\./, install: byNpm("SYSTEM_NODE"), args, native: without(HMAC, system < 24 ? ML_DSA : []) },
    22: { variable: "NODE22", host: /^node 22\./, install: byNpm("NODE22"), args, native: without(HMAC, ML_DSA) },
    24: { variable: "WRANGLER_NODE", host: /^node 24\./, install: byNpm("WRANGLER_NODE"), args, native: without(HMAC) },
  }),
);
