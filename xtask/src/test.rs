//! Test: every check and every suite, each stage to its end, and one line that sums them up.

use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use crate::build;
use crate::check;
use crate::output::{Failure, Result, say};
use crate::process;
use crate::report::{Counts, Outcome, summary};
use crate::serve::wrangler;
use crate::setup::{self, Need};
use crate::tools::{self, Node, Tools};
use crate::workspace::{Workspace, empty_dir, files_under, make_dir, read_text};

/// How long one test of a JavaScript suite may take, in milliseconds.
const TEST_TIMEOUT: &str = "--test-timeout=120000";

/// The tests of the packed package.
const PACKAGE: &str = "tests/package";
/// How many files of the packed package's tests run at once. Node.js takes one core less than there are, which on two would
/// be one file after another, of which most wait for the programs that they started.
const PACKAGE_FILES_AT_ONCE: usize = 2;

/// The compilers that hold it: the newest, and the one before, which most projects still have.
const COMPILERS: [&str; 2] = ["typescript7/bin/tsc", "typescript/bin/tsc"];

/// What TypeScript is held to. The command line and the store in files are Node's alone, and nothing else of the package
/// may know a name of Node's; the last four use the package's types as people do.
const TYPESCRIPT: [&str; 6] = [
    "npm/tsconfig.json",
    "npm/tsconfig.cli.json",
    "tests/types/node/tsconfig.json",
    "tests/types/workers/tsconfig.json",
    "tests/types/browser/tsconfig.json",
    "tests/types/commonjs/tsconfig.json",
];

/// A part of the test run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The sources are formatted.
    Fmt,
    /// Nothing that clippy warns of, natively and for WebAssembly.
    Clippy,
    /// The Rust tests.
    Rust,
    /// The TypeScript of the package agrees with its types.
    Types,
    /// The package in Node.js.
    Node,
    /// The packed package, as it is installed, in each host and bundler.
    Package,
    /// The Worker in workerd.
    Worker,
    /// The page in Chromium.
    Page,
    /// What `serve` prints is what is answered.
    Check,
}

impl Stage {
    /// All of them, in the order they run: the quick ones first.
    pub(crate) const ALL: [Self; 9] = [
        Self::Fmt,
        Self::Clippy,
        Self::Rust,
        Self::Types,
        Self::Node,
        Self::Package,
        Self::Worker,
        Self::Page,
        Self::Check,
    ];

    /// What it is called on the command line.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fmt => "fmt",
            Self::Clippy => "clippy",
            Self::Rust => "rust",
            Self::Types => "types",
            Self::Node => "node",
            Self::Package => "package",
            Self::Worker => "worker",
            Self::Page => "page",
            Self::Check => "check",
        }
    }

    /// The stage of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.name() == name)
    }
}

/// Sets up, builds, and runs the stages asked for, or all.
pub(crate) fn run(workspace: &Workspace, asked: &[Stage]) -> Result<ExitCode> {
    let tools = match prepare(workspace) {
        Ok(tools) => tools,
        Err(failure) => {
            say!("{failure}\n\nThere is nothing to test.\n\n0 passed, 1 failed");
            return Ok(ExitCode::FAILURE);
        }
    };
    let stages: Vec<_> = Stage::ALL.into_iter().filter(|stage| asked.is_empty() || asked.contains(stage)).collect();
    let outcomes = run_stages(workspace, &tools, &stages);
    if process::stopped() {
        return Err(Failure::new("The tests were stopped."));
    }
    let (good, text) = summary(&outcomes);
    say!("{text}");
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn prepare(workspace: &Workspace) -> Result<Tools> {
    let tools = setup::run(workspace, Need::Everything)?;
    build::run(workspace, &tools)?;
    Ok(tools)
}

/// Runs stages one after another; one that fails stops none of the others.
fn run_stages(workspace: &Workspace, tools: &Tools, stages: &[Stage]) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for &stage in stages {
        for (name, part) in parts(stage, tools) {
            if process::stopped() {
                return outcomes;
            }
            say!("\n=== {name}");
            let started = Instant::now();
            let (counts, failure) = match part.run(workspace, tools) {
                Ok((counts, note)) => (counts, (!note.is_empty()).then(|| note.to_owned())),
                Err(failure) => {
                    say!("{failure}");
                    let last = failure.to_string();
                    let last = last.lines().last().unwrap_or_default();
                    (None, Some(last.to_owned()))
                }
            };
            outcomes.push(Outcome { name, counts, failure, took: started.elapsed() });
        }
    }
    outcomes
}

/// One line of the table.
enum Part {
    /// A cargo command that only has to succeed.
    Cargo(&'static [&'static str]),
    RustTests,
    Types,
    /// The suite of a directory, in a Node.js, with the programs it needs, each by an environment variable.
    Suite(&'static str, Node, Vec<(&'static str, PathBuf)>),
    WorkerSuite,
    Check,
}

fn parts(stage: Stage, tools: &Tools) -> Vec<(String, Part)> {
    let one = |part| vec![(stage.name().to_owned(), part)];
    match stage {
        Stage::Fmt => one(Part::Cargo(&["fmt", "--all", "--check"])),
        Stage::Clippy => vec![
            (
                "clippy native".to_owned(),
                Part::Cargo(&["clippy", "--workspace", "--all-targets", "--keep-going", "--", "-Dwarnings"]),
            ),
            (
                "clippy wasm".to_owned(),
                Part::Cargo(&[
                    "clippy",
                    "--package=edgeward",
                    "--lib",
                    "--target=wasm32-unknown-unknown",
                    "--",
                    "-Dwarnings",
                ]),
            ),
        ],
        Stage::Rust => one(Part::RustTests),
        Stage::Types => one(Part::Types),
        Stage::Node => {
            let mut nodes = vec![&tools.system_node];
            if tools.node.path != tools.system_node.path {
                nodes.push(&tools.node);
            }
            let redis: Vec<_> = tools.redis.clone().map(|path| (tools::REDIS, path)).into_iter().collect();
            nodes
                .into_iter()
                .map(|node| (format!("node {}", node.version), Part::Suite("tests/node", node.clone(), redis.clone())))
                .collect()
        }
        Stage::Package => {
            let chromium = tools.chromium.clone().map(|path| (tools::CHROMIUM, path));
            let redis = tools.redis.clone().map(|path| (tools::REDIS, path));
            let programs = tools.hosts.iter().cloned().chain(chromium).chain(redis).collect();
            one(Part::Suite(PACKAGE, tools.node.clone(), programs))
        }
        Stage::Worker => one(Part::WorkerSuite),
        Stage::Page => {
            let chromium = tools.chromium.clone().map(|path| (tools::CHROMIUM, path)).into_iter().collect();
            one(Part::Suite("tests/page", tools.node.clone(), chromium))
        }
        Stage::Check => one(Part::Check),
    }
}

impl Part {
    fn run(&self, workspace: &Workspace, tools: &Tools) -> Result<(Option<Counts>, &'static str)> {
        match self {
            Self::Cargo(arguments) => {
                let what = format!("`cargo {}`", arguments.join(" "));
                process::run(workspace.cargo().args(*arguments), &what)?;
                Ok((None, ""))
            }
            Self::RustTests => rust_tests(workspace),
            Self::Types => {
                for (compiler, project) in COMPILERS.iter().flat_map(|one| TYPESCRIPT.map(|project| (one, project))) {
                    let mut tsc = tools.package_script(workspace, compiler);
                    process::run(tsc.args(["--project", project]), &format!("`{compiler} --project {project}`"))?;
                }
                Ok((None, ""))
            }
            Self::Suite(directory, node, programs) => {
                let mut command = workspace.command(&node.path);
                command.envs(programs.iter().map(|(variable, path)| (variable, path)));
                if *directory == PACKAGE {
                    let cores = thread::available_parallelism().map_or(1, NonZero::get);
                    let at_once = cores.saturating_sub(1).max(PACKAGE_FILES_AT_ONCE);
                    command.arg(format!("--test-concurrency={at_once}"));
                }
                suite(workspace, command, directory)
            }
            Self::WorkerSuite => {
                bundle_worker(workspace, tools)?;
                let mut command = workspace.command(&tools.node.path);
                command.envs(tools.proxies.iter().map(|(variable, path)| (variable, path)));
                suite(workspace, command, "tests/worker")
            }
            Self::Check => {
                let counts = check::check(workspace, tools, None)?;
                let (counts, note) = counts.judged(true);
                Ok((Some(counts), note))
            }
        }
    }
}

fn rust_tests(workspace: &Workspace) -> Result<(Option<Counts>, &'static str)> {
    let (status, lines) =
        process::follow(workspace.cargo().args(["test", "--workspace", "--no-fail-fast"]), |line| say!("{line}"))?;
    let counts = Counts::of_cargo(lines.iter().map(String::as_str));
    let (counts, note) = counts.judged(status.success());
    Ok((Some(counts), note))
}

/// Runs every `*.test.mjs` under a directory with `node --test`.
fn suite(workspace: &Workspace, mut runner: Command, directory: &str) -> Result<(Option<Counts>, &'static str)> {
    let path = workspace.path(directory);
    let files = if path.is_dir() { files_under(&path)? } else { Vec::new() };
    let files: Vec<_> = files.into_iter().filter(|file| file.to_string_lossy().ends_with(".test.mjs")).collect();
    if files.is_empty() {
        let (counts, note) = Counts::default().judged(true);
        return Ok((Some(counts), note));
    }
    let reports = workspace.path("target/xtask");
    make_dir(&reports)?;
    let tap = reports.join(format!("{}.tap", directory.replace('/', "-")));
    runner
        .args(["--test", TEST_TIMEOUT])
        .args(["--test-reporter=spec", "--test-reporter-destination=stdout"])
        .arg("--test-reporter=tap")
        .arg(format!("--test-reporter-destination={}", tap.display()))
        .args(files)
        // A test run inside a test run would report to the outer one instead of here.
        .env_remove("NODE_TEST_CONTEXT");
    if cfg!(test) {
        // What the injected failures say would read as if they were real.
        runner.stdout(Stdio::null());
    }
    // An old report must not be taken for the one of this run.
    crate::workspace::write(&tap, "")?;
    let status = process::Group::start(&mut runner)?.wait()?;
    let report = read_text(&tap)?;
    let (counts, note) = Counts::of_tap(report.lines()).judged(status.success());
    Ok((Some(counts), note))
}

/// Bundles the Worker as a deployment would, into `dist/worker`.
pub(crate) fn bundle_worker(workspace: &Workspace, tools: &Tools) -> Result<()> {
    let output = workspace.path("dist/worker");
    empty_dir(&output)?;
    let mut command = wrangler(workspace, tools, &["deploy", "--dry-run", "--outdir"])?;
    process::quietly(command.arg(&output), "Bundling the Worker").map(drop)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::{Stage, run_stages};
    use crate::report::summary;
    use crate::tools::{Node, Tools};
    use crate::workspace::{Workspace, empty_dir, write};

    const GOOD: &str = "import { test } from 'node:test';\ntest('good', () => {});\n";
    const BAD: &str = "import { test } from 'node:test';\ntest('bad', () => { throw new Error('injected'); });\n";
    const BROKEN: &str = "this is no JavaScript";

    /// Runs the stage `node` over these files, in a checkout that has nothing else.
    fn run_suite(name: &str, files: &[(&str, &str)]) -> (bool, String) {
        let root = std::env::temp_dir().join(format!("xtask-{name}-{}", std::process::id()));
        empty_dir(&root).expect("a scratch directory");
        for (file, text) in files {
            write(&PathBuf::from(&root).join("tests/node").join(file), text).expect("a test file");
        }
        let node = Node::of_the_system().expect("Node.js");
        let tools = Tools {
            system_node: node.clone(),
            node,
            chromium: None,
            redis: None,
            hosts: Vec::new(),
            proxies: Vec::new(),
        };
        let outcomes = run_stages(&Workspace::at(&root), &tools, &[Stage::Node]);
        fs::remove_dir_all(&root).expect("the scratch directory goes");
        let (good, text) = summary(&outcomes);
        (good, text.lines().last().unwrap_or_default().to_owned())
    }

    #[test]
    fn a_good_suite_is_green() {
        assert_eq!(
            run_suite("good", &[("a.test.mjs", GOOD), ("helper.mjs", BROKEN)]),
            (true, "1 passed, 0 failed".to_owned())
        );
    }

    #[test]
    fn an_injected_failure_turns_the_run_red() {
        assert_eq!(
            run_suite("bad", &[("a.test.mjs", GOOD), ("deep/b.test.mjs", BAD)]),
            (false, "1 passed, 1 failed".to_owned())
        );
    }

    #[test]
    fn a_suite_that_does_not_load_turns_the_run_red() {
        assert_eq!(
            run_suite("broken", &[("a.test.mjs", GOOD), ("b.test.mjs", BROKEN)]),
            (false, "1 passed, 1 failed".to_owned())
        );
    }

    #[test]
    fn an_empty_suite_turns_the_run_red() {
        assert_eq!(run_suite("empty", &[("helper.mjs", GOOD)]), (false, "0 passed, 1 failed".to_owned()));
    }

    #[test]
    fn every_stage_is_known_by_its_name() {
        for stage in Stage::ALL {
            assert_eq!(Stage::named(stage.name()), Some(stage));
        }
    }
}
