//! The page in `dist/www`: what is in `www` as it stands, and the part of the package that it calls as one module beside
//! it, over a core of its own; and the list of them all, for opening the page without a network.

use std::path::Path;

use crate::npm::{bundle, esbuild, option};
use crate::output::{Failure, Result, say, thousands};
use crate::process;
use crate::tools::Tools;
use crate::wasm::Core;
use crate::workspace::{Inputs, Workspace, copy, empty_dir, files_under, make_dir, read_text, write};

/// What of the core goes into the module.
const CORE_FILES: [&str; 2] = ["glue.js", "core.wasm.inline.js"];

/// Puts the page together, or finds that it is as it should be.
pub(crate) fn build(workspace: &Workspace, tools: &Tools, core: &Core) -> Result<()> {
    let (source, output) = (workspace.path("www"), workspace.path("dist/www"));
    let inputs = Inputs::new()
        .text(include_str!("page.rs"))
        .text(include_str!("offline.mjs"))
        .files(&source)?
        .files(&workspace.path("npm"))?
        .files(&core.directory)?
        .files(&workspace.path("node_modules/esbuild/package.json"))?
        .finish();
    let size = workspace.path("target/xtask/page-size.txt");
    if !workspace.is_stamped("page", inputs) || !output.is_dir() || !size.is_file() {
        workspace.clear_stamp("page")?;
        empty_dir(&output)?;
        for file in files_under(&source)? {
            copy(&file, &output.join(file.strip_prefix(&source).unwrap_or(&file)))?;
        }
        module(workspace, tools, core)?;
        list_for_offline(workspace, tools, &output)?;
        write(&size, measure(workspace, tools)?)?;
        workspace.set_stamp("page", inputs)?;
    }
    say!("{}", read_text(&size)?);
    Ok(())
}

/// The modules of the package beside the core of the page, and `npm/page` over them, as one file.
fn module(workspace: &Workspace, tools: &Tools, core: &Core) -> Result<()> {
    let staged = workspace.path("target/xtask/page");
    empty_dir(&staged)?;
    for directory in ["src", "page"] {
        let sources = files_under(&workspace.path("npm").join(directory))?.into_iter().filter(|path| {
            let name = path.to_string_lossy();
            name.ends_with(".ts") && !name.ends_with(".d.ts")
        });
        esbuild(
            workspace,
            tools,
            sources.map(std::path::PathBuf::into_os_string).chain([
                option("--outbase", &workspace.path("npm")),
                option("--outdir", &staged),
                "--format=esm".into(),
            ]),
            "Compiling npm/page",
        )?;
    }
    for file in CORE_FILES {
        copy(&core.directory.join(file), &staged.join("src").join(file))?;
    }
    let beside = workspace.path("dist/www/edgeward");
    make_dir(&beside)?;
    bundle(workspace, tools, &staged.join("page/index.js"), &beside.join("index.js"), "esm")
}

/// Tells the worker that keeps the page which files it keeps.
fn list_for_offline(workspace: &Workspace, tools: &Tools, output: &Path) -> Result<()> {
    let mut command = workspace.command(&tools.node.path);
    command.arg(workspace.path("xtask/src/offline.mjs")).arg(output);
    process::quietly(&mut command, "Listing the files of the page").map(drop)
}

/// What whoever opens the page loads.
fn measure(workspace: &Workspace, tools: &Tools) -> Result<String> {
    let answer = process::quietly(
        workspace.command(&tools.node.path).arg(workspace.path("xtask/src/sizes.mjs")).arg(workspace.path("dist/www")),
        "Measuring the page",
    )?;
    let sizes: Vec<u64> = answer.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [raw, gzip, brotli] = sizes[..] else {
        return Err(Failure::new(format!("Measuring the page gave \"{answer}\" instead of three sizes.")));
    };
    Ok(format!("the page: {} bytes raw, {} gzip -9, {} brotli -11", thousands(raw), thousands(gzip), thousands(brotli)))
}
