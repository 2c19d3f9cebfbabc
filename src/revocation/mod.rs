//! What is refused before it ends, of both classes (contract §3.6 and §6.3).
//!
//! `list` is the deny list, `entry` what stands on it. `snapshot` is a list that was signed, `signer` who signs it.
//! Strict mode: `age` says for how long a snapshot counts, `state` what is to be done for a newer one, `watch`
//! carries that out through the host, `publish` changes the snapshot in the store. `in_force` is what a gate or a
//! verifier holds on to: the list of its policy and, in strict mode, the snapshot.

mod age;
mod entry;
mod in_force;
mod list;
mod publish;
mod signer;
mod snapshot;
mod state;
mod watch;

pub use entry::{Denied, DenyEntry};
pub use in_force::{InForce, Standing};
pub use list::{DenyList, LONGEST_DENY_LIST};
pub use publish::{PublishError, Published, Publisher};
pub use signer::{DenySigner, SignerError};
pub use snapshot::{DenyKeys, DenySnapshot, DenySnapshotError, LONGEST_DENY_SNAPSHOT, MEDIA_TYPE};
pub use watch::{DENY_SNAPSHOT_KEY, DenySnapshotStatus, Source, Watch};
