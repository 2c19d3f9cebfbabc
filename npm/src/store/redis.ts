import { checkAsked, checkName, checkValue, lifeOf, page } from "./names.js";
import type { RedisStore, RedisStoreOptions } from "../../types/store/redis.js";

// Every script has the record as its first key and the index of names as its second, where one name is dealt with. The
// index gains a name before there is a value and loses it after: half a change leaves at worst a name without a value,
// which lists pass over.
const PUT = `
redis.call('ZADD', KEYS[2], 0, ARGV[1])
if ARGV[3] then redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3]) else redis.call('SET', KEYS[1], ARGV[2]) end
return 1`;

const DELETE = `
redis.call('DEL', KEYS[1])
redis.call('ZREM', KEYS[2], ARGV[1])
return 1`;

/** The expected and the new value come with `+` before them; nothing but `-` is no value. */
const SWAP = `
local found = redis.call('GET', KEYS[1])
if (found and '+' .. found or '-') ~= ARGV[2] then return 0 end
if ARGV[3] == '-' then
  redis.call('DEL', KEYS[1])
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], 0, ARGV[1])
  redis.call('SET', KEYS[1], string.sub(ARGV[3], 2))
end
return 1`;

/** The first key is the index, the others are records by the names in ARGV. A name whose value has ended is forgotten. */
const LIVE = `
local live = {}
for place, name in ipairs(ARGV) do
  if redis.call('EXISTS', KEYS[place + 1]) == 1 then
    live[#live + 1] = name
  else
    redis.call('ZREM', KEYS[1], name)
  end
end
return live`;

/** Names looked at in one step, so that Redis is never kept from others for long. */
const STEP = 1000;

export function redisStore(command: (args: string[]) => unknown, options: RedisStoreOptions = {}): RedisStore {
  const { prefix = "{edgeward}:" } = options;
  if (typeof command !== "function") throw new TypeError("`command` is a function that sends a command, given as an array of strings");
  if (typeof prefix !== "string") throw new TypeError("`prefix` is a string");
  const record = (name: string) => `${prefix}record:${name}`;
  const index = `${prefix}names`;

  const change = async (script: string, name: string, ...rest: string[]): Promise<unknown> =>
    command(["EVAL", script, "2", record(name), index, name, ...rest]);

  const get = async (name: string): Promise<string | null> => {
    checkName(name);
    const found = await command(["GET", record(name)]);
    return found === null || found === undefined ? null : text(found);
  };

  /** Those of these names under which there is a value. */
  const live = async (names: readonly string[]): Promise<string[]> =>
    names.length === 0
      ? []
      : texts(await command(["EVAL", LIVE, String(names.length + 1), index, ...names.map(record), ...names]));

  return {
    get,
    latest: get,
    async put(name, value, options) {
      checkName(name);
      checkValue(value);
      const life = lifeOf(options);
      await change(PUT, name, value, ...(life === undefined ? [] : [String(life)]));
    },
    async delete(name) {
      checkName(name);
      await change(DELETE, name);
    },
    async list(asked) {
      checkAsked(asked);
      const { prefix, cursor, limit } = asked;
      const names: string[] = [];
      let from = cursor === undefined || !cursor.startsWith(prefix) ? `[${prefix}` : `(${cursor}`;
      for (;;) {
        // One more than the page has, to know whether there is another.
        const wanted = Math.min(STEP, limit + 1 - names.length);
        const found = texts(await command(["ZRANGEBYLEX", index, from, "+", "LIMIT", "0", String(wanted)]));
        const own = found.filter((name) => name.startsWith(prefix));
        names.push(...(await live(own)));
        if (names.length > limit) return page(names.slice(0, limit), true);
        if (own.length < wanted) return page(names, false);
        from = `(${own.at(-1)!}`;
      }
    },
    async swap(name, expected, value) {
      checkName(name);
      if (expected !== null) checkValue(expected);
      if (value !== null) checkValue(value);
      const told = await change(SWAP, name, marked(expected), marked(value));
      const swapped = Number(told);
      if (swapped !== 0 && swapped !== 1) throw new Error("Redis gave an answer that is none to this script");
      return swapped === 1;
    },
  };
}

function marked(value: string | null): string {
  return value === null ? "-" : `+${value}`;
}

/** Clients can be told to answer with bytes. */
function text(answer: unknown): string {
  if (typeof answer === "string") return answer;
  if (answer instanceof Uint8Array) return new TextDecoder("utf-8", { ignoreBOM: true }).decode(answer);
  throw new Error("Redis gave an answer that is no text");
}

function texts(answer: unknown): string[] {
  if (!Array.isArray(answer)) throw new Error("Redis gave an answer that is no list");
  return answer.map(text);
}
