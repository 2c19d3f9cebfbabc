//! What a running server says: kept, and shown once it is worth showing.

use std::io::Read;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use crate::output::say;
use crate::process;

/// How many lines are kept. A session of a person may run for days.
const KEPT: usize = 5_000;

/// The lines of a server, written to by the threads that read its pipes.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    lines: Vec<String>,
    shown: bool,
}

impl Log {
    /// Keeps whatever comes out of these pipes.
    pub(crate) fn follow(&self, pipes: Vec<Box<dyn Read + Send>>) {
        for pipe in pipes {
            let log = self.clone();
            thread::spawn(move || process::for_each_line(pipe, |line| log.add(&line)));
        }
    }

    fn add(&self, line: &str) {
        let line = without_colours(line);
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.shown {
            say!("{line}");
        }
        kept.lines.push(line);
        if kept.lines.len() > KEPT {
            kept.lines.drain(..KEPT / 2);
        }
    }

    /// From now on every line is shown as it comes.
    pub(crate) fn show(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).shown = true;
    }

    /// All lines kept so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).lines.clone()
    }

    /// The last lines that say something.
    pub(crate) fn tail(&self, count: usize) -> String {
        let lines = self.lines();
        let mut last: Vec<_> =
            lines.iter().rev().filter(|line| !line.trim().is_empty()).take(count).map(String::as_str).collect();
        last.reverse();
        last.join("\n")
    }
}

/// The text of a line without the escape sequences that colour it on a terminal.
fn without_colours(line: &str) -> String {
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, sequence)) = rest.split_once("\u{1b}[") {
        text.push_str(before);
        let end = sequence.find(|end: char| ('@'..='~').contains(&end));
        rest = end.map_or("", |end| &sequence[end + 1..]);
    }
    text + rest
}

#[cfg(test)]
mod tests {
    use super::{KEPT, Log, without_colours};

    #[test]
    fn colours_are_taken_out() {
        assert_eq!(without_colours("\u{1b}[31m✘ \u{1b}[41;31m[\u{1b}[0mERROR] é\u{1b}[0"), "✘ [ERROR] é");
        assert_eq!(without_colours("plain [31m"), "plain [31m");
    }

    #[test]
    fn the_log_is_bounded_and_its_tail_leaves_blanks_out() {
        let log = Log::default();
        for number in 0..KEPT * 2 {
            log.add(&number.to_string());
        }
        assert!(log.lines().len() <= KEPT);
        log.add("");
        log.add("last");
        assert_eq!(log.tail(2), format!("{}\nlast", KEPT * 2 - 1));
    }
}
