// The core with its exports in reach, so that one of them can be made to fail, and with an eye on instances that did.
// To be imported before the package is. It knows nothing of a host: the tests of the Worker bring it as a module.
const { Instance } = WebAssembly;

/** The exports that are to fail, each with how. */
const failing = new Map();
/** What was started, the newest last: whether it failed, what was called then, and how often something was let go. */
const instances = [];
let refused = 0;
let refusals = 0;

const deeper = () => deeper() + 1;

const WAYS = {
  /** A pointer to nowhere: memory is reached out of its bounds. */
  trap(call, [, ...rest]) {
    call(0xfffffff0, ...rest);
    // What takes no pointer cannot be led astray.
    throw new WebAssembly.RuntimeError("injected");
  },
  /** A text that is longer than any can be: Rust panics when it makes room for it. */
  panic(call, [self, ...given], name, exports) {
    const takesText = !name.endsWith("Presented");
    const [text, rest] = takesText ? [given[0], given.slice(2)] : [1, given.slice(1)];
    return (takesText ? call : exports[name.replace("Presented", "")])(self, text, 0x80000010, ...rest);
  },
  /** The stack is full. */
  stack: () => deeper(),
};

WebAssembly.Instance = class {
  constructor(module, imports) {
    if (refused > 0) {
      refused--;
      refusals++;
      throw new RangeError("injected: no memory for an instance");
    }
    const { exports } = new Instance(module, imports);
    const state = { failed: false, calledAfter: [], freed: 0 };
    instances.push(state);
    const guarded = Object.entries(exports).map(([name, value]) => {
      if (typeof value !== "function") return [name, value];
      const call = (...values) => {
        if (state.failed) state.calledAfter.push(name);
        if (/^__wbg_.*_free$/.test(name)) state.freed++;
        const way = failing.get(name);
        if (way === undefined) return value(...values);
        if (way.once) failing.delete(name);
        state.failed = true;
        return WAYS[way.how](value, values, name, exports);
      };
      return [name, call];
    });
    this.exports = Object.fromEntries(guarded);
  }
};

export const coreTraps = {
  instances,
  /** The next call of this export fails. */
  once: (name, how = "trap") => void failing.set(name, { how, once: true }),
  /** Runs a call while these exports fail. */
  async during(names, call, how = "trap") {
    for (const name of names) failing.set(name, { how, once: false });
    try {
      return await call();
    } finally {
      failing.clear();
    }
  },
  /** So many instances cannot be started. */
  refuse: (times) => void (refused = times),
  /** How often that was tried. */
  refusals: () => refusals,
};
