//! What is wrong with a policy.

use std::fmt;

use serde::Serialize;

/// One fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PolicyFault {
    /// Where it is: a JSON pointer (RFC 6901), empty for the document as a whole.
    pub pointer: String,
    /// What is wrong, in words for the author of the policy.
    pub reason: String,
    /// What to write instead, or to look at.
    pub hint: Option<String>,
}

/// Every fault that was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyError(pub Vec<PolicyFault>);

impl PolicyError {
    /// One fault alone.
    pub(super) fn of(pointer: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) -> Self {
        Self(vec![PolicyFault { pointer: pointer.into(), reason: reason.into(), hint: Some(hint.into()) }])
    }
}

impl fmt::Display for PolicyError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("the policy is refused: ")?;
        for (place, fault) in self.0.iter().enumerate() {
            if place > 0 {
                formatter.write_str("; ")?;
            }
            let pointer = if fault.pointer.is_empty() { "the document" } else { &fault.pointer };
            write!(formatter, "{pointer}: {}", fault.reason)?;
            if let Some(hint) = &fault.hint {
                write!(formatter, " ({hint})")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for PolicyError {}

/// Collects faults while a policy is judged.
#[derive(Debug, Default)]
pub(crate) struct Faults(Vec<PolicyFault>);

impl Faults {
    /// A fault, with what to do about it.
    pub(crate) fn hint(&mut self, pointer: impl Into<String>, reason: impl Into<String>, hint: impl Into<String>) {
        self.0.push(PolicyFault { pointer: pointer.into(), reason: reason.into(), hint: Some(hint.into()) });
    }

    /// The value, if nothing was wrong.
    pub(crate) fn or<T>(self, value: T) -> Result<T, PolicyError> {
        if self.0.is_empty() { Ok(value) } else { Err(PolicyError(self.0)) }
    }
}
