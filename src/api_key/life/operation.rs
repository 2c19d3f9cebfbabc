//! The steps of a key's life by name, each with its JSON in and its JSON out: what the admin endpoints, the command line and
//! the library hand over is the same.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{ImportRequest, KeyChange, KeyLife, LONGEST_PAGE, LifeError, NewKey, RevokeRequest, RotateRequest};
use crate::{
    api_key::{Issued, Record, RevocationReason},
    host::Host,
    stored,
};

/// One step in the life of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation<'r> {
    /// A page of keys.
    List,
    /// A new key.
    Issue,
    /// A foreign key.
    Import,
    /// One key.
    Show(&'r str),
    /// A change of a key's record.
    Update(&'r str),
    /// A new key in the place of an old one.
    Rotate(&'r str),
    /// Switching a key off.
    Disable(&'r str),
    /// Switching a key on.
    Enable(&'r str),
    /// The end of a key.
    Revoke(&'r str),
}

impl<'r> Operation<'r> {
    /// The step of this name.
    #[must_use]
    pub fn named(name: &str, id: Option<&'r str>) -> Option<Self> {
        Some(match (name, id) {
            ("list", None) => Self::List,
            ("issue", None) => Self::Issue,
            ("import", None) => Self::Import,
            ("show", Some(id)) => Self::Show(id),
            ("update", Some(id)) => Self::Update(id),
            ("rotate", Some(id)) => Self::Rotate(id),
            ("disable", Some(id)) => Self::Disable(id),
            ("enable", Some(id)) => Self::Enable(id),
            ("revoke", Some(id)) => Self::Revoke(id),
            _ => return None,
        })
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::List | Self::Show(_))
    }

    /// The id of the key that it is about.
    #[must_use]
    pub const fn id(&self) -> Option<&'r str> {
        match self {
            Self::List | Self::Issue | Self::Import => None,
            Self::Show(id)
            | Self::Update(id)
            | Self::Rotate(id)
            | Self::Disable(id)
            | Self::Enable(id)
            | Self::Revoke(id) => Some(id),
        }
    }
}

/// What was done.
#[derive(Debug)]
pub struct Done {
    /// What is to be shown of it, as JSON. It holds the text of a key where one was made.
    pub document: String,
    /// Whether a key was made.
    pub made: bool,
    /// The id of the key, where one was changed or made.
    pub id: Option<String>,
    /// Its record as it is now.
    pub record: Option<Record>,
    /// More about it, for the audit event.
    pub comment: Option<String>,
}

/// Which page of a list is asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    cursor: Option<String>,
    #[serde(default = "longest_page")]
    limit: u32,
}

const fn longest_page() -> u32 {
    LONGEST_PAGE
}

/// Who revokes a key and why, where who it is was authenticated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Why {
    reason: RevocationReason,
}

/// A body that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A key that was made: the one time that it is shown.
#[derive(Serialize)]
struct Shown<'k> {
    id: &'k str,
    key: &'k str,
    record: Box<RawValue>,
}

/// A record, by its key's id.
#[derive(Serialize)]
struct Stored<'k> {
    id: &'k str,
    record: Box<RawValue>,
}

impl KeyLife {
    /// Carries out a step. `body` is JSON, or empty for an object without members. `by` is who does it, where that was
    /// authenticated: the body does not say it then.
    ///
    /// # Errors
    /// [`LifeError::Request`] for a body of another shape, and those of the step.
    pub async fn carry_out<H: Host>(
        &self,
        host: &H,
        operation: Operation<'_>,
        body: &[u8],
        by: Option<&str>,
    ) -> Result<Done, LifeError> {
        Ok(match operation {
            Operation::List => {
                let Page { cursor, limit } = read(body)?;
                if !(1..=LONGEST_PAGE).contains(&limit) {
                    return Err(LifeError::Request(format!("`limit` is from 1 to {LONGEST_PAGE}")));
                }
                looked(&self.list(host, cursor.as_deref(), limit).await?)?
            }
            Operation::Show(id) => {
                let Nothing {} = read(body)?;
                looked(&self.show(host, id).await?)?
            }
            Operation::Issue => made(self.issue(host, read::<NewKey>(body)?).await?)?,
            Operation::Import => {
                let (id, record) = self.import(host, read::<ImportRequest>(body)?).await?;
                Done { made: true, ..changed(&id, record)? }
            }
            Operation::Update(id) => changed(id, self.update(host, id, &read::<KeyChange>(body)?).await?)?,
            Operation::Rotate(id) => {
                let done = made(self.rotate(host, id, &read::<RotateRequest>(body)?).await?)?;
                Done { comment: Some(format!("in the place of {id}")), ..done }
            }
            Operation::Disable(id) => {
                let Nothing {} = read(body)?;
                changed(id, self.disable(host, id).await?)?
            }
            Operation::Enable(id) => {
                let Nothing {} = read(body)?;
                changed(id, self.enable(host, id).await?)?
            }
            Operation::Revoke(id) => {
                let request = match by {
                    Some(by) => RevokeRequest { by: by.to_owned(), reason: read::<Why>(body)?.reason },
                    None => read(body)?,
                };
                let (record, first) = self.revoke(host, id, &request).await?;
                Done { comment: (!first).then(|| "it was revoked before".to_owned()), ..changed(id, record)? }
            }
        })
    }
}

/// A body, read strictly.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, LifeError> {
    stored::read_body(body).map_err(LifeError::Request)
}

fn written(document: &impl Serialize) -> Result<String, LifeError> {
    serde_json::to_string(document).map_err(|error| LifeError::Unreadable(error.to_string()))
}

fn looked(document: &impl Serialize) -> Result<Done, LifeError> {
    Ok(Done { document: written(document)?, made: false, id: None, record: None, comment: None })
}

fn changed(id: &str, record: Record) -> Result<Done, LifeError> {
    let document = written(&Stored { id, record: super::list::public(&record, id)? })?;
    Ok(Done { document, made: false, id: Some(id.to_owned()), record: Some(record), comment: None })
}

fn made(issued: Issued) -> Result<Done, LifeError> {
    let record = super::list::public(&issued.record, &issued.id)?;
    let document = written(&Shown { id: &issued.id, key: issued.key.reveal(), record })?;
    Ok(Done { document, made: true, id: Some(issued.id), record: Some(issued.record), comment: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_needs_an_id_has_one_and_no_other_does() {
        for name in ["list", "issue", "import"] {
            assert!(Operation::named(name, None).is_some() && Operation::named(name, Some("x")).is_none());
        }
        for name in ["show", "update", "rotate", "disable", "enable", "revoke"] {
            let step = Operation::named(name, Some("x")).expect("a step");
            assert_eq!((step.id(), Operation::named(name, None)), (Some("x"), None));
        }
        assert_eq!(Operation::named("delete", Some("x")), None);
    }

    #[test]
    fn a_body_is_read_strictly_and_its_faults_are_named() {
        let refused = |body: &str| match read::<NewKey>(body.as_bytes()) {
            Err(LifeError::Request(words)) => words,
            other => panic!("{other:?}"),
        };
        assert!(refused("").contains("missing field `organization`"));
        assert!(refused("[]").starts_with("the body is"));
        assert!(refused(r#"{"a":1,"a":2}"#).contains("twice"), "{}", refused(r#"{"a":1,"a":2}"#));
        assert!(refused(r#"{"organisation":"x"}"#).contains("unknown field `organisation`"));
        let cidr = r#"{"organization":"o","owner":"a","revoker":"b","name":"n","allowedCidrs":["10.0.0.1/8"]}"#;
        assert!(refused(cidr).contains("`allowedCidrs[0]`"), "{}", refused(cidr));
    }
}
