// Opening without a network: the worker in offline.js keeps the page's own files.

/**
 * Registers the worker. What runs as a script must come by a policy, and this is the only one that the page may make: it
 * takes nothing and knows one address, and can be made once.
 */
export async function keep() {
  try {
    const policy = self.trustedTypes?.createPolicy("offline", { createScriptURL: () => "offline.js" });
    await navigator.serviceWorker?.register(policy ? policy.createScriptURL("") : "offline.js");
  } catch {
    // Not to be had here (a private window, a server that is not trusted): the page is as good as before, online.
  }
}
