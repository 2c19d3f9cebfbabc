//! The page in `dist/www`: what is in `www` as it stands, and the part of the package that it calls as one module beside
//! it, over a core of its own; and the list of them all, for opening the page without a network. Scripts and style sheets
//! lose what nobody needs who opens the page; each stays a file of its own, as it is in `www`.

use std::path::Path;

use crate::npm::{esbuild, option};
use crate::output::{Failure, Result, say, thousands};
use crate::process;
use crate::tools::Tools;
use crate::wasm::Core;
use crate::workspace::{Inputs, Workspace, copy, empty_dir, files_under, make_dir, read_text, write};

/// The core as text. It is no part of the bundle, which would write its characters as escapes.
const CORE: &str = "core.wasm.inline.js";

/// Its one line for the list of files is filled in afterwards, and it is read by whoever wants to know what it keeps.
const AS_IT_STANDS: &str = "offline.js";

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
        let (short, plain): (Vec<_>, Vec<_>) = files_under(&source)?.into_iter().partition(|file| {
            let is_code = file.extension().is_some_and(|extension| extension == "js" || extension == "css");
            is_code && !file.ends_with(AS_IT_STANDS)
        });
        for file in plain {
            copy(&file, &output.join(file.strip_prefix(&source).unwrap_or(&file)))?;
        }
        esbuild(
            workspace,
            tools,
            short.into_iter().map(std::path::PathBuf::into_os_string).chain([
                option("--outbase", &source),
                option("--outdir", &output),
                "--minify".into(),
                "--format=esm".into(),
            ]),
            "Making the files of www short",
        )?;
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
    copy(&core.directory.join("glue.js"), &staged.join("src/glue.js"))?;
    let beside = workspace.path("dist/www/edgeward");
    make_dir(&beside)?;
    copy(&core.directory.join(CORE), &beside.join(CORE))?;
    esbuild(
        workspace,
        tools,
        [
            staged.join("page/index.js").into_os_string(),
            option("--outfile", &beside.join("index.js")),
            "--format=esm".into(),
            "--bundle".into(),
            "--minify".into(),
            format!("--external:./{CORE}").into(),
        ],
        "Bundling what the page calls",
    )
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
