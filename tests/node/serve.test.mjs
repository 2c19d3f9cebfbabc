// The life of `edgeward serve`: how it begins, what it says, how it is told of changes, and how it ends.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer, request as httpRequest } from "node:http";
import { connect, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { connect as tlsConnect } from "node:tls";
import { fileStore } from "edgeward/store/file";
import { certificate } from "../support/certificate.mjs";
import { edgeward } from "../support/command-line.mjs";
import { ISSUER, signer, tokenPolicy } from "../support/credentials.mjs";
import { freePort } from "../support/free-port.mjs";
import { startIssuer } from "../support/issuer-server.mjs";
import { startProxy } from "../support/proxies.mjs";
import { startRedis } from "../support/redis-server.mjs";
import { said, startServe } from "../support/serve.mjs";
import { sendAll, startOrigin } from "../support/suite.mjs";
import { until } from "../support/until.mjs";
import { keys as suiteKeys, policy as suitePolicy, requests } from "../proxies/requests.mjs";

const issuer = signer("ES256");
const token = (claims = {}) => issuer.mint({ now: Date.now(), claims: { sub: "app", ...claims } });
const bearer = (credential) => ({ authorization: `Bearer ${credential}` });
const ROUTE = { methods: ["GET", "POST"], path: "/v1/*", classes: ["m2m_token", "api_key"] };
const policy = (change = {}) => ({
  ...tokenPolicy(issuer),
  apiKeys: { prefix: "acme", environment: "live" },
  admin: { issuer: ISSUER },
  tlsEndsAhead: true,
  routes: [ROUTE],
  ...change,
});

let directory;
let origin;
/** Requests to the origin that wait for their answer. */
const waiting = [];
const running = [];
const secrets = [];
const path = (name) => join(directory, name);
const put = (name, document) => (writeFileSync(path(name), JSON.stringify(document)), name);

before(async () => {
  directory = mkdtempSync(join(tmpdir(), "edgeward-serve-"));
  const server = createServer((incoming, outgoing) => {
    if (incoming.url === "/v1/waits") waiting.push(outgoing);
    else outgoing.end("of the origin");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  origin = `http://127.0.0.1:${server.address().port}`;
  running.push(() => (server.closeAllConnections(), server.close()));
});
after(async () => {
  await Promise.all(running.map((stop) => stop()));
  rmSync(directory, { recursive: true, force: true });
  const all = said.join("");
  for (const secret of secrets) assert.ok(!all.includes(secret), "a secret was printed");
});

async function started(args, options = {}) {
  const server = await startServe(args, { cwd: directory, ...options });
  running.push(() => server.stop("SIGKILL"));
  return server;
}

async function serving(args, options) {
  const server = await started(args, options);
  assert.ok(server.url, server.words());
  return server;
}

/** Starts a server that must end by itself, with this code and without having listened. */
async function failing(code, words, args, options) {
  const server = await started(args, options);
  assert.deepEqual([await server.ended, server.url], [code, undefined], server.words());
  assert.match(server.words(), words);
  return server;
}

/** A request on a connection of its own. */
function ask(server, target = "/v1/a", headers = {}, options = {}) {
  const { method = "GET", body, agent = false, ...more } = options;
  const where = server.port === undefined ? { socketPath: server.url.slice("unix:".length) } : { host: "127.0.0.1", port: server.port };
  return new Promise((resolve, reject) => {
    const sent = httpRequest({ ...where, method, path: target, headers, agent, ...more }, async (answer) => {
      try {
        const text = Buffer.concat(await answer.toArray()).toString();
        resolve({ status: answer.statusCode, headers: answer.headers, body: text, code: text.startsWith("{") ? JSON.parse(text).code : undefined });
      } catch (error) {
        reject(error);
      }
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

const statusOf = async (...asked) => (await ask(...asked)).status;

test("the whole story with the store that is there by itself, across a restart", async () => {
  mkdirSync(path("story"));
  const file = put("story/policy.json", policy());
  const args = ["--policy", file, "--origin", origin];
  const first = await serving(args);
  assert.match(first.store, /^file:.*\/story\/edgeward-store$/);
  assert.match(first.digest, /^sha-256:[0-9a-f]{64}$/);
  assert.doesNotMatch(first.words(), /refused as exposed/);
  assert.match(first.words(), new RegExp(`requests that are let through go to ${origin}`));
  assert.ok(existsSync(path("story/edgeward-store")));
  const env = { EDGEWARD_STORE: first.store, EDGEWARD_POLICY: file };
  const issue = async () => {
    const { code, stdout, stderr } = await edgeward(
      ["keys", "issue", "--organization", "org_1", "--owner", "ada", "--revoker", "sec", "--name", "export", "--scopes", "a"],
      { cwd: directory, env },
    );
    assert.equal(code, 0, stderr);
    secrets.push(stdout.trim().split("_")[3]);
    return stdout.trim();
  };
  const [kept, revoked] = [await issue(), await issue()];
  for (const credential of [kept, revoked, token()]) {
    const answer = await ask(first, "/v1/a", bearer(credential));
    assert.deepEqual([answer.status, answer.body], [200, "of the origin"]);
  }
  const admin = bearer(token({ scope: "edgeward:read edgeward:write" }));
  const body = JSON.stringify({ reason: "superseded" });
  const target = `/_edgeward/admin/keys/${revoked.split("_")[2]}/revoke`;
  assert.equal(await statusOf(first, target, { ...admin, "content-type": "application/json" }, { method: "POST", body }), 200);
  assert.equal(await statusOf(first, "/v1/a", bearer(revoked)), 401);
  assert.equal(await statusOf(first, "/v1/a"), 401);
  assert.equal(await first.stop(), 0);
  // One event a line, of every decision, and nothing else.
  const codes = first.events().filter((event) => event.class_uid === 3002).map((event) => event.status_code);
  assert.deepEqual(codes.filter((code) => code !== "allowed").sort(), ["credential_missing", "key_revoked"]);
  assert.ok(codes.length >= 6, String(codes));

  const second = await serving(args);
  assert.equal(second.store, first.store);
  assert.equal(second.digest, first.digest);
  assert.equal(await statusOf(second, "/v1/a", bearer(kept)), 200);
  assert.equal(await statusOf(second, "/v1/a", bearer(revoked)), 401);
  assert.equal(await second.stop("SIGINT"), 0);
});

test("several servers share a Redis by one option, and go on after it was away", async () => {
  const redis = await startRedis();
  running.push(() => redis.stop());
  const file = put("redis.json", policy({ apiKeys: { prefix: "acme", environment: "live", cacheSeconds: 0 } }));
  const url = `redis://127.0.0.1:${redis.port}`;
  const args = ["--policy", file, "--origin", origin];
  const one = await serving([...args, "--store", url, "--redis-prefix", "{mine}:"]);
  // A store with a name and a password is a secret.
  const password = `pass-${randomBytes(12).toString("hex")}`;
  secrets.push(password);
  writeFileSync(path("store-url"), `redis://127.0.0.1:${redis.port}/0\n`);
  const other = await serving([...args, "--redis-prefix", "{mine}:"], { env: { EDGEWARD_STORE_FILE: "store-url" } });
  const admin = { ...bearer(token({ scope: "edgeward:read edgeward:write" })), "content-type": "application/json" };
  const body = JSON.stringify({ organization: "org_1", owner: "ada", revoker: "sec", name: "shared", scopes: ["a"] });
  const made = await ask(one, "/_edgeward/admin/keys", admin, { method: "POST", body });
  assert.equal(made.status, 201, made.body);
  const { key } = JSON.parse(made.body);
  secrets.push(key.split("_")[3]);
  assert.equal(await statusOf(other, "/v1/a", bearer(key)), 200);
  await redis.restart();
  await one.has("is away");
  await until(async () => (await statusOf(one, "/v1/a", bearer(key))) === 200, "the store is there again", 10_000);
  await one.has("is there again");
  assert.equal(await one.stop(), 0);
  assert.equal(await other.stop(), 0);

  const port = await freePort();
  await failing(3, /the Redis cannot be reached: /, args, { env: { EDGEWARD_STORE: `redis://me:${password}@127.0.0.1:${port}/3` } });
  await failing(3, /the Redis cannot be reached: /, args, { env: { EDGEWARD_STORE: `redis://me:${password}@127.0.0.1:${redis.port}/3` } });
  await failing(2, /a password does not stand in an argument/, [...args, "--store", `redis://me:${password}@127.0.0.1:${port}`]);
});

describe("how it ends", () => {
  const args = () => ["--policy", put("ends.json", policy()), "--origin", origin, "--store", "memory:"];
  const begun = async (server) => {
    const before = waiting.length;
    const answer = ask(server, "/v1/waits", { ...bearer(token()), connection: "keep-alive" });
    answer.catch(() => undefined);
    await until(() => waiting.length > before, "the request is under way");
    return { answer, finish: () => waiting.at(-1).end("at last") };
  };

  test("what is under way is finished, nothing more is taken, and the last event is written", async () => {
    const server = await serving(args());
    const { answer, finish } = await begun(server);
    server.signal("SIGTERM");
    await server.has("SIGTERM: 1 request under way");
    await assert.rejects(ask(server), { code: "ECONNREFUSED" });
    finish();
    const { status, body, headers } = await answer;
    assert.deepEqual([status, body, headers.connection], [200, "at last", "close"]);
    assert.equal(await server.ended, 0);
    assert.equal(server.events().at(-1).status_code, "allowed");
  });

  test("of a connection that has ended, nothing is under way", async () => {
    const server = await serving(args());
    const before = waiting.length;
    const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
    socket.write(`GET /v1/waits HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${token()}\r\n\r\n`.repeat(3));
    await until(() => waiting.length > before, "the first is under way");
    socket.destroy();
    await until(() => waiting.at(-1).destroyed, "the origin is told");
    server.signal("SIGTERM");
    assert.equal(await server.ended, 0);
    assert.match(server.words(), /SIGTERM: nothing is under way/);
  });

  test("a second signal ends it at once", async () => {
    const server = await serving(args());
    const { answer } = await begun(server);
    server.signal("SIGTERM");
    await server.has("SIGTERM: ");
    server.signal("SIGINT");
    assert.equal(await server.ended, "SIGINT");
    await assert.rejects(answer);
  });

  test("a connection whose TLS is never there keeps it no longer than what is under way", async () => {
    const own = certificate("gate", certificate("authority"));
    writeFileSync(path("slow.pem"), own.cert);
    writeFileSync(path("slow.key"), own.key);
    const server = await serving([...args(), "--grace", "1s", "--headers-timeout", "1m", "--tls-cert", "slow.pem", "--tls-key", "slow.key"]);
    const socket = connect(server.port, "127.0.0.1").on("error", () => undefined);
    running.push(() => socket.destroy());
    // What is answered later came later: the server knows of both.
    await once(socket, "connect");
    const later = tlsConnect({ port: server.port, host: "127.0.0.1", rejectUnauthorized: false }).on("error", () => undefined);
    await once(later, "secureConnect");
    later.destroy();
    server.signal("SIGTERM");
    let code;
    void server.ended.then((found) => (code = found));
    await until(() => code !== undefined, "it ends", 10_000);
    assert.equal(code, 0);
  });

  test("what takes longer than it may is cut off, and said", async () => {
    const server = await serving([...args(), "--grace", "1s"]);
    const { answer } = await begun(server);
    server.signal("SIGTERM");
    assert.equal(await server.ended, 1);
    assert.match(server.words(), /1 request cut off after 1 s/);
    await assert.rejects(answer, { code: "ECONNRESET" });
  });
});

describe("what changes while it runs", () => {
  test("a good policy takes over, and a wrong one leaves the old in force and says every fault", async () => {
    const file = put("reload.json", policy());
    const server = await serving(["--policy", file, "--origin", origin, "--store", "memory:"]);
    const good = bearer(token());
    assert.equal(await statusOf(server, "/v2/a", good), 403);
    put(file, policy({ routes: [{ ...ROUTE, path: "no slash" }, { ...ROUTE, classes: ["unheard of"] }], review: { maxAgeDays: -1 } }));
    server.signal("SIGHUP");
    await server.has("stays in force");
    for (const pointer of ["/routes/0/path", "/routes/1/classes", "/review/maxAgeDays"]) await server.has(pointer);
    assert.equal(await statusOf(server, "/v1/a", good), 200);
    writeFileSync(path(file), "{");
    server.signal("SIGHUP");
    await server.has("stays in force", 2);
    assert.equal(await statusOf(server, "/v1/a", good), 200);
    put(file, policy({ routes: [{ ...ROUTE, path: "/v2/*" }] }));
    server.signal("SIGHUP");
    await server.has("read again; policy sha-256:");
    assert.deepEqual([await statusOf(server, "/v1/a", good), await statusOf(server, "/v2/a", good)], [403, 200]);
    assert.equal(await server.stop(), 0);
  });

  test("no request is refused for a change, however many there are", async () => {
    const file = put("often.json", policy());
    const server = await serving(["--policy", file, "--origin", origin, "--store", "memory:", "--audit-file", "often.jsonl"]);
    const good = bearer(token());
    const statuses = [];
    let goesOn = true;
    const worker = async () => {
      while (goesOn) statuses.push(await statusOf(server, "/v1/a", good));
    };
    const workers = [worker(), worker()];
    for (let change = 1; change <= 10; change++) {
      put(file, policy({ review: { maxAgeDays: change } }));
      server.signal("SIGHUP");
      await server.has("read again", change);
      await until(() => statuses.length >= 2 * change, "requests go on");
    }
    goesOn = false;
    await Promise.all(workers);
    assert.ok(statuses.length >= 20, String(statuses.length));
    assert.deepEqual([...new Set(statuses)], [200]);
    assert.equal(await server.stop(), 0);
    assert.equal(readFileSync(path("often.jsonl"), "utf8").split("\n").length - 1, statuses.length);
  });

  test("--watch sees that a file has changed, the snapshots' too", async () => {
    const file = put("watched.json", policy({ issuers: [{ ...policy().issuers[0], jwks: undefined }] }));
    const other = signer("ES256", { another: true, kid: issuer.kid });
    const snapshots = put("snapshots.json", { [ISSUER]: { keys: [other.jwk] } });
    const server = await serving(["--policy", file, "--origin", origin, "--store", "memory:", "--snapshots", snapshots, "--watch"]);
    assert.equal(await statusOf(server, "/v1/a", bearer(token())), 401);
    put("snapshots.part", { [ISSUER]: { keys: [issuer.jwk] } });
    renameSync(path("snapshots.part"), path(snapshots));
    await server.has("read again");
    assert.equal(await statusOf(server, "/v1/a", bearer(token())), 200);
  });

  test("one that is told of a change while it begins goes on, and reads again", async () => {
    let server;
    let socket;
    const slow = createTcpServer((one) => (socket = one.on("error", () => undefined)));
    await new Promise((resolve) => slow.listen(0, "127.0.0.1", resolve));
    running.push(() => slow.close());
    const store = `redis://127.0.0.1:${slow.address().port}`;
    const starting = started(["--policy", put("begins.json", policy()), "--store", store], { child: (child) => (server = child) });
    await until(() => socket !== undefined, "it asks the store");
    server.kill("SIGHUP");
    // The Redis is none.
    socket.end("-ERR no\r\n");
    slow.close();
    const { ended, words } = await starting;
    assert.equal(await ended, 3, words());
    assert.match(words(), /the Redis cannot be reached/);
  });

  test("the audit file is opened anew, and the certificate read again", async () => {
    const authority = certificate("authority");
    const own = ["first", "second"].map((name) => certificate(name, authority));
    const install = ({ cert, key }) => (writeFileSync(path("own.pem"), cert), writeFileSync(path("own.key"), key));
    install(own[0]);
    const tls = ["--tls-cert", "own.pem", "--tls-key", "own.key"];
    const server = await serving(["--policy", put("tls.json", policy()), "--store", "memory:", "--audit-file", "audit.jsonl", ...tls]);
    const shown = () =>
      new Promise((resolve, reject) => {
        const socket = tlsConnect({ port: server.port, host: "127.0.0.1", ca: authority.cert }, () => {
          resolve(socket.getPeerCertificate().subject.CN);
          socket.end("GET /v1/a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        });
        socket.on("error", reject).resume();
      });
    const lines = (file) => readFileSync(path(file), "utf8").split("\n").filter(Boolean);
    assert.equal(await shown(), "first");
    await until(() => lines("audit.jsonl").length === 1, "the event is in the file");
    renameSync(path("audit.jsonl"), path("audit.old"));
    install(own[1]);
    server.signal("SIGHUP");
    await server.has("read again");
    assert.equal(await shown(), "second");
    await until(() => lines("audit.jsonl").length === 1, "the event is in the new file");
    assert.equal(await server.stop(), 0);
    assert.deepEqual([lines("audit.old").length, lines("audit.jsonl").length, server.lines()], [1, 1, []]);
    for (const file of ["audit.old", "audit.jsonl"]) assert.equal(JSON.parse(lines(file)[0]).status_code, "credential_missing");
  });
});

test("an audit file that could not be written is written again once it can be", { skip: !existsSync("/dev/full") && "nothing is full here" }, async () => {
  symlinkSync("/dev/full", path("full.jsonl"));
  const server = await serving(["--policy", put("full.json", policy()), "--origin", origin, "--store", "memory:", "--audit-file", "full.jsonl"]);
  assert.equal(await statusOf(server), 401);
  await server.has("the audit sink failed");
  rmSync(path("full.jsonl"));
  assert.equal(await statusOf(server), 401);
  const events = () => (existsSync(path("full.jsonl")) ? readFileSync(path("full.jsonl"), "utf8").split("\n").filter(Boolean) : []);
  await until(() => events().length === 1, "the event is in the file");
  assert.equal(JSON.parse(events()[0]).status_code, "credential_missing");
  assert.equal(await server.stop(), 0);
});

describe("what it does not begin with", () => {
  const good = () => ["--policy", put("begin.json", policy()), "--store", "memory:"];

  test("a policy that is wrong, with every fault", async () => {
    const file = put("wrong.json", policy({ routes: [{ ...ROUTE, path: "no slash" }], nonsense: true }));
    const server = await failing(2, /^edgeward serve: the policy cannot be used$/m, ["--policy", file]);
    for (const pointer of ["/routes/0/path", "/nonsense"]) assert.match(server.words(), new RegExp(`^fault  ${pointer}: `, "m"));
    await failing(2, /^fault {2}\/origin: /m, [...good(), "--origin", "ftp://origin.example/path"]);
    await failing(3, /cannot read none\.json/, ["--policy", "none.json"]);
    await failing(3, /a-snapshot is no JSON: line 1, column 1/, [...good(), "--snapshots", (writeFileSync(path("a-snapshot"), "x"), "a-snapshot")]);
    await failing(3, /snapshots[^]*look at what the message names/, [...good(), "--snapshots", (writeFileSync(path("a-list"), "[]"), "a-list")]);
  });

  test("a port that is taken, a store that is none, certificates that are none", async () => {
    const other = await serving(good());
    await failing(3, new RegExp(`cannot listen on 127\\.0\\.0\\.1:${other.port}: somebody else does`), good(), { listen: `127.0.0.1:${other.port}` });
    await failing(3, /cannot listen on 192\.0\.2\.1:80: /, good(), { listen: "192.0.2.1:80" });
    writeFileSync(path("a-file"), "");
    await failing(3, /cannot use the store file:a-file\/store: a part of its path is no directory/, ["--policy", put("begin.json", policy()), "--store", "file:a-file/store"]);
    await failing(3, /cannot read none\.pem/, [...good(), "--tls-cert", "none.pem", "--tls-key", "none.pem"]);
    await failing(3, /certificate and key cannot be used/, [...good(), "--tls-cert", "a-file", "--tls-key", "a-file"]);
    await failing(3, /cannot write a-file\/audit/, [...good(), "--audit-file", "a-file/audit"]);
  });

  test("a command line that is wrong", async () => {
    const secret = `s3cret-${randomBytes(8).toString("hex")}`;
    secrets.push(secret);
    for (const [words, args, options] of [
      [/the policy is missing/, []],
      [/--listen takes HOST:PORT/, good(), { listen: "8080" }],
      [/--listen takes HOST:PORT/, good(), { listen: "localhost:99999" }],
      [/a store is file:PATH/, ["--policy", "begin.json", "--store", "postgres://x"]],
      [/--redis-prefix goes with a Redis/, [...good(), "--redis-prefix", "x"]],
      [/TLS takes --tls-cert and --tls-key/, [...good(), "--tls-cert", "x"]],
      [/--json goes with --check/, [...good(), "--json"]],
      [/--headers-timeout takes a time from 1s/, [...good(), "--headers-timeout", "0"]],
      [/no longer than --request-timeout/, [...good(), "--headers-timeout", "2m", "--request-timeout", "1m"]],
      [/--max-connections takes a number/, [...good(), "--max-connections", "0"]],
      [/no option takes a secret/, [...good(), "--bootstrap-secret", secret]],
      [/there is something else among them/, [...good(), secret]],
      [/EDGEWARD_SEALS and EDGEWARD_SEALS_FILE: one of them/, good(), { env: { EDGEWARD_SEALS: secret, EDGEWARD_SEALS_FILE: "x" } }],
    ]) {
      await failing(2, words, args, options);
    }
  });

  test("secrets that are none, of which nothing is said", async () => {
    const secret = `s3cret-${randomBytes(16).toString("hex")}`;
    secrets.push(secret);
    const strict = policy({ assertion: { issuer: "https://api.example", audience: "origin" } });
    writeFileSync(path("secret"), secret);
    const jwk = generateKeyPairSync("ed25519").privateKey.export({ format: "jwk" });
    secrets.push(jwk.d);
    for (const [env, document] of [
      [{ EDGEWARD_ASSERTION_KEYS: secret }, strict],
      [{ EDGEWARD_ASSERTION_KEYS_FILE: "secret" }, strict],
      [{ EDGEWARD_ASSERTION_KEYS: JSON.stringify(secret) }, strict],
      [{ EDGEWARD_ASSERTION_KEYS: JSON.stringify([{ ...jwk, kty: secret }]) }, strict],
      [{ EDGEWARD_ASSERTION_KEYS: JSON.stringify([{ ...jwk, x: jwk.d, kid: 7 }]) }, strict],
      [{ EDGEWARD_DENY_SIGNING_KEY: secret }],
      [{ EDGEWARD_DENY_SIGNING_KEY: JSON.stringify([secret]) }],
      [{ EDGEWARD_INTROSPECTION_SECRETS: secret }],
      [{ EDGEWARD_INTROSPECTION_SECRETS: JSON.stringify(secret) }],
      [{ EDGEWARD_INTROSPECTION_SECRETS: JSON.stringify({ [ISSUER]: [secret] }) }],
      [{ EDGEWARD_SEALS: `["${secret}` }],
      [{ EDGEWARD_SEALS: `[{ "${secret}": 1 }]` }],
      [{ EDGEWARD_BOOTSTRAP_SECRET: secret.slice(0, 20) }],
    ]) {
      const file = put("secrets.json", document ?? policy());
      const server = await failing(3, /EDGEWARD_|the keys of assertions|the secrets|the signing key|the bootstrap secret|the seals/, ["--policy", file, "--store", "memory:"], { env });
      for (const value of [secret, secret.slice(0, 20), jwk.d]) assert.ok(!server.words().includes(value), `${Object.keys(env)} ${server.words()}`);
    }
  });
});

describe("how it is deployed", () => {
  test("beside nginx, which asks it about each request of the proxies' suite", async () => {
    const behind = await startOrigin();
    running.push(() => behind.stop());
    const store = fileStore(path("suite"));
    for (const { storeKey, record } of Object.values(suiteKeys)) await store.put(storeKey, JSON.stringify(record));
    const snapshots = new URL("../../worker/generated/snapshots.json", import.meta.url).pathname;
    const forwardAuth = { dialect: "nginx", proxies: ["127.0.0.0/8"] };
    const file = put("nginx.json", { ...suitePolicy, limits: undefined, forwardAuth });
    const server = await serving(["--policy", file, "--store", "file:suite", "--snapshots", snapshots]);
    assert.match(server.words(), /nothing is forwarded: proxies ask at \/_edgeward\/verify/);
    const proxy = await startProxy("nginx", { gate: server.port, origin: behind.port });
    running.push(() => proxy.stop());
    const { wrong, judged } = await sendAll("nginx", proxy.port, behind);
    assert.deepEqual(wrong, []);
    assert.equal(judged, requests.length);
    // From anywhere else nobody is told a thing.
    put("nginx.json", { ...suitePolicy, limits: undefined, forwardAuth: { ...forwardAuth, proxies: ["10.0.0.0/8"] } });
    server.signal("SIGHUP");
    await server.has("read again");
    const stranger = await ask(server, "/_edgeward/verify", { "x-original-url": "https://api.example/v1/reports", "x-original-method": "GET" });
    assert.deepEqual([stranger.status, stranger.code], [403, "forward_auth_peer_unknown"]);
    await failing(2, /^fault {2}\/origin: /m, ["--policy", file, "--origin", origin, "--store", "memory:", "--snapshots", snapshots]);
  });

  test("behind nginx, whose word on the client's address is taken", async () => {
    const trustedProxies = { header: "x-forwarded-for", addresses: ["127.0.0.1/32"] };
    const file = put("front.json", policy({ trustedProxies }));
    const server = await serving(["--policy", file, "--origin", origin, "--store", "memory:"]);
    const proxy = await startProxy("front", { gate: server.port, origin: 9 });
    running.push(() => proxy.stop());
    const sent = { ...bearer(token()), "x-forwarded-for": "192.0.2.99" };
    assert.equal((await ask(proxy, "/v1/a", sent, { localAddress: "127.0.0.2" })).body, "of the origin");
    await until(() => server.events().length > 0, "the event is there");
    assert.equal(server.events()[0].src_endpoint.ip, "127.0.0.2");
  });

  test("docs/serve.md shows the file of nginx that is run here, and has every option", async () => {
    const page = readFileSync(new URL("../../docs/serve.md", import.meta.url), "utf8");
    const [, shown] = /^```nginx\n([\s\S]*?)^```$/m.exec(page);
    assert.equal(shown, readFileSync(new URL("../proxies/front.conf", import.meta.url), "utf8"));
    const { stdout } = await edgeward(["serve", "--help"]);
    const named = (text, pattern) => [...new Set([...text.matchAll(pattern)].map(([, name]) => name))].sort();
    const options = named(stdout, /^ {2}--([a-z-]+)/gm);
    assert.ok(options.length >= 20, options.join());
    assert.deepEqual(named(page, /^\| `--([a-z-]+)/gm), options);
    const secret = /\b(EDGEWARD_[A-Z_]+)\b/g;
    assert.deepEqual(named(page, secret).filter((name) => !name.endsWith("_FILE")), named(stdout, secret));
  });

  test("at a socket of the file system, also after a server that ended without a word", async () => {
    const args = ["--policy", put("unix.json", policy()), "--origin", origin, "--store", "memory:"];
    const listen = `unix:${path("gate.sock")}`;
    const first = await serving(args, { listen });
    assert.equal(await statusOf(first, "/v1/a", bearer(token())), 200);
    await failing(3, /somebody else does/, args, { listen });
    await first.stop("SIGKILL");
    assert.ok(existsSync(path("gate.sock")));
    const second = await serving(args, { listen });
    assert.equal(await statusOf(second, "/v1/a", bearer(token())), 200);
    assert.equal(await second.stop(), 0);
    assert.ok(!existsSync(path("gate.sock")));
    writeFileSync(path("no.sock"), "of somebody");
    await failing(3, /cannot listen on/, args, { listen: `unix:${path("no.sock")}` });
    assert.equal(readFileSync(path("no.sock"), "utf8"), "of somebody");
  });

  test("--check does all but listen, and publishes nothing", async () => {
    const keys = await startIssuer({ keys: [issuer.jwk] });
    running.push(() => keys.stop());
    const { privateKey } = generateKeyPairSync("ed25519");
    const { d, ...jwk } = privateKey.export({ format: "jwk" });
    secrets.push(d);
    const document = policy({
      issuers: [{ issuer: keys.issuer, audience: "https://api.example", algorithms: ["ES256"], jwksUri: keys.jwksUri }],
      admin: undefined,
      denySnapshot: { jwks: { keys: [{ ...jwk, kid: "k" }] }, maxAge: 300 },
    });
    const args = ["--policy", put("check.json", document), "--store", "file:checked", "--check"];
    const env = { EDGEWARD_DENY_SIGNING_KEY: JSON.stringify({ ...jwk, kid: "k", d }) };
    const good = await failing(0, /it is well, and would listen/, [...args, "--json"], { env });
    const found = JSON.parse(good.lines().join());
    assert.deepEqual([found.good, found.store, found.keySets[0].keys], [true, "file:checked", 1]);
    assert.equal((await fileStore(path("checked")).list({ prefix: "", limit: 10 })).keys.filter(({ name }) => !name.startsWith("jwks/")).length, 0);
    keys.answers("error");
    const failed = await failing(3, /the keys of http.* cannot be fetched: /, [...args, "--json", "--store", "memory:"], { env });
    assert.equal(JSON.parse(failed.lines().join()).good, false);
    put("check.json", { ...document, routes: 1 });
    const wrong = await failing(2, /\/routes: /, [...args, "--json"], { env });
    const { error } = JSON.parse(wrong.lines().join());
    assert.deepEqual([error.code, error.faults[0].pointer], ["policy_invalid", "/routes"]);
    // One document, whatever goes wrong.
    const away = await failing(3, /cannot be reached/, [...args, "--json", "--store", "redis://127.0.0.1:1"], { env });
    assert.equal(JSON.parse(away.lines().join("\n")).error.code, "store_unreachable");
  });

  test("what is due by the clock is done while nobody asks, and a failure is said once, and its end", async () => {
    const keys = await startIssuer({ keys: [issuer.jwk] });
    running.push(() => keys.stop());
    keys.answers("error");
    const { privateKey } = generateKeyPairSync("ed25519");
    const { d, ...jwk } = privateKey.export({ format: "jwk" });
    secrets.push(d);
    const document = policy({
      issuers: [{ issuer: keys.issuer, audience: "https://api.example", algorithms: ["ES256"], jwksUri: keys.jwksUri, keySet: { cooldown: 5 } }],
      admin: undefined,
      denySnapshot: { jwks: { keys: [{ ...jwk, kid: "k" }] }, maxAge: 60 },
    });
    const args = ["--policy", put("clock.json", document), "--store", "file:clock", "--refresh", "1s"];
    const server = await serving(args, { env: { EDGEWARD_DENY_SIGNING_KEY: JSON.stringify({ ...jwk, kid: "k", d }) } });
    await server.has("cannot be fetched: ");
    const store = fileStore(path("clock"));
    const lists = new Set();
    await until(async () => {
      const [list] = (await store.list({ prefix: "deny", limit: 1 })).keys;
      if (list !== undefined) lists.add(await store.get(list.name));
      return lists.size >= 3;
    }, "the deny list is signed again and again", 10_000);
    assert.equal(server.words().split("cannot be fetched: ").length, 2);
    keys.answers("well");
    await until(() => server.words().includes("are fetched again"), "the keys are there", 10_000);
    assert.equal(await server.stop(), 0);
  });

  test("over plain HTTP credentials are taken on this machine alone, where the policy says nothing of TLS", async () => {
    const server = await serving(["--policy", put("plain.json", policy({ tlsEndsAhead: undefined })), "--origin", origin, "--store", "memory:"]);
    assert.match(server.words(), /refused as exposed: --tls-cert, or `tlsEndsAhead`/);
    assert.equal(await statusOf(server, "/v1/a", bearer(token())), 200);
    const answer = await ask(server, "/v1/a", { ...bearer(token()), host: "api.example" });
    assert.deepEqual([answer.status, answer.code], [403, "credential_exposed"]);
  });

  test("the limiters that a policy names are counted by the server itself", async () => {
    const rules = [{ name: "few", by: "key", limit: 3, period: 60, binding: "EDGEWARD_LIMIT_FEW", whenUnavailable: "allow" }];
    const server = await serving(["--policy", put("limits.json", policy({ limits: { rules } })), "--origin", origin, "--store", "memory:"]);
    assert.match(server.words(), /the limits of EDGEWARD_LIMIT_FEW are counted by this process for itself/);
    const statuses = [];
    // Some may come behind the end of a window.
    for (let count = 0; count < 8; count++) statuses.push(await statusOf(server, "/v1/a", bearer(token())));
    assert.ok(statuses.filter((status) => status === 200).length <= 6 && statuses.at(-1) === 429, statuses.join());
  });

  test("whoever does not read the events keeps nobody waiting", async () => {
    const server = await serving(["--policy", put("unread.json", policy()), "--origin", origin, "--store", "memory:"], { keep: false });
    const { Agent } = await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const good = bearer(token());
    const statuses = await Promise.all(Array.from({ length: 600 }, () => statusOf(server, "/v1/a", good, { agent })));
    agent.destroy();
    assert.ok(statuses.every((status) => status === 200));
    server.signal("SIGTERM");
    await server.has("audit events were lost");
    await until(() => server.child.exitCode !== null, "it ends all the same");
    assert.equal(server.child.exitCode, 0);
    server.child.stdout.destroy();
  });
});
