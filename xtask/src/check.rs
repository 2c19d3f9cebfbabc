//! `serve --check`: tries every line that `serve` prints, as it is printed, and compares the answers.

use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use crate::build;
use crate::demo::Demo;
use crate::example::{Answer, Example};
use crate::output::{Failure, Result, say};
use crate::process::{self, Group};
use crate::report::Counts;
use crate::serve::{FreshState, Server, free_port, must_be_free, seed};
use crate::setup::{self, Need};
use crate::tools::{self, Tools};
use crate::workspace::Workspace;

/// How long one line may take.
const LINE_WITHIN: Duration = Duration::from_secs(20);
/// How long the last line of the log may be under way.
const LOG_SETTLES: Duration = Duration::from_millis(500);

/// Sets up, builds and checks.
pub(crate) fn run(workspace: &Workspace, port: Option<u16>) -> Result<Counts> {
    if let Some(port) = port {
        must_be_free(port)?;
    }
    for program in ["sh", "curl"] {
        if tools::find(program).is_none() {
            return Err(Failure::new(format!(
                "`serve --check` tries the printed lines with {program}, which is not here: install it."
            )));
        }
    }
    let tools = setup::run(workspace, Need::Serve)?;
    build::run(workspace, &tools)?;
    check(workspace, &tools, port)
}

/// Starts the gate on what was built, tries every line, and stops it.
pub(crate) fn check(workspace: &Workspace, tools: &Tools, port: Option<u16>) -> Result<Counts> {
    let port = port.map_or_else(free_port, Ok)?;
    let state = FreshState::make(workspace)?;
    let demo = Demo::prepare(workspace)?;
    seed(workspace, tools, state.path(), demo.entries())?;
    let server = Server::start(workspace, tools, port, state.path())?;
    let examples = demo.examples();
    let mut counts = Counts::default();
    for example in examples {
        let differences = attempt(example, &server.base())?;
        report(example.title(), &differences, &mut counts);
    }
    thread::sleep(LOG_SETTLES);
    let told = told_secrets(examples, &server.log.lines());
    report("no credential is in any line of the log", &told, &mut counts);
    if counts.failed > 0 {
        say!("\nThe last lines of the log:\n{}", server.log.tail(30));
    }
    // The server goes before the state it uses.
    drop(server);
    drop(state);
    Ok(counts)
}

/// Runs one line as a person would, and says how its answer differs.
fn attempt(example: &Example, base: &str) -> Result<Vec<String>> {
    let line = example.line(base);
    let mut command = Command::new("sh");
    command.args(["-c", &line]).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut group = Group::start(&mut command)?;
    let pipes = group.pipes();
    let reader = thread::spawn(move || {
        let mut bytes = Vec::new();
        for mut pipe in pipes {
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let ended = group.wait_at_most(LINE_WITHIN);
    drop(group);
    if process::stopped() {
        return Err(Failure::new("The check was stopped."));
    }
    let text = reader.join().map_err(|_| Failure::new("The answer of curl could not be read."))?;
    if ended.is_none() {
        return Ok(vec![format!("there is no answer within {} seconds to {line}", LINE_WITHIN.as_secs())]);
    }
    Ok(match Answer::read(&text) {
        None => vec![format!("there is no answer to {line}")],
        Some(answer) => {
            let mut differences = example.differences(&answer);
            if !differences.is_empty() {
                differences.push(format!("the answer was {answer:?}"));
            }
            differences
        }
    })
}

/// The examples whose credential is in the log; the lines themselves are not repeated.
fn told_secrets(examples: &[Example], lines: &[String]) -> Vec<String> {
    examples
        .iter()
        .filter(|example| {
            example.secrets().iter().any(|secret| lines.iter().any(|line| line.contains(secret.as_str())))
        })
        .map(|example| format!("the credential of \"{}\" is there", example.title()))
        .collect()
}

fn report(title: &str, differences: &[String], counts: &mut Counts) {
    if differences.is_empty() {
        counts.passed += 1;
        say!("ok    {title}");
    } else {
        counts.failed += 1;
        say!("DIFFERS  {title}");
        for difference in differences {
            say!("         {difference}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{report, told_secrets};
    use crate::example::Example;
    use crate::report::Counts;

    #[test]
    fn a_credential_in_the_log_is_told_by_the_title_alone() {
        let examples = [
            Example::new("first", "GET", "/", 200).credential("x-api-key", "", "s3cret"),
            Example::new("second", "GET", "/", 200).credential("x-api-key", "", "other"),
        ];
        let told = told_secrets(&examples, &["saw s3cret there".to_owned()]);
        assert_eq!(told, ["the credential of \"first\" is there"]);
        assert_eq!(told_secrets(&examples, &["all quiet".to_owned()]), Vec::<String>::new());
    }

    #[test]
    fn a_difference_counts_as_failed() {
        let mut counts = Counts::default();
        report("one", &[], &mut counts);
        report("two", &["different".to_owned()], &mut counts);
        assert_eq!((counts.passed, counts.failed), (1, 1));
    }
}
