//! What is done with clients by name, each step with its JSON in and its JSON out: what the admin endpoints, the command line
//! and the library hand over is the same.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;

use super::{
    ClientChange, ClientError, ClientLife, ClientRecord, EndedSecret, LONGEST_CLIENT_PAGE, NewClient, NewSecret,
    Removed, list::public,
};
use crate::{host::Host, stored};

/// One step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientOperation<'r> {
    /// A page of clients.
    List,
    /// A client that a person names.
    Add,
    /// A client as its issuer lists it.
    Import,
    /// One client.
    Show(&'r str),
    /// A change of a client's record.
    Update(&'r str),
    /// Another secret of a client.
    AddSecret(&'r str),
    /// The end of a client's secret.
    RevokeSecret(&'r str),
    /// The end of a client.
    Remove(&'r str),
}

impl<'r> ClientOperation<'r> {
    /// The step of this name.
    #[must_use]
    pub fn named(name: &str, id: Option<&'r str>) -> Option<Self> {
        Some(match (name, id) {
            ("list", None) => Self::List,
            ("add", None) => Self::Add,
            ("import", None) => Self::Import,
            ("show", Some(id)) => Self::Show(id),
            ("update", Some(id)) => Self::Update(id),
            ("add-secret", Some(id)) => Self::AddSecret(id),
            ("revoke-secret", Some(id)) => Self::RevokeSecret(id),
            ("remove", Some(id)) => Self::Remove(id),
            _ => return None,
        })
    }

    /// Whether it changes nothing.
    #[must_use]
    pub const fn only_looks(&self) -> bool {
        matches!(self, Self::List | Self::Show(_))
    }

    /// The id of the client that it is about.
    #[must_use]
    pub const fn id(&self) -> Option<&'r str> {
        match self {
            Self::List | Self::Add | Self::Import => None,
            Self::Show(id) | Self::Update(id) | Self::AddSecret(id) | Self::RevokeSecret(id) | Self::Remove(id) => {
                Some(id)
            }
        }
    }
}

/// What was done.
#[derive(Debug)]
pub struct ClientDone {
    /// What is to be shown of it, as JSON.
    pub document: String,
    /// Whether a client was put on record.
    pub made: bool,
    /// The id of the client, where one was changed or put on record.
    pub id: Option<String>,
    /// Its record as it is now.
    pub record: Option<ClientRecord>,
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
    LONGEST_CLIENT_PAGE
}

/// Which secret was ended, where who says so was authenticated.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    secret: String,
}

/// A body that says nothing.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

/// A record, by its client's id.
#[derive(Serialize)]
struct Stored<'k> {
    id: &'k str,
    record: Box<RawValue>,
    /// Whether it was put on record by this.
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<bool>,
}

impl ClientLife {
    /// Carries out a step. `body` is JSON, or empty for an object without members. `by` is who does it, where that was
    /// authenticated: the body does not say it then.
    ///
    /// # Errors
    /// [`ClientError::Request`] for a body of another shape, and those of the step.
    pub async fn carry_out<H: Host>(
        &self,
        host: &H,
        operation: ClientOperation<'_>,
        body: &[u8],
        by: Option<&str>,
    ) -> Result<ClientDone, ClientError> {
        match operation {
            ClientOperation::List => {
                let Page { cursor, limit } = read(body)?;
                if !(1..=LONGEST_CLIENT_PAGE).contains(&limit) {
                    return Err(ClientError::Request(format!("`limit` is from 1 to {LONGEST_CLIENT_PAGE}")));
                }
                looked(&self.list(host, cursor.as_deref(), limit).await?)
            }
            ClientOperation::Show(id) => {
                let Nothing {} = read(body)?;
                looked(&self.show(host, id).await?)
            }
            ClientOperation::Add => {
                let (id, record) = self.add(host, read::<NewClient>(body)?).await?;
                put_on_record(&id, record, true, None)
            }
            ClientOperation::Import => {
                let imported = self.import(host, read::<NewClient>(body)?).await?;
                let comment = if imported.back { "it was removed before" } else { "as its issuer lists it" };
                put_on_record(&imported.id, imported.record, imported.made, Some(comment))
            }
            ClientOperation::Update(id) => {
                changed(id, self.update(host, id, &read::<ClientChange>(body)?).await?, None)
            }
            ClientOperation::AddSecret(id) => {
                let record = self.add_secret(host, id, &read::<NewSecret>(body)?).await?;
                let comment = record.secrets.last().map(|secret| format!("the secret {} was noted", secret.id));
                changed(id, record, comment)
            }
            ClientOperation::RevokeSecret(id) => {
                let ended = match by {
                    Some(by) => EndedSecret { secret: read::<Which>(body)?.secret, by: by.to_owned() },
                    None => read(body)?,
                };
                let record = self.revoke_secret(host, id, &ended).await?;
                changed(id, record, Some(format!("the secret {} was ended", ended.secret)))
            }
            ClientOperation::Remove(id) => {
                let removed = match by {
                    Some(by) => {
                        let Nothing {} = read(body)?;
                        Removed { by: by.to_owned() }
                    }
                    None => read(body)?,
                };
                changed(id, self.remove(host, id, &removed).await?, None)
            }
        }
    }
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, ClientError> {
    stored::read_body(body).map_err(ClientError::Request)
}

fn written(document: &impl Serialize) -> Result<String, ClientError> {
    serde_json::to_string(document).map_err(|error| ClientError::Unreadable(error.to_string()))
}

fn looked(document: &impl Serialize) -> Result<ClientDone, ClientError> {
    Ok(ClientDone { document: written(document)?, made: false, id: None, record: None, comment: None })
}

fn changed(id: &str, record: ClientRecord, comment: Option<String>) -> Result<ClientDone, ClientError> {
    let document = written(&Stored { id, record: public(&record, id)?, made: None })?;
    Ok(ClientDone { document, made: false, id: Some(id.to_owned()), record: Some(record), comment })
}

fn put_on_record(id: &str, record: ClientRecord, made: bool, comment: Option<&str>) -> Result<ClientDone, ClientError> {
    let document = written(&Stored { id, record: public(&record, id)?, made: Some(made) })?;
    let comment = comment.map(str::to_owned);
    Ok(ClientDone { document, made, id: Some(id.to_owned()), record: Some(record), comment })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_that_needs_an_id_has_one_and_no_other_does() {
        for name in ["list", "add", "import"] {
            assert!(ClientOperation::named(name, None).is_some_and(|step| step.id().is_none()));
            assert!(ClientOperation::named(name, Some("x")).is_none());
        }
        for name in ["show", "update", "add-secret", "revoke-secret", "remove"] {
            let step = ClientOperation::named(name, Some("x")).expect("a step");
            assert_eq!((step.id(), ClientOperation::named(name, None)), (Some("x"), None));
        }
    }
}
