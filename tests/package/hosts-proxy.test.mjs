// The way to an origin at a URL from a gate in Deno and in Bun: bodies in every coding, in pieces, and what is left of a
// credential. Node.js and workerd have tests of their own (tests/node, tests/worker).
import assert from "node:assert/strict";
import { createServer, request as httpRequest } from "node:http";
import { after, before, describe, test } from "node:test";
import zlib from "node:zlib";
import { NOW, signer, tokenPolicy } from "../support/credentials.mjs";
import { until } from "../support/until.mjs";
import { installByNpm } from "./support/pack.mjs";
import { program, start } from "./support/programs.mjs";
import { scratch } from "./support/project.mjs";

const issuer = signer("ES256");
const authorization = `Bearer ${issuer.mint()}`;
const TEXT = "of the origin, ".repeat(200);
const PACK = { gzip: zlib.gzipSync, "x-gzip": zlib.gzipSync, deflate: zlib.deflateSync, br: zlib.brotliCompressSync, zstd: zlib.zstdCompressSync };
const UNPACK = { gzip: zlib.gunzipSync, "x-gzip": zlib.gunzipSync, deflate: zlib.inflateSync, br: zlib.brotliDecompressSync, zstd: zlib.zstdDecompressSync };
const codingsOf = (header) => (header ?? "").split(",").map((one) => one.trim()).filter(Boolean);

const GATE = `import { readFileSync } from "node:fs";
import { createGate } from "edgeward";
const { policy, now } = JSON.parse(readFileSync("gate.json", "utf8"));
const gate = await createGate(policy, { now: () => now, audit: (event) => console.error(JSON.stringify(event)) });
const fetch = (request) => gate.fetch(request);
const [hostname, port] = ["127.0.0.1", 0];
const served = globalThis.Deno === undefined ? Bun.serve({ hostname, port, fetch }).port : Deno.serve({ hostname, port, onListen: () => undefined }, fetch).addr.port;
console.log("port " + served);
`;

/** What reached the origin, and what is done there with what comes to a path. */
const reached = [];
const held = [];
const PATHS = {
  /** Packed as the query says, whatever was asked for. */
  packed({ url, method }, response) {
    const codings = codingsOf(new URL(url, "http://origin").searchParams.get("as"));
    const body = codings.reduce((bytes, coding) => PACK[coding](bytes), Buffer.from(TEXT));
    response.writeHead(200, { "content-encoding": codings.join(", "), "content-length": body.length }).end(method === "HEAD" ? undefined : body);
  },
  pieces(_, response) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("first\n");
    held.push(response);
  },
  moved: (_, response) => response.writeHead(302, { location: "https://elsewhere.example/" }).end(),
  nothing: (_, response) => response.writeHead(204).end(),
  cookies: (_, response) => response.writeHead(200, ["set-cookie", "a=1", "set-cookie", "b=2"]).end(),
  broken: (incoming) => incoming.socket.destroy(),
  echo: (_, response, body) => response.end(body),
};

let origin;
let project;
before(async () => {
  origin = createServer((incoming, response) => {
    const chunks = [];
    incoming.on("data", (chunk) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method, url, headers } = incoming;
      reached.push({ method, url, headers });
      PATHS[/^\/v1\/(\w+)/.exec(url)[1]](incoming, response, Buffer.concat(chunks));
    });
  });
  await new Promise((resolve) => origin.listen(0, "127.0.0.1", resolve));
  project = scratch("proxy", {});
  await installByNpm(project, program("SYSTEM_NODE"));
  project.write("gate.mjs", GATE);
  const policy = {
    ...tokenPolicy(issuer),
    origin: `http://127.0.0.1:${origin.address().port}`,
    originTimeout: 5000,
    routes: [{ methods: ["GET", "HEAD", "POST", "DELETE"], path: "/v1/*", classes: ["m2m_token"] }],
  };
  project.write("gate.json", JSON.stringify({ policy, now: NOW }));
});
after(async () => {
  project.remove();
  origin.closeAllConnections();
  await new Promise((resolve) => origin.close(resolve));
});

const HOSTS = {
  Deno: ["DENO", ["run", "--no-prompt", "--cached-only", "--node-modules-dir=manual", "--allow-net", "--allow-read", "gate.mjs"]],
  Bun: ["BUN", ["run", "gate.mjs"]],
};

for (const [name, [variable, args]] of Object.entries(HOSTS)) {
  describe(`a gate in ${name}`, () => {
    let child;
    let port;
    let log = "";
    before(async () => {
      child = start(program(variable), args, { cwd: project.directory, env: { DENO_DIR: project.path(".deno"), DENO_NO_UPDATE_CHECK: "1" } });
      child.stdin.end();
      let said = "";
      child.stdout.setEncoding("utf8").on("data", (text) => (said += text));
      child.stderr.setEncoding("utf8").on("data", (text) => (log += text));
      await until(() => /port \d+/.test(said) || child.exitCode !== null, "the gate listens", 20_000);
      [, port] = /port (\d+)/.exec(said) ?? assert.fail(log);
    });
    after(() => child?.kill("SIGKILL"));

    /** Sends a request byte for byte, and takes the answer so: nothing on the way packs or unpacks. */
    const send = (path, { method = "GET", headers = {}, body, heard } = {}) =>
      new Promise((resolve, reject) => {
        const sent = httpRequest({ host: "127.0.0.1", port, method, path, agent: false, headers: { authorization, ...headers } }, (answer) => {
          const chunks = [];
          answer.on("data", (chunk) => (chunks.push(chunk), heard?.(chunk.toString(), sent)));
          answer.on("error", reject);
          answer.on("end", () => resolve({ status: answer.statusCode, headers: answer.headers, body: Buffer.concat(chunks) }));
        });
        sent.on("error", reject);
        for (const part of [body ?? []].flat()) sent.write(part);
        sent.end();
      });

    for (const as of ["gzip", "x-gzip", "deflate", "br", "zstd", "gzip, br"]) {
      test(`a body in ${as} comes as its header says`, async () => {
        for (const accepted of [as, "*", undefined, "identity"]) {
          const headers = accepted === undefined ? {} : { "accept-encoding": accepted };
          const answer = await send(`/v1/packed?as=${encodeURIComponent(as)}`, { headers });
          const plain = codingsOf(answer.headers["content-encoding"]).reduceRight((bytes, coding) => UNPACK[coding](bytes), answer.body);
          assert.ok(plain.equals(Buffer.from(TEXT)), `accept-encoding: ${accepted}`);
          const { "content-length": length } = answer.headers;
          if (length !== undefined) assert.equal(Number(length), answer.body.length);
          const head = await send(`/v1/packed?as=${encodeURIComponent(as)}`, { headers, method: "HEAD" });
          assert.deepEqual([head.status, head.body.length], [200, 0]);
          assert.notEqual(head.headers["content-length"], "0", "HEAD says that there is something");
          // Deno's `fetch` unpacks no part of a body.
          const part = await send(`/v1/packed?as=${encodeURIComponent(as)}`, { headers: { ...headers, range: "bytes=0-" } });
          assert.deepEqual([part.headers["content-encoding"], part.body.length], [as, Number(head.headers["content-length"])]);
        }
      });
    }

    test("no coding is asked for that the client does not name", async () => {
      for (const [sent, known] of [["zstd, gzip", ["zstd", "gzip"]], ["compress", ["compress"]], ["br;q=0.5", ["br"]], [undefined, []]]) {
        await send("/v1/echo", sent === undefined ? {} : { headers: { "accept-encoding": sent } });
        const asked = codingsOf(reached.at(-1).headers["accept-encoding"]).map((one) => one.split(";")[0]);
        assert.ok(asked.length > 0 && asked.every((one) => one === "identity" || known.includes(one)), `${sent}: ${asked}`);
      }
    });

    test("a body comes in the pieces in which it is sent", async () => {
      let first;
      const answer = send("/v1/pieces", { heard: (text) => (first ??= text) });
      await until(() => first !== undefined, "the first piece, before the end");
      assert.equal(first, "first\n");
      held.pop().end("last\n");
      assert.equal((await answer).body.toString(), "first\nlast\n");
    });

    test("a client that leaves is not served any further", async () => {
      let gone = false;
      const left = send("/v1/pieces", { heard: (_, sent) => sent.destroy() });
      await assert.rejects(left);
      await until(() => held.length > 0);
      held.pop().once("close", () => (gone = true));
      await until(() => gone, "the origin learns of it");
    });

    test("what is sent reaches the origin whole, and the credential does not", async () => {
      const body = "a".repeat(300_000);
      for (const [method, parts, headers] of [["POST", [body, body], {}], ["POST", [body], { "content-length": body.length }], ["DELETE", [], {}]]) {
        const answer = await send("/v1/echo?a=%20b&c=%E2%82%AC+x", { method, headers, body: parts });
        assert.deepEqual([answer.status, answer.body.toString()], [200, parts.join("")]);
        const told = reached.at(-1);
        assert.deepEqual([told.method, told.url], [method, "/v1/echo?a=%20b&c=%E2%82%AC+x"]);
        assert.deepEqual([told.headers["edgeward-class"], told.headers["edgeward-organization"]], ["m2m_token", "org-1"]);
        assert.ok(!JSON.stringify(told).includes(authorization.split(".")[2]), "the token's signature");
      }
    });

    test("an answer comes as it is: moved, of nothing, with two cookies", async () => {
      const moved = await send("/v1/moved");
      assert.deepEqual([moved.status, moved.headers.location], [302, "https://elsewhere.example/"]);
      assert.equal((await send("/v1/nothing")).status, 204);
      assert.deepEqual((await send("/v1/cookies")).headers["set-cookie"], ["a=1", "b=2"]);
    });

    test("an origin that does not answer is a 502, with an event of its own", async () => {
      const answer = await send("/v1/broken");
      assert.deepEqual([answer.status, JSON.parse(answer.body).code], [502, "origin_unavailable"]);
      await until(() => log.includes("origin_unavailable"));
      assert.ok(!log.includes(authorization.split(".")[2]));
    });
  });
}
