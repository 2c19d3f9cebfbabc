//! M2M clients as records (contract §8, last paragraph): whose each client is, and the secrets that it asks for tokens with,
//! apart from any token.
//!
//! The clients are those of foreign issuers. What is held of a secret is that it exists: its id, a hint, when it was made and
//! last used, and never the secret or a digest of it. Nothing here lets anybody in; it is what the review goes by.
//!
//! `record` is what the store holds, `life` the steps from the first note of a client to its end, `listing` reads what issuers
//! say of their clients, and `usage` and `notes` are about the tokens that came. Times are whole seconds since the Unix epoch.

mod error;
mod life;
mod listing;
mod notes;
mod record;
mod usage;

pub use error::ClientError;
pub use life::{
    ClientChange, ClientDone, ClientLife, ClientOperation, ClientPage, ClientView, EndedSecret, LONGEST_CLIENT_PAGE,
    NewClient, NewSecret, Removed, UnreadableClient,
};
pub use listing::{ListedClients, Listing, Passed, read_listing};
pub use notes::ClientNotes;
pub use record::{
    ClientRecord, ClientSecret, Ended, LONGEST_HINT, LONGEST_SECRET_ID, MOST_SECRETS, client_key, client_record_id,
};
pub use usage::{ClientUsage, client_usage_key};

pub use crate::stored::Second;
