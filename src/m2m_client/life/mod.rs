//! What is done with the records of clients: add, import, list, show, update, note a new secret, note that one was ended,
//! remove. One implementation, for the admin endpoints, the command line and the library.
//!
//! Every change is one compare-and-swap of one record ([`Host::swap`]), tried again over what others wrote meanwhile, so that
//! changes never overwrite each other. Nothing of it reaches the issuer: what is noted here is what somebody did there.

mod change;
mod edit;
mod import;
mod list;
mod operation;
mod request;

pub use change::{ClientChange, EndedSecret, Removed};
pub use list::{ClientPage, ClientView, LONGEST_CLIENT_PAGE, UnreadableClient};
pub use operation::{ClientDone, ClientOperation};
pub use request::{NewClient, NewSecret};

use super::{ClientError, ClientRecord, client_key, client_record_id};
use crate::host::Host;

/// The life of the records of clients in a store.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientLife;

impl ClientLife {
    /// Puts a client on record that a person names, with who answers for it. Its id, and the record.
    ///
    /// # Errors
    /// [`ClientError::Request`] where nobody answers for it, [`ClientError::State`] where it is on record already, and those
    /// of writing.
    pub async fn add<H: Host>(&self, host: &H, new: NewClient) -> Result<(String, ClientRecord), ClientError> {
        for (name, member) in [("owner", &new.owner), ("revoker", &new.revoker)] {
            if member.as_ref().is_none_or(|who| who.trim().is_empty()) {
                return Err(ClientError::Request(format!("`{name}` is missing: only an import may leave it out")));
            }
        }
        let record = new.into_record(host.now().seconds())?;
        let id = client_record_id(&record.issuer, &record.client_id);
        let (name, json) = (client_key(&id), edit::written(&record)?);
        let stored = host.read_latest(&name).await.map_err(ClientError::Store)?;
        // What was removed can be put on record again.
        if let Some(stored) = &stored
            && edit::read(stored)?.removal.is_none()
        {
            return Err(ClientError::State(format!("the client is on record already, as {id}")));
        }
        let done = host.swap(&name, stored.as_deref(), Some(json.as_bytes())).await.map_err(ClientError::Store)?;
        if done { Ok((id, record)) } else { Err(ClientError::Contended) }
    }
}
