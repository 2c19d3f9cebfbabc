// Audit events as lines: on standard output, or at the end of a file.
import { createWriteStream, type WriteStream } from "node:fs";
import type { AuditSink } from "../../../types/audit-types.js";
import { fileError } from "../command.js";

export interface AuditLines {
  readonly sink: AuditSink;
  /** Opens the file anew, under whatever name it has by now: the old one may have been moved away. */
  reopen(): Promise<void>;
  close(): Promise<void>;
}

/** Many events go into one write, and a reader that is slow is not waited for: past `room` events are dropped, and counted. */
const BATCH = { events: 500, bytes: 256 * 1024, linger: 0 };
const ROOM = 10_000;
/** In milliseconds; the end of the server waits for no longer. */
const TIMEOUT = 3000;

type Writing = { write(text: string, done: (error?: Error | null) => void): unknown };

export async function auditLines(file: string | undefined): Promise<AuditLines> {
  let to: Writing = process.stdout;
  let current: WriteStream | undefined;
  const reopen = async () => {
    if (file === undefined) return;
    const next = await opened(file);
    const before = current;
    to = current = next;
    if (before !== undefined) await ended(before);
  };
  await reopen();
  const sink: AuditSink = {
    name: file === undefined ? "stdout" : "file",
    room: ROOM,
    timeout: TIMEOUT,
    batch: BATCH,
    async send(records) {
      // A file that could not be written, as on a disk that was full, takes nothing more until it is opened again.
      const isAnew = current?.destroyed === true;
      if (isAnew) await reopen();
      // Its last line may have been cut off.
      const text = (isAnew ? "\n" : "") + records.map(({ line }) => `${line}\n`).join("");
      await new Promise<void>((resolve, reject) => void to.write(text, (error) => (error ? reject(error) : resolve())));
    },
  };
  return { sink, reopen, close: async () => (current === undefined ? undefined : ended(current)) };
}

function opened(file: string): Promise<WriteStream> {
  return new Promise((resolve, reject) => {
    const stream = createWriteStream(file, { flags: "a", mode: 0o600 });
    stream.once("open", () => resolve(stream));
    // Later on, whoever writes is told.
    stream.on("error", (error) => reject(fileError("write", file, error)));
  });
}

const ended = (stream: WriteStream) => new Promise<void>((resolve) => void stream.end(() => resolve()).once("error", () => resolve()));
