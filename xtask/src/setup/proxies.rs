//! The proxies that ask the gate in the tests of forward-auth.

use std::path::PathBuf;

use super::{DebianPackage, Found, program};
use crate::output::{Result, begin};
use crate::process;
use crate::tools;
use crate::workspace::Inputs;

/// Those that Debian has, each with the environment variable that names another in its place.
const OF_DEBIAN: [(&[&str], DebianPackage); 3] = [
    (
        &["nginx", "/usr/sbin/nginx"],
        DebianPackage { name: "nginx", what: "nginx, for the tests of forward-auth,", variable: "NGINX", megabytes: 2 },
    ),
    (
        &["caddy"],
        DebianPackage {
            name: "caddy",
            what: "Caddy, for the tests of forward-auth,",
            variable: "CADDY",
            megabytes: 40,
        },
    ),
    (
        &["haproxy", "/usr/sbin/haproxy"],
        DebianPackage {
            name: "haproxy",
            what: "HAProxy, for the tests of forward-auth,",
            variable: "HAPROXY",
            megabytes: 5,
        },
    ),
];

/// The environment variable that names an Envoy.
const ENVOY: &str = "ENVOY";
/// Which Envoy it is, with its digest.
const ENVOY_PIN: &str = "tests/proxies/envoy.txt";
const ENVOY_DIRECTORY: &str = "target/edgeward/envoy";
const ENVOY_PROGRAM: &str = "target/edgeward/envoy/envoy/_bin/envoy";

pub(super) fn of_debian(found: &mut Found<'_>) -> Result<String> {
    let mut outcomes = Vec::new();
    for (names, package) in &OF_DEBIAN {
        let (path, outcome) = program(|| tools::asked_for_or_first(package.variable, names), package)?;
        found.proxies.push((package.variable, path));
        outcomes.push(format!("{} {outcome}", package.name));
    }
    Ok(outcomes.join(", "))
}

/// What is told where there is no Envoy. It is one proxy of several, and made for few machines: the others are tested.
fn without(why: &str) -> String {
    format!("{why}: the tests go without it (name a program in the environment variable {ENVOY} to have them)")
}

/// Debian has no Envoy; the Python package of it is one file, and pip holds it against its digest.
pub(super) fn envoy(found: &mut Found<'_>) -> Result<String> {
    if let Some(path) = tools::asked_for_or_first(ENVOY, &[])? {
        let outcome = format!("already there ({})", path.display());
        found.proxies.push((ENVOY, path));
        return Ok(outcome);
    }
    let workspace = found.workspace;
    let program: PathBuf = workspace.path(ENVOY_PROGRAM);
    let inputs = Inputs::new().files(&workspace.path(ENVOY_PIN))?.finish();
    let is_there = workspace.is_stamped("envoy", inputs) && program.is_file();
    if !is_there {
        let pip = || {
            let mut pip = workspace.command("python3");
            pip.args(["-m", "pip"]);
            pip
        };
        workspace.clear_stamp("envoy")?;
        if process::ask(pip().arg("--version")).is_none() {
            return Ok(without("there is no pip to bring it"));
        }
        begin!("bringing it with pip (about 40 MB) … ");
        let brought = process::quietly(
            pip()
                .args(["install", "--quiet", "--no-deps", "--require-hashes", "--only-binary=:all:", "--upgrade"])
                .args(["--disable-pip-version-check", "--root-user-action=ignore"])
                .arg(format!("--target={}", workspace.path(ENVOY_DIRECTORY).display()))
                .arg(format!("--requirement={}", workspace.path(ENVOY_PIN).display())),
            "`pip install`",
        );
        if brought.is_err() || !program.is_file() {
            return Ok(without("pip did not bring it"));
        }
        workspace.set_stamp("envoy", inputs)?;
    }
    found.proxies.push((ENVOY, program));
    Ok(if is_there { "already there".to_owned() } else { "done".to_owned() })
}
