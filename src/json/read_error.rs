//! What a type cannot take of a document, and where it stands.

use std::fmt;

use serde::de::{self, Error as _, Expected, Unexpected};
use serde_json::Value;

/// Why a type could not be read from a document.
#[derive(Debug)]
pub(crate) struct ReadError(Box<Fault>);

#[derive(Debug)]
struct Fault {
    words: String,
    /// The way to the place, the last step first: it is put together on the way out.
    steps: Vec<Step>,
    /// How many values there were for a type that wants more.
    short: Option<usize>,
}

/// A step into a document.
#[derive(Debug)]
enum Step {
    Member(String),
    Item(usize),
}

impl ReadError {
    /// An error in these words. It holds for the place at which it is made.
    #[cold]
    pub(super) fn new(words: String) -> Self {
        Self(Box::new(Fault { words, steps: Vec::new(), short: None }))
    }

    /// The error as it is found in a member of this name.
    #[cold]
    pub(super) fn in_member(mut self, name: &str) -> Self {
        self.0.short = None;
        self.0.steps.push(Step::Member(name.to_owned()));
        self
    }

    /// The error as it is found in the item of this index.
    #[cold]
    pub(super) fn in_item(mut self, index: usize) -> Self {
        self.0.short = None;
        self.0.steps.push(Step::Item(index));
        self
    }

    /// The error of a struct with these members: there was no value for one of them.
    #[cold]
    pub(super) fn of_struct(self, members: &'static [&'static str]) -> Self {
        match self.0.short.and_then(|values| members.get(values)) {
            Some(name) => Self::missing_field(name),
            None => self,
        }
    }

    /// What is wrong, in words that may quote a value.
    pub(crate) fn words(&self) -> &str {
        &self.0.words
    }

    /// Where: a JSON pointer (RFC 6901).
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        for step in self.0.steps.iter().rev() {
            pointer.push('/');
            match step {
                Step::Member(name) => pointer.push_str(&pointer_step(name)),
                Step::Item(index) => pointer.push_str(&index.to_string()),
            }
        }
        pointer
    }

    /// Where, as one writes it in a program: `a.b[0]`. Empty for the document as a whole.
    pub(crate) fn path(&self) -> String {
        let mut path = String::new();
        for step in self.0.steps.iter().rev() {
            match step {
                Step::Member(name) => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                }
                Step::Item(index) => path.extend(["[", &index.to_string(), "]"]),
            }
        }
        path
    }

    /// The name of the member at the place, where it is one.
    pub(crate) fn member(&self) -> Option<&str> {
        match self.0.steps.first() {
            Some(Step::Member(name)) => Some(name),
            _ => None,
        }
    }
}

/// A member's name as a step of a JSON pointer (RFC 6901 §3).
pub(crate) fn pointer_step(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

impl fmt::Display for ReadError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0.words)
    }
}

impl std::error::Error for ReadError {}

impl de::Error for ReadError {
    fn custom<T: fmt::Display>(words: T) -> Self {
        Self::new(words.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("invalid type: {}, expected {expected}", named(found)))
    }

    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(format!("invalid value: {}, expected {expected}", named(found)))
    }

    fn invalid_length(values: usize, expected: &dyn Expected) -> Self {
        let mut error = Self::new(format!("invalid length {values}, expected {expected}"));
        error.0.short = Some(values);
        error
    }
}

/// What was found, as JSON calls it. (The words of `serde` itself would bring the whole printing of floats with them.)
fn named(found: Unexpected<'_>) -> String {
    match found {
        Unexpected::Unit => "null".to_owned(),
        Unexpected::Bool(value) => format!("boolean `{value}`"),
        Unexpected::Unsigned(number) => format!("integer `{number}`"),
        Unexpected::Signed(number) => format!("integer `{number}`"),
        Unexpected::Float(number) => format!("floating point `{}`", Value::from(number)),
        Unexpected::Str(text) => format!("string {text:?}"),
        Unexpected::Seq => "sequence".to_owned(),
        Unexpected::Map => "map".to_owned(),
        Unexpected::UnitVariant => "unit variant".to_owned(),
        _ => "another value".to_owned(),
    }
}
