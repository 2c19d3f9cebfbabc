/** Runs one change after the other under each name. A change that fails holds up none. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the change when those before it under this name are through. */
  run<T>(name: string, change: () => Promise<T>): Promise<T> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const turn = before.then(change, change);
    this.#last.set(name, turn);
    const leave = () => {
      if (this.#last.get(name) === turn) this.#last.delete(name);
    };
    turn.then(leave, leave);
    return turn;
  }
}
