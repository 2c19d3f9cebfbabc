// What a Worker's cron trigger does: key sets are fetched by the clock, so that no request waits for it, and in strict mode
// the deny list is signed again.
import type { Gate, KeySetStatus } from "../../../types/index.js";
import { reason, say } from "../command.js";
import { shown } from "../terminal.js";

/** How often, in seconds: the bound of strict mode is short. */
const USUAL = 300;
const STRICT = 60;

export interface Clock {
  stop(): void;
}

/** Asks for the gate each time. The first run is at once, and the others are not at the same time in all processes. */
export function startClock(gate: () => { gate: Gate; isStrict: boolean }, every: number | undefined): Clock {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isStopped = false;
  const told = new Map<string, string | null>();
  const run = async () => {
    try {
      for (const status of await gate().gate.refresh()) tell(status, told);
    } catch (error) {
      say(`edgeward serve: the key sets could not be fetched: ${reason(error)}`);
    }
    if (isStopped) return;
    const seconds = every ?? (gate().isStrict ? STRICT : USUAL);
    timer = setTimeout(() => void run(), seconds * 1000 * (0.8 + 0.4 * Math.random()));
  };
  void run();
  return {
    stop() {
      isStopped = true;
      clearTimeout(timer);
    },
  };
}

/** Each failure once, and once that it is over. */
function tell({ issuer, source, failure }: KeySetStatus, told: Map<string, string | null>): void {
  const key = `${issuer} ${source}`;
  const before = told.get(key) ?? null;
  told.set(key, failure);
  if (failure !== null && failure !== before) say(`edgeward serve: the keys of ${issuer} cannot be fetched: ${shown(failure)}`);
  if (failure === null && before !== null) say(`edgeward serve: the keys of ${issuer} are fetched again`);
}
