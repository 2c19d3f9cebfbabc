// A Worker around the store in KV, which runs the cases of the suite in itself, and a writer whose KV fails as it is told to.
import { env } from "cloudflare:workers";
import { kvStore } from "edgeward/store/kv";
import { KeyWriter } from "edgeward/store/kv-writer";
import { CASES, raise } from "./store-suite.mjs";

/** What is to happen to the next writes to KV, one after the other; those that are not named are carried out. */
export class Writer extends KeyWriter {
  #faults = [];
  #pauses = [];
  #ahead = 0;
  #held;

  namespace() {
    const kv = super.namespace();
    const faulty = (write) => async (...args) => {
      switch (this.#faults.shift()) {
        case "429":
          throw new Error("KV PUT failed: 429 Too Many Requests");
        case "refused":
          throw new Error("KV PUT failed: 500 Internal Server Error");
        case "lost answer":
          await write(...args);
          throw new Error("KV PUT failed: 504 Gateway Timeout");
        case "end of the object":
          await write(...args);
          this.ctx.abort("the object ends here");
          return new Promise(() => undefined);
        case "end before KV":
          // Nothing would have gone out before this.
          await this.ctx.storage.sync();
          this.ctx.abort("the object ends here");
          return new Promise(() => undefined);
        case "held":
          await new Promise((resolve) => (this.#held = resolve));
          return write(...args);
        default:
          return write(...args);
      }
    };
    return { get: (...args) => kv.get(...args), put: faulty((...args) => kv.put(...args)), delete: faulty((...args) => kv.delete(...args)) };
  }

  now() {
    return super.now() + this.#ahead;
  }

  async pause(milliseconds) {
    this.#pauses.push(milliseconds);
  }

  plan(faults) {
    this.#faults = faults;
  }

  /** What the alarm does, which is not called from outside. */
  putRight() {
    return this.alarm();
  }

  /** Has the alarm come at once that was set for later; does nothing where none was set. */
  async hurry() {
    if ((await this.ctx.storage.getAlarm()) !== null) await this.ctx.storage.setAlarm(Date.now());
  }

  release() {
    const held = this.#held !== undefined;
    this.#held?.();
    return held;
  }

  advance(seconds) {
    this.#ahead += seconds * 1000;
  }

  async state() {
    const rows = this.ctx.storage.sql.exec("SELECT name FROM records WHERE unsure = 1 ORDER BY name").toArray();
    return { unsure: rows.map((row) => row.name), pauses: this.#pauses, faults: this.#faults, alarm: await this.ctx.storage.getAlarm() };
  }
}

const store = kvStore(env.EDGEWARD_STORE, { writer: env.WRITER });
const alone = kvStore(env.EDGEWARD_STORE);
const object = () => env.WRITER.get(env.WRITER.idFromName("records"));

const TASKS = {
  async suite({ index, without }) {
    await CASES[index].run({ store: without ? alone : store, prefix: `${without ? "alone" : "through"}-${index}/` });
  },
  /** Calls the store. */
  store: ({ method, args }) => store[method](...args),
  /** Calls the object past the store. */
  object: ({ method, args }) => object()[method](...args),
  methods: () => ({ store: Object.keys(store), alone: Object.keys(alone) }),
  async raise({ name, times }) {
    for (let index = 0; index < times; index++) await raise(store, name);
  },
  async contest({ name, from, count, label }) {
    const swaps = Array.from({ length: count }, async (_, index) => ((await store.swap(name, from, `${label}-${index}`)) ? [`${label}-${index}`] : []));
    return (await Promise.all(swaps)).flat();
  },
  /** Asks for a change and goes, without waiting for it. */
  abandon({ method, args }) {
    store[method](...args).catch(() => undefined);
    return new Promise((resolve) => setTimeout(resolve, 50));
  },
};

export default {
  async fetch(request) {
    const { task, ...options } = await request.json();
    try {
      return Response.json({ value: (await TASKS[task](options)) ?? null });
    } catch (error) {
      return Response.json({ error: String(error?.stack ?? error) });
    }
  },
};
