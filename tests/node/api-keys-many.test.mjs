// A store of a hundred thousand keys is listed page by page: each key once, and never more than a page in memory.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKeyAdmin } from "edgeward";
import { memoryStore } from "edgeward/store/memory";
import { NOW, apiKey } from "../support/credentials.mjs";
import { memory } from "../support/memory.mjs";

const MANY = 100_000;
const MiB = 1024 * 1024;
const FORM = { prefix: "acme", environment: "live" };
const { record } = apiKey();
const idOf = (number) => `K${String(number).padStart(15, "0")}`;
const recordOf = (number) => JSON.stringify({ ...record, name: `export ${number}`, metadata: { number } });

/** Records that are made up when they are asked for. */
function endlessShelf() {
  const numberOf = (name) => Number(name.slice("key/K".length));
  return {
    get: (name) => recordOf(numberOf(name)),
    put: () => assert.fail("a list writes nothing"),
    delete: () => assert.fail("a list writes nothing"),
    async list({ prefix, cursor, limit }) {
      assert.equal(prefix, "key/");
      const start = cursor === undefined ? 0 : Number(cursor);
      const end = Math.min(start + limit, MANY);
      const keys = Array.from({ length: end - start }, (_, place) => ({ name: `key/${idOf(start + place)}` }));
      return end === MANY ? { keys, list_complete: true } : { keys, list_complete: false, cursor: String(end) };
    },
  };
}

async function filled() {
  const store = memoryStore({ now: () => NOW });
  for (let number = 0; number < MANY; number++) await store.put(`key/${idOf(number)}`, recordOf(number));
  // What is beside the keys is on no page.
  await store.put(`usage/${idOf(1)}`, "{}");
  await store.put("admin/first", "{}");
  await store.put("keys", "{}");
  return store;
}

for (const [what, make] of [["made up as it is asked", endlessShelf], ["in memory", filled]]) {
  test(`a store of ${MANY} keys that is ${what}`, async () => {
    const store = await make();
    const admin = await createKeyAdmin(FORM, { store, now: () => NOW });
    const seen = new Uint8Array(MANY);
    let [cursor, pages, early] = [undefined, 0, undefined];
    do {
      const page = await admin.list({ cursor });
      assert.ok(page.keys.length <= 100 && page.unreadable === undefined);
      for (const key of page.keys) {
        const { number } = key.metadata;
        assert.equal(key.id, idOf(number));
        assert.equal(key.digest, undefined);
        seen[number]++;
      }
      ({ cursor } = page);
      if (++pages === 100) early = memory();
    } while (cursor !== null);
    assert.equal(pages, MANY / 100);
    assert.ok(seen.every((times) => times === 1));
    const late = memory();
    assert.equal(late.core, early.core, "the memory of the core grows");
    assert.ok(late.program < early.program + 8 * MiB, `${early.program} bytes became ${late.program}`);
  });
}
