//! Edgeward's set-up, build, serve, test and bench commands.

mod build;
mod check;
mod cli;
mod demo;
mod docs;
mod example;
mod log;
mod npm;
mod output;
mod page;
mod policy;
mod policy_page;
mod process;
mod report;
mod revocation;
mod serve;
mod setup;
mod test;
mod tools;
mod wasm;
mod workspace;

use std::process::ExitCode;

use cli::Task;
use output::{Failure, Result, complain, say};
use workspace::Workspace;

fn main() -> ExitCode {
    let task = match cli::parse(std::env::args_os().skip(1)) {
        Ok(task) => task,
        Err(sentence) => {
            complain!("{sentence}");
            return ExitCode::from(2);
        }
    };
    match run(task) {
        Ok(code) => code,
        Err(failure) => {
            complain!("{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<ExitCode> {
    if let Task::Help = task {
        say!("{}", cli::HELP);
        return Ok(ExitCode::SUCCESS);
    }
    process::watch_signals()?;
    let workspace = Workspace::here();
    match task {
        Task::Help => {}
        Task::Setup => {
            setup::run(&workspace, setup::Need::Everything)?;
        }
        Task::Build => {
            let tools = setup::run(&workspace, setup::Need::Build)?;
            build::run(&workspace, &tools)?;
        }
        Task::Serve { port, check: false } => serve::run(&workspace, port)?,
        Task::Serve { port, check: true } => {
            let counts = check::run(&workspace, port)?;
            if counts.failed > 0 {
                return Err(Failure::new(format!(
                    "{} of {} checks did not come out as printed.",
                    counts.failed,
                    counts.failed + counts.passed
                )));
            }
            say!("All {} checks came out as printed.", counts.passed);
        }
        Task::Test { stages } => return test::run(&workspace, &stages),
        Task::Docs => docs::write_all(&workspace)?,
        Task::Revocation { seed, write } => revocation::run(&workspace, seed, write)?,
        Task::Bench { args } => bench(&workspace, &args)?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Builds, then hands over to the comparison in `bench/run.mjs`, to the one of key sets, which needs the Worker, or to the
/// page's, which needs a browser.
fn bench(workspace: &Workspace, args: &[std::ffi::OsString]) -> Result<()> {
    let [of_key_sets, of_page] = ["--key-sets", "--page"].map(|flag| args.iter().any(|arg| arg == flag));
    let name = match (of_key_sets, of_page) {
        (true, false) => "bench/key-sets.mjs",
        (false, true) => "bench/page.mjs",
        (false, false) => "bench/run.mjs",
        (true, true) => return Err(Failure::new("--key-sets and --page are two benches; run one after the other.")),
    };
    let args = args.iter().filter(|arg| *arg != "--key-sets" && *arg != "--page");
    let script = workspace.path(name);
    if !script.is_file() {
        return Err(Failure::new(format!("There is no {name} to run in this tree.")));
    }
    let need = if of_key_sets || of_page { setup::Need::Everything } else { setup::Need::Build };
    let tools = setup::run(workspace, need)?;
    build::run(workspace, &tools)?;
    if of_key_sets {
        test::bundle_worker(workspace, &tools)?;
    }
    process::run(
        workspace
            .command(&tools.node.path)
            .arg(&script)
            .args(args)
            .env("EDGEWARD_SYSTEM_NODE", &tools.system_node.path)
            .envs(tools.chromium.iter().map(|path| (tools::CHROMIUM, path))),
        "The bench run",
    )
}
