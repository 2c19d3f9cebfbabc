//! The command line: what may be typed, and what is said about anything else.

use std::ffi::OsString;

use lexopt::prelude::{Long, Short, Value};

use crate::test::Stage;

/// What `cargo xtask help` prints.
pub(crate) const HELP: &str = "\
usage: cargo xtask <command> [options]

  setup                      bring what the other commands need; says what it does, safe to repeat
  build                      the wasm core, the npm package in dist/npm and the page in dist/www
  serve [--port N]           build, seed the local store, start the gate and its demo origin,
                             and print curl lines with what each answers (port 8787)
  serve --check [--port N]   the same on a free port: try every printed line, compare, stop
  test [stage ...]           every check and every test, or only the named stages:
                             fmt clippy rust types node worker page check
  docs                       write the documents that are made from the code
  revocation [--seed N]      simulate how long a revocation takes, and print what was measured;
                             with --write into docs/revocation.md
  bench [--quick] [--json] [--write] [--only PART]
                             build, then measure beside peers and against the bars; PART is one of
                             node hostile workerd start gate memory; --write puts it into README.md
  bench --key-sets [args]    the same with bench/key-sets.mjs: what an issuer's trouble costs a Worker
  bench --page [args]        the same with bench/page.mjs: how soon the page is painted and answers
  help                       this text";

/// A command line that makes sense.
#[derive(Debug, PartialEq)]
pub(crate) enum Task {
    /// Print [`HELP`].
    Help,
    /// Bring what the other commands need.
    Setup,
    /// Make the core, the package and the page.
    Build,
    /// Run the gate here; with `check`, try every printed line and stop.
    Serve {
        /// The port asked for.
        port: Option<u16>,
        /// Whether to try the printed lines and stop.
        check: bool,
    },
    /// Run the stages, in the order of [`Stage::ALL`].
    Test {
        /// The stages asked for; all of them if none was named.
        stages: Vec<Stage>,
    },
    /// Write the documents that are made from the code.
    Docs,
    /// Simulate how long a revocation takes.
    Revocation {
        /// The seed of chance.
        seed: u64,
        /// Whether to put what was measured into the document.
        write: bool,
    },
    /// Run the comparison with these arguments.
    Bench {
        /// Passed on as they are.
        args: Vec<OsString>,
    },
}

/// Reads a command line, or says in one sentence why it makes no sense.
pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Task, String> {
    let mut args = args.into_iter();
    let Some(first) = args.next() else {
        return Err(HELP.to_owned());
    };
    let first = first.to_string_lossy().into_owned();
    match first.as_str() {
        "help" | "--help" | "-h" => Ok(Task::Help),
        "setup" => plain(args, "setup", Task::Setup),
        "build" => plain(args, "build", Task::Build),
        "serve" => serve(args),
        "test" => test(args),
        "docs" => plain(args, "docs", Task::Docs),
        "revocation" => revocation(args),
        "bench" => Ok(Task::Bench { args: args.collect() }),
        flag if flag.starts_with('-') => {
            Err(format!("There is no option {flag} before a command; `cargo xtask help` lists the commands."))
        }
        other => Err(format!(
            "There is no command \"{other}\"; the commands are setup, build, serve, test, docs, revocation, bench and help."
        )),
    }
}

fn plain(args: impl Iterator<Item = OsString>, command: &str, task: Task) -> Result<Task, String> {
    let mut parser = lexopt::Parser::from_args(args);
    match next(&mut parser)? {
        None => Ok(task),
        Some(Long("help") | Short('h')) => Ok(Task::Help),
        Some(other) => Err(unknown(command, &other)),
    }
}

fn serve(args: impl Iterator<Item = OsString>) -> Result<Task, String> {
    let mut parser = lexopt::Parser::from_args(args);
    let (mut port, mut check) = (None, false);
    while let Some(argument) = next(&mut parser)? {
        match argument {
            Long("port") | Short('p') => {
                let value =
                    parser.value().map_err(|_| "--port needs a number after it, such as --port 8788.".to_owned())?;
                port = Some(port_number(&value.to_string_lossy())?);
            }
            Long("check") => {
                if let Some(value) = parser.optional_value() {
                    return Err(format!("--check takes no value, but was given \"{}\".", value.to_string_lossy()));
                }
                check = true;
            }
            Long("help") | Short('h') => return Ok(Task::Help),
            other => return Err(unknown("serve", &other)),
        }
    }
    Ok(Task::Serve { port, check })
}

/// A port a person may ask for: the lower ones belong to the system, whoever asks.
fn port_number(text: &str) -> Result<u16, String> {
    match text.parse::<u32>() {
        Ok(number @ 1024..=65535) => u16::try_from(number).map_err(|error| error.to_string()),
        Ok(number @ 0..=1023) => {
            Err(format!("Port {number} is reserved for the system; choose one from 1024 to 65535."))
        }
        _ => Err(format!("\"{text}\" is not a port; choose a number from 1024 to 65535.")),
    }
}

fn test(args: impl Iterator<Item = OsString>) -> Result<Task, String> {
    let mut parser = lexopt::Parser::from_args(args);
    let mut stages = Vec::new();
    while let Some(argument) = next(&mut parser)? {
        match argument {
            Value(name) => {
                let name = name.to_string_lossy().into_owned();
                let stage = Stage::named(&name).ok_or_else(|| {
                    let known: Vec<_> = Stage::ALL.iter().map(|stage| stage.name()).collect();
                    format!("There is no test stage \"{name}\"; the stages are {}.", known.join(", "))
                })?;
                stages.push(stage);
            }
            Long("help") | Short('h') => return Ok(Task::Help),
            other => return Err(unknown("test", &other)),
        }
    }
    Ok(Task::Test { stages })
}

fn revocation(args: impl Iterator<Item = OsString>) -> Result<Task, String> {
    let mut parser = lexopt::Parser::from_args(args);
    let (mut seed, mut write) = (1, false);
    while let Some(argument) = next(&mut parser)? {
        match argument {
            Long("seed") => {
                let value =
                    parser.value().map_err(|_| "--seed needs a number after it, such as --seed 7.".to_owned())?;
                let value = value.to_string_lossy();
                seed = value.parse().map_err(|_| format!("\"{value}\" is not a seed; choose a whole number."))?;
            }
            Long("write") => {
                if let Some(value) = parser.optional_value() {
                    return Err(format!("--write takes no value, but was given \"{}\".", value.to_string_lossy()));
                }
                write = true;
            }
            Long("help") | Short('h') => return Ok(Task::Help),
            other => return Err(unknown("revocation", &other)),
        }
    }
    Ok(Task::Revocation { seed, write })
}

fn next(parser: &mut lexopt::Parser) -> Result<Option<lexopt::Arg<'_>>, String> {
    parser.next().map_err(|error| format!("{error}."))
}

fn unknown(command: &str, argument: &lexopt::Arg<'_>) -> String {
    let help = "`cargo xtask help` lists what there is";
    match argument {
        Long(name) => format!("{command} has no option --{name}; {help}."),
        Short(letter) => format!("{command} has no option -{letter}; {help}."),
        Value(value) => format!("{command} takes no \"{}\"; {help}.", value.to_string_lossy()),
    }
}

#[cfg(test)]
mod tests {
    use super::{Task, parse};
    use crate::test::Stage;

    fn line(text: &str) -> Result<Task, String> {
        parse(text.split_whitespace().map(Into::into))
    }

    #[test]
    fn every_command_is_understood() {
        assert_eq!(line("setup"), Ok(Task::Setup));
        assert_eq!(line("build"), Ok(Task::Build));
        for help in ["help", "--help", "-h", "serve --help", "test -h"] {
            assert_eq!(line(help), Ok(Task::Help), "{help}");
        }
        assert_eq!(line("serve --check --port=9000"), Ok(Task::Serve { port: Some(9000), check: true }));
        assert_eq!(line("test node fmt"), Ok(Task::Test { stages: vec![Stage::Node, Stage::Fmt] }));
        assert_eq!(line("revocation"), Ok(Task::Revocation { seed: 1, write: false }));
        assert_eq!(line("revocation --write --seed 7"), Ok(Task::Revocation { seed: 7, write: true }));
        assert_eq!(line("bench --quick x"), Ok(Task::Bench { args: vec!["--quick".into(), "x".into()] }));
    }

    #[test]
    fn anything_else_is_one_sentence() {
        for wrong in [
            "deploy",
            "--verbose",
            "setup --fast",
            "build now",
            "serve --port",
            "serve --port 80",
            "serve --port 0",
            "serve --port 70000",
            "serve --port abc",
            "serve --port=-1",
            "serve --check=yes",
            "serve 8787",
            "test everything",
            "test --quick",
            "revocation 7",
            "revocation --seed",
            "revocation --seed -1",
            "revocation --write=yes",
        ] {
            let sentence = line(wrong).expect_err(wrong);
            assert!(sentence.ends_with('.'), "{wrong}: {sentence}");
            assert!(!sentence.contains('\n'), "{wrong}: {sentence}");
        }
    }

    #[test]
    fn nothing_typed_shows_the_help_but_is_no_success() {
        assert_eq!(line(""), Err(super::HELP.to_owned()));
    }
}
