//! A store that the test owns, with keys as they are issued and whatever else a test wants to find there.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use edgeward::{
    governance::MOST_PER_PAGE,
    host::{Host, HostError, Listing, NativeCheck, UnixMillis},
    jose::Algorithm,
};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_780_000_000;
pub(crate) const DAY: i64 = 86_400;
pub(crate) const DIGEST: &str = "sha-256:12dc815627bb7a6ae6e71432efbda319c721f5070c20ea2628cdf10c3e45ef0e";

/// A store that the test owns. Its cursor is the name that the next page begins with.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) values: RefCell<BTreeMap<String, Vec<u8>>>,
    pub(crate) reads: Cell<usize>,
    /// After how many reads it fails.
    pub(crate) fails_after: Cell<Option<usize>>,
    /// What it gets wrong about lists.
    pub(crate) fault: Cell<Fault>,
}

#[derive(Clone, Copy, Default, PartialEq)]
pub(crate) enum Fault {
    #[default]
    None,
    /// The same page again and again.
    NoEnd,
    /// More than it was asked for.
    TooMany,
    /// What it was not asked for.
    Others,
    /// Pages with nothing on them in between.
    EmptyPages,
}

impl Store {
    pub(crate) fn put(&self, key: &str, value: &Value) {
        self.values.borrow_mut().insert(key.to_owned(), value.to_string().into_bytes());
    }

    pub(crate) fn put_key(&self, id: &str, change: &Value) {
        let mut record = json!({
            "v": 1, "digest": DIGEST, "organization": "org_1", "owner": "ada", "revoker": "sec", "name": "export",
            "environment": "live", "scopes": ["reports:read"], "created": NOW - 10 * DAY, "expires": NOW + 60 * DAY,
        });
        for (name, value) in change.as_object().expect("an object") {
            record[name] = value.clone();
        }
        self.put(&format!("key/{id}"), &record);
    }
}

impl Host for Store {
    fn now(&self) -> UnixMillis {
        UnixMillis(NOW * 1000)
    }

    fn fill_random(&self, _: &mut [u8]) -> Result<(), HostError> {
        Err(HostError("nobody draws here".to_owned()))
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.reads.set(self.reads.get() + 1);
        if self.fails_after.get().is_some_and(|most| self.reads.get() > most) {
            return Err(HostError("the line is dead".to_owned()));
        }
        Ok(self.values.borrow().get(key).cloned())
    }

    async fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> Result<Listing, HostError> {
        assert!(most <= MOST_PER_PAGE, "a page of {most}");
        let (cursor, most) = match self.fault.get() {
            Fault::NoEnd => (None, most),
            Fault::TooMany => (cursor, most + 1),
            _ => (cursor, most),
        };
        if self.fault.get() == Fault::EmptyPages
            && let Some(cursor) = cursor
            && !cursor.starts_with('+')
        {
            return Ok(Listing { keys: Vec::new(), cursor: Some(format!("+{cursor}")) });
        }
        let cursor = cursor.map(|cursor| cursor.trim_start_matches('+'));
        let prefix = if self.fault.get() == Fault::Others { "" } else { prefix };
        let values = self.values.borrow();
        let mut names = values
            .keys()
            .filter(|name| name.starts_with(prefix))
            .filter(|name| cursor.is_none_or(|cursor| name.as_str() >= cursor));
        let keys = names.by_ref().take(most as usize).cloned().collect();
        let next = if self.fault.get() == Fault::NoEnd { Some("again".to_owned()) } else { names.next().cloned() };
        Ok(Listing { keys, cursor: next })
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    async fn verify_signature(&self, _: NativeCheck<'_>) -> Result<bool, HostError> {
        Err(HostError("no signatures here".to_owned()))
    }
}
