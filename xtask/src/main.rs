//! Edgeward's set-up, build, serve, test and bench commands.

use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some("test") => {
            Command::new(env!("CARGO")).args(["test", "--workspace"]).status().map_or(ExitCode::FAILURE, |status| {
                if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
            })
        }
        _ => {
            eprintln!("usage: cargo xtask test");
            ExitCode::FAILURE
        }
    }
}
