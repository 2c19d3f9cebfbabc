// Real proxies in front of a gate and an origin, each with its file in tests/proxies: the one that docs/forward-auth.md
// shows. Only the ports are other ones.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "./free-port.mjs";

const path = (relative) => fileURLToPath(new URL(`../../${relative}`, import.meta.url));

// What the files have in the place of a machine's own: where the proxy listens, the gate and the origin.
const PORTS = ["8080", "8787", "9000"];

const ENVOY = process.env.ENVOY || path("target/edgeward/envoy/envoy/_bin/envoy");
/** Envoy is not to be had on every machine. */
export const hasEnvoy = existsSync(ENVOY);

/** How nginx is started with one of the files. */
const nginx = (file) => ({
  program: process.env.NGINX || "nginx",
  files: [file],
  // The rest of a machine's nginx, with nothing in a directory that all share.
  more: (directory) => ({
    "main.conf": `
      master_process off;
      daemon off;
      pid ${directory}/nginx.pid;
      events {}
      http {
        access_log off;
        client_body_temp_path ${directory}/body;
        proxy_temp_path ${directory}/proxy;
        fastcgi_temp_path ${directory}/fastcgi;
        uwsgi_temp_path ${directory}/uwsgi;
        scgi_temp_path ${directory}/scgi;
        include ${directory}/${file};
      }`,
  }),
  start: (directory) => ["-e", "stderr", "-p", directory, "-c", `${directory}/main.conf`],
});

/** How each proxy is started: its program, its files, and the arguments in its directory. */
const PROXIES = {
  nginx: nginx("nginx.conf"),
  /** Before a gate that forwards by itself. */
  front: nginx("front.conf"),
  caddy: {
    program: process.env.CADDY || "caddy",
    files: ["Caddyfile"],
    start: (directory) => ["run", "--config", `${directory}/Caddyfile`, "--adapter", "caddyfile"],
  },
  haproxy: {
    program: process.env.HAPROXY || "haproxy",
    files: ["haproxy.cfg", "edgeward.lua"],
    start: () => ["-db", "-f", "haproxy.cfg"],
  },
  envoy: {
    program: ENVOY,
    files: ["envoy.yaml"],
    start: (directory) => ["-c", `${directory}/envoy.yaml`, "--disable-hot-restart", "--concurrency", "1", "-l", "error"],
  },
};

function answers(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

/** The file of a proxy in tests/proxies, with these ports in it. */
function withPorts(text, ports) {
  return PORTS.reduce((text, known, place) => text.replaceAll(new RegExp(`\\b${known}\\b`, "g"), String(ports[place])), text);
}

/** Starts a proxy before a gate and an origin, both by their ports. The answer has its `port`, what it `said`, and `stop`. */
export async function startProxy(name, { gate, origin, change = (text) => text }) {
  const { program, files, more = () => ({}), start } = PROXIES[name];
  const directory = mkdtempSync(join(tmpdir(), `edgeward-${name}-`));
  const port = await freePort();
  for (const file of files) {
    const text = withPorts(readFileSync(path(`tests/proxies/${file}`), "utf8"), [port, gate, origin]);
    writeFileSync(join(directory, file), change(text));
  }
  for (const [file, text] of Object.entries(more(directory))) writeFileSync(join(directory, file), text);
  const child = spawn(program, start(directory), {
    cwd: directory,
    env: { ...process.env, HOME: directory, XDG_DATA_HOME: directory, XDG_CONFIG_HOME: directory },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => void (said += text));
  let ended;
  const end = new Promise((resolve) => {
    child.once("error", (error) => resolve((ended = error.message)));
    child.once("exit", (code, signal) => resolve((ended = `${name} ended (${code ?? signal})`)));
  });
  const stop = async () => {
    if (ended === undefined) {
      // Graceful ends wait for open connections.
      child.kill("SIGKILL");
      await end;
    }
    rmSync(directory, { recursive: true, force: true });
  };
  const deadline = Date.now() + 30_000;
  while (!(await answers(port))) {
    if (ended !== undefined || Date.now() > deadline) {
      await stop();
      throw new Error(`${name} did not start: ${ended ?? "in time"}\n${said}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return { port, said: () => said, stop };
}
