//! The life of a key (contract §5.3): issue, list, show, update, rotate, disable, enable, revoke, revoke by holding the
//! key, import. One implementation, for the admin endpoints, the command line and the library.
//!
//! Every change is one compare-and-swap of one record ([`Host::swap`]), tried again over what others wrote meanwhile. So
//! changes never overwrite each other, and one that fails half-way leaves the record of before. A rotation changes two
//! records: it writes the new one first, which nobody has the secret of yet, and the old one decides who won.

mod change;
mod edit;
mod import;
mod list;
mod operation;
mod request;
mod revoke;
mod rotate;

use std::fmt;

pub use change::KeyChange;
pub use import::ImportRequest;
pub use list::{KeyPage, KeyView, LONGEST_PAGE, Unreadable};
pub(crate) use operation::read as read_body;
pub use operation::{Done, Operation};
pub use request::NewKey;
pub use revoke::{HeldRevocation, RevokeRequest};
pub use rotate::RotateRequest;

use super::{ForeignKeys, IssueError, Issued, KeyForm, Moment, PresentedKey, Record, Span, issue, store_key};
use crate::{
    host::{Host, HostError},
    verdict::{CredentialClass, Denial, Reason},
};

/// Why nothing was done with a key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum LifeError {
    /// What was asked for cannot be; in words for who asked.
    Request(String),
    /// There is no record under this id.
    NotFound,
    /// The state of the key does not allow it; in words for who asked.
    State(String),
    /// Others changed the record each time that this tried to. Nothing was done.
    Contended,
    /// The store did not answer, or nobody can tell what it did.
    Store(HostError),
    /// What the store has is no record that can be read.
    Unreadable(String),
    /// The host has no usable source of random bytes.
    Random(HostError),
}

impl fmt::Display for LifeError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(words) | Self::State(words) | Self::Unreadable(words) => formatter.write_str(words),
            Self::NotFound => formatter.write_str("there is no key of this id"),
            Self::Contended => formatter.write_str("others changed the record again and again, and nothing was done"),
            Self::Store(error) => write!(formatter, "the store did not do it: {error}"),
            Self::Random(error) => write!(formatter, "no random bytes: {error}"),
        }
    }
}

impl std::error::Error for LifeError {}

impl From<IssueError> for LifeError {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Random(error) => Self::Random(error),
            other => Self::Request(other.to_string()),
        }
    }
}

impl From<LifeError> for Denial {
    /// What an administrator is told. The words of a store are for the operator alone.
    fn from(error: LifeError) -> Self {
        let (reason, told, note) = match error {
            LifeError::Request(words) => (Reason::BodyInvalid, Some(words), None),
            LifeError::NotFound => (Reason::KeyNotFound, None, None),
            LifeError::State(words) => (Reason::KeyStateConflict, Some(words), None),
            LifeError::Contended => (Reason::WriteConflict, None, None),
            LifeError::Store(error) => (Reason::StoreUnavailable, None, Some(error.0)),
            LifeError::Unreadable(words) => (Reason::RecordUnreadable, Some(words.clone()), Some(words)),
            LifeError::Random(error) => (Reason::HostFailed, None, Some(error.0)),
        };
        Self { note, told: told.map(String::into_boxed_str), ..Self::new(reason).of(CredentialClass::ApiKey) }
    }
}

/// The life of the keys of one form.
#[derive(Debug, Clone)]
pub struct KeyLife {
    form: KeyForm,
    foreign: ForeignKeys,
}

impl KeyLife {
    /// The life of the keys of this form.
    #[must_use]
    pub fn new(form: KeyForm) -> Self {
        Self { form, foreign: ForeignKeys::default() }
    }

    /// The same, with these foreign keys as well.
    #[must_use]
    pub fn with_foreign_keys(mut self, foreign: ForeignKeys) -> Self {
        self.foreign = foreign;
        self
    }

    /// The form of the keys.
    #[must_use]
    pub const fn form(&self) -> &KeyForm {
        &self.form
    }

    /// The foreign keys that are taken.
    #[must_use]
    pub const fn foreign_keys(&self) -> &ForeignKeys {
        &self.foreign
    }

    /// Whether a credential is meant to be a key, well-formed or not: this tells the classes apart.
    #[must_use]
    pub fn takes(&self, credential: &str) -> bool {
        self.form.looks_like(credential) || self.foreign.look_like(credential)
    }

    /// Takes a presented key apart and checks its check, where its form has one.
    ///
    /// # Errors
    /// As [`KeyForm::parse`].
    pub fn parse<'k>(&self, presented: &'k str) -> Result<PresentedKey<'k>, Denial> {
        self.foreign.take(presented, self.form.environment()).unwrap_or_else(|| self.form.parse(presented))
    }

    /// Takes a text for a key of ours that was seen somewhere, of either environment, or for a foreign one; none for all
    /// else. Whether there is such a key is still open.
    #[must_use]
    pub fn recognize<'k>(&self, text: &'k str) -> Option<PresentedKey<'k>> {
        let foreign = self.foreign.take(text, self.form.environment());
        foreign.unwrap_or_else(|| self.form.parse_of_any_environment(text)).ok()
    }

    /// Makes a key and stores its record. This is the one time that its text is shown.
    ///
    /// # Errors
    /// [`LifeError::Request`], [`LifeError::Store`], [`LifeError::Random`].
    pub async fn issue<H: Host>(&self, host: &H, new: NewKey) -> Result<Issued, LifeError> {
        let issued = issue(&self.form, host, new.into_request(host.now().seconds())?)?;
        self.store_new(host, &issued.id, &issued.record).await?;
        Ok(issued)
    }

    /// Stores the record of a key that nobody has yet.
    async fn store_new<H: Host>(&self, host: &H, id: &str, record: &Record) -> Result<(), LifeError> {
        let (name, json) = (store_key(id), written(record)?);
        match host.swap(&name, None, Some(json.as_bytes())).await {
            Ok(true) => Ok(()),
            // 95 bits of chance twice: the source of random bytes repeats itself.
            Ok(false) => Err(LifeError::State("there is a key of this id already".to_owned())),
            Err(error) => {
                // It may stand there all the same: a record that nobody has the secret of.
                let _ = host.swap(&name, Some(json.as_bytes()), None).await;
                Err(LifeError::Store(error))
            }
        }
    }
}

/// A record as the store shall hold it, which can be read back.
fn written(record: &Record) -> Result<String, LifeError> {
    let json = record.to_json().map_err(|error| LifeError::Request(error.to_string()))?;
    let flaw = |denial: Denial| denial.note.unwrap_or_else(|| denial.reason.code().to_owned());
    Record::from_store(json.as_bytes()).map_err(|denial| LifeError::Request(flaw(denial)))?;
    Ok(json)
}
