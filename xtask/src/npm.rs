//! The npm package in `dist/npm`, and the link by which this repository imports it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::docs::POLICY_SCHEMA;
use crate::output::{Failure, Result, say, thousands};
use crate::process;
use crate::tools::{NPM, Tools};
use crate::wasm::Core;
use crate::workspace::{Inputs, Workspace, copy, empty_dir, files_under, read_text, write};

/// The version in npm/package.json, replaced by the workspace's, so that it is written in one place.
const VERSION_MARK: &str = "\"version\": \"0.0.0\"";
/// The language that every supported host understands.
const TARGET: &str = "--target=es2022";
/// What the repository lends the package as it stands.
const DOCUMENTS: [&str; 4] = ["README.md", "CHANGELOG.md", "LICENSE-MIT", "LICENSE-APACHE"];
/// The JSON Schema of audit events, made by `cargo xtask docs`.
const AUDIT_EVENTS: &str = "schema/audit-event.schema.json";
/// What of the core goes into the package.
const CORE_FILES: [&str; 3] = ["glue.js", "core.wasm", "core.wasm.inline.js"];

/// Puts the package together, or finds that it is as it should be.
pub(crate) fn package(workspace: &Workspace, tools: &Tools, core: &Core) -> Result<()> {
    let package = workspace.path("dist/npm");
    let mut inputs = Inputs::new()
        .text(include_str!("npm.rs"))
        .text(env!("CARGO_PKG_VERSION"))
        .files(&workspace.path("npm"))?
        .files(&core.directory)?
        .files(&workspace.path(AUDIT_EVENTS))?
        .files(&workspace.path("node_modules/esbuild/package.json"))?;
    for document in DOCUMENTS.into_iter().chain([POLICY_SCHEMA]) {
        inputs = inputs.files(&workspace.path(document))?;
    }
    let inputs = inputs.finish();
    let size = workspace.path("target/xtask/package-size.txt");
    if !workspace.is_stamped("package", inputs) || !package.is_dir() || !size.is_file() {
        workspace.clear_stamp("package")?;
        empty_dir(&package)?;
        assemble(workspace, tools, core, &package)?;
        write(&size, measure(workspace, &package)?)?;
        workspace.set_stamp("package", inputs)?;
    }
    say!("{}", read_text(&size)?);
    Ok(())
}

fn assemble(workspace: &Workspace, tools: &Tools, core: &Core, package: &Path) -> Result<()> {
    let modules = package.join("dist");
    transpile(workspace, tools, &modules)?;
    for file in CORE_FILES {
        copy(&core.directory.join(file), &modules.join(file))?;
    }
    copy(&workspace.path(POLICY_SCHEMA), &package.join(POLICY_SCHEMA))?;
    types(&workspace.path("npm/types"), &modules)?;
    copy(&workspace.path(AUDIT_EVENTS), &package.join("audit-event.schema.json"))?;

    let manifest = read_text(&workspace.path("npm/package.json"))?;
    common_js(workspace, tools, &manifest, &modules)?;
    if manifest.matches(VERSION_MARK).count() != 1 {
        return Err(Failure::new(format!(
            "npm/package.json must say {VERSION_MARK} once: the build puts the version of Cargo.toml there."
        )));
    }
    write(
        &package.join("package.json"),
        manifest.replace(VERSION_MARK, &format!("\"version\": \"{}\"", env!("CARGO_PKG_VERSION"))),
    )?;
    for document in DOCUMENTS {
        let own = workspace.path("npm").join(document);
        let source = if own.is_file() { own } else { workspace.path(document) };
        if source.is_file() {
            copy(&source, &package.join(document))?;
        } else {
            say!("warning: the package goes without {document}, which is not in this tree");
        }
    }
    Ok(())
}

/// TypeScript to JavaScript, file by file: the modules of the package stay what they are.
fn transpile(workspace: &Workspace, tools: &Tools, modules: &Path) -> Result<()> {
    let sources: Vec<PathBuf> = files_under(&workspace.path("npm/src"))?
        .into_iter()
        .filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".ts") && !name.ends_with(".d.ts")
        })
        .collect();
    esbuild(
        workspace,
        tools,
        sources.into_iter().map(PathBuf::into_os_string).chain([
            option("--outbase", &workspace.path("npm/src")),
            option("--outdir", modules),
            "--format=esm".into(),
        ]),
        "Compiling npm/src",
    )?;
    // What has types alone is no module that anything imports.
    for file in files_under(modules)? {
        if read_text(&file)?.trim().is_empty() {
            fs::remove_file(&file).map_err(Failure::because("Cannot remove a module that is empty"))?;
        }
    }
    Ok(())
}

/// One file out of an entry and all that it imports; the modules of a host stay imports.
pub(crate) fn bundle(workspace: &Workspace, tools: &Tools, entry: &Path, output: &Path, format: &str) -> Result<()> {
    esbuild(
        workspace,
        tools,
        [
            entry.as_os_str().to_owned(),
            option("--outfile", output),
            format!("--format={format}").into(),
            "--bundle".into(),
            "--external:node:*".into(),
            "--external:cloudflare:*".into(),
        ],
        &format!("Bundling {}", output.display()),
    )
}

pub(crate) fn esbuild(
    workspace: &Workspace,
    tools: &Tools,
    arguments: impl IntoIterator<Item = OsString>,
    what: &str,
) -> Result<()> {
    process::quietly(
        tools.package_script(workspace, "esbuild/bin/esbuild").args(arguments).args([
            TARGET,
            "--platform=neutral",
            "--charset=utf8",
            "--log-level=warning",
        ]),
        what,
    )
    .map(drop)
}

pub(crate) fn option(name: &str, path: &Path) -> OsString {
    let mut option = OsString::from(name);
    option.push("=");
    option.push(path);
    option
}

/// The types written by hand. Each has a twin for `CommonJS`, where a file of types that ends in `.ts` would be taken for
/// those of a module.
fn types(source: &Path, modules: &Path) -> Result<()> {
    for file in files_under(source)? {
        let relative = file.strip_prefix(source).unwrap_or(&file);
        copy(&file, &modules.join(relative))?;
        let twin = read_text(&file)?.replace(".js\"", ".cjs\"");
        let name = relative.to_string_lossy().replace(".d.ts", ".d.cts");
        write(&modules.join(name), twin)?;
    }
    Ok(())
}

/// One file for each entry that the manifest offers to `require`.
fn common_js(workspace: &Workspace, tools: &Tools, manifest: &str, modules: &Path) -> Result<()> {
    let manifest: serde_json::Value =
        serde_json::from_str(manifest).map_err(Failure::because("npm/package.json is no JSON"))?;
    for (name, entry) in manifest["exports"].as_object().into_iter().flatten() {
        let Some(required) = entry["require"]["default"].as_str() else { continue };
        let Some(stem) = required.strip_prefix("./dist/").and_then(|file| file.strip_suffix(".cjs")) else {
            return Err(Failure::new(format!(
                "npm/package.json: {name} is required as {required}, and not as a .cjs in dist."
            )));
        };
        bundle(workspace, tools, &modules.join(format!("{stem}.js")), &modules.join(format!("{stem}.cjs")), "cjs")?;
    }
    Ok(())
}

fn measure(workspace: &Workspace, package: &Path) -> Result<String> {
    let answer = process::ask(workspace.command(NPM).current_dir(package).args([
        "pack",
        "--dry-run",
        "--json",
        "--loglevel=error",
    ]))
    .ok_or_else(|| Failure::new("`npm pack` in dist/npm failed."))?;
    let listing: serde_json::Value =
        serde_json::from_str(&answer).map_err(Failure::because("`npm pack --json` gave no JSON"))?;
    // npm 12 lists packages by name, npm 11 and older as an array.
    let entry = listing.get(0).or_else(|| listing.get("edgeward")).unwrap_or(&listing);
    let (Some(size), Some(files)) = (entry["size"].as_u64(), entry["entryCount"].as_u64()) else {
        return Err(Failure::new("`npm pack --json` gave neither a size nor a count."));
    };
    Ok(format!("dist/npm: {files} files, {} bytes as a tarball", thousands(size)))
}

/// Makes `import "edgeward"` in this repository mean the package just built, by its own exports map.
pub(crate) fn link(workspace: &Workspace) -> Result<()> {
    let link = workspace.path("node_modules/edgeward");
    let target = Path::new("..").join("dist").join("npm");
    if fs::read_link(&link).is_ok_and(|present| present == target) {
        return Ok(());
    }
    if link.symlink_metadata().is_ok() {
        fs::remove_file(&link).map_err(Failure::because("Cannot replace node_modules/edgeward"))?;
    }
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(&target, &link);
    #[cfg(windows)]
    let made = std::os::windows::fs::symlink_dir(&target, &link);
    made.map_err(Failure::because("Cannot link node_modules/edgeward"))
}
