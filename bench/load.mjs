// Makes load in a thread of its own: so many requests over so many open connections, each with a token that comes once.
// It is told a job and answers how long that took and which answers came; the same for every gate.
import http from "node:http";
import { parentPort } from "node:worker_threads";
import { ask } from "./workers.mjs";

const agents = new Map();

parentPort.on("message", async ({ url, tokens, connections }) => {
  if (!agents.has(url)) agents.set(url, new http.Agent({ keepAlive: true, maxSockets: connections }));
  const agent = agents.get(url);
  const statuses = {};
  let next = 0;
  const client = async () => {
    while (next < tokens.length) {
      const headers = { authorization: `Bearer ${tokens[next++]}` };
      const { status } = await ask(agent, url, { headers });
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  try {
    const started = performance.now();
    await Promise.all(Array.from({ length: connections }, client));
    parentPort.postMessage({ took: performance.now() - started, statuses });
  } catch (error) {
    parentPort.postMessage({ error: String(error) });
  }
});
