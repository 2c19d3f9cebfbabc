// Keys behind a gate, changed through its admin endpoints.
import type { InventoryPage, ReviewPage, Severity } from "../../../types/index.js";
import { CommandError, StepError, reason } from "../command.js";
import { MOST } from "../pages.js";
import type { Keys, Page, Step, TextAsked, TextEnd } from "./access.js";

/** Where a gate is, and who asks it. */
export interface GateAddress {
  /** Its URL with its prefix, without a slash at the end. */
  base: string;
  /** None for what needs none. */
  token: string | undefined;
}

/** How long an answer may take, in milliseconds. */
const PATIENCE = 60_000;

/** The longest answer that is kept in memory, in characters. */
const LONGEST_ANSWER = 16 * 1024 * 1024;

interface Asked {
  method?: string;
  query?: Record<string, string | number | undefined>;
  body?: object | string;
  bearer?: string | undefined;
}

/** Asks a gate: for an answer, or for the JSON document in it. */
export function asking({ base, token }: GateAddress) {
  const ask = async (path: string, { method = "GET", query = {}, body, bearer = token }: Asked): Promise<Response> => {
    const url = new URL(`${base}/${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
    const answer = await send(url, method, bearer, body);
    if (answer.ok) return answer;
    throw await refusal(answer, base);
  };
  const document = async <T>(path: string, asked: Asked): Promise<T> => parsed<T>(await ask(path, asked), base);
  return { ask, document };
}

export function gateKeys(address: GateAddress): Keys {
  const { base } = address;
  const { ask, document } = asking(address);
  const review = ({ cursor, limit }: Page) => document<ReviewPage>("admin/review", { query: { format: "json", cursor, limit } });
  return {
    knowsWho: true,
    carryOut: (step, id, body) => {
      const [method, path] = endpoint(step, id);
      if (step === "list") return document(path, { query: body as Record<string, string | number | undefined> });
      return document(path, method === "GET" ? {} : { method, body });
    },
    async revokeHeld(key, why) {
      await document("revoke", { method: "POST", bearer: key, body: { reason: why } });
    },
    inventory: ({ cursor, limit }) => document<InventoryPage>("admin/inventory", { query: { format: "json", cursor, limit } }),
    review,
    policyFindings: () => undefined,
    text: (asked) => (asked.format === "html" ? htmlOf(asked, ask, review) : csvOf(asked, ask, base)),
    close: async () => undefined,
  };
}

function endpoint(step: Step, id = ""): [method: string, path: string] {
  const key = `admin/keys/${encodeURIComponent(id)}`;
  switch (step) {
    case "list":
      return ["GET", "admin/keys"];
    case "issue":
      return ["POST", "admin/keys"];
    case "import":
      return ["POST", "admin/keys/import"];
    case "show":
      return ["GET", key];
    case "update":
      return ["PATCH", key];
    default:
      return ["POST", `${key}/${step}`];
  }
}

/** Sends a request to a gate, and follows no redirect. */
export async function send(url: URL, method: string, bearer: string | undefined, body: object | string | undefined): Promise<Response> {
  const headers = new Headers({ accept: "application/json, application/problem+json, text/csv, text/html" });
  if (bearer !== undefined) headers.set("authorization", `Bearer ${bearer}`);
  if (body !== undefined) headers.set("content-type", "application/json");
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  let answer: Response;
  try {
    // A credential goes where it was meant to go, and not where that points to.
    answer = await fetch(url, { method, headers, body: text ?? null, redirect: "manual", signal: AbortSignal.timeout(PATIENCE) });
  } catch (error) {
    const cause = error instanceof Error && error.cause !== undefined ? reason(error.cause) : reason(error);
    const doubt = method === "GET" ? "" : "; nobody can tell what was done";
    throw new CommandError(`the gate at ${url.origin} did not answer: ${cause}${doubt}`, { code: "gate_unreachable", hint: unreached(error, method), cause: error });
  }
  if (answer.status >= 300 && answer.status < 400) {
    throw new CommandError(`the gate at ${url.origin} points elsewhere (status ${answer.status}), where no credential is sent`, {
      code: "gate_redirects",
      hint: "name the URL that it points to, if that is the gate: --gate, or EDGEWARD_GATE",
    });
  }
  return answer;
}

/** What to do about what keeps a gate from answering. */
function unreached(error: unknown, method: string): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = (cause as NodeJS.ErrnoException | undefined)?.code ?? "";
  if (/CERT|SSL|TLS|SELF_SIGNED|ISSUER/.test(code)) return "its certificate is not trusted from here: NODE_EXTRA_CA_CERTS names a file with your own authority";
  const again = method === "GET" ? "" : "; look with edgeward keys list what was done before it is done again";
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return `is the name of its host right, and does it resolve from here${again}`;
  return `is it running, is its URL right, and does a firewall let this machine through${again}`;
}

/** What is told where something else answers. */
export const NO_GATE = { code: "no_gate", hint: "the URL of a gate ends with its prefix, as in https://api.example/_edgeward" } as const;

/** What the gate says when it does not do it. */
async function refusal(answer: Response, base: string): Promise<Error> {
  let problem: { code?: unknown; title?: unknown; detail?: unknown } = {};
  try {
    problem = JSON.parse(await textOf(answer)) as typeof problem;
  } catch {
    // Said below.
  }
  const { code, title, detail } = problem ?? {};
  if (typeof code !== "string") return new CommandError(`what answers at ${base} is no gate: status ${answer.status}`, NO_GATE);
  const words = [detail, title].find((text): text is string => typeof text === "string" && text !== "") ?? code;
  return new StepError({ code, status: answer.status, message: words });
}

/** The document of an answer. */
export async function parsed<T>(answer: Response, base: string): Promise<T> {
  const text = await textOf(answer);
  try {
    const document: unknown = JSON.parse(text);
    if (typeof document === "object" && document !== null) return document as T;
  } catch {
    // Said below.
  }
  throw new CommandError(`what answers at ${base} is no gate: its answer is no JSON`, NO_GATE);
}

async function textOf(answer: Response): Promise<string> {
  let text = "";
  for await (const chunk of chunksOf(answer)) {
    text += chunk;
    if (text.length > LONGEST_ANSWER) throw new CommandError("the answer of the gate is too long");
  }
  return text;
}

async function* chunksOf(answer: Response): AsyncGenerator<string, void, void> {
  if (answer.body === null) return;
  const decoder = new TextDecoder();
  try {
    for await (const bytes of answer.body) yield decoder.decode(bytes as Uint8Array, { stream: true });
  } catch (error) {
    throw new CommandError(`the answer of the gate broke off: ${reason(error)}`);
  }
  yield decoder.decode();
}

type Ask = (path: string, asked: Asked) => Promise<Response>;

async function* csvOf({ of, cursor: start, limit }: TextAsked, ask: Ask, base: string): AsyncGenerator<string, TextEnd, void> {
  const bySeverity: Partial<Record<Severity, number>> = {};
  let cursor = start;
  for (let left = limit; left > 0; left -= MOST) {
    const answer = await ask(`admin/${of}`, { query: { format: "csv", cursor, limit: Math.min(MOST, left) } });
    if (!/^text\/csv\b/.test(answer.headers.get("content-type") ?? "")) throw new CommandError(`what answers at ${base} gave no CSV`);
    const text = await textOf(answer);
    if (of === "review") count(text, bySeverity);
    yield text;
    const next = cursorOf(answer);
    if (next === undefined) return { cursor: null, bySeverity };
    if (next === cursor) throw new CommandError("the gate handed over the same cursor again");
    cursor = next;
  }
  return { cursor: cursor ?? null, bySeverity };
}

/** A record of CSV by its first cell; the others may hold anything within quotes. */
const RECORD = /([^",\r\n]*)(?:,(?:"(?:[^"]|"")*"|[^",\r\n]*))*\r\n/y;

function count(csv: string, bySeverity: Partial<Record<Severity, number>>): void {
  RECORD.lastIndex = 0;
  for (let record; (record = RECORD.exec(csv)) !== null; ) {
    const severity = record[1] as Severity;
    bySeverity[severity] = (bySeverity[severity] ?? 0) + 1;
  }
}

/**
 * A gate writes a page about as many keys as it holds in memory at once. What it comes to is counted from the same page as
 * JSON, since the page is for people to read.
 */
async function* htmlOf(
  { of, cursor, limit }: TextAsked,
  ask: Ask,
  review: (page: Page) => Promise<ReviewPage>,
): AsyncGenerator<string, TextEnd, void> {
  const most = Math.min(MOST, limit);
  const answer = await ask(`admin/${of}`, { query: { format: "html", cursor, limit: most } });
  const next = cursorOf(answer) ?? null;
  if (next !== null && limit > most) {
    await answer.body?.cancel();
    // A short page would pass for a whole one.
    throw new CommandError(`a gate writes a page about ${MOST} keys at most, and there are more: --store writes one about all, as --format csv and json do; --limit ${MOST} takes the first ones`);
  }
  yield* chunksOf(answer);
  const bySeverity: Partial<Record<Severity, number>> = {};
  const { findings } = await review({ cursor, limit: most });
  for (const { severity } of findings) bySeverity[severity] = (bySeverity[severity] ?? 0) + 1;
  return { cursor: next, bySeverity };
}

/** What leads to the next page, which stands in a header as a form would have it. */
function cursorOf(answer: Response): string | undefined {
  const value = answer.headers.get("edgeward-cursor");
  if (value === null || value === "") return undefined;
  try {
    return decodeURIComponent(value.replaceAll("+", " "));
  } catch {
    throw new CommandError("the gate handed over a cursor that cannot be read");
  }
}
