// The way of audit events to their sinks. No decision waits for a sink, none fails with one, and what a sink does not
// take is counted.
import { consoleSink } from "./audit.js";
import type { AuditEntry } from "./core.js";
import type { AuditCounts, AuditEvent, AuditRecord, AuditSink, GateOptions } from "../types/index.js";

/** What delivery is lent of the host. */
export interface DeliveryHost {
  now(): number;
  outlive(work: Promise<unknown>): void;
}

/** The sinks of one gate. */
export interface Delivery {
  take(entries: readonly AuditEntry[]): void;
  counts(): AuditCounts[];
  flush(): Promise<void>;
  /** Nothing more will come: what waits for others is sent. */
  end(): void;
}

const ROOM = 1000;
const TIMEOUT = 10_000;
/** What a message takes beside its text. */
const BESIDE = 128;
/** How often a flush looks again, in milliseconds. */
const LOOK = 5;

export function auditDelivery(audit: GateOptions["audit"], host: DeliveryHost): Delivery {
  const sinks = [audit === undefined ? consoleSink() : audit].flat().map(sinkOf);
  const names = new Map<string, number>();
  const ways = sinks.map((sink) => {
    const count = (names.get(sink.name) ?? 0) + 1;
    names.set(sink.name, count);
    return new Way(count === 1 ? sink.name : `${sink.name}-${count}`, sink, host);
  });
  return {
    take(entries) {
      for (const entry of entries) for (const way of ways) way.take(recordOf(entry));
    },
    counts: () => ways.map((way) => way.counts()),
    flush: async () => void (await Promise.all(ways.map((way) => way.flush()))),
    end() {
      for (const way of ways) way.end();
    },
  };
}

function sinkOf(audit: unknown): AuditSink {
  if (typeof audit === "function") {
    return { name: "callback", send: ([record]) => (audit as (event: AuditEvent) => unknown)(record!.event) };
  }
  const sink = audit as AuditSink | null;
  if (typeof sink !== "object" || sink === null || typeof sink.send !== "function" || typeof sink.name !== "string") {
    throw new TypeError("`audit` is a function that takes an event, a sink of `edgeward/audit`, or an array of these");
  }
  for (const name of ["room", "timeout"] as const) {
    if (sink[name] !== undefined && !(Number.isInteger(sink[name]) && sink[name] > 0)) {
      throw new TypeError(`\`${name}\` of an audit sink is a whole number above nought`);
    }
  }
  return sink;
}

function recordOf({ event: line, bytes, point }: AuditEntry): AuditRecord {
  return {
    line,
    bytes,
    get event() {
      return JSON.parse(line) as AuditEvent;
    },
    point,
  };
}

/** Events that were handed over, and since when nothing was heard of them. */
interface Sending {
  count: number;
  since: number;
}

/** The way to one sink. */
class Way {
  readonly #name: string;
  readonly #sink: AuditSink;
  readonly #host: DeliveryHost;
  readonly #room: number;
  readonly #timeout: number;
  #queue: AuditRecord[] = [];
  readonly #sendings = new Set<Sending>();
  #sendingCount = 0;
  /** Until when somebody waits for more events, who then sends them all. */
  #lingersUntil: number | undefined;
  #timer: { unref?: () => void } | undefined;
  #sent = 0;
  #failed = 0;
  #dropped = 0;

  constructor(name: string, sink: AuditSink, host: DeliveryHost) {
    this.#name = name;
    this.#sink = sink;
    this.#host = host;
    this.#room = sink.room ?? ROOM;
    this.#timeout = sink.timeout ?? TIMEOUT;
  }

  counts(): AuditCounts {
    this.#giveUp();
    const waiting = this.#queue.length + this.#sendingCount;
    return { name: this.#name, sent: this.#sent, failed: this.#failed, dropped: this.#dropped, waiting };
  }

  /** Never throws, and never waits. */
  take(record: AuditRecord): void {
    try {
      if (this.#sink.takes?.(record) === false) return;
    } catch (error) {
      this.#failed += 1;
      return this.#complain(error);
    }
    const { batch } = this.#sink;
    if (this.#isFull() || (batch !== undefined && record.bytes + BESIDE > batch.bytes)) return this.#drop();
    if (batch === undefined) return this.#sendAtOnce(record);
    this.#queue.push(record);
    if (this.#queue.length >= batch.events) this.#outlive(this.#drain());
    else this.#linger(batch.linger);
  }

  async flush(): Promise<void> {
    await this.#drain();
    for (let waited = 0; this.#queue.length + this.#sendingCount > 0 && waited < this.#timeout; waited += LOOK) {
      await sleep(LOOK);
      await this.#drain();
    }
  }

  /** Sends what waits. Who waits for more finds nothing left to do, and no process stays for that. */
  end(): void {
    this.#timer?.unref?.();
    this.#outlive(this.#drain());
  }

  #isFull(): boolean {
    const full = () => this.#queue.length + this.#sendingCount >= this.#room;
    if (full()) this.#giveUp();
    return full();
  }

  // What came first stays: a flood cannot push out what happened before it.
  #drop(): void {
    if (this.#dropped === 0) say(`edgeward: the audit sink ${this.#name} drops events: too many are on their way, or one is too long`);
    this.#dropped += 1;
  }

  #sendAtOnce(record: AuditRecord): void {
    let pending: unknown;
    let isThere: boolean;
    try {
      pending = this.#sink.send([record]);
      isThere = typeof (pending as { then?: unknown } | null | undefined)?.then !== "function";
    } catch (error) {
      this.#failed += 1;
      return this.#complain(error);
    }
    if (isThere) {
      this.#sent += 1;
      return;
    }
    const sending = this.#begin(1);
    this.#outlive(
      Promise.resolve(pending).then(
        () => this.#end(sending, true),
        (error: unknown) => {
          this.#end(sending, false);
          this.#complain(error);
        },
      ),
    );
  }

  /** Has somebody wait for more events. Who began may have ended with its request: past its time another one takes over. */
  #linger(milliseconds: number): void {
    const now = this.#host.now();
    if (this.#lingersUntil !== undefined && now <= this.#lingersUntil) return;
    this.#lingersUntil = now + milliseconds + 1000;
    const pause = new Promise<void>((resolve) => {
      this.#timer = setTimeout(resolve, milliseconds) as { unref?: () => void };
    });
    this.#outlive(
      pause.then(() => {
        this.#lingersUntil = undefined;
        return this.#drain();
      }),
    );
  }

  /** Sends what waits, one batch after the other. Whoever calls waits for sends of its own alone: another request's are another's. */
  async #drain(): Promise<void> {
    for (let batch = this.#next(); batch.length > 0; batch = this.#next()) {
      const sending = this.#begin(batch.length);
      try {
        await inTime(this.#sink.send(batch), this.#timeout);
        this.#end(sending, true);
      } catch (error) {
        this.#end(sending, false);
        this.#complain(error);
      }
    }
  }

  #next(): AuditRecord[] {
    const { events, bytes: most } = this.#sink.batch ?? { events: 1, bytes: Infinity };
    let [count, bytes] = [0, 0];
    for (const record of this.#queue) {
      bytes += record.bytes + BESIDE;
      if (count === events || bytes > most) break;
      count += 1;
    }
    return this.#queue.splice(0, count);
  }

  #begin(count: number): Sending {
    const sending = { count, since: this.#host.now() };
    this.#sendings.add(sending);
    this.#sendingCount += count;
    return sending;
  }

  /** What was given up before is counted already. */
  #end(sending: Sending, well: boolean): void {
    if (!this.#sendings.delete(sending)) return;
    this.#sendingCount -= sending.count;
    if (well) this.#sent += sending.count;
    else this.#failed += sending.count;
  }

  /** A request may end with its sends under way: nobody hears of them again. */
  #giveUp(): void {
    const now = this.#host.now();
    for (const sending of this.#sendings) {
      if (now - sending.since <= 2 * this.#timeout) return;
      this.#end(sending, false);
    }
  }

  /** A runtime that does not wait may end the work, and what is lost is counted; it fails no decision. */
  #outlive(work: Promise<unknown>): void {
    try {
      this.#host.outlive(work);
    } catch {
      // As it says.
    }
  }

  #complain(error: unknown): void {
    say("edgeward: the audit sink failed", error);
  }
}

/** A console may throw as any sink may. */
function say(words: string, error?: unknown): void {
  try {
    console.error(words, error instanceof Error ? error.message : "");
  } catch {
    // Nobody is left to tell.
  }
}

const sleep = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

/** The end of a send, if it comes in time. */
async function inTime(pending: unknown, timeout: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${timeout} ms`)), timeout);
    // A process need not stay for it.
    (timer as { unref?: () => void }).unref?.();
  });
  try {
    await Promise.race([pending, late]);
  } finally {
    clearTimeout(timer);
  }
}
