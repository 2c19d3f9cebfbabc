// A report in words, for a terminal. What stands in it came with the credential: nothing of that reaches the terminal but
// as text that can be seen.
import { paint, shown, type Style } from "../terminal.js";
import { fromNow, spanInWords } from "../times.js";
import type { CredentialFinding, InspectedApiKey, InspectedKey, InspectedPart, InspectedStep, InspectedToken, Inspection, StepOutcome } from "../../../types/index.js";

const SIGNS: Readonly<Record<StepOutcome, string>> = { passed: "✓", failed: "✗", not_reached: "·", not_asked: "·" };
const OUTCOMES: Readonly<Record<StepOutcome, string>> = { passed: "passed", failed: "failed", not_reached: "not reached", not_asked: "not asked" };

const STYLES: Readonly<Record<StepOutcome, Style>> = { passed: "green", failed: "red", not_reached: "dim", not_asked: "dim" };

/** Longer texts are cut: nobody reads them on a terminal, and `--json` has them whole. */
const LONGEST_SHOWN = 8192;

/** Lines as they stand, with what could not be seen in them by its number. */
const lines = (text: string) => text.split("\n").map(shown).join("\n");

const heading = (text: string) => `\n${paint("bold", text)}`;
const indented = (text: string) => text.split("\n").map((one) => `  ${one}`).join("\n");

export function inWords(report: Inspection, now: number): string {
  if (report.token !== null) return [...tokenInWords(report.token, now), ...ending(report)].join("\n");
  if (report.key !== null) return [...keyInWords(report.key), ...ending(report)].join("\n");
  return "It has the form of neither class: a token is three segments of base64url with dots between them, an API key a prefix, live or test, an id, and a secret with its check.";
}

function ending({ verdict, lint, class: of }: Inspection): string[] {
  return [...verdictInWords(verdict, of), ...findings(lint)];
}

function verdictInWords(verdict: Inspection["verdict"], of: Inspection["class"]): string[] {
  if (verdict === null) {
    const words = of === "api_key" ? "None: only the store that has its record can tell." : "None: no policy was given.";
    return [heading("The policy's verdict"), `  ${words}`];
  }
  if (verdict.ok) return [heading("The policy's verdict"), `  ${paint("green", "✓ allowed")}  ${shown(verdict.scopes.join(" "))}`.trimEnd()];
  const sign = verdict.status >= 500 ? "? cannot tell" : "✗ refused";
  return [heading("The policy's verdict"), `  ${paint("red", sign)}  ${verdict.code} (${verdict.status}): ${verdict.title}`];
}

function tokenInWords(token: InspectedToken, now: number): string[] {
  const { mathematics, trust, keys, keysObjection, lifetime, clockEdges } = token;
  const holds = { true: paint("green", "✓ holds"), false: paint("red", "✗ does not hold"), null: "? not checked" }[`${mathematics.holds}`];
  const why = mathematics.fault === null ? "" : `  ${mathematics.fault.code}: ${mathematics.fault.title}${noted(mathematics.fault.note)}`;
  const under = mathematics.holds === true ? `  ${mathematics.algorithm}, key ${mathematics.kid === null ? `${mathematics.key}` : shown(mathematics.kid)}` : "";
  const own = trust.ownKeys.length === 0 ? [] : [`  It brings or names a key of its own (${trust.ownKeys.join(", ")}): worthless, and never used.`];
  return [
    paint("bold", "An M2M token"),
    ...part("Header", token.header),
    ...part("Payload", token.payload),
    ...times(lifetime, now),
    ...clockEdges.map(({ at, before, after }) => `  at ${date(at)}: ${before ?? "allowed"} → ${after ?? "allowed"}`),
    ...ladder(token.steps),
    heading("The mathematics"),
    `  ${holds}${under}${why}`,
    heading("The trust"),
    `  ${trust.established ? paint("green", "✓ established") : "? not established"}  ${trust.words}`,
    ...own,
    ...(keysObjection === null ? [] : [`  The keys that were handed over do not do for the policy: ${shown(keysObjection)}`]),
    ...(keys.length === 0 ? [] : [heading("The keys"), ...keys.map(keyLine)]),
  ];
}

function part(title: string, { text, fault, broken }: InspectedPart): string[] {
  const told = [heading(title), text === null ? "  nothing of it can be read" : indented(laidOut(text))];
  if (fault !== null) told.push(`  ${paint("red", "✗")} ${fault.code}: ${fault.title}${noted(fault.note)}`);
  if (broken !== null) {
    const places = [broken.byte === null ? [] : `byte ${broken.byte}`, broken.character === null ? [] : `character ${broken.character} of the token`];
    told.push(`  the ${{ base64url: "base64url", utf8: "UTF-8", json: "JSON" }[broken.kind]} goes wrong at ${places.flat().join(", ")}`);
  }
  return told;
}

/** JSON as it stands where it cannot be read, or where reading it would change it. */
function laidOut(text: string): string {
  let laid = text;
  try {
    const read: unknown = JSON.parse(text);
    // Large numbers and members that stand twice would not be written as they were read.
    if (JSON.stringify(read) === text) laid = JSON.stringify(read, null, 2);
  } catch {
    // Shown as it stands.
  }
  const rest = laid.length - LONGEST_SHOWN;
  return rest > 0 ? `${lines(laid.slice(0, LONGEST_SHOWN))}\n… and ${rest} characters more` : lines(laid);
}

function times({ issued, notBefore, expires, seconds }: InspectedToken["lifetime"], now: number): string[] {
  const rows = [
    ["issued", issued],
    ["not before", notBefore],
    ["expires", expires],
  ] as const;
  const told = rows.flatMap(([name, at]) => (at === null ? [] : [`  ${name.padEnd(10)} ${date(at)}, ${fromNow(at - now)}`]));
  if (seconds !== null) told.push(`  ${"lives for".padEnd(10)} ${spanInWords(Math.abs(seconds))}${seconds < 0 ? ", backwards" : ""}`);
  return told.length === 0 ? [] : [heading("Its time"), ...told];
}

function date(at: number): string {
  const moment = new Date(at * 1000);
  return Number.isNaN(moment.getTime()) ? `${at} (beyond any calendar)` : `${moment.toISOString().replace(".000Z", "Z")} (${at})`;
}

function ladder(steps: readonly InspectedStep[]): string[] {
  const width = Math.max(...steps.map(({ step }) => step.length));
  const line = ({ step, outcome, title, code, reason, section, note }: InspectedStep) => {
    const sign = paint(STYLES[outcome], `${SIGNS[outcome]} ${OUTCOMES[outcome].padEnd(11)}`);
    const failed = outcome === "failed" ? `\n      ${code}: ${reason}${noted(note)} (${section})` : note === null ? "" : ` (${shown(note)})`;
    return `  ${sign} ${step.padEnd(width)}  ${title}${failed}`;
  };
  return [heading("The steps"), ...steps.map(line)];
}

const noted = (note: string | null) => (note === null ? "" : `: ${shown(note)}`);

function keyLine({ origin, index, kid, kty, crv, alg, use, thumbprint, chosen, holds, why }: InspectedKey): string {
  const facts = [kty, crv, alg, use].filter((fact) => fact !== null).map(shown);
  const name = kid === null ? `key ${index}` : shown(kid);
  const signed = holds === null ? "" : holds ? "; the signature holds under it" : "; the signature does not hold under it";
  const print = thumbprint === null ? "" : `\n      thumbprint ${thumbprint}`;
  return `  ${chosen ? "→" : " "} ${name} [${facts.join(" ")}, ${origin === "policy" ? "of the policy" : "handed over"}]: ${why}${signed}${print}`;
}

function keyInWords(key: InspectedApiKey): string[] {
  const place = key.secretAt === null ? "all of it" : `characters ${key.secretAt[0] + 1} to ${key.secretAt[1]}`;
  const rows = [
    ["prefix", key.prefix],
    ["environment", key.environment],
    ["id", key.id],
    ["secret", place],
    ["stored as", key.storedAs],
  ] as const;
  return [
    paint("bold", key.foreign ? "An API key of another form" : "An API key"),
    ...rows.flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(12)} ${shown(value)}`])),
    `  ${key.stored}`,
    ...ladder(key.steps),
  ];
}

function findings(lint: readonly CredentialFinding[]): string[] {
  if (lint.length === 0) return [heading("Its practice"), "  nothing to object to"];
  const line = ({ severity, rule, section, title, advice, place, pointer }: CredentialFinding) =>
    `  ${severity.padEnd(6)} ${place}${shown(pointer ?? "")}  ${rule} [${section}]\n         ${title}\n         ${advice}`;
  return [heading("Its practice"), ...lint.map(line)];
}
