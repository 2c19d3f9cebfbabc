import type { Host } from "../types/index.js";

/** What a server answered. */
export interface InboundAnswer {
  status: number;
  headers: [string, string][];
  body: Uint8Array;
}

/** Sends a request and waits `timeout` milliseconds for an answer of `longest` bytes at most. */
export type Send = (
  method: string,
  url: string,
  headers: [string, string][],
  body: string | undefined,
  longest: number,
  timeout: number,
) => Promise<InboundAnswer>;

/** Sends requests through what was lent, or through the platform, until it is stopped. */
export function sender(host: Host, stop?: AbortSignal): Send {
  return async (method, url, headers, body, longest, timeout) => {
    if (stop?.aborted) throw new Error("stopped");
    const abort = new AbortController();
    const request = { method, headers, redirect: "manual" as const, signal: abort.signal, ...(body === undefined ? {} : { body }) };
    const answer = fetchBy(host, url, request).then((response) => answerOf(response, longest));
    let timer: ReturnType<typeof setTimeout> | undefined;
    // What was lent may not know of the signal.
    const late = new Promise<never>((_, reject) => {
      const giveUp = (words: string) => {
        reject(new Error(words));
        abort.abort();
      };
      timer = setTimeout(() => giveUp(`no answer within ${timeout} ms`), timeout);
      stop?.addEventListener("abort", () => giveUp("stopped"));
    });
    try {
      return await Promise.race([answer, late]);
    } finally {
      clearTimeout(timer);
    }
  };
}

async function fetchBy(host: Host, url: string, request: RequestInit): Promise<Response> {
  const { fetch } = host;
  // The platform's own is a method of nothing else: workerd and browsers refuse to be called otherwise.
  if (fetch === undefined || (fetch as unknown) === globalThis.fetch) return globalThis.fetch(url, request);
  return fetch.call(host, url, request);
}

/** The answer in full, unless it is longer than is read. */
async function answerOf({ status, headers, body }: Response, longest: number): Promise<InboundAnswer> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  if (body !== null) {
    const reader = body.getReader();
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      length += piece.value.length;
      if (length > longest) {
        reader.cancel().catch(() => undefined);
        throw new Error(`the answer is longer than ${longest} bytes`);
      }
      pieces.push(piece.value);
    }
  }
  const whole = new Uint8Array(length);
  let place = 0;
  for (const piece of pieces) {
    whole.set(piece, place);
    place += piece.length;
  }
  return { status, headers: [...headers], body: whole };
}
