//! Where a key set comes from, and how long it may be trusted.

mod cache_control;
mod fetch;
mod lifetime;
mod remote;
mod remotes;
mod snapshot;
mod state;
mod take;
mod unknown_kids;

pub use fetch::Discovery;
pub use lifetime::{KeySetRules, Phase};
pub use remote::{KeySetStatus, RemoteKeySet, Vouching};
pub use remotes::{MOST_KEY_SETS, RemoteKeySets, Source};
pub use snapshot::{Snapshot, SnapshotError};
pub use state::Tier;
pub use take::{Taken, take_snapshot};
