// One file for a server, by each bundler: the suite runs in it as it does on the package itself.
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { after, before, test } from "node:test";
import { SERVERS } from "./support/bundlers.mjs";
import { assertGreen, assertRed, changed, damageBuilt, makeProjects, runInNode } from "./support/bundled.mjs";
import { makeVectors } from "./support/vectors.mjs";

let projects;
let dropped;
let vectors;
before(async () => {
  projects = await makeProjects();
  dropped = projects.dropped();
  vectors = makeVectors();
});
after(() => projects?.remove());

for (const [name, bundle] of Object.entries(SERVERS)) {
  test(`${name}: the suite passes in one file for Node, and nothing of it hides`, async () => {
    const file = await bundle(projects.good);
    assert.doesNotMatch(readFileSync(file, "utf8"), /(?:from|require\() ?["']edgeward/);
    assertGreen(await runInNode(file, vectors), vectors);
    const wrong = changed(vectors);
    assertRed(await runInNode(file, wrong), wrong);
    damageBuilt(dirname(file));
    await assert.rejects(runInNode(file, wrong), /CompileError/);
    rmSync(file);
  });

  test(`${name}: a core that nothing starts turns the run red`, async () => {
    const file = await bundle(dropped, { quick: true });
    const told = await runInNode(file, changed(vectors)).catch((error) => error);
    if (told instanceof Error) assert.match(told.message, /__wb|malloc|undefined/);
    else assert.deepEqual(told.passed, []);
    rmSync(file);
  });
}
