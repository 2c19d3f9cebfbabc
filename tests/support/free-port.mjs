// A port at which nobody listens.
import { createServer } from "node:net";

/** Of this machine, and free when it was looked for. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}
