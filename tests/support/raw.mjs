// HTTP/1.1 as bytes: an origin that keeps what it was sent and reads it as leniently as some servers do, and a client that
// sends anything.
import { connect, createServer } from "node:net";

const latin1 = (bytes) => bytes.toString("latin1");

/**
 * Takes the messages out of bytes. What cannot be a message any more is `rest`. It knows no rule of the gate: a line ends
 * with a line feed, with or without what stands before it, and a header's name with a colon.
 */
export function messages(bytes) {
  const found = [];
  let text = latin1(bytes);
  for (;;) {
    text = text.replace(/^(\r?\n)+/, "");
    const head = /^[\s\S]*?\r?\n\r?\n/.exec(text)?.[0];
    if (head === undefined) return { found, rest: text };
    const [line, ...lines] = head.trimEnd().split(/\r?\n/);
    const headers = lines.map((one) => [one.split(":")[0].toLowerCase(), one.slice(one.indexOf(":") + 1).trim()]);
    const values = (name) => headers.filter(([found]) => found === name).map(([, value]) => value);
    let after = text.slice(head.length);
    let body = "";
    if (values("transfer-encoding").length > 0) {
      for (;;) {
        const size = /^([0-9a-f]+)[^\n]*\n/i.exec(after);
        if (size === null) return { found, rest: text };
        const length = parseInt(size[1], 16);
        if (after.length < size[0].length + length + 2) return { found, rest: text };
        body += after.slice(size[0].length, size[0].length + length);
        after = after.slice(size[0].length + length);
        if (length > 0) after = after.slice(2);
        else {
          after = after.replace(/^[\s\S]*?\r?\n(?:\r?\n)?/, "");
          break;
        }
      }
    } else {
      const length = Number(values("content-length")[0] ?? 0);
      if (after.length < length) return { found, rest: text };
      body = after.slice(0, length);
      after = after.slice(length);
    }
    const [method, target] = line.split(" ");
    found.push({ line, method, target, headers, body });
    text = after;
  }
}

/** An origin. `answer` makes the bytes of an answer of a message; by default it is short and good. */
export async function rawOrigin(answer = ({ method }) => `HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n${method === "HEAD" ? "" : "ok"}`) {
  const seen = [];
  const sockets = new Set();
  const server = createServer((socket) => {
    sockets.add(socket);
    let pending = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    socket.on("data", (chunk) => {
      pending = Buffer.concat([pending, chunk]);
      const { found, rest } = messages(pending);
      pending = Buffer.from(rest, "latin1");
      for (const message of found) {
        seen.push(message);
        const bytes = answer(message, socket);
        if (bytes !== undefined) socket.write(bytes);
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  return {
    seen,
    port,
    url: `http://127.0.0.1:${port}`,
    /** How many connections are open. */
    open: () => sockets.size,
    stop() {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Sends bytes, ends, and hands back all that is answered until the other side is done too. */
export function exchange(port, bytes) {
  return new Promise((resolve) => {
    const chunks = [];
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    const done = () => {
      socket.destroy();
      resolve(latin1(Buffer.concat(chunks)));
    };
    // A server that waits for more is told that there is none, once it has been silent.
    socket.setTimeout(1000, () => (socket.writableEnded ? done() : socket.end()));
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.on("end", done);
    socket.on("error", done);
  });
}
