//! Why nothing was done with a client.

use std::fmt;

use crate::{
    host::HostError,
    verdict::{Denial, Reason},
};

/// Why nothing was done with a client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClientError {
    /// What was asked for cannot be; in words for who asked.
    Request(String),
    /// There is no record under this id.
    NotFound,
    /// The state of the record does not allow it; in words for who asked.
    State(String),
    /// Others changed the record each time that this tried to. Nothing was done.
    Contended,
    /// The store did not answer, or nobody can tell what it did.
    Store(HostError),
    /// What the store has is no record that can be read.
    Unreadable(String),
}

impl fmt::Display for ClientError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Request(words) | Self::State(words) | Self::Unreadable(words) => formatter.write_str(words),
            Self::NotFound => formatter.write_str("there is no client of this id"),
            Self::Contended => formatter.write_str("others changed the record again and again, and nothing was done"),
            Self::Store(error) => write!(formatter, "the store did not do it: {error}"),
        }
    }
}

impl std::error::Error for ClientError {}

impl From<ClientError> for Denial {
    /// What an administrator is told. The words of a store are for the operator alone.
    fn from(error: ClientError) -> Self {
        let (reason, told, note) = match error {
            ClientError::Request(words) => (Reason::BodyInvalid, Some(words), None),
            ClientError::NotFound => (Reason::ClientNotFound, None, None),
            ClientError::State(words) => (Reason::ClientStateConflict, Some(words), None),
            ClientError::Contended => (Reason::WriteConflict, None, None),
            ClientError::Store(error) => (Reason::StoreUnavailable, None, Some(error.0)),
            ClientError::Unreadable(words) => (Reason::RecordUnreadable, Some(words.clone()), Some(words)),
        };
        Self { note, told: told.map(String::into_boxed_str), ..Self::new(reason) }
    }
}
