//! The standing class of credential: an opaque secret that is good until somebody ends it (contract §5).
//!
//! `form` says how a key is written and refuses what was mistyped or invented without asking the store. `record` is
//! what the store holds of a key. `check` takes a presented key to a verdict in three steps (the text, the store, the
//! clock), the last of which is pure and runs again on every use. `issue` makes a new key and its record. `leaks` takes
//! reports of keys that were found where others can read them.
//!
//! Times in this room are whole seconds since the Unix epoch. Keys have no clock tolerance: the clock that issues and
//! the clock that checks are the same operator's.

mod caching;
mod check;
mod cidr;
mod foreign;
mod form;
mod issue;
mod leaks;
mod life;
mod notes;
mod record;
mod usage;

pub use caching::{KeyCaching, RevocationBound};
pub use check::{ApiKeyChecker, FactsTier, KeyContext, KeyFacts};
pub use cidr::{Cidr, CidrError};
pub use foreign::{ForeignKeys, LONGEST_FOREIGN_KEY, MOST_FOREIGN_PREFIXES, SHORTEST_FOREIGN_KEY, id_of};
pub(crate) use form::is_id;
pub use form::{
    CHECK_LENGTH, Environment, FormError, ID_LENGTH, KeyForm, KeyParts, KeySpans, MIN_SEAL_BYTES, PREFIX_LENGTHS,
    PresentedKey, SECRET_LENGTH, Seal, describe,
};
pub use issue::{IssueError, IssueRequest, Issued, IssuedKey, issue};
pub use leaks::{
    Handled, LONGEST_REPORT, LeakAction, LeakFinding, LeakLabel, LeakReports, LeakedKey, MOST_ENTRIES, ReportHeaders,
    note_exposed_key,
};
pub(crate) use life::read_body;
pub use life::{
    Done, HeldRevocation, ImportRequest, KeyChange, KeyLife, KeyPage, KeyView, LONGEST_PAGE, LifeError, NewKey,
    Operation, RevokeRequest, RotateRequest, Unreadable,
};
pub use notes::{MOST_NOTES, UsageNotes};
pub(crate) use record::digest_hint;
pub use record::{Record, Revocation, RevocationReason, Rotation, SecretDigest, store_key};
pub use usage::{Exposure, Usage, usage_key};

pub use crate::stored::{FormatVersion, Moment, Span};
