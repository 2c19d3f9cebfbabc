// The two verdicts, as data and as they are drawn: what the mathematics says, and what trust would need. They are never merged into one, and
// trust is never claimed here: whatever this page was given, anybody could have given.

import { el, foreign, rule } from "./dom.js";

/** `state` is `holds`, `fails` or `open`; `fault` is one of the core's. */
const verdict = (question, state, answer, words, fault = null) => ({ question, state, answer, words, fault });

export function verdictsOf({ report, keys, keysFault, credential }) {
  const keysGiven = keys !== "";
  if (report.token) return [tokenMathematics(report.token, keysGiven, keysFault), tokenTrust(report.token, keysGiven && !keysFault)];
  if (report.key) return [keyMathematics(report.key), keyTrust()];
  return [
    verdict("The mathematics", "open", "Not checked", `This has the form of neither class. ${guess(credential)}`),
    verdict("The trust", "open", "Not established", "What is not recognised is refused."),
  ];
}

function tokenMathematics(token, keysGiven, keysFault) {
  const { holds, fault } = token.mathematics;
  const about = (state, answer, words, fault) => verdict("The mathematics", state, answer, words, fault);
  if (holds === true) {
    return about("holds", "Holds", "The signature fits exactly these bytes, under a key of the set that you pasted.");
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
    : "No key set was pasted. With the keys of its issuer, this page checks the signature.";
  return about("open", "Not checked", words);
}

/** The first steps, which look at the outline alone. */
const OUTLINE = ["size", "form", "header_encoding", "payload_encoding", "signature_encoding"];

/** What is wrong with the outline of a token, if anything, as a fault. */
export function formFault(token) {
  const failed = token.steps.find(({ step, outcome }) => outcome === "failed" && OUTLINE.includes(step));
  return failed ? { code: failed.code, title: failed.reason, section: failed.section, note: failed.note } : null;
}

function tokenTrust(token, keysGiven) {
  const words = keysGiven
    ? "The key came from what you pasted. Whoever gave you the key set could have made the token too."
    : "No key was given, and a token cannot vouch for itself.";
  const own = token.trust.ownKeys;
  const warning = own.length
    ? ` The token brings or names a key of its own (${own.join(", ")}): anybody can do that, and it is never used.`
    : "";
  const where = " A gate trusts a key because its policy names the issuer and where that issuer’s keys are found.";
  return verdict("The trust", "open", "Not established", words + where + warning);
}

function keyMathematics(key) {
  return key.checkHolds
    ? verdict("The mathematics", "holds", "Holds", "The last six characters are the checksum of the rest: nothing was mistyped or cut off. Anybody can compute it, so it proves nothing more.")
    : verdict("The mathematics", "open", "Cannot be told", "The last six characters are not the plain checksum of the rest. Either the key was mistyped or made up, or its issuer seals its keys, and only the seal can tell.");
}

function keyTrust() {
  return verdict("The trust", "open", "Not established", "Only the store that holds the key’s record can say whether it is good, whose it is and what it may do.");
}

function guess(text) {
  if (/^[{[]/.test(text)) return "It looks like JSON: a key set belongs in the second field.";
  if (text.startsWith("-----BEGIN")) return "It looks like a PEM, which is a key or a certificate and not what a client sends.";
  if (text.startsWith("eyJ")) return "It begins like a token and has no dots: perhaps a part of it is missing.";
  return "A token is three parts of base64url with dots between them. An API key of Edgeward’s form is a prefix, live or test, an id of 16 characters, and a secret with its check, with underscores between them.";
}

const SIGNS = { holds: "✓", fails: "✕", open: "?" };

/** The two as they are drawn. */
export const verdictCards = (all) =>
  all.map(({ question, state, answer, words, fault }) =>
    el(
      "div",
      { class: "verdict", "data-state": state },
      el("h3", null, el("span", { class: "question" }, question), answerOf(state, answer)),
      el("p", null, words),
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
    el("strong", null, title),
    note && [": ", foreign(note)],
    ". ",
    el("span", { class: "source" }, el("code", { translate: "no" }, code), " · ", rule(section)),
  );
}


const SPOKEN = /^\s*(?:authorization\s*:\s*)?bearer\s+|^\s*(?:authorization|x-api-key)\s*:\s*/i;

/** The credential without what stands before it in a request. */
export function bare(text) {
  return text.replace(SPOKEN, "").trim();
}
