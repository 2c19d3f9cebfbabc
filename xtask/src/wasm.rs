//! The core: compiled by cargo, given its JavaScript glue by wasm-bindgen, made small and fast by wasm-opt.

use std::path::PathBuf;

use wasm_bindgen_cli_support::Bindgen;

use crate::output::{Failure, Result, begin, say, thousands};
use crate::process;
use crate::tools::Tools;
use crate::workspace::{Inputs, Workspace, copy, empty_dir, read, read_text, write};

/// What the core may use of WebAssembly: every feature has been in Safari since 16.4, and longer elsewhere.
const FEATURES: [&str; 8] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-simd",
];

/// One way to build the core.
pub(crate) struct Make {
    /// What it is called, here and in what is printed.
    name: &'static str,
    /// The profile of cargo, which is the name of its directory too.
    profile: &'static str,
    /// Whether it has what the npm package calls, or only what the page does.
    for_package: bool,
    /// What wasm-opt goes for.
    passes: &'static [&'static str],
    /// How the module is written as a script.
    script: fn(&[u8]) -> String,
}

/// That of the npm package, in `dist/core`: fast before small.
pub(crate) const PACKAGE: Make =
    Make { name: "core", profile: "release", for_package: true, passes: &["-O3"], script: in_base64 };

/// That of the page, in `dist/page-core`: small before fast.
pub(crate) const PAGE: Make = Make {
    name: "page-core",
    profile: "page",
    for_package: false,
    passes: &["-Oz", "--converge"],
    script: as_characters,
};

/// A finished core: `core.wasm`, `core.wasm.inline.js`, `glue.js` and their types.
pub(crate) struct Core {
    /// The directory.
    pub(crate) directory: PathBuf,
}

/// Makes a core, or finds that it is as it should be.
pub(crate) fn build(workspace: &Workspace, tools: &Tools, make: &Make) -> Result<Core> {
    let mut cargo = workspace.cargo();
    cargo.args(["build", "--lib", "--package=edgeward", "--target=wasm32-unknown-unknown", "--profile", make.profile]);
    if !make.for_package {
        cargo.arg("--no-default-features");
    }
    let sysroot = process::ask(workspace.command("rustc").args(["--print", "sysroot"])).map(PathBuf::from);
    process::run(
        cargo.args(["--config", &without_paths(sysroot)]),
        &format!("Compiling {} to WebAssembly", make.name),
    )?;
    let compiled = workspace.cargo_target().join("wasm32-unknown-unknown").join(make.profile).join("edgeward.wasm");
    let core = Core { directory: workspace.path("dist").join(make.name) };
    let inputs = Inputs::new()
        .text(include_str!("wasm.rs"))
        .files(&compiled)?
        .files(&workspace.path("Cargo.lock"))?
        .files(&workspace.path("node_modules/binaryen/package.json"))?
        .finish();
    let sizes = core.directory.join("sizes.txt");
    if !workspace.is_stamped(make.name, inputs) || !sizes.is_file() {
        workspace.clear_stamp(make.name)?;
        let scratch = workspace.path("target/xtask/bindgen").join(make.name);
        empty_dir(&scratch)?;
        empty_dir(&core.directory)?;
        bind(&compiled, &scratch)?;
        for file in ["glue.js", "glue.d.ts"] {
            copy(&scratch.join(file), &core.directory.join(file))?;
        }
        let before = optimise(workspace, tools, make, &core, &scratch.join("glue_bg.wasm"))?;
        inline(make, &core)?;
        write(&sizes, measure(workspace, tools, make, &core, before)?)?;
        workspace.set_stamp(make.name, inputs)?;
    }
    say!("{}", read_text(&sizes)?);
    Ok(core)
}

/// What keeps the places of this machine out of the core: a panic names the file of the crate that it came from. It is
/// added to the flags of `.cargo/config.toml`.
fn without_paths(sysroot: Option<PathBuf>) -> String {
    let home = |variable| std::env::var_os(variable).filter(|value| !value.is_empty()).map(PathBuf::from);
    let user = || home("HOME").or_else(|| home("USERPROFILE")).map(|user| user.join(".cargo"));
    let crates = home("CARGO_HOME")
        .or_else(user)
        .map(|cargo| format!("--remap-path-prefix={}=crates", cargo.join("registry").join("src").display()));
    // Where the sources of the standard library are installed, its places are named as they are here.
    let sources =
        sysroot.map(|root| format!("--remap-path-prefix={}=rust", root.join("lib/rustlib/src/rust").display()));
    let flags: Vec<_> = crates.into_iter().chain(sources).collect();
    // A string of Rust, as it is printed here, is one of TOML.
    format!("target.wasm32-unknown-unknown.rustflags={flags:?}")
}

/// Runs wasm-bindgen for a host that hands the module over itself.
fn bind(compiled: &std::path::Path, scratch: &std::path::Path) -> Result<()> {
    let failed = "wasm-bindgen cannot make the glue";
    Bindgen::new()
        .input_path(compiled)
        .out_name("glue")
        .web(true)
        .map_err(Failure::because(failed))?
        .typescript(true)
        // The default path is bait for bundlers, which would ship a second copy of the module.
        .omit_default_module_path(true)
        // The core is started anew after a trap, from the module that was compiled once.
        .reset_state_function(true)
        .remove_name_section(true)
        .remove_producers_section(true)
        .generate(scratch)
        .map_err(|error| Failure::new(format!("{failed}: {error:#}.")))?;
    let glue = read_text(&scratch.join("glue.js"))?;
    for bait in ["import.meta.url", "new URL("] {
        if glue.contains(bait) {
            return Err(Failure::new(format!(
                "The glue of wasm-bindgen still contains `{bait}`, although it was told to leave \
                 the default module path out."
            )));
        }
    }
    Ok(())
}

/// Runs wasm-opt, makes sure that it did something, and returns the size it was given.
fn optimise(workspace: &Workspace, tools: &Tools, make: &Make, core: &Core, bound: &std::path::Path) -> Result<usize> {
    begin!("wasm-opt {} … ", make.passes.join(" "));
    let optimised = core.directory.join("core.wasm");
    process::quietly(
        tools
            .package_script(workspace, "binaryen/bin/wasm-opt")
            .args(make.passes)
            .args(["--strip-debug", "--strip-producers", "--strip-target-features"])
            .args(FEATURES)
            .arg(bound)
            .arg("-o")
            .arg(&optimised),
        "wasm-opt",
    )?;
    let (before, after) = (read(bound)?, read(&optimised)?);
    if before == after {
        return Err(Failure::new("wasm-opt left the core exactly as it was, so it cannot have run."));
    }
    say!("done");
    Ok(before.len())
}

/// Writes the module as text, for hosts that can only load JavaScript.
fn inline(make: &Make, core: &Core) -> Result<()> {
    write(&core.directory.join("core.wasm.inline.js"), (make.script)(&read(&core.directory.join("core.wasm"))?))?;
    write(&core.directory.join("core.wasm.inline.d.ts"), "declare const text: string;\nexport default text;\n")
}

/// A string of base64, which no tool that handles the package can spoil.
fn in_base64(bytes: &[u8]) -> String {
    format!("export default \"{}\";\n", base64(bytes))
}

/// How many characters change their places: more make the text shorter, and what brotli finds in it as well.
const MOST_SWAPPED: usize = 8;

/// A string with one character for each byte, from U+0000 to U+00FF. It compresses nearly as well as the bytes
/// themselves, which base64 keeps from being seen; the page, whose policy lets it fetch nothing, loads it as a script.
///
/// A byte that a script writes in two, since it is escaped or beyond ASCII, changes its place with a rarer one that it
/// writes in one, as long as that pays.
fn as_characters(bytes: &[u8]) -> String {
    let mut counts = [0_usize; 256];
    for &byte in bytes {
        counts[usize::from(byte)] += 1;
    }
    let count = |byte: u8| counts[usize::from(byte)];
    let is_long = |byte: &u8| !byte.is_ascii() || matches!(byte, b'"' | b'\\' | b'\n' | b'\r');
    let (mut long, mut short): (Vec<u8>, Vec<u8>) = (0..=u8::MAX).partition(is_long);
    long.sort_by_key(|&byte| std::cmp::Reverse(count(byte)));
    short.sort_by_key(|&byte| count(byte));
    let swapped: Vec<(u8, u8)> =
        long.into_iter().zip(short).filter(|&(long, short)| count(long) > count(short)).take(MOST_SWAPPED).collect();
    let mut places: Vec<u8> = (0..=u8::MAX).collect();
    for &(one, other) in &swapped {
        places.swap(usize::from(one), usize::from(other));
    }
    let text = quoted(bytes.iter().map(|&byte| places[usize::from(byte)]));
    let pairs = quoted(swapped.into_iter().flat_map(|(one, other)| [one, other]));
    format!("export const swapped = {pairs};\nexport default {text};\n")
}

/// A string of JavaScript with one character for each byte.
fn quoted(bytes: impl Iterator<Item = u8>) -> String {
    let mut text = String::from("\"");
    for byte in bytes {
        match byte {
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'\n' => text.push_str("\\n"),
            b'\r' => text.push_str("\\r"),
            _ => text.push(char::from(byte)),
        }
    }
    text.push('"');
    text
}

fn measure(workspace: &Workspace, tools: &Tools, make: &Make, core: &Core, before: usize) -> Result<String> {
    let answer = process::quietly(
        workspace
            .command(&tools.node.path)
            .arg(workspace.path("xtask/src/sizes.mjs"))
            .arg(core.directory.join("core.wasm")),
        "Measuring the core",
    )?;
    let sizes: Vec<u64> = answer.split_whitespace().filter_map(|word| word.parse().ok()).collect();
    let [raw, gzip, brotli] = sizes[..] else {
        return Err(Failure::new(format!("Measuring the core gave \"{answer}\" instead of three sizes.")));
    };
    Ok(format!(
        "{}: {} bytes raw (wasm-opt was given {}), {} gzip -9, {} brotli -11",
        if make.for_package { "core.wasm" } else { "core.wasm of the page" },
        thousands(raw),
        thousands(before as u64),
        thousands(gzip),
        thousands(brotli)
    ))
}

/// Base64 with padding, as `atob` reads it.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let six = (bits >> (18 - 6 * place)) & 63;
            text.push(if place > chunk.len() { '=' } else { char::from(ALPHABET[six as usize]) });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{as_characters, base64, quoted};

    #[test]
    fn a_text_is_a_string_of_javascript() {
        let bytes = [0, b'a', b'"', b'\\', b'\n', b'\r', 0x7f, 0x80, 0xff];
        assert_eq!(quoted(bytes.into_iter()), "\"\0a\\\"\\\\\\n\\r\u{7f}\u{80}\u{ff}\"");
    }

    #[test]
    fn bytes_that_are_long_in_a_script_change_places_with_rarer_ones() {
        let script = as_characters(&[0x80, 0x80, b'"', b'a']);
        assert_eq!(script, "export const swapped = \"\u{80}\0\\\"\u{1}\";\nexport default \"\0\0\u{1}a\";\n");
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        for (plain, text) in [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
        ] {
            assert_eq!(base64(plain.as_bytes()), text);
        }
        assert_eq!(base64(&[0xff, 0xfe, 0xfd]), "//79");
    }
}
