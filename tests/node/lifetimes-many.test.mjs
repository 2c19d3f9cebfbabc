// Thousands that are made and dropped, or freed, leave the memory of the core as it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "edgeward/store/memory";
import { memory } from "../support/memory.mjs";
import { KINDS, now, settled, turn } from "../support/lifetimes.mjs";

/** What services make most of. */
const MOST = { verifier: 10_000, gate: 10_000 };

/** Makes and uses so many of a kind, and drops them or frees them. */
async function many(count, { make, use }, { freed }) {
  const store = memoryStore({ now });
  for (let made = 0; made < count; made++) {
    const object = await make({ store, now });
    const used = use(object);
    if (used instanceof Promise) await used;
    if (freed) object.free();
    // The collector knows nothing of the memory that the core holds for what it could collect.
    else if (made % 250 === 249) {
      memory();
      await turn();
    }
  }
}

for (const [name, kind] of Object.entries(KINDS)) {
  for (const freed of [false, true]) {
    test(`thousands of the kind "${name}" that are ${freed ? "freed" : "dropped"} keep no memory`, async () => {
      // As much as is there at once, between two looks of the collector.
      await many(1000, kind, { freed });
      const before = await settled();
      await many(freed ? 2000 : MOST[name] ?? 5000, kind, { freed });
      const after = await settled();
      // Kept, five thousand take 2 to 20 MB in the core, by their kind, and an entry each in the list of what it holds.
      assert.ok(after.core - before.core <= 1024 * 1024, `the core grew by ${after.core - before.core} bytes`);
      assert.ok(after.held - before.held <= 2048, `the core holds ${after.held - before.held} more`);
      assert.ok(after.program - before.program < 3_000_000, `the program grew by ${after.program - before.program} bytes`);
    });
  }
}
