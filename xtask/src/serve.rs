//! The gate and its demo origin in the real runtime, on this machine.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::build;
use crate::demo::Demo;
use crate::log::Log;
use crate::output::{Failure, Result, begin, say};
use crate::process::{self, Group};
use crate::setup::{self, Need};
use crate::tools::Tools;
use crate::workspace::{Workspace, empty_dir, make_dir, write};

/// The port if none was asked for.
const USUAL_PORT: u16 = 8787;
/// The binding of the store in wrangler.toml.
const STORE: &str = "EDGEWARD_STORE";
/// The configurations that run together, the one that answers the port first.
const CONFIGURATIONS: [&str; 2] = ["wrangler.toml", "worker/origin/wrangler.toml"];
/// Asked until it answers anything at all.
const READY_PATH: &str = "/_edgeward/health";
const READY_WITHIN: Duration = Duration::from_secs(60);
const READY_EVERY: Duration = Duration::from_millis(150);

/// Runs the gate until somebody stops it.
pub(crate) fn run(workspace: &Workspace, port: Option<u16>) -> Result<()> {
    let port = port.unwrap_or(USUAL_PORT);
    must_be_free(port)?;
    let tools = setup::run(workspace, Need::Serve)?;
    build::run(workspace, &tools)?;
    let state = workspace.path("target/edgeward/state");
    let demo = Demo::prepare(workspace)?;
    seed(workspace, &tools, &state, demo.entries())?;
    let mut server = Server::start(workspace, &tools, port, &state)?;

    say!("\nTry these in another terminal. The page is at {}/\n", server.base());
    for example in demo.examples() {
        say!("{}\n", example.printed(&server.base()));
    }
    say!("Ctrl-C stops the gate. Its log:\n");
    server.log.show();
    while !process::stopped() {
        if let Some(status) = server.group.ended() {
            if process::stopped() {
                break;
            }
            return Err(Failure::new(format!("wrangler ended by itself ({status}).")));
        }
        thread::sleep(Duration::from_millis(50));
    }
    drop(server);
    say!("Stopped.");
    Ok(())
}

/// The gate and its origin, running.
pub(crate) struct Server {
    group: Group,
    port: u16,
    /// All they said.
    pub(crate) log: Log,
}

impl Server {
    /// Starts them and waits until they answer.
    pub(crate) fn start(workspace: &Workspace, tools: &Tools, port: u16, state: &Path) -> Result<Self> {
        must_be_free(port)?;
        begin!("starting the gate on port {port} … ");
        let mut command = wrangler(workspace, tools, &["dev"])?;
        for configuration in CONFIGURATIONS {
            command.arg("--config").arg(workspace.path(configuration));
        }
        command
            .args(["--ip", "127.0.0.1", "--port", &port.to_string()])
            .arg("--show-interactive-dev-session=false")
            .arg("--persist-to")
            .arg(state)
            // Two gates that run at once must not take each other for the other half.
            .env("WRANGLER_REGISTRY_PATH", state.join("registry"))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::start(&mut command)?;
        let log = Log::default();
        log.follow(group.pipes());
        let mut server = Self { group, port, log };
        let started = Instant::now();
        server.wait_until_ready()?;
        say!("ready after {:.1} s", started.elapsed().as_secs_f32());
        Ok(server)
    }

    /// The address that the examples are asked at.
    pub(crate) fn base(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wait_until_ready(&mut self) -> Result<()> {
        let deadline = Instant::now() + READY_WITHIN;
        while Instant::now() < deadline {
            if process::stopped() {
                return Err(Failure::new("Stopped before the gate was ready."));
            }
            if let Some(status) = self.group.ended() {
                return Err(self.gave_up(&format!("wrangler ended before the gate was ready ({status})")));
            }
            if self.log.lines().iter().any(|line| line.contains("[ERROR]")) {
                // The rest of what it has to say follows at once.
                thread::sleep(Duration::from_millis(500));
                return Err(self.gave_up("wrangler cannot start the gate"));
            }
            if answers(self.port) {
                return Ok(());
            }
            thread::sleep(READY_EVERY);
        }
        Err(self.gave_up(&format!("the gate did not answer within {} seconds", READY_WITHIN.as_secs())))
    }

    fn gave_up(&self, why: &str) -> Failure {
        say!("no");
        Failure::new(format!("{}\n{why}; its last lines are above.", self.log.tail(20)))
    }
}

/// Whether there is an HTTP answer of any kind.
fn answers(port: u16) -> bool {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let Ok(mut stream) = TcpStream::connect_timeout(&address, Duration::from_secs(1)) else {
        return false;
    };
    let request = format!("GET {READY_PATH} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
    let mut start = [0; 5];
    stream.set_read_timeout(Some(Duration::from_secs(10))).is_ok()
        && stream.write_all(request.as_bytes()).is_ok()
        && stream.read_exact(&mut start).is_ok()
        && &start == b"HTTP/"
}

/// Says in one sentence why a port cannot be had, before anything is started.
pub(crate) fn must_be_free(port: u16) -> Result<()> {
    match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
        Ok(_) => Ok(()),
        Err(error) => Err(Failure::new(match error.kind() {
            ErrorKind::AddrInUse => {
                format!("Port {port} is in use by another program; choose another one with --port.")
            }
            ErrorKind::PermissionDenied => {
                format!("Port {port} may not be used by this account; choose another one with --port.")
            }
            _ => format!("Port {port} cannot be used: {error}."),
        })),
    }
}

/// A port that nobody uses at this moment.
pub(crate) fn free_port() -> Result<u16> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Failure::because("There is no free port"))
}

/// Puts entries into the local store under `state`, over what is there by the same keys.
pub(crate) fn seed(
    workspace: &Workspace,
    tools: &Tools,
    state: &Path,
    entries: &[(String, serde_json::Value)],
) -> Result<()> {
    begin!("seeding the local store with {} entries … ", entries.len());
    let bulk: Vec<_> =
        entries.iter().map(|(key, value)| serde_json::json!({ "key": key, "value": value.to_string() })).collect();
    make_dir(state)?;
    let file = state.join("seed.json");
    write(&file, serde_json::Value::from(bulk).to_string())?;
    let mut command = wrangler(workspace, tools, &["kv", "bulk", "put"])?;
    command
        .arg(&file)
        .arg("--config")
        .arg(workspace.path(CONFIGURATIONS[0]))
        .args(["--binding", STORE, "--local", "--persist-to"])
        .arg(state);
    process::quietly(&mut command, "Seeding the local store")?;
    fs::remove_file(&file).map_err(Failure::because("Cannot remove the seed"))?;
    say!("done");
    Ok(())
}

/// A state apart from the one of `serve`, for a run that must not depend on what came before.
/// It goes when this goes: what was seeded is of no use to anybody, and the next run makes its own.
pub(crate) struct FreshState(PathBuf);

impl FreshState {
    /// An empty one.
    pub(crate) fn make(workspace: &Workspace) -> Result<Self> {
        let path = workspace.path("target/edgeward").join(format!("check-{}", std::process::id()));
        empty_dir(&path)?;
        Ok(Self(path))
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for FreshState {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// wrangler, which neither asks, nor reports, nor fetches anything, nor writes outside `target`.
pub(crate) fn wrangler(workspace: &Workspace, tools: &Tools, task: &[&str]) -> Result<Command> {
    let home = workspace.path("target/edgeward/wrangler");
    make_dir(&home)?;
    let mut command = tools.package_script(workspace, "wrangler/bin/wrangler.js");
    command
        .args(task)
        .env("CI", "true")
        .env("NO_COLOR", "1")
        .env("WRANGLER_HIDE_BANNER", "true")
        .env("WRANGLER_SEND_METRICS", "false")
        .env("WRANGLER_SEND_ERROR_REPORTS", "false")
        .env("WRANGLER_WRITE_LOGS", "false")
        .env("WRANGLER_LOG_PATH", home.join("logs"))
        .env("WRANGLER_REGISTRY_PATH", home.join("registry"))
        .env("CLOUDFLARE_CF_FETCH_ENABLED", "false");
    Ok(command)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener};

    use super::{answers, free_port, must_be_free};

    #[test]
    fn a_port_in_use_is_one_sentence() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
        let port = listener.local_addr().expect("its address").port();
        let sentence = must_be_free(port).expect_err("it is in use").to_string();
        assert_eq!(sentence, format!("Port {port} is in use by another program; choose another one with --port."));
        drop(listener);
        must_be_free(port).expect("it is free again");
    }

    #[test]
    fn nothing_answers_on_a_free_port() {
        assert!(!answers(free_port().expect("a port")));
    }
}
