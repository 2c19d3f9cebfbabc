//! Other programs: each in a process group of its own, so that whatever it started ends with it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::output::{Failure, Result};

/// How long a group may take to end after it was asked to.
const PATIENCE: Duration = Duration::from_secs(5);

static STOPPED: AtomicBool = AtomicBool::new(false);
static GROUPS: Mutex<Vec<u32>> = Mutex::new(Vec::new());

/// From now on Ctrl-C and SIGTERM end every group that is running, and [`stopped`] says so.
pub(crate) fn watch_signals() -> Result<()> {
    ctrlc::set_handler(|| {
        STOPPED.store(true, Ordering::SeqCst);
        for force in [false, true] {
            for group in running() {
                end_group(group, force);
            }
            let deadline = Instant::now() + PATIENCE;
            while !force && Instant::now() < deadline && !running().is_empty() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    })
    .map_err(Failure::because("Cannot listen for Ctrl-C"))
}

/// Whether somebody pressed Ctrl-C or sent SIGTERM.
pub(crate) fn stopped() -> bool {
    STOPPED.load(Ordering::SeqCst)
}

fn running() -> Vec<u32> {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A program and all that it started.
pub(crate) struct Group {
    leader: Child,
}

impl Group {
    /// Starts `command`, with nothing to read from.
    pub(crate) fn start(command: &mut Command) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        command.stdin(Stdio::null());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(command, 0);
        let leader = command.spawn().map_err(Failure::because(format!("Cannot start {name}")))?;
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).push(leader.id());
        let group = Self { leader };
        if stopped() {
            end_group(group.leader.id(), false);
        }
        Ok(group)
    }

    /// What the program writes, if it was started with pipes.
    pub(crate) fn pipes(&mut self) -> Vec<Box<dyn Read + Send>> {
        let mut pipes: Vec<Box<dyn Read + Send>> = Vec::new();
        if let Some(pipe) = self.leader.stdout.take() {
            pipes.push(Box::new(pipe));
        }
        if let Some(pipe) = self.leader.stderr.take() {
            pipes.push(Box::new(pipe));
        }
        pipes
    }

    /// Whether the program has ended, and how.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.leader.try_wait().ok().flatten()
    }

    /// Waits for the program to end.
    pub(crate) fn wait(mut self) -> Result<ExitStatus> {
        self.leader.wait().map_err(Failure::because("Cannot wait for a program"))
    }

    /// Waits at most `limit` for the program to end.
    pub(crate) fn wait_at_most(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            let status = self.ended();
            if status.is_some() || Instant::now() >= deadline {
                return status;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        let id = self.leader.id();
        if self.ended().is_none() {
            end_group(id, false);
            self.wait_at_most(PATIENCE);
        }
        // The leader may be gone and something it started not.
        end_group(id, true);
        let _ = self.leader.wait();
        GROUPS.lock().unwrap_or_else(PoisonError::into_inner).retain(|other| *other != id);
    }
}

#[cfg(unix)]
fn end_group(id: u32, force: bool) {
    use nix::sys::signal::{Signal, killpg};
    use nix::unistd::Pid;
    let signal = if force { Signal::SIGKILL } else { Signal::SIGTERM };
    if let Ok(id) = i32::try_from(id) {
        // A group that is already gone is what was wanted.
        let _ = killpg(Pid::from_raw(id), signal);
    }
}

#[cfg(not(unix))]
fn end_group(id: u32, _force: bool) {
    let _ = Command::new("taskkill")
        .args(["/T", "/F", "/PID", &id.to_string()])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
}

/// Runs a program whose output goes where ours goes; a failure names it `what`.
pub(crate) fn run(command: &mut Command, what: &str) -> Result<()> {
    let status = Group::start(command)?.wait()?;
    judge(status, what)
}

/// Runs a program and keeps what it says, in order: shown only if it fails.
pub(crate) fn quietly(command: &mut Command, what: &str) -> Result<String> {
    let (status, lines) = follow(command, |_| {})?;
    let text = lines.join("\n");
    judge(status, what).map_err(|failure| {
        if stopped() || text.is_empty() { failure } else { Failure::new(format!("{text}\n{failure}")) }
    })?;
    Ok(text)
}

/// Runs a program, calls `each` with every line it writes, and returns the lines.
pub(crate) fn follow(command: &mut Command, each: impl Fn(&str) + Send + Sync) -> Result<(ExitStatus, Vec<String>)> {
    let mut group = Group::start(command.stdout(Stdio::piped()).stderr(Stdio::piped()))?;
    let lines = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for pipe in group.pipes() {
            let (lines, each) = (&lines, &each);
            scope.spawn(move || {
                for_each_line(pipe, |line| {
                    each(&line);
                    lines.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                });
            });
        }
    });
    let status = group.wait()?;
    Ok((status, lines.into_inner().unwrap_or_else(PoisonError::into_inner)))
}

/// Runs a program that says something short on standard output, such as its version.
pub(crate) fn ask(command: &mut Command) -> Option<String> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Calls `each` with every line until the pipe ends; bytes that are no text are replaced.
pub(crate) fn for_each_line(pipe: impl Read, mut each: impl FnMut(String)) {
    let mut reader = BufReader::new(pipe);
    let mut bytes = Vec::new();
    while let Ok(1..) = reader.read_until(b'\n', &mut bytes) {
        each(String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned());
        bytes.clear();
    }
}

fn judge(status: ExitStatus, what: &str) -> Result<()> {
    if stopped() {
        return Err(Failure::new(format!("{what} was stopped.")));
    }
    if status.success() {
        return Ok(());
    }
    Err(Failure::new(match status.code() {
        Some(code) => format!("{what} failed with exit code {code}."),
        None => format!("{what} was ended by a signal."),
    }))
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use super::{Group, follow, quietly};

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn both_outputs_are_kept_and_a_failure_shows_them() {
        let (status, mut lines) = follow(&mut shell("echo out; echo err >&2"), |_| {}).expect("sh runs");
        lines.sort();
        assert!(status.success());
        assert_eq!(lines, ["err", "out"]);
        let failure = quietly(&mut shell("echo why; exit 3"), "The step").expect_err("exit 3");
        assert_eq!(failure.to_string(), "why\nThe step failed with exit code 3.");
    }

    #[test]
    fn what_a_program_started_ends_with_it() {
        let mut group = Group::start(shell("sleep 60 & echo started; wait").stdout(Stdio::piped())).expect("sh runs");
        let mut output = BufReader::new(group.pipes().pop().expect("a pipe"));
        let mut line = String::new();
        output.read_line(&mut line).expect("a line");
        assert_eq!(line, "started\n");
        let started = Instant::now();
        drop(group);
        // The sleeper holds the pipe open for as long as it lives.
        output.read_line(&mut line).expect("the end");
        assert!(started.elapsed() < Duration::from_secs(4));
    }
}
