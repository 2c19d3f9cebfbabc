//! Reports of leaked keys (contract §5.4), by the protocol of GitHub's secret-scanning partner program: somebody who
//! looks through what is public finds texts of our form and sends them here, signed.
//!
//! `signature` reads the two headers, `sender_keys` fetches the `list` of
//! keys that they are checked with, `report` reads the body,
//! `handle` does what is to be done about each entry, and `exposure` notes where a key was seen.
//!
//! A key of ours whose secret is proven is revoked at once. A signature says who sent a report and nothing of whether it
//! is right: the secret itself is the proof, so that nobody has a key revoked without holding it.

mod exposure;
mod handle;
mod list;
mod report;
mod sender_keys;
mod signature;

use serde::Serialize;
use sha2::{Digest, Sha256};

pub use exposure::note_exposed_key;
pub use handle::{LeakAction, LeakFinding, LeakLabel, LeakedKey};
pub use report::MOST_ENTRIES;

use self::{sender_keys::SenderKeys, signature::Signed};
use super::KeyLife;
use crate::{
    host::Host,
    verdict::{Denial, Reason},
};

/// The longest report that is read, in bytes.
pub const LONGEST_REPORT: usize = 1024 * 1024;

/// How long a report that was dealt with is remembered, in seconds.
const REMEMBERED: u32 = 30 * 86_400;

/// Where the store holds that a report with this digest was dealt with.
fn report_key(digest: &str) -> String {
    format!("leak/{digest}")
}

/// The headers that a report is signed with.
#[derive(Debug, Clone, Copy)]
pub struct ReportHeaders<'r> {
    /// `Github-Public-Key-Identifier`.
    pub identifier: &'r str,
    /// `Github-Public-Key-Signature`.
    pub signature: &'r str,
}

/// What became of a report whose signature held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handled {
    /// The SHA-256 of the report, as 64 small hexadecimal digits.
    pub digest: String,
    /// What became of each entry, in their order.
    pub findings: Vec<LeakFinding>,
    /// Why the report is to be sent again, where some of it could not be dealt with.
    pub failure: Option<Denial>,
}

/// What the sender is told of one token.
#[derive(Serialize)]
struct Feedback<'f> {
    token_hash: &'f str,
    token_type: &'f str,
    label: LeakLabel,
}

impl Handled {
    /// The answer to the sender, as JSON: the digest, the type and the label of each token.
    #[must_use]
    pub fn feedback(&self) -> String {
        let feedback: Vec<Feedback<'_>> = self
            .findings
            .iter()
            .map(|LeakFinding { token_hash, token_type, label, .. }| Feedback { token_hash, token_type, label: *label })
            .collect();
        // Strings cannot fail to be written.
        serde_json::to_string(&feedback).unwrap_or_default()
    }
}

/// Takes reports of one sender.
#[derive(Debug)]
pub struct LeakReports {
    keys: SenderKeys,
    by: String,
}

impl LeakReports {
    /// Where the protocol's own sender publishes its keys.
    pub const KEYS_URL: &str = "https://api.github.com/meta/public_keys/secret_scanning";

    /// Who a revocation says it is by, where nobody else is named.
    pub const BY: &str = "github-secret-scanning";

    /// Takes reports that are signed with the keys at this URL, and revokes in this name.
    #[must_use]
    pub fn new(keys_url: String, by: String) -> Self {
        Self { keys: SenderKeys::new(keys_url), by }
    }

    /// Deals with a report: `body` is the request's, byte for byte.
    ///
    /// A report that was dealt with is remembered for 30 days by the digest of its body, and not by its signature, of
    /// which anybody can make a second good one by negating `s`. It is remembered when all of it was dealt with, so that
    /// one that failed half-way can be sent again. That does not cover two deliveries at one time, nor a second one after
    /// 30 days, nor a second one that reaches a store which does not show its own last write everywhere at once. Each of
    /// these does the same work again and revokes nothing that the first did not.
    ///
    /// # Errors
    /// [`Reason::ReportSignatureInvalid`] and [`Reason::ReportKeysUnavailable`]; once the signature held
    /// [`Reason::ReportReplayed`], [`Reason::BodyInvalid`], [`Reason::BodyTooLarge`], and [`Reason::StoreUnavailable`]
    /// where it cannot be told whether the report came before.
    pub async fn deal_with<H: Host>(
        &self,
        host: &H,
        life: &KeyLife,
        headers: &ReportHeaders<'_>,
        body: &[u8],
    ) -> Result<Handled, Denial> {
        let signed = Signed::read(headers.identifier, headers.signature)
            .ok_or_else(|| Denial::new(Reason::ReportSignatureInvalid).noting("the headers cannot be read"))?;
        let key = self.keys.find(host, signed.identifier).await?;
        if !signed.holds(&key, body) {
            return Err(Denial::new(Reason::ReportSignatureInvalid).noting("the signature does not verify"));
        }
        let unavailable = |words: String| Denial::new(Reason::StoreUnavailable).noting(words);
        let digest = base16ct::lower::encode_string(&Sha256::digest(body));
        let seen = host.read_latest(&report_key(&digest)).await.map_err(|error| unavailable(error.to_string()))?;
        if seen.is_some() {
            return Err(Reason::ReportReplayed.into());
        }
        let entries = report::read(body)?;
        // A sender that hangs up early does not keep a key alive.
        host.work_for_others(true);
        let (findings, mut failure) = handle::handle(host, life, &self.by, entries).await;
        if failure.is_none() {
            let note = format!("{{\"at\":{}}}", host.clock().seconds());
            let written = host.write(&report_key(&digest), note.into_bytes(), REMEMBERED).await;
            failure = written.err().map(|error| unavailable(format!("the report is not remembered: {error}")));
        }
        host.work_for_others(false);
        Ok(Handled { digest, findings, failure })
    }
}
