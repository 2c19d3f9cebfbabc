//! Looking at clients.

use serde::Serialize;
use serde_json::value::RawValue;

use super::{ClientError, ClientLife, ClientRecord, edit};
use crate::{
    host::Host,
    m2m_client::{ClientUsage, client_key, client_usage_key},
};

/// The most clients on one page.
pub const LONGEST_CLIENT_PAGE: u32 = 100;

/// What is known of a client.
#[derive(Debug, Serialize)]
pub struct ClientView {
    /// The record, with the client's id.
    pub record: Box<RawValue>,
    /// What is noted of its tokens.
    pub usage: ClientUsage,
}

/// A record that cannot be read.
#[derive(Debug, Serialize)]
pub struct UnreadableClient {
    /// The client's id.
    pub id: String,
    /// What is wrong with its record, without quoting it.
    pub fault: String,
}

/// A page of clients.
#[derive(Debug, Serialize)]
pub struct ClientPage {
    /// The records, each with its client's id.
    pub clients: Vec<Box<RawValue>>,
    /// The records that cannot be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unreadable: Vec<UnreadableClient>,
    /// What the next page is asked for with; none on the last one.
    pub cursor: Option<String>,
}

impl ClientLife {
    /// The record of a client as it was written last, and what is noted of its tokens.
    ///
    /// # Errors
    /// [`ClientError::NotFound`], [`ClientError::Unreadable`], [`ClientError::Store`].
    pub async fn show<H: Host>(&self, host: &H, id: &str) -> Result<ClientView, ClientError> {
        let stored = host.read_latest(&client_key(edit::admissible(id)?)).await.map_err(ClientError::Store)?;
        let record = edit::read(&stored.ok_or(ClientError::NotFound)?)?;
        // Without its notes a client is still what it is.
        let usage = host.read_latest(&client_usage_key(id)).await.ok().flatten();
        Ok(ClientView { record: public(&record, id)?, usage: ClientUsage::from_store(usage.as_deref()) })
    }

    /// A page of at most so many clients ([`LONGEST_CLIENT_PAGE`] where it is more): the first, or the one that a cursor
    /// leads to. A record that cannot be read is on it too.
    ///
    /// # Errors
    /// [`ClientError::Store`]: no page is handed out in part.
    pub async fn list<H: Host>(&self, host: &H, cursor: Option<&str>, most: u32) -> Result<ClientPage, ClientError> {
        let prefix = client_key("");
        let most = most.clamp(1, LONGEST_CLIENT_PAGE);
        let listing = host.list(&prefix, cursor, most).await.map_err(ClientError::Store)?;
        let stored = host.read_many(&listing.keys).await.map_err(ClientError::Store)?;
        let mut page = ClientPage { clients: Vec::new(), unreadable: Vec::new(), cursor: listing.cursor };
        for (name, stored) in listing.keys.iter().zip(stored) {
            // Gone since the list was made.
            let (Some(id), Some(stored)) = (name.strip_prefix(&prefix), stored) else { continue };
            match ClientRecord::from_store(&stored) {
                Ok(record) => page.clients.push(public(&record, id)?),
                Err(fault) => page.unreadable.push(UnreadableClient { id: id.to_owned(), fault }),
            }
        }
        Ok(page)
    }
}

pub(super) fn public(record: &ClientRecord, id: &str) -> Result<Box<RawValue>, ClientError> {
    let wrong = |error: serde_json::Error| ClientError::Unreadable(error.to_string());
    RawValue::from_string(record.public_json(id).map_err(wrong)?).map_err(wrong)
}
