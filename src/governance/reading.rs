//! What the store says of one key, read so that nothing which is wrong with it gets lost: a record that the check of a
//! key refuses is a line of the inventory all the same.

use serde_json::Value;

use crate::{
    api_key::{Record, Usage, store_key, usage_key},
    host::{Host, HostError},
    json,
    verdict::Reason,
};

/// The record of a key, as far as there is one.
#[derive(Debug, Clone, PartialEq)]
pub enum ReadRecord {
    /// It can be read.
    Whole(Record),
    /// It can be read but for somebody who must be named: an empty name stands where nobody is. The key is refused.
    Unowned(Record),
    /// It cannot be read, or there is none under a name that the store lists. The words name members and quote nothing.
    Unreadable(String),
}

impl ReadRecord {
    /// Reads what the store holds; none where it holds nothing.
    #[must_use]
    pub fn of(bytes: Option<&[u8]>) -> Self {
        let Some(bytes) = bytes else {
            return Self::Unreadable("the store lists this key, and held no record of it when it was asked".to_owned());
        };
        match Record::from_store(bytes) {
            Ok(record) => Self::Whole(record),
            Err(denial) if denial.reason == Reason::KeyUnowned => match unowned(bytes) {
                Some(record) => Self::Unowned(record),
                None => Self::Unreadable("the record names no owner or no revoker, and is flawed beside".to_owned()),
            },
            Err(denial) => Self::Unreadable(denial.note.unwrap_or_else(|| denial.reason.code().to_owned())),
        }
    }

    /// The record, owned or not.
    #[must_use]
    pub const fn record(&self) -> Option<&Record> {
        match self {
            Self::Whole(record) | Self::Unowned(record) => Some(record),
            Self::Unreadable(_) => None,
        }
    }
}

/// Reads a record in which nobody is named as if somebody were, and takes the names out again.
fn unowned(bytes: &[u8]) -> Option<Record> {
    let mut members = json::parse_object(bytes).ok()?;
    let unnamed = ["owner", "revoker"].map(|name| {
        members
            .get(name)
            .is_none_or(|value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty()))
    });
    for (name, unnamed) in ["owner", "revoker"].into_iter().zip(unnamed) {
        if unnamed {
            members.insert(name.to_owned(), "nobody".into());
        }
    }
    let mut record = Record::from_store(&serde_json::to_vec(&Value::Object(members)).ok()?).ok()?;
    let [no_owner, no_revoker] = unnamed;
    if no_owner {
        record.owner.clear();
    }
    if no_revoker {
        record.revoker.clear();
    }
    Some(record)
}

/// What the store says of one key.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyReading {
    /// The key's id: its name in the store without the prefix, whatever that is.
    pub id: String,
    /// Its record.
    pub record: ReadRecord,
    /// The notes of its use; none where there are some that cannot be read.
    pub usage: Option<Usage>,
    /// The record of the key that this one replaces, where it was asked for and can be read.
    pub predecessor: Option<Record>,
    /// The record of the key that replaces this one, where it was asked for and can be read.
    pub successor: Option<Record>,
}

impl KeyReading {
    /// Reads what the store holds of a key: its record and the notes of its use.
    #[must_use]
    pub fn of(id: &str, record: Option<&[u8]>, usage: Option<&[u8]>) -> Self {
        let usage = match usage {
            None => Some(Usage::default()),
            Some(bytes) => json::read_open_bytes(bytes),
        };
        Self { id: id.to_owned(), record: ReadRecord::of(record), usage, predecessor: None, successor: None }
    }

    /// Asks the store about several keys, all at once where the host can.
    pub(super) async fn fetch<H: Host>(host: &H, ids: &[String]) -> Result<Vec<Self>, HostError> {
        let names = ids.iter().map(|id| store_key(id)).chain(ids.iter().map(|id| usage_key(id))).collect::<Vec<_>>();
        let values = host.read_many(&names).await?;
        let (records, usages) = values.split_at_checked(ids.len()).unwrap_or_default();
        if usages.len() != ids.len() {
            return Err(HostError("the store answered with fewer values than it was asked for".to_owned()));
        }
        let read = ids.iter().zip(records).zip(usages);
        Ok(read.map(|((id, record), usage)| Self::of(id, record.as_deref(), usage.as_deref())).collect())
    }

    /// Asks the store about the keys with which this one stands in a rotation, where a rule wants to know.
    pub(super) async fn fetch_neighbours<H: Host>(&mut self, host: &H) -> Result<(), HostError> {
        let Some(rotation) = self.record.record().and_then(|record| record.rotation.clone()) else { return Ok(()) };
        let neighbour = async |id: Option<String>| match id {
            Some(id) => {
                let read = ReadRecord::of(host.read(&store_key(&id)).await?.as_deref());
                Ok::<_, HostError>(read.record().cloned())
            }
            None => Ok(None),
        };
        self.predecessor = neighbour(rotation.replaces).await?;
        self.successor = neighbour(rotation.replaced_by).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::governance::testing::record_json;

    fn read(change: &Value) -> ReadRecord {
        ReadRecord::of(Some(record_json(change).to_string().as_bytes()))
    }

    #[test]
    fn a_record_without_an_owner_keeps_all_else_that_it_says() {
        for value in [Value::Null, json!(""), json!(" \t")] {
            let ReadRecord::Unowned(record) = read(&json!({ "owner": value })) else { panic!("not unowned") };
            assert_eq!((record.owner.as_str(), record.revoker.as_str(), record.name.as_str()), ("", "sec", "export"));
        }
        let ReadRecord::Unowned(record) = read(&json!({ "owner": null, "revoker": null })) else { panic!("no") };
        assert_eq!((record.owner.as_str(), record.revoker.as_str()), ("", ""));
        assert!(matches!(read(&json!({})), ReadRecord::Whole(_)));
    }

    #[test]
    fn what_is_flawed_beside_is_unreadable_and_says_so() {
        for flawed in [json!({ "owner": null, "scopes": 7 }), json!({ "owner": null, "revoker": 7 }), json!({ "v": 2 })]
        {
            assert!(matches!(read(&flawed), ReadRecord::Unreadable(_)), "{flawed}");
        }
        let ReadRecord::Unreadable(words) = ReadRecord::of(None) else { panic!("there is nothing to read") };
        assert!(words.contains("held no record"), "{words}");
    }

    #[test]
    fn notes_that_cannot_be_read_are_not_taken_for_none() {
        assert_eq!(KeyReading::of("a", None, None).usage, Some(Usage::default()));
        for broken in ["", "[]", "{}", r#"{"v":2}"#, r#"{"v":1,"lastUsed":"today"}"#] {
            assert_eq!(KeyReading::of("a", None, Some(broken.as_bytes())).usage, None, "{broken}");
        }
        let read = KeyReading::of("a", None, Some(br#"{"v":1,"lastUsed":5,"precision":60}"#));
        assert_eq!(read.usage.and_then(|usage| usage.last_used), Some(5));
    }
}
