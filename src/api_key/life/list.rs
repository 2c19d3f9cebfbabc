//! Looking at keys.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{KeyLife, LifeError, edit::admissible};
use crate::{
    api_key::{Record, Usage, store_key, usage_key},
    host::Host,
};

/// The most keys on one page.
pub const LONGEST_PAGE: u32 = 100;

/// What may be shown of a key: everything but its digest.
#[derive(Debug, Serialize)]
pub struct KeyView {
    /// The record, with the key's id.
    pub record: Box<RawValue>,
    /// What is noted of its use.
    pub usage: Usage,
}

/// A record that cannot be read.
#[derive(Debug, Serialize)]
pub struct Unreadable {
    /// The key's id.
    pub id: String,
    /// What is wrong with its record, without quoting it.
    pub fault: String,
}

/// A page of keys.
#[derive(Debug, Serialize)]
pub struct KeyPage {
    /// The records, each with its key's id.
    pub keys: Vec<Box<RawValue>>,
    /// The records that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<Unreadable>,
    /// What the next page is asked for with; none on the last one.
    pub cursor: Option<String>,
}

impl KeyLife {
    /// The record of a key as it was written last, and what is noted of its use.
    ///
    /// # Errors
    /// [`LifeError::NotFound`], [`LifeError::Unreadable`], [`LifeError::Store`].
    pub async fn show<H: Host>(&self, host: &H, id: &str) -> Result<KeyView, LifeError> {
        let record = self.show_latest(host, id).await?;
        // Without its notes a key is still what it is.
        let usage = host.read_latest(&usage_key(id)).await.ok().flatten();
        Ok(KeyView { record: public(&record, id)?, usage: Usage::from_store(usage.as_deref()) })
    }

    /// The record of a key as it was written last.
    pub(super) async fn show_latest<H: Host>(&self, host: &H, id: &str) -> Result<Record, LifeError> {
        let stored = host.read_latest(&store_key(admissible(id)?)).await.map_err(LifeError::Store)?;
        let stored = stored.ok_or(LifeError::NotFound)?;
        Record::from_store(&stored)
            .map_err(|denial| LifeError::Unreadable(denial.note.unwrap_or_else(|| denial.reason.code().to_owned())))
    }

    /// A page of at most so many keys ([`LONGEST_PAGE`] where it is more): the first, or the one that a cursor leads to.
    /// A record that cannot be read is on it too. What others write meanwhile may be on it or not.
    ///
    /// # Errors
    /// [`LifeError::Store`]: no page is handed out in part.
    pub async fn list<H: Host>(&self, host: &H, cursor: Option<&str>, most: u32) -> Result<KeyPage, LifeError> {
        let listing = host.list("key/", cursor, most.clamp(1, LONGEST_PAGE)).await.map_err(LifeError::Store)?;
        let stored = host.read_many(&listing.keys).await.map_err(LifeError::Store)?;
        let mut page = KeyPage { keys: Vec::new(), unreadable: Vec::new(), cursor: listing.cursor };
        for (name, stored) in listing.keys.iter().zip(stored) {
            // Gone since the list was made.
            let (Some(id), Some(stored)) = (name.strip_prefix("key/"), stored) else { continue };
            match Record::from_store(&stored) {
                Ok(record) => page.keys.push(public(&record, id)?),
                Err(denial) => page.unreadable.push(Unreadable {
                    id: id.to_owned(),
                    fault: denial.note.unwrap_or_else(|| denial.reason.code().to_owned()),
                }),
            }
        }
        Ok(page)
    }
}

pub(super) fn public(record: &Record, id: &str) -> Result<Box<RawValue>, LifeError> {
    let wrong = |error: serde_json::Error| LifeError::Unreadable(error.to_string());
    RawValue::from_string(record.public_json(id).map_err(wrong)?).map_err(wrong)
}
