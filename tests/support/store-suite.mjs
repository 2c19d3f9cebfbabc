// What every ready store must do, whatever is behind it. Each case works under a prefix of its own, so that one store serves
// them all; nothing here is Node's alone but `assert`, which workerd has too.
import assert from "node:assert/strict";

/** Long, odd, and alike but for one letter's case. */
const ODD_NAMES = [
  " ",
  "%2e%2e",
  "*?:\"<>|",
  "..",
  "../up",
  "/",
  "//",
  "a",
  "a b",
  "a.",
  "a/b",
  "a/b/",
  "a:b",
  "a\nb".repeat(3),
  "aux",
  "a\\b",
  "con",
  "{\"json\": [1]}",
  `${"long".repeat(98)}/${"x".repeat(2)}`,
  `${"long".repeat(98)}/${"x".repeat(3)}`,
  "A",
  "Ab",
  "aB",
  "ab",
  "=41",
  "-a",
  "$",
  "key$",
  "ключ",
  "é",
  "e\u0301",
  "\uffee",
  "\u{1f511}",
];

const bytes = new TextEncoder();
function byBytes(one, other) {
  const [left, right] = [bytes.encode(one), bytes.encode(other)];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    if (left[index] !== right[index]) return left[index] - right[index];
  }
  return left.length - right.length;
}

/** Values that something on the way could take for something else. */
const VALUES = [
  "",
  "text",
  '{"a": 1,  "b": [true, null]}',
  "[1]",
  '"quoted"',
  "true",
  "null",
  "undefined",
  "123",
  "1e400",
  "0x10",
  "base64:AAAA",
  "\ufeffmarked",
  "lines\nand\r\nmore\n",
  "zero\0byte",
  "-",
  "+",
  "edgeward;1;old",
  "\u{1f511}é",
  "x".repeat(100_000),
];

/** Every name with this prefix, page by page. */
export async function everyName(store, prefix, limit) {
  const names = [];
  let cursor;
  for (let pages = 0; pages < 10_000; pages++) {
    const page = await store.list(cursor === undefined ? { prefix, limit } : { prefix, limit, cursor });
    assert.ok(page.keys.length <= limit, `a page has ${page.keys.length} names, and ${limit} at most were asked for`);
    names.push(...page.keys.map((key) => key.name));
    if (page.list_complete) {
      assert.equal(page.cursor, undefined);
      return names;
    }
    assert.equal(typeof page.cursor, "string");
    cursor = page.cursor;
  }
  throw new Error("the list does not end");
}

/** Runs so many pieces of work, some at a time. */
export async function inParallel(count, work, width = 50) {
  let next = 0;
  const worker = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

/**
 * The cases, each with a title and what it needs: `swap`, or `tick`, by which the test moves the time of the store. One
 * with `many` names takes its time. Each is given the store, a prefix of its own, `tick`, and `others`: more ways to the
 * same records, as other processes have.
 */
export const CASES = [
  {
    title: "what is put is there, until it is deleted",
    async run({ store, prefix }) {
      const name = `${prefix}one`;
      assert.equal(await store.get(name), null);
      await store.delete(name);
      await store.put(name, "first");
      assert.equal(await store.get(name), "first");
      assert.equal(await store.get(name, { cacheTtl: 60 }), "first");
      await store.put(name, "second");
      if (store.latest) assert.equal(await store.latest(name), "second");
      await store.delete(name);
      assert.equal(await store.get(name), null);
      if (store.latest) assert.equal(await store.latest(name), null);
      await store.delete(name);
    },
  },
  {
    title: "a text comes back as the very text that was put",
    async run({ store, prefix }) {
      for (const [index, value] of VALUES.entries()) {
        await store.put(`${prefix}${index}`, value);
        const what = JSON.stringify(value.slice(0, 40));
        assert.equal(await store.get(`${prefix}${index}`), value, what);
        if (store.latest) assert.equal(await store.latest(`${prefix}${index}`), value, what);
      }
    },
  },
  {
    title: "any name is one of its own, and comes back in the list, in the order of the bytes",
    async run({ store, prefix }) {
      for (const name of ODD_NAMES) await store.put(prefix + name, `of ${name}`);
      for (const name of ODD_NAMES) assert.equal(await store.get(prefix + name), `of ${name}`, name);
      const sorted = ODD_NAMES.map((name) => prefix + name).sort(byBytes);
      assert.deepEqual(await everyName(store, prefix, 1000), sorted);
      assert.deepEqual(await everyName(store, prefix, 4), sorted);
      assert.deepEqual(await everyName(store, `${prefix}a/`, 1000), sorted.filter((name) => name.startsWith(`${prefix}a/`)));
      await store.delete(`${prefix}a`);
      assert.equal(await store.get(`${prefix}A`), "of A");
    },
  },
  {
    title: "names that no store could keep are refused by all",
    async run({ store, prefix }) {
      for (const name of ["", ".", "..", prefix + "x".repeat(513), `${prefix}${"é".repeat(256)}`]) {
        await assert.rejects(async () => store.put(name, "value"), undefined, name);
      }
      await store.put((prefix + "x".repeat(512)).slice(0, 512), "value");
    },
  },
  {
    title: "2,500 names come page by page, none twice and none left out",
    many: true,
    async run({ store, prefix }) {
      const name = (index) => `${prefix}${String((index * 7919) % 2500).padStart(4, "0")}`;
      await inParallel(2500, (index) => store.put(name(index), String(index)));
      const sorted = Array.from({ length: 2500 }, (_, index) => `${prefix}${String(index).padStart(4, "0")}`);
      assert.deepEqual(await everyName(store, prefix, 1000), sorted);
      assert.deepEqual(await everyName(store, prefix, 500), sorted);
      assert.deepEqual(await everyName(store, `${prefix}12`, 30), sorted.slice(1200, 1300));
      assert.deepEqual(await everyName(store, `${prefix}nothing`, 30), []);
    },
  },
  {
    title: "names that come and go between two pages neither repeat nor hide others",
    async run({ store, prefix }) {
      for (const letter of "bdfhj") await store.put(prefix + letter, "here");
      const first = await store.list({ prefix, limit: 2 });
      assert.deepEqual(first.keys.map((key) => key.name), [`${prefix}b`, `${prefix}d`]);
      await store.delete(`${prefix}d`);
      await store.put(`${prefix}a`, "new");
      await store.put(`${prefix}g`, "new");
      const second = await store.list({ prefix, limit: 10, cursor: first.cursor });
      assert.deepEqual(second.keys.map((key) => key.name.at(-1)), ["f", "g", "h", "j"]);
    },
  },
  {
    title: "a swap changes what it was told is there, and nothing else",
    needs: "swap",
    async run({ store, prefix }) {
      const name = `${prefix}one`;
      const is = async (value) => {
        assert.equal(await store.latest(name), value);
        assert.equal(await store.get(name), value);
        assert.deepEqual(await everyName(store, name, 10), value === null ? [] : [name]);
      };
      assert.equal(await store.swap(name, "something", "new"), false);
      assert.equal(await store.swap(name, "something", null), false);
      assert.equal(await store.swap(name, "", "new"), false);
      await is(null);
      assert.equal(await store.swap(name, null, null), true);
      await is(null);
      assert.equal(await store.swap(name, null, "first"), true);
      await is("first");
      assert.equal(await store.swap(name, null, "second"), false);
      assert.equal(await store.swap(name, "First", "second"), false);
      await is("first");
      assert.equal(await store.swap(name, "first", "second"), true);
      assert.equal(await store.swap(name, "first", "third"), false);
      await is("second");
      assert.equal(await store.swap(name, "second", "second"), true);
      await is("second");
      assert.equal(await store.swap(name, "second", null), true);
      await is(null);
      assert.equal(await store.swap(name, null, ""), true);
      assert.equal(await store.swap(name, null, "over nothing"), false);
      assert.equal(await store.swap(name, "", "-"), true);
      assert.equal(await store.swap(name, "-", "+"), true);
      assert.equal(await store.swap(name, "+", "\u{1f511}"), true);
      await is("\u{1f511}");
    },
  },
  {
    title: "of 200 swaps at once one wins, round after round, and none is lost",
    needs: "swap",
    async run({ store, others = [], prefix }) {
      const ways = [store, ...others];
      const name = `${prefix}contested`;
      let value = null;
      for (let round = 0; round < 5; round++) {
        const swaps = Array.from({ length: 200 }, async (_, index) => {
          const wanted = `${round}-${index}`;
          return (await ways[index % ways.length].swap(name, value, wanted)) ? wanted : undefined;
        });
        const winners = (await Promise.all(swaps)).filter((won) => won !== undefined);
        assert.equal(winners.length, 1, `round ${round}`);
        assert.equal(await store.latest(name), winners[0]);
        value = winners[0];
      }
    },
  },
  {
    title: "a counter that many raise loses none of its steps",
    needs: "swap",
    async run({ store, others = [], prefix }) {
      const ways = [store, ...others];
      const name = `${prefix}counter`;
      await inParallel(60, (index) => raise(ways[index % ways.length], name), 6);
      assert.equal(await store.latest(name), "60");
    },
  },
  {
    title: "a put and a delete stand in one line with swaps",
    needs: "swap",
    async run({ store, others = [], prefix }) {
      const other = others[0] ?? store;
      const name = `${prefix}one`;
      await store.put(name, "put");
      assert.equal(await other.swap(name, "put", "swapped"), true);
      await store.put(name, "put again");
      assert.equal(await other.swap(name, "swapped", "late"), false);
      assert.equal(await other.latest(name), "put again");
      await store.delete(name);
      assert.equal(await other.swap(name, "put again", "late"), false);
      assert.equal(await other.swap(name, null, "new"), true);
      assert.equal(await store.latest(name), "new");
    },
  },
  {
    title: "a value ends when it was to end, and is in no list then",
    needs: "tick",
    async run({ store, prefix, tick }) {
      await store.put(`${prefix}a`, "short", { expirationTtl: 60 });
      await store.put(`${prefix}b`, "stays");
      await store.put(`${prefix}c`, "long", { expirationTtl: 3600 });
      await store.put(`${prefix}d`, "renewed", { expirationTtl: 60 });
      assert.deepEqual(await everyName(store, prefix, 1), ["a", "b", "c", "d"].map((name) => prefix + name));
      await tick(59);
      assert.equal(await store.get(`${prefix}a`), "short");
      await store.put(`${prefix}d`, "renewed");
      await tick(1);
      assert.equal(await store.get(`${prefix}a`), null);
      assert.deepEqual(await everyName(store, prefix, 2), ["b", "c", "d"].map((name) => prefix + name));
      if (store.swap) {
        assert.equal(await store.swap(`${prefix}a`, "short", "late"), false);
        assert.equal(await store.swap(`${prefix}a`, null, "anew"), true);
        assert.equal(await store.swap(`${prefix}c`, "long", "for good"), true);
      } else {
        await store.put(`${prefix}a`, "anew");
        await store.put(`${prefix}c`, "for good");
      }
      await tick(100_000);
      assert.deepEqual(await everyName(store, prefix, 2), ["a", "b", "c", "d"].map((name) => prefix + name));
      assert.equal(await store.get(`${prefix}d`), "renewed");
    },
  },
  {
    title: "a life that is no number of seconds, or too short, is refused",
    async run({ store, prefix }) {
      for (const expirationTtl of [0, -1, 59, Number.NaN]) {
        await assert.rejects(async () => store.put(`${prefix}one`, "value", { expirationTtl }), undefined, String(expirationTtl));
      }
      assert.equal(await store.get(`${prefix}one`), null);
    },
  },
];

/** Adds one to the number under a name, however often others are faster. */
export async function raise(store, name) {
  for (;;) {
    const found = await store.latest(name);
    if (await store.swap(name, found, String(Number(found ?? "0") + 1))) return;
  }
}
