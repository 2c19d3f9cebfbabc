// The verdicts, as data and as they are drawn: what the mathematics says, and whether anybody vouches for the key. They are
// never merged into one. What a policy says of it is a third thing, and is told only where there is a policy.
import { worded, el, foreign, rule } from "./dom.js";
import { date } from "./words.js";

/** `state` is `holds`, `fails` or `open`; `fault` is one of the core's; `also` are words and what is foreign after them. */
const verdict = (question, state, answer, words, more = {}) => ({ question, state, answer, words, ...more });

/** The verdicts of a state, the mathematics first. */
export function verdictsOf(state) {
  const { report, credential } = state;
  const two = report.token
    ? [tokenMathematics(state), tokenTrust(state)]
    : report.key
      ? [keyMathematics(report.key), keyTrust()]
      : [
          verdict("The mathematics", "open", "Not checked", `This has the form of neither class. ${guess(credential)}`),
          verdict("The trust", "open", "Not established", "What is not recognised is refused."),
        ];
  // Of what is no credential a policy says nothing that these two do not.
  return state.policy && (report.class || state.policyFaults) ? [...two, policyVerdict(state)] : two;
}

/** What is read aloud of them: each in a few words. */
export const spoken = (all) => all.map(({ question, answer }) => `${question}: ${answer.toLowerCase()}.`).join(" ");

function tokenMathematics({ report: { token }, keys, keysFault }) {
  const { holds, fault } = token.mathematics;
  const about = (state, answer, words, fault) => verdict("The mathematics", state, answer, words, { fault });
  if (holds === true) {
    const whose = token.trust.origin === "policy" ? "of the policy" : "of the set that you pasted";
    return about("holds", "Holds", `The signature fits exactly these bytes, under a key ${whose}.`);
  }
  if (holds === false) {
    const words = "Either the token was changed after it was signed, or another key signed it. Both are refused alike.";
    return about("fails", "Does not hold", words, fault);
  }
  // Without an algorithm no key was looked for.
  const early = formFault(token) ?? token.header.fault ?? (token.mathematics.algorithm === null ? fault : null);
  if (early) return about("fails", "Not checked", "The token is refused before its signature is looked at.", early);
  if (fault) return about("open", "Not checked", "There is nothing to check it with.", fault);
  const words = keysFault
    ? "The key set that you pasted cannot be read."
    : keys
      ? "No key of the set was tried."
      : "No key set was pasted. With the keys of its issuer, this page checks the signature.";
  return about("open", "Not checked", words);
}

/** The first steps, which look at the outline alone. */
const OUTLINE = ["size", "form", "header_encoding", "payload_encoding", "signature_encoding"];

/** What is wrong with the outline of a token, if anything, as a fault. */
export function formFault(token) {
  const failed = token.steps.find(({ step, outcome }) => outcome === "failed" && OUTLINE.includes(step));
  return failed ? faultAt(failed) : null;
}

const faultAt = ({ code, reason, section, note }) => ({ code, title: reason, section, note });

function tokenTrust({ report: { token }, policy, policyFaults }) {
  const { established, issuer, words, ownKeys } = token.trust;
  const said = [words];
  if (!policy || policyFaults) said.push("A gate trusts a key because its policy names the issuer and where that issuer’s keys are found.");
  if (ownKeys.length) {
    said.push(`The token brings or names a key of its own (${ownKeys.join(", ")}): anybody can do that, and it is never used.`);
  }
  const also = issuer === null ? null : ["The issuer:", issuer];
  return verdict("The trust", established ? "holds" : "open", established ? "Established" : "Not established", said.join(" "), { also });
}

function keyMathematics(key) {
  if (key.checkHolds === null) {
    return verdict("The mathematics", "open", "Nothing to compute", "A key of another form, which the policy takes: all of it is secret, and it has no check.");
  }
  return key.checkHolds
    ? verdict("The mathematics", "holds", "Holds", "The last six characters are the checksum of the rest: nothing was mistyped or cut off. Anybody can compute it, so it proves nothing more.")
    : verdict("The mathematics", "open", "Cannot be told", "The last six characters are not the plain checksum of the rest. Either the key was mistyped or made up, or its issuer seals its keys, and only the seal can tell.");
}

function keyTrust() {
  return verdict("The trust", "open", "Not established", "Only the store that holds the key’s record can say whether it is good, whose it is and what it may do.");
}

/** What the policy says, by the verifier itself, and the step or the moment that decides. */
function policyVerdict({ report, policyFaults, now }) {
  const about = (state, answer, words, more) => verdict("This policy says", state, answer, words, more);
  if (policyFaults) return about("open", "Nothing", "It cannot be used. The tab “Policy” says why.");
  const { verdict: said, token, key } = report;
  if (!said) return about("open", "Not without the store", "The text of the key is in order. Its record, which only the store has, decides.");
  if (said.ok) return about("holds", "Allowed", until(token?.clockEdges.find(({ at }) => at * 1000 > now), said.expires));
  const steps = token?.steps ?? key?.steps ?? [];
  const number = steps.findIndex(({ outcome }) => outcome === "failed");
  const fault = number < 0 ? { code: said.code, title: said.title, section: null, note: null } : faultAt(steps[number]);
  const where = number < 0 ? "" : `It ended at step ${number + 1} of ${steps.length}, which asks for this: “${steps[number].title}”`;
  return said.status === 503
    ? about("open", "Cannot be told here", where || "Somebody would have to be asked, and this page asks nobody.", { fault })
    : about("fails", "Refused", where, { fault });
}

function until(edge, expires) {
  const moment = (at) => date(at)?.text ?? `Unix ${at}`;
  if (edge?.after) return `Until ${moment(edge.at)}. From then on it is refused: ${edge.after}.`;
  return expires === null ? "It says nothing of an end." : `It ends on ${moment(expires)}.`;
}

function guess(text) {
  if (/^[{[]/.test(text)) return "It looks like JSON: a key set belongs in the second field.";
  if (text.startsWith("-----BEGIN")) return "It looks like a PEM, which is a key or a certificate and not what a client sends.";
  if (text.startsWith("eyJ")) return "It begins like a token and has no dots: perhaps a part of it is missing.";
  return "A token is three parts of base64url with dots between them. An API key of Edgeward’s form is a prefix, live or test, an id of 16 characters, and a secret with its check, with underscores between them.";
}

const SIGNS = { holds: "✓", fails: "✕", open: "?" };

/** The verdicts as they are drawn. */
export const verdictCards = (all) =>
  all.map(({ question, state, answer, words, also, fault }) =>
    el(
      "div",
      { class: "verdict", "data-state": state },
      el("h3", null, el("span", { class: "question" }, question), answerOf(state, answer)),
      words && el("p", null, worded(words)),
      also && el("p", null, also[0], " ", foreign(also[1])),
      fault && faultOf(fault),
    ),
  );

export const answerOf = (state, answer) =>
  el("span", { class: "answer" }, el("span", { class: "sign", "aria-hidden": "true" }, SIGNS[state]), answer);

/** A reason of the core, with its code and the rule that it comes from. */
export function faultOf({ code, title, section, note }) {
  return el(
    "p",
    { class: "fault" },
    el("strong", null, worded(title)),
    note && [": ", el("bdi", { class: "foreign" }, worded(note))],
    ". ",
    el("span", { class: "source" }, el("code", { translate: "no" }, code), section && [" · ", rule(section)]),
  );
}

const SPOKEN = /^\s*(?:authorization\s*:\s*)?bearer\s+|^\s*(?:authorization|x-api-key)\s*:\s*/i;

/** The credential without what stands before it in a request. */
export function bare(text) {
  return text.replace(SPOKEN, "").trim();
}
