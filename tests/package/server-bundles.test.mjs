// One file for a server, by each bundler: the suite runs in it as it does on the package itself.
import assert from "node:assert/strict";
import { readFileSync, rmSync } from "node:fs";
import { after, before, test } from "node:test";
import { SERVERS } from "./support/bundlers.mjs";
import { assertGreen, assertRed, changed, makeProjects, runInNode } from "./support/bundled.mjs";
import { makeVectors } from "./support/vectors.mjs";

let projects;
let faulty;
let vectors;
before(async () => {
  projects = await makeProjects();
  faulty = [projects.damaged(), projects.dropped()];
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
  });

  test(`${name}: a damaged core, and one that nothing starts, turn the run red`, async () => {
    for (const project of faulty) {
      const file = await bundle(project, { quick: true });
      const told = await runInNode(file, changed(vectors)).catch((error) => error);
      if (told instanceof Error) assert.match(told.message, /CompileError|__wbg|undefined/, project.name);
      else assert.deepEqual(told.passed, [], project.name);
      rmSync(file);
    }
  });
}
