// Keeps the page's own files, so that it opens without a network, and answers for these addresses and no other. It asks the
// server for them once, when a version is installed, and each must have the digest that the build found: a version is had
// as a whole or not at all. Nothing that was pasted ever comes here.

// Written by the build: the version, and each file's address with its digest.
const [VERSION, FILES] = ["", {}];

const HOME = registration.scope;
const OURS = `edgeward page ${HOME} `;
const NAME = OURS + VERSION;
const files = new Map(Object.entries(FILES).map(([path, integrity]) => [new URL(path, HOME).href, integrity]));

addEventListener("install", (event) => event.waitUntil(install()));

async function install() {
  const requests = [...files].map(([address, integrity]) => new Request(address, { integrity, cache: "no-cache", redirect: "error" }));
  const cache = await caches.open(NAME);
  try {
    await cache.addAll(requests);
  } catch (error) {
    await caches.delete(NAME);
    throw error;
  }
}

addEventListener("activate", (event) => event.waitUntil(forget()));

async function forget() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(OURS) && name !== NAME).map((name) => caches.delete(name)));
}

addEventListener("fetch", (event) => {
  const { request } = event;
  const [asked] = request.url.split("#");
  const [plain] = asked.split("?");
  const address = plain === `${HOME}index.html` ? HOME : plain;
  // Not the page's: the browser does with it what it would have done.
  if (!files.has(address)) return;
  const isPlain = request.method === "GET" && asked === plain;
  // One of the page's own addresses with something added would carry that to the server.
  if (isPlain) event.respondWith(answer(request, address));
  else if (request.mode !== "navigate") event.respondWith(Response.error());
});

// The files of the version that takes over, once a load has begun with them: it goes on with them whichever worker is asked.
let from = NAME;

async function answer(request, address) {
  // The next load takes over a new version. What else is open could be loading this one: then it stays for now.
  if (request.mode === "navigate" && registration.waiting && (await clients.matchAll()).length < 2) {
    from = await handOver(registration.waiting);
  }
  const kept = await (await caches.open(from)).match(address);
  return kept ?? fetch(address);
}

/** Tells the version that waits to take over: under which name it keeps its files, or our own if it does not answer. */
function handOver(next) {
  const { port1, port2 } = new MessageChannel();
  return new Promise((resolve) => {
    port1.onmessage = (event) => resolve(event.data);
    setTimeout(resolve, 1000, NAME);
    next.postMessage(null, [port2]);
  });
}

// By the version before, when it is time; what a message says is not looked at.
addEventListener("message", (event) => {
  event.ports[0]?.postMessage(NAME);
  skipWaiting();
});
