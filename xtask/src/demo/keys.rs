//! The demo's API keys, issued by the core.

use std::future::{Future, ready};

use edgeward::api_key::{Environment, IssueRequest, Issued, KeyForm, Revocation, RevocationReason, Rotation, issue};
use edgeward::host::{Host, HostError, NativeCheck, UnixMillis};
use edgeward::jose::Algorithm;
use rand_core::{OsRng, RngCore};
use serde_json::Value;

use crate::output::{Failure, Result};

/// What the keys begin with, as in worker/policy.json.
const PREFIX: &str = "demo";
const DAY: i64 = 24 * 3600;

/// The keys of one run.
pub(crate) struct Keys {
    /// Good, with the scope `reports:read`.
    pub(crate) valid: Issued,
    /// Past its end.
    pub(crate) expired: Issued,
    /// Revoked.
    pub(crate) revoked: Issued,
    /// Replaced by the valid one, and good for another hour.
    pub(crate) rotating: Issued,
    /// Replaced by the valid one, and the overlap is over.
    pub(crate) superseded: Issued,
    /// Of the test environment, at a gate that serves `live`.
    pub(crate) other_environment: Issued,
    /// Well-formed, and never stored.
    pub(crate) unknown: Issued,
}

impl Keys {
    /// Issues all of them.
    pub(crate) fn issue(now: i64) -> Result<Self> {
        let live = |name| issue_one(Environment::Live, now, name);
        let valid = live("nightly reports")?;
        let mut expired = live("last year's import")?;
        expired.record.created = now - 400 * DAY;
        expired.record.expires = Some(now - 35 * DAY);
        let mut revoked = live("leaked in a repository")?;
        revoked.record.revocation = Some(Revocation {
            at: now - DAY,
            by: "security@acme.example".to_owned(),
            reason: RevocationReason::KeyCompromise,
        });
        let replaced = |name, overlap_until| -> Result<Issued> {
            let mut issued = live(name)?;
            issued.record.rotation = Some(Rotation {
                replaced_by: Some(valid.id.clone()),
                overlap_until: Some(overlap_until),
                ..Rotation::default()
            });
            Ok(issued)
        };
        Ok(Self {
            rotating: replaced("being rotated", now + 3600)?,
            superseded: replaced("rotated last week", now - 7 * DAY)?,
            other_environment: issue_one(Environment::Test, now, "staging")?,
            unknown: live("never stored")?,
            valid,
            expired,
            revoked,
        })
    }

    /// What the store is to hold.
    pub(crate) fn into_entries(self) -> Vec<(String, Value)> {
        [self.valid, self.expired, self.revoked, self.rotating, self.superseded, self.other_environment]
            .into_iter()
            .filter_map(|issued| Some((issued.store_key(), serde_json::to_value(&issued.record).ok()?)))
            .collect()
    }
}

fn issue_one(environment: Environment, now: i64, name: &str) -> Result<Issued> {
    let form =
        KeyForm::new(PREFIX, environment, Vec::new()).map_err(Failure::because("The demo's form of keys is wrong"))?;
    let request = IssueRequest {
        organization: "org_acme".to_owned(),
        owner: "reports@acme.example".to_owned(),
        revoker: "security@acme.example".to_owned(),
        name: name.to_owned(),
        scopes: vec!["reports:read".to_owned()],
        expires: Some(now + 90 * DAY),
        ..IssueRequest::default()
    };
    issue(&form, &ThisMachine { now }, request).map_err(Failure::because("A demo key cannot be issued"))
}

/// A clock and random bytes; issuing asks for nothing else.
struct ThisMachine {
    now: i64,
}

impl Host for ThisMachine {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.now * 1000)
    }

    fn fill_random(&self, buffer: &mut [u8]) -> std::result::Result<(), HostError> {
        OsRng.try_fill_bytes(buffer).map_err(|error| HostError(error.to_string()))
    }

    fn read(&self, _: &str) -> impl Future<Output = std::result::Result<Option<Vec<u8>>, HostError>> {
        ready(Err(HostError("this host has no store".to_owned())))
    }

    fn has_native(&self, _: Algorithm) -> bool {
        false
    }

    fn verify_signature(&self, _: NativeCheck<'_>) -> impl Future<Output = std::result::Result<bool, HostError>> {
        ready(Err(HostError("this host checks no signatures".to_owned())))
    }
}
