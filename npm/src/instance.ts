// The instance of the core, and what comes after it. A trap leaves its memory as it was in the middle of something: an
// instance that met one is given up, whole, and another is started from the module that was compiled once. What lived in
// the old one is made again from what it was made of, when it is next asked for.
import { __wbg_reset_state as startAnother, version as coreVersion } from "./glue.js";
import type { Lifetime } from "../types/index.js";

/** The core failed, and what it was asked cannot be told. */
export class CoreFailed extends Error {
  override readonly name = "CoreFailed";
  constructor() {
    super("the core failed");
  }
}

/** Which instance this is. Whatever carries another number belongs to one that was given up. */
let current = 0;
/** Whether the current one is still to be started. */
let due = false;
/** How many calls into the core are on the stack: a host may ask it something while it is asked. */
let depth = 0;
let restarts = 0;

/** The number of the instance. */
export function instance(): number {
  return current;
}

/** How often another instance was started. */
export function coreRestarts(): number {
  return restarts;
}

export function version(): string {
  return enter(coreVersion);
}

/**
 * What leaves an instance unfit: a trap, memory that cannot be had, and a stack that is full, which each engine calls by
 * another name. Anything else that the core throws is a mistake of the caller, said in words.
 */
function isTrap(error: unknown): boolean {
  const name = (error as { name?: unknown } | null)?.name;
  return error instanceof WebAssembly.RuntimeError || error instanceof RangeError || name === "InternalError";
}

/**
 * The one way into the core. Throws `CoreFailed` where it failed, or where a call within this one met the failure: what an
 * unfit instance answers is worth nothing.
 */
export function enter<T>(call: () => T): T {
  if (due) start();
  const entered = current;
  depth++;
  try {
    const answer = call();
    if (entered === current) return answer;
  } catch (error) {
    if (entered === current) {
      if (!isTrap(error)) throw error;
      giveUp(error);
    }
  } finally {
    depth--;
    // Not while an outer call has frames of the old one on the stack. Where this fails, the next call tries again.
    if (due && depth === 0) tryToStart();
  }
  throw new CoreFailed();
}

function giveUp(error: unknown): void {
  current++;
  due = true;
  say("the core failed and is started anew", error);
}

/** The words of the error are the engine's, and of no request. Where the stack is full, nothing can be said. */
function say(what: string, error: unknown): void {
  try {
    console.error(`edgeward: ${what}:`, error instanceof Error ? error.message : "");
  } catch {
    // What is to be done does not depend on it.
  }
}

function tryToStart(): void {
  try {
    start();
  } catch {
    // It was said already.
  }
}

function start(): void {
  if (depth > 0) throw new CoreFailed();
  try {
    startAnother();
  } catch (error) {
    say("the core cannot be started anew", error);
    throw new CoreFailed();
  }
  due = false;
  restarts++;
}

/** Something is asked of an object that was freed: a mistake of whoever asks. */
class Freed extends Error {
  override readonly name = "Freed";
  constructor(what: string) {
    super(`${what} was freed: nothing can be asked of it any more`);
  }
}

/** An object of the core in the current instance; to be asked for within `enter`. */
export type Held<T> = (() => T) & {
  /** Makes a call for somebody, or throws where the object was freed. Where it returns a promise, it lasts until that is settled. */
  use<R>(call: () => R): R;
  /** Lets go of the object, before the collector does: at once, or after the last call that is under way. */
  free(): void;
};

interface Freeable {
  free(): void;
}

/** Where an object is. The collector's list holds it, so that nothing in it may reach whoever uses the object. */
interface Place<T extends Freeable> {
  object: T | undefined;
  of: number;
}

/** Frees what nobody can reach any more. A host may have no such thing: there, `free` alone does. */
const unreachable = typeof FinalizationRegistry === "undefined" ? undefined : new FinalizationRegistry(letGo);

function letGo(place: Place<Freeable>): void {
  const { object, of } = place;
  place.object = undefined;
  // What is left in an instance that was given up goes with it.
  if (object === undefined || of !== current) return;
  try {
    enter(() => object.free());
  } catch {
    // It was said already, and nobody who asked for anything is there to be told.
  }
}

/**
 * Holds an object of the core, over all instances. It is made at once, so that a mistake is said where it was made, and
 * again in each instance: `make` brings a host of its own each time, whose keys are known by the numbers of one instance.
 * `ended` is called when the object was freed, and not where it was collected.
 */
export function held<T extends Freeable>(what: string, make: () => T, ended?: () => void): Held<T> {
  const place: Place<T> = { object: enter(make), of: current };
  let uses = 0;
  let freed = false;
  const get = (): T => {
    if (depth === 0) throw new Error("an object of the core is asked for outside of it");
    if (place.object === undefined) throw new Freed(what);
    if (place.of !== current) {
      try {
        place.object = make();
      } catch (error) {
        // What could be made before can be made again: this is no mistake of whoever asks now.
        throw isTrap(error) ? error : new CoreFailed();
      }
      place.of = current;
    }
    return place.object;
  };
  const release = () => {
    unreachable?.unregister(place);
    letGo(place);
    ended?.();
  };
  const end = () => {
    uses--;
    if (freed && uses === 0) release();
  };
  const use = <R>(call: () => R): R => {
    if (freed) throw new Freed(what);
    uses++;
    let answer: R;
    try {
      answer = call();
    } catch (error) {
      end();
      throw error;
    }
    if (answer instanceof Promise) return answer.finally(end) as R;
    end();
    return answer;
  };
  const free = () => {
    if (freed) return;
    freed = true;
    if (uses === 0) release();
  };
  // Whatever uses the object reaches this function: with the last of these, it goes.
  unreachable?.register(get, place, place);
  return Object.assign(get, { use, free });
}

/** The ways in which whoever made an object lets go of it. */
export function letting(free: () => void): Lifetime {
  // Older hosts know no such symbol.
  const { dispose } = Symbol as { dispose?: typeof Symbol.dispose };
  return { free, ...(dispose === undefined ? {} : { [dispose]: free }) } as Lifetime;
}
