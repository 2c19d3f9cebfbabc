//! One change of one record.

use serde_json::Value;

use super::{KeyLife, LifeError, written};
use crate::{
    api_key::{Record, store_key},
    host::Host,
    json,
    stored::ATTEMPTS,
    verdict::Reason,
};

/// Whether a record that names no owner or no revoker may be changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Unowned {
    /// It is refused as it is everywhere.
    Refused,
    /// Whoever is missing is `nobody`: what ends a key must not fail for want of a name.
    Nobody,
    /// It is mended by a change that names whoever is missing.
    Mended {
        /// Whether the change names an owner.
        owner: bool,
        /// Whether the change names a revoker.
        revoker: bool,
    },
}

impl Unowned {
    /// The members of the record that may be missing.
    fn missing(self) -> impl Iterator<Item = &'static str> {
        let (owner, revoker) = match self {
            Self::Refused => (false, false),
            Self::Nobody => (true, true),
            Self::Mended { owner, revoker } => (owner, revoker),
        };
        [("owner", owner), ("revoker", revoker)].into_iter().filter_map(|(name, may_miss)| may_miss.then_some(name))
    }
}

impl KeyLife {
    /// Changes a record as it was written last. A change that changes nothing is not written.
    pub(super) async fn edit<H: Host, T>(
        &self,
        host: &H,
        id: &str,
        unowned: Unowned,
        mut change: impl FnMut(&mut Record) -> Result<T, LifeError>,
    ) -> Result<(Record, T), LifeError> {
        let name = store_key(admissible(id)?);
        for _ in 0..ATTEMPTS {
            let stored = host.read_latest(&name).await.map_err(LifeError::Store)?.ok_or(LifeError::NotFound)?;
            let before = read(&stored, unowned)?;
            let mut record = before.clone();
            let done = change(&mut record)?;
            if record == before {
                return Ok((record, done));
            }
            let json = written(&record)?;
            if host.swap(&name, Some(&stored), Some(json.as_bytes())).await.map_err(LifeError::Store)? {
                return Ok((record, done));
            }
        }
        Err(LifeError::Contended)
    }
}

/// An id, as it can stand in the name of a record.
pub(super) fn admissible(id: &str) -> Result<&str, LifeError> {
    let fits = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if fits { Ok(id) } else { Err(LifeError::NotFound) }
}

fn read(stored: &[u8], unowned: Unowned) -> Result<Record, LifeError> {
    let denial = match Record::from_store(stored) {
        Ok(record) => return Ok(record),
        Err(denial) => denial,
    };
    if denial.reason == Reason::KeyUnowned
        && let Ok(mut members) = json::parse_object(stored)
    {
        for name in unowned.missing() {
            let named = members.get(name).and_then(Value::as_str).is_some_and(|name| !name.trim().is_empty());
            if !named {
                members.insert(name.to_owned(), "nobody".into());
            }
        }
        if let Ok(record) = Record::from_store(Value::Object(members).to_string().as_bytes()) {
            return Ok(record);
        }
    }
    Err(LifeError::Unreadable(denial.note.unwrap_or_else(|| denial.reason.code().to_owned())))
}
