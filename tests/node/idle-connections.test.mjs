// A connection to an origin that was kept for the next request, and that the origin closes as that request comes.
import assert from "node:assert/strict";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { createGate } from "edgeward";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";

const issuer = signer("ES256");
let gate;
let server;
/** The request lines that the origin saw, each with how many came before it on its connection. */
const seen = [];
let answers = true;

before(async () => {
  server = createServer((socket) => {
    let asked = 0;
    socket.on("error", () => undefined);
    socket.on("data", (data) => {
      const [method] = data.toString().split(" ", 1);
      seen.push([method, asked]);
      // The second request on a connection meets its end.
      if (asked++ > 0 || !answers) return socket.destroy();
      socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n${method === "HEAD" ? "" : "origin"}`);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const methods = ["GET", "HEAD", "POST", "PUT"];
  const routes = [{ methods, path: "/v1/*", classes: ["m2m_token"] }];
  gate = await createGate({ ...tokenPolicy(issuer), origin: `http://127.0.0.1:${server.address().port}`, routes }, { now: () => NOW, audit: () => undefined });
});
after(() => server.close());

async function ask(method, body) {
  seen.length = 0;
  const headers = { authorization: `Bearer ${issuer.mint()}` };
  const answer = await gate.fetch(new Request("https://api.example/v1/a", { method, headers, ...(body && { body }) }));
  await answer.text();
  return answer.status;
}

test("what may be sent twice is sent again on another connection", async () => {
  for (let round = 0; round < 3; round++) {
    assert.equal(await ask("GET"), 200);
    assert.equal(await ask("GET"), 200);
    assert.deepEqual(seen, [["GET", 1], ["GET", 0]]);
    assert.equal(await ask("HEAD"), 200);
    assert.deepEqual(seen, [["HEAD", 1], ["HEAD", 0]]);
    // Leaves no connection for the next round.
    assert.equal(await ask("POST"), 502);
  }
});

test("what may not be is not, and neither is what has a body", async () => {
  for (const [method, body] of [["POST"], ["PUT", "body"]]) {
    assert.equal(await ask("GET"), 200);
    assert.equal(await ask(method, body), 502);
    assert.deepEqual(seen, [[method, 1]]);
  }
});

test("an origin that breaks off a new connection is asked once", async () => {
  answers = false;
  assert.equal(await ask("GET"), 502);
  assert.deepEqual(seen, [["GET", 0]]);
});
