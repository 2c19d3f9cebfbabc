// The page's own small parts, without a browser.
import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "../../www/json-text.js";
import { bare } from "../../www/verdicts.js";
import { date, duration, relative } from "../../www/words.js";

const text = (json) => layOut(json).map((piece) => piece.text).join("");

test("JSON is laid out as the platform would, where it is whole", () => {
  for (const value of [{}, [], { a: [] }, [{}, [[]]], { a: 'x"\\y, {}:[]', b: [1, -2.5e3, true, null], "": { c: "\u00e9" } }]) {
    assert.equal(text(JSON.stringify(value)), JSON.stringify(value, null, 2));
  }
});

test("nothing is lost of what is not whole", () => {
  const bare = (json) => json.replaceAll(/\s/g, "");
  for (const json of ['{"a":1,"a":2', '{"a"', '{"a":"b', '{"a":tru', "{]}[", '{"a" "b"}}}', '{"a":"\\', "{\u0000,,::"]) {
    assert.equal(bare(text(json)), bare(json));
  }
  assert.deepEqual(layOut("not JSON {"), [{ kind: "plain", text: "not JSON {" }]);
});

test("names, strings, numbers and words are told apart", () => {
  const kinds = layOut('{"n":"s","x":[-1,true]}').filter(({ kind }) => kind !== "mark").map(({ kind, text }) => [kind, text]);
  assert.deepEqual(kinds, [["name", '"n"'], ["string", '"s"'], ["name", '"x"'], ["number", "-1"], ["word", "true"]]);
});

test("nesting does not grow the text beyond measure", () => {
  assert.ok(text("[".repeat(10_000)).length < 600_000);
});

test("lengths of time are told in one unit or two", () => {
  const told = [0, 1, 59, 119, 120, 3599, 3600, 5400, 86_399, 86_400, 90_000, 31_536_000, 1_000_000_000];
  assert.deepEqual(told.map(duration), [
    "no time",
    "1 second",
    "59 seconds",
    "119 seconds",
    "2 minutes",
    "59 minutes",
    "1 hour",
    "1 hour 30 minutes",
    "23 hours 59 minutes",
    "1 day",
    "1 day 1 hour",
    "1 year",
    "31 years 259 days",
  ]);
  assert.deepEqual([relative(10, 10), relative(70, 10), relative(10, 70)], ["now", "in 60 seconds", "60 seconds ago"]);
});

test("dates are those of UTC, as far as a calendar reaches", () => {
  assert.deepEqual(date(0), { text: "Thursday, 1 January 1970 at 00:00:00 UTC", machine: "1970-01-01T00:00:00.000Z" });
  for (const at of [2 ** 53, -(2 ** 53), 300_000_000_000]) assert.equal(date(at), null);
});

test("what stands before a credential is left out, and nothing of the credential", () => {
  for (const pasted of ["abc", " abc\n", "Bearer abc", "bearer  abc", "Authorization: Bearer abc", "authorization:abc", "X-API-Key: abc"]) {
    assert.equal(bare(pasted), "abc", pasted);
  }
  for (const own of ["bearer_live_x", "Bearer", "x.y.z"]) assert.equal(bare(own), own);
});
