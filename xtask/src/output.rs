//! What the commands say, and how they fail: in one clear sentence.

use std::fmt;

/// A reason to stop, worded for the person who typed the command.
#[derive(Debug)]
pub(crate) struct Failure(String);

/// The result of anything that can end a command.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

impl Failure {
    /// A failure that says `sentence`.
    pub(crate) fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// For `map_err`: "`what`: the error."
    pub(crate) fn because<E: fmt::Display>(what: impl fmt::Display) -> impl FnOnce(E) -> Self {
        move |error| Self(format!("{what}: {error}."))
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Prints a line to standard output; a reader that went away is no error.
macro_rules! say {
    ($($part:tt)*) => {{
        use ::std::io::Write as _;
        if cfg!(test) {
            // The test harness shows this for a test that fails, and keeps it to itself otherwise.
            println!($($part)*);
        } else {
            let _ = writeln!(::std::io::stdout().lock(), $($part)*);
        }
    }};
}

/// Prints the beginning of a line at once, before the work it announces.
macro_rules! begin {
    ($($part:tt)*) => {{
        use ::std::io::Write as _;
        let mut out = ::std::io::stdout().lock();
        let _ = write!(out, $($part)*);
        let _ = out.flush();
    }};
}

/// Prints a line to standard error.
macro_rules! complain {
    ($($part:tt)*) => {{
        use ::std::io::Write as _;
        let _ = writeln!(::std::io::stderr().lock(), $($part)*);
    }};
}

pub(crate) use {begin, complain, say};

/// A number with its thousands set apart, for sizes a person compares.
pub(crate) fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::thousands;

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(1_000), "1,000");
        assert_eq!(thousands(12_345_678), "12,345,678");
    }
}
