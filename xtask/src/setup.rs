//! Set-up: finds or brings what the commands need, and says what it does and how far it is.
//!
//! Every step looks first and acts only if something is missing, so that it may be repeated.

mod proxies;
mod shells;

use std::path::{Path, PathBuf};

use crate::demo::Issuer;
use crate::output::{Failure, Result, begin, say};
use crate::process;
use crate::tools::{self, NPM, Node, Tools};
use crate::workspace::{Inputs, Workspace};

/// What the command that asks is going to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Compile and package.
    Build,
    /// Run the gate here.
    Serve,
    /// All of it, the browser tests included.
    Everything,
}

/// What the steps have found so far.
struct Found<'a> {
    workspace: &'a Workspace,
    system_node: Option<Node>,
    node: Option<Node>,
    chromium: Option<PathBuf>,
    redis: Option<PathBuf>,
    proxies: Vec<(&'static str, PathBuf)>,
}

/// One step: what it is about, who needs it, and the work, which ends with a few words.
struct Step {
    title: &'static str,
    needed: fn(Need) -> bool,
    work: fn(&mut Found<'_>) -> Result<String>,
}

const STEPS: [Step; 12] = [
    Step { title: "Node.js and npm", needed: |_| true, work: node_and_npm },
    Step { title: "wasm target", needed: |_| true, work: wasm_target },
    Step { title: "wasm-bindgen", needed: |_| true, work: wasm_bindgen },
    Step { title: "npm packages", needed: |_| true, work: npm_packages },
    Step { title: "Node.js for wrangler", needed: |_| true, work: wrangler_node },
    Step { title: "demo issuer", needed: |_| true, work: demo_issuer },
    Step { title: "rustfmt and clippy", needed: |need| need == Need::Everything, work: rust_components },
    Step { title: "Chromium", needed: |need| need == Need::Everything, work: chromium },
    Step { title: "Redis", needed: |need| need == Need::Everything, work: redis },
    Step { title: "nginx, Caddy and HAProxy", needed: |need| need == Need::Everything, work: proxies::of_debian },
    Step { title: "zsh and fish", needed: |need| need == Need::Everything, work: shells::of_debian },
    Step { title: "Envoy", needed: |need| need == Need::Everything, work: proxies::envoy },
];

fn demo_issuer(found: &mut Found<'_>) -> Result<String> {
    Issuer::set_up(found.workspace)
}

/// Goes through the steps that `need` calls for.
pub(crate) fn run(workspace: &Workspace, need: Need) -> Result<Tools> {
    let steps: Vec<_> = STEPS.iter().filter(|step| (step.needed)(need)).collect();
    let mut found =
        Found { workspace, system_node: None, node: None, chromium: None, redis: None, proxies: Vec::new() };
    for (index, step) in steps.iter().enumerate() {
        begin!("[{}/{}] {} … ", index + 1, steps.len(), step.title);
        match (step.work)(&mut found) {
            Ok(outcome) => say!("{outcome}"),
            Err(failure) => {
                say!("no");
                return Err(failure);
            }
        }
    }
    let (Some(system_node), Some(node)) = (found.system_node, found.node) else {
        return Err(Failure::new("Set-up found no Node.js."));
    };
    let hosts = if need == Need::Everything { tools::hosts(workspace, &system_node, &node) } else { Vec::new() };
    Ok(Tools { system_node, node, chromium: found.chromium, redis: found.redis, hosts, proxies: found.proxies })
}

fn node_and_npm(found: &mut Found<'_>) -> Result<String> {
    let node = Node::of_the_system()?;
    let npm = process::ask(found.workspace.command(NPM).arg("--version"))
        .ok_or_else(|| Failure::new("There is no npm beside Node.js: install the npm that belongs to it."))?;
    let outcome = format!("already there (Node.js {}, npm {npm})", node.version);
    found.system_node = Some(node);
    Ok(outcome)
}

fn wasm_target(found: &mut Found<'_>) -> Result<String> {
    const TARGET: &str = "wasm32-unknown-unknown";
    let is_there = || {
        process::ask(found.workspace.command("rustc").args(["--print", "target-libdir", "--target", TARGET]))
            .is_some_and(|directory| Path::new(&directory).is_dir())
    };
    if is_there() {
        return Ok(format!("already there ({TARGET})"));
    }
    if tools::find("rustup").is_none() {
        return Err(Failure::new(format!(
            "Rust's {TARGET} target is missing and there is no rustup to add it: \
             install it with the package manager that brought Rust, or use rustup."
        )));
    }
    process::quietly(
        found.workspace.command("rustup").args(["target", "add", TARGET]),
        &format!("`rustup target add {TARGET}`"),
    )?;
    if is_there() {
        Ok(format!("added ({TARGET})"))
    } else {
        Err(Failure::new(format!(
            "rustup added {TARGET}, but the rustc on the PATH does not have it: \
             put rustup's rustc first on the PATH."
        )))
    }
}

/// The tool half of wasm-bindgen is compiled into this command; both halves must be of one version.
fn wasm_bindgen(found: &mut Found<'_>) -> Result<String> {
    let lock = crate::workspace::read_text(&found.workspace.path("Cargo.lock"))?;
    let (crate_half, tool_half) =
        (locked_version(&lock, "wasm-bindgen"), locked_version(&lock, "wasm-bindgen-cli-support"));
    match (crate_half, tool_half) {
        (Some(one), Some(other)) if one == other => Ok(format!("already there ({one}, built in)")),
        (one, other) => Err(Failure::new(format!(
            "Cargo.lock has wasm-bindgen {} and wasm-bindgen-cli-support {}: \
             give both the same version in Cargo.toml and xtask/Cargo.toml.",
            one.unwrap_or("absent"),
            other.unwrap_or("absent")
        ))),
    }
}

fn locked_version<'a>(lock: &'a str, name: &str) -> Option<&'a str> {
    let entry = lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{name}\"\n")))?;
    let version = entry.lines().find_map(|line| line.strip_prefix("version = "))?;
    Some(version.trim_matches('"'))
}

fn npm_packages(found: &mut Found<'_>) -> Result<String> {
    let workspace = found.workspace;
    let lock = workspace.path("package-lock.json");
    let inputs =
        Inputs::new().files(&lock)?.files(&workspace.path("package.json"))?.files(&workspace.path(".npmrc"))?.finish();
    // npm writes this file last.
    let installed = workspace.path("node_modules/.package-lock.json");
    if workspace.is_stamped("npm", inputs) && installed.is_file() {
        return Ok("already there".to_owned());
    }
    workspace.clear_stamp("npm")?;
    begin!("installing by package-lock.json (about 150 MB) … ");
    process::quietly(
        workspace.command(NPM).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]),
        "`npm ci`",
    )?;
    workspace.set_stamp("npm", inputs)?;
    Ok("done".to_owned())
}

fn wrangler_node(found: &mut Found<'_>) -> Result<String> {
    let Some(system) = &found.system_node else {
        return Err(Failure::new("Set-up found no Node.js."));
    };
    let node = Node::for_wrangler(found.workspace, system)?;
    let origin = if node.path == system.path { "the system's" } else { "from the npm packages" };
    let outcome = format!("already there ({}, {origin})", node.version);
    found.node = Some(node);
    Ok(outcome)
}

fn rust_components(found: &mut Found<'_>) -> Result<String> {
    let mut added = Vec::new();
    for (command, component) in [("fmt", "rustfmt"), ("clippy", "clippy")] {
        let is_there = || process::ask(found.workspace.cargo().args([command, "--version"])).is_some();
        if is_there() {
            continue;
        }
        if tools::find("rustup").is_none() {
            return Err(Failure::new(format!(
                "`cargo {command}` is missing and there is no rustup to add it: \
                 install {component} with the package manager that brought Rust."
            )));
        }
        process::quietly(
            found.workspace.command("rustup").args(["component", "add", component]),
            &format!("`rustup component add {component}`"),
        )?;
        added.push(component);
    }
    Ok(if added.is_empty() { "already there".to_owned() } else { format!("added {}", added.join(" and ")) })
}

fn chromium(found: &mut Found<'_>) -> Result<String> {
    let (path, outcome) = program(
        tools::chromium,
        &DebianPackage {
            name: "chromium",
            what: "Chromium, for the browser tests,",
            variable: tools::CHROMIUM,
            megabytes: 300,
        },
    )?;
    found.chromium = Some(path);
    Ok(outcome)
}

fn redis(found: &mut Found<'_>) -> Result<String> {
    let (path, outcome) = program(
        tools::redis,
        &DebianPackage {
            name: "redis-server",
            what: "Redis, for the tests of the store in it,",
            variable: tools::REDIS,
            megabytes: 2,
        },
    )?;
    found.redis = Some(path);
    Ok(outcome)
}

/// A package of Debian that brings a program.
struct DebianPackage {
    name: &'static str,
    /// The program and what it is for, as the subject of a sentence.
    what: &'static str,
    /// The environment variable that names another program in its place.
    variable: &'static str,
    megabytes: u32,
}

/// A program of the system, from a package where it is missing.
fn program(find: impl Fn() -> Result<Option<PathBuf>>, package: &DebianPackage) -> Result<(PathBuf, String)> {
    if let Some(path) = find()? {
        let outcome = format!("already there ({})", path.display());
        return Ok((path, outcome));
    }
    install(package)?;
    let path = find()?.ok_or_else(|| {
        Failure::new(format!("apt-get installed {}, but no such program is on the PATH.", package.name))
    })?;
    let outcome = format!("installed ({})", path.display());
    Ok((path, outcome))
}

/// Installs a Debian package where that can be done without asking, or says what a person has to do.
fn install(package: &DebianPackage) -> Result<()> {
    let DebianPackage { name, what, variable, megabytes } = package;
    let is_root = process::ask(std::process::Command::new("id").arg("-u")).as_deref() == Some("0");
    if tools::find("apt-get").is_none() || !is_root {
        return Err(Failure::new(format!(
            "{what} is missing: install it (on Debian: `sudo apt-get install {name}`) \
             or name a program in the environment variable {variable}."
        )));
    }
    begin!("installing Debian's package (about {megabytes} MB) … ");
    for arguments in [&["update", "-qq"][..], &["install", "-y", "-qq", "--no-install-recommends", name][..]] {
        process::quietly(
            std::process::Command::new("apt-get")
                .args(arguments)
                .env("DEBIAN_FRONTEND", "noninteractive")
                // What is installed for tests is not to be started as a service of the machine (invoke-rc.d(8)).
                .env("RUNLEVEL", "1"),
            &format!("`apt-get {}`", arguments.join(" ")),
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::locked_version;

    #[test]
    fn a_version_is_read_from_the_lock_file() {
        let lock = "version = 4\n\n[[package]]\nname = \"wasm-bindgen-shared\"\nversion = \"1.0.0\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm-bindgen-cli-support"), None);
    }
}
