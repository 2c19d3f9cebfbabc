//! The demo that `serve` shows: an issuer, some keys in the store, and what the gate answers.

mod examples;
mod issuer;
mod keys;

use std::time::{SystemTime, UNIX_EPOCH};

use serde_json::Value;

use crate::example::Example;
use crate::output::{Failure, Result};
use crate::workspace::Workspace;

pub(crate) use issuer::Issuer;
use keys::Keys;

/// The credentials of one run.
pub(crate) struct Demo {
    entries: Vec<(String, Value)>,
    examples: Vec<Example>,
}

impl Demo {
    /// Makes keys and tokens that are good from now on.
    pub(crate) fn prepare(workspace: &Workspace) -> Result<Self> {
        let now = now()?;
        let issuer = Issuer::load(workspace)?;
        let keys = Keys::issue(now)?;
        Ok(Self { examples: examples::all(&issuer, &keys, now), entries: keys.into_entries() })
    }

    /// What the local store holds, by key.
    pub(crate) fn entries(&self) -> &[(String, Value)] {
        &self.entries
    }

    /// What to try, in the order it is told.
    pub(crate) fn examples(&self) -> &[Example] {
        &self.examples
    }
}

/// The time in seconds since the Unix epoch.
pub(crate) fn now() -> Result<i64> {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .ok()
        .and_then(|since| i64::try_from(since.as_secs()).ok())
        .ok_or_else(|| Failure::new("The clock of this machine stands before 1970; set it right."))
}
