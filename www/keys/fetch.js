// Fetches the public keys of an issuer in a frame that cannot be told anything. It may reach the network and the page may
// not, so it must never know what was pasted there: it listens to nothing but its own field and button, and reads nothing
// that whoever embeds it could set. What it hands out is the text of a key set, and how tall it is itself.
"use strict";

/** What the core takes at most, in bytes. */
const LONGEST = { metadata: 128 * 1024, keys: 512 * 1024 };
/** For everything that one press asks for, in milliseconds. */
const PATIENCE = 10_000;

/** Why there are no keys, in words. */
class Refusal extends Error {}

const at = (id) => document.getElementById(id);

function tell(...children) {
  at("outcome").replaceChildren(...children);
}

function make(tag, ...children) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

/** An address that may be asked. */
function addressOf(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    throw new Refusal("this is no address: it begins with https://");
  }
  if (url.protocol !== "https:") throw new Refusal("only https is asked, as on any other way somebody could put keys of their own in");
  if (url.username || url.password) throw new Refusal("an address with a name or a password in it is not asked");
  url.hash = "";
  return url;
}

/** Where the keys may be: there, or where the metadata of an issuer of that name is (OpenID Connect Discovery §4, RFC 8414 §3). */
function candidates(url) {
  const path = url.pathname.replace(/\/$/, "");
  const itself = path || url.search ? [url.href] : [];
  if (url.search || path.includes("/.well-known/")) return itself;
  const metadata = [`${path}/.well-known/openid-configuration`, `/.well-known/oauth-authorization-server${path}`];
  return [...itself, ...metadata.map((place) => url.origin + place)];
}

/** The text at an address. No cookie, no referrer and no cache go with it; a redirect away from https is refused by the policy. */
async function ask(address, longest, signal) {
  const options = { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store", headers: { accept: "application/json" }, signal };
  let answer;
  try {
    answer = await fetch(address, options);
  } catch {
    if (signal.aborted) throw new Refusal("no answer within ten seconds");
    // Asked in a way that shows nothing of the answer: is there one?
    const answers = await fetch(address, { ...options, mode: "no-cors" }).then(() => true, () => false);
    throw new Refusal(answers ? "it answers, and does not allow pages to read what it says (CORS)" : "it cannot be reached, or leads away from https");
  }
  if (!answer.ok) throw new Refusal(`it answers ${answer.status}`);
  try {
    return await textOf(answer, longest);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(signal.aborted ? "no whole answer within ten seconds" : "its answer broke off, or is not UTF-8");
  }
}

async function textOf(answer, longest) {
  const [reader, decoder] = [answer.body.getReader(), new TextDecoder("utf-8", { fatal: true })];
  let [text, length] = ["", 0];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > longest) {
      reader.cancel();
      throw new Refusal(`it answers with more than ${longest / 1024} KiB`);
    }
    text += decoder.decode(value, { stream: true });
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Refusal("what it answers is not JSON");
  }
}

/** Whether metadata is that of the issuer whose address was given, but for a slash at its end (RFC 8414 §3.3). */
const isOf = (issuer, url) => typeof issuer === "string" && issuer.replace(/\/$/, "") === url.href.replace(/\/$/, "");

/** What is at one place: keys, or metadata that says where they are. */
async function look(place, url, signal) {
  const text = await ask(place, LONGEST.keys, signal);
  const found = parsed(text);
  if (Array.isArray(found?.keys)) return { text, place, count: found.keys.length };
  if (typeof found?.jwks_uri !== "string") throw new Refusal("there is neither a key set nor the metadata of an issuer");
  if (text.length > LONGEST.metadata) throw new Refusal("its metadata is too long");
  if (place !== url.href && !isOf(found.issuer, url)) throw new Refusal("its metadata is that of another issuer, so its keys are not taken");
  const keys = addressOf(found.jwks_uri).href;
  try {
    const set = await ask(keys, LONGEST.keys, signal);
    const { keys: list } = parsed(set) ?? {};
    if (!Array.isArray(list)) throw new Refusal("there is no key set");
    return { text: set, place: keys, count: list.length };
  } catch (error) {
    if (error instanceof Refusal) throw new Refusal(`it names ${keys} for its keys; of that: ${error.message}`);
    throw error;
  }
}

let busy = false;

async function run() {
  if (busy) return;
  busy = true;
  const refused = [];
  try {
    const url = addressOf(at("address").value.trim());
    const signal = AbortSignal.timeout(PATIENCE);
    tell(make("p", "Asking…"));
    for (const place of candidates(url)) {
      try {
        return give(await look(place, url, signal));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        refused.push(make("li", make("code", place), `: ${error.message}.`));
      }
      if (signal.aborted) break;
    }
    const otherwise = make("p", "Fetch the key set in another way, with ", make("code", "curl"), " or ", make("code", "edgeward snapshot"), ", and paste it.");
    tell(make("p", "No keys were found."), make("ul", ...refused), otherwise);
  } catch (error) {
    tell(make("p", error instanceof Refusal ? `Not asked: ${error.message}.` : "This failed, which it never should: please report it."));
  } finally {
    busy = false;
  }
}

/** Hands the key set to the page. Its keys are public, so it matters to nobody which page that is. */
function give({ text, place, count }) {
  parent.postMessage({ keySet: text }, "*");
  tell(make("p", `${count} ${count === 1 ? "key" : "keys"} from `, make("code", place), ", now in the field."));
}

at("fetch").addEventListener("click", run);
at("address").addEventListener("keydown", ({ key }) => {
  if (key === "Enter") run();
});

const measure = () => parent.postMessage({ height: Math.ceil(document.documentElement.getBoundingClientRect().height) }, "*");
new ResizeObserver(measure).observe(document.documentElement);
measure();
