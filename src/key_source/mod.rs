//! Where a key set comes from, and how long it may be trusted.

mod snapshot;

pub use snapshot::{Snapshot, SnapshotError};
