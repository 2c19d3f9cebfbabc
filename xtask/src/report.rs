//! Counting: what the suites say about themselves, and the closing line.

use std::time::Duration;

/// Tests that passed and tests that failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Those that passed.
    pub(crate) passed: u64,
    /// Those that failed.
    pub(crate) failed: u64,
}

impl Counts {
    /// The sums of both.
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { passed: self.passed + other.passed, failed: self.failed + other.failed }
    }

    /// Reads every `test result:` line of `cargo test`.
    pub(crate) fn of_cargo<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        lines.into_iter().filter_map(|line| line.trim().strip_prefix("test result: ")).fold(
            Self::default(),
            |sum, line| {
                sum.plus(Self { passed: number_before(line, " passed"), failed: number_before(line, " failed") })
            },
        )
    }

    /// Reads the totals at the end of a TAP report of `node --test`.
    pub(crate) fn of_tap<'a>(lines: impl IntoIterator<Item = &'a str>) -> Self {
        let mut counts = Self::default();
        for line in lines {
            if let Some(count) = total(line, "pass") {
                counts.passed = count;
            } else if let Some(count) = total(line, "fail") {
                counts.failed += count;
            } else if let Some(count) = total(line, "cancelled") {
                counts.failed += count;
            }
        }
        counts
    }

    /// What a suite amounts to, given how its program ended: a program that failed without
    /// naming a failure counts as one, and so does a suite without a single test.
    pub(crate) fn judged(self, succeeded: bool) -> (Self, &'static str) {
        let one_failed = Self { passed: self.passed, failed: 1 };
        if !succeeded && self.failed == 0 {
            (one_failed, "it failed without naming a test")
        } else if self == Self::default() {
            (one_failed, "it ran no test")
        } else {
            (self, "")
        }
    }
}

fn number_before(line: &str, word: &str) -> u64 {
    line.split(word)
        .next()
        .filter(|before| before.len() < line.len())
        .and_then(|before| before.rsplit([' ', ';']).next())
        .and_then(|number| number.parse().ok())
        .unwrap_or(0)
}

/// `# pass 3` at the start of a line: the totals are not indented, what a test prints is.
fn total(line: &str, word: &str) -> Option<u64> {
    line.strip_prefix("# ")?.strip_prefix(word)?.strip_prefix(' ')?.trim().parse().ok()
}

/// How one stage went.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// What it is called.
    pub(crate) name: String,
    /// Its tests; a stage that only checks has none.
    pub(crate) counts: Option<Counts>,
    /// Why it failed, if it did.
    pub(crate) failure: Option<String>,
    /// How long it took.
    pub(crate) took: Duration,
}

impl Outcome {
    fn is_good(&self) -> bool {
        self.failure.is_none() && self.counts.is_none_or(|counts| counts.failed == 0)
    }

    /// What it adds to the closing line: a check that failed weighs as much as a test that did.
    fn weight(&self) -> Counts {
        let counts = self.counts.unwrap_or_default();
        if self.failure.is_some() && counts.failed == 0 { counts.plus(Counts { passed: 0, failed: 1 }) } else { counts }
    }
}

/// Whether everything went well, and the table with the closing line.
pub(crate) fn summary(outcomes: &[Outcome]) -> (bool, String) {
    use std::fmt::Write as _;
    let mut text = format!("\n{:<16}{:<8}{:>8}{:>8}{:>9}\n", "stage", "", "passed", "failed", "seconds");
    for outcome in outcomes {
        let number =
            |pick: fn(Counts) -> u64| outcome.counts.map_or("–".to_owned(), |counts| pick(counts).to_string());
        let _ = writeln!(
            text,
            "{:<16}{:<8}{:>8}{:>8}{:>9.1}  {}",
            outcome.name,
            if outcome.is_good() { "ok" } else { "FAILED" },
            number(|counts| counts.passed),
            number(|counts| counts.failed),
            outcome.took.as_secs_f32(),
            outcome.failure.as_deref().unwrap_or_default(),
        );
    }
    let sum = outcomes.iter().fold(Counts::default(), |sum, outcome| sum.plus(outcome.weight()));
    let _ = write!(text, "\n{} passed, {} failed", sum.passed, sum.failed);
    (sum.failed == 0 && !outcomes.is_empty(), text)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Counts, Outcome, summary};

    const CARGO: &str = "\
running 3 tests
test a ... ok
test result: 9 passed said a test, not the runner
test result: FAILED. 2 passed; 1 failed; 4 ignored; 0 measured; 0 filtered out; finished in 0.00s
   Doc-tests edgeward
test result: ok. 10 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s";

    const TAP: &str = "\
TAP version 13
# Subtest: one
    # fail 9
ok 1 - one
1..4
# tests 4
# suites 0
# pass 2
# fail 1
# cancelled 1
# skipped 0
# todo 0";

    fn counts(passed: u64, failed: u64) -> Counts {
        Counts { passed, failed }
    }

    fn outcome(counts: Option<Counts>, failure: Option<&str>) -> Outcome {
        Outcome { name: "stage".to_owned(), counts, failure: failure.map(str::to_owned), took: Duration::ZERO }
    }

    fn closing(outcomes: &[Outcome]) -> (bool, String) {
        let (good, text) = summary(outcomes);
        (good, text.lines().last().unwrap_or_default().to_owned())
    }

    #[test]
    fn cargo_s_results_are_summed() {
        let lines: Vec<_> = CARGO.lines().filter(|line| !line.contains("said")).collect();
        assert_eq!(Counts::of_cargo(lines), counts(12, 1));
        assert_eq!(Counts::of_cargo(["error: could not compile"]), counts(0, 0));
    }

    #[test]
    fn tap_totals_are_read_and_a_cancelled_test_is_a_failed_one() {
        assert_eq!(Counts::of_tap(TAP.lines()), counts(2, 2));
        assert_eq!(Counts::of_tap([]), counts(0, 0));
    }

    #[test]
    fn a_suite_that_crashes_or_is_empty_counts_as_failed() {
        assert_eq!(counts(3, 0).judged(true), (counts(3, 0), ""));
        assert_eq!(counts(3, 1).judged(false), (counts(3, 1), ""));
        assert_eq!(counts(3, 0).judged(false).0, counts(3, 1));
        assert_eq!(counts(0, 0).judged(false).0, counts(0, 1));
        assert_eq!(counts(0, 0).judged(true), (counts(0, 1), "it ran no test"));
    }

    #[test]
    fn the_closing_line_sums_and_one_failure_makes_it_red() {
        let good = outcome(Some(counts(4, 0)), None);
        assert_eq!(
            closing(&[outcome(None, None), outcome(Some(counts(2, 0)), None), good]),
            (true, "6 passed, 0 failed".to_owned())
        );
        let good = || outcome(Some(counts(4, 0)), None);
        for (bad, line) in [
            (outcome(Some(counts(1, 2)), None), "5 passed, 2 failed"),
            (outcome(None, Some("not formatted")), "4 passed, 1 failed"),
            (outcome(Some(counts(1, 0)), Some("crashed")), "5 passed, 1 failed"),
        ] {
            assert_eq!(closing(&[good(), bad]), (false, line.to_owned()));
        }
    }

    #[test]
    fn nothing_run_is_not_a_success_but_a_check_without_tests_is() {
        assert!(!closing(&[]).0);
        assert_eq!(closing(&[outcome(None, None)]), (true, "0 passed, 0 failed".to_owned()));
    }
}
