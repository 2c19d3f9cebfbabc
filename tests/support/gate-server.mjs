// A gate behind a server of Node's, as a service of one's own would have it.
import { createServer } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

/** Serves a gate; `port` and `stop` of it. */
export async function gateServer(gate) {
  const server = createServer(async (incoming, outgoing) => {
    const left = new AbortController();
    outgoing.on("close", () => outgoing.writableFinished || left.abort());
    try {
      const answer = await gate.fetch(requestOf(incoming, left.signal));
      for (const [name, value] of answer.headers) outgoing.appendHeader(name, value);
      outgoing.writeHead(answer.status);
      // What breaks off on one side breaks off on the other.
      if (answer.body === null) outgoing.end();
      else await pipeline(Readable.fromWeb(answer.body), outgoing);
    } catch {
      if (outgoing.headersSent) outgoing.destroy();
      else outgoing.writeHead(400).end();
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: server.address().port,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

function requestOf(incoming, signal) {
  const { method, url, rawHeaders } = incoming;
  const headers = new Headers();
  for (let place = 0; place < rawHeaders.length; place += 2) headers.append(rawHeaders[place], rawHeaders[place + 1]);
  const hasBody = method !== "GET" && method !== "HEAD" && ("content-length" in incoming.headers || "transfer-encoding" in incoming.headers);
  const body = hasBody ? { body: Readable.toWeb(incoming, { strategy: new ByteLengthQueuingStrategy({ highWaterMark: 1 << 16 }) }), duplex: "half" } : {};
  return new Request(new URL(url, `http://${incoming.headers.host ?? "api.example"}`), { method, headers, signal, ...body });
}
