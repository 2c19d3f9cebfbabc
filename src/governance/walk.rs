//! The review of a store, page by page, and what it counts.

use std::collections::BTreeMap;

use serde::Serialize;

use super::{
    Finding, InventoryLine, Lifecycle, MOST_PER_PAGE, PageError, Progress, ReviewRules, Severity, State, WalkError,
    client::{ClientReading, ClientSecretLine},
    inventory::{InventoryPage, inventory_page},
    reading::KeyReading,
    review::review_key,
    review_client::review_client,
    standing::{Standing, standing},
};
use crate::host::Host;

/// What was counted. Its size has a bound: it grows with the number of rules and not with that of keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// How many keys were looked at.
    pub keys: u64,
    /// How many of them have findings.
    pub keys_with_findings: u64,
    /// How many clients were looked at.
    pub clients: u64,
    /// How many of them have findings.
    pub clients_with_findings: u64,
    /// How many secrets of clients are on record.
    pub client_secrets: u64,
    /// How many keys and secrets there are of each lifecycle class. One whose record cannot be read has none.
    pub by_lifecycle: BTreeMap<Lifecycle, u64>,
    /// How many keys and secrets there are in each state.
    pub by_state: BTreeMap<State, u64>,
    /// How many findings there are.
    pub findings: u64,
    /// How many of each severity.
    pub by_severity: BTreeMap<Severity, u64>,
    /// How many of each rule that found something.
    pub by_rule: BTreeMap<&'static str, u64>,
}

impl Default for Summary {
    fn default() -> Self {
        Self {
            keys: 0,
            keys_with_findings: 0,
            clients: 0,
            clients_with_findings: 0,
            client_secrets: 0,
            by_lifecycle: Lifecycle::ALL.into_iter().map(|lifecycle| (lifecycle, 0)).collect(),
            by_state: State::ALL.into_iter().map(|state| (state, 0)).collect(),
            findings: 0,
            by_severity: Severity::ALL.into_iter().map(|severity| (severity, 0)).collect(),
            by_rule: BTreeMap::new(),
        }
    }
}

impl Summary {
    /// Counts a key with its findings.
    pub fn count_key(&mut self, line: &InventoryLine, findings: &[Finding]) {
        self.keys = self.keys.saturating_add(1);
        if !findings.is_empty() {
            self.keys_with_findings = self.keys_with_findings.saturating_add(1);
        }
        if let Some(lifecycle) = line.lifecycle {
            add(&mut self.by_lifecycle, lifecycle, 1);
        }
        add(&mut self.by_state, line.state, 1);
        self.count_findings(findings);
    }

    /// Counts a client with its secrets and its findings.
    pub fn count_client(&mut self, lines: &[ClientSecretLine], findings: &[Finding]) {
        self.clients = self.clients.saturating_add(1);
        if !findings.is_empty() {
            self.clients_with_findings = self.clients_with_findings.saturating_add(1);
        }
        for line in lines {
            if line.secret.is_some() {
                self.client_secrets = self.client_secrets.saturating_add(1);
            }
            if let Some(lifecycle) = line.lifecycle {
                add(&mut self.by_lifecycle, lifecycle, 1);
            }
            add(&mut self.by_state, line.state, 1);
        }
        self.count_findings(findings);
    }

    /// How many keys and clients were looked at.
    #[must_use]
    pub const fn entries(&self) -> u64 {
        self.keys.saturating_add(self.clients)
    }

    /// Counts findings that are about no key: those of [`super::review_policy`].
    pub fn count_findings(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.findings = self.findings.saturating_add(1);
            add(&mut self.by_severity, finding.severity, 1);
            add(&mut self.by_rule, finding.rule, 1);
        }
    }

    /// Adds what was counted on another page.
    pub fn add(&mut self, other: &Self) {
        self.keys = self.keys.saturating_add(other.keys);
        self.keys_with_findings = self.keys_with_findings.saturating_add(other.keys_with_findings);
        self.clients = self.clients.saturating_add(other.clients);
        self.clients_with_findings = self.clients_with_findings.saturating_add(other.clients_with_findings);
        self.client_secrets = self.client_secrets.saturating_add(other.client_secrets);
        self.findings = self.findings.saturating_add(other.findings);
        add_all(&mut self.by_lifecycle, &other.by_lifecycle);
        add_all(&mut self.by_state, &other.by_state);
        add_all(&mut self.by_severity, &other.by_severity);
        add_all(&mut self.by_rule, &other.by_rule);
    }
}

fn add<K: Ord>(counts: &mut BTreeMap<K, u64>, key: K, more: u64) {
    let count = counts.entry(key).or_default();
    *count = count.saturating_add(more);
}

fn add_all<K: Ord + Copy>(counts: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (key, more) in other {
        add(counts, *key, *more);
    }
}

/// One page of a review.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewPage {
    /// The findings about the keys and clients of this page, the worst first.
    pub findings: Vec<Finding>,
    /// What was counted on this page.
    pub summary: Summary,
    /// What the next page is asked for with; none on the last. A page may be empty and not the last.
    pub cursor: Option<String>,
}

impl ReviewPage {
    /// Findings that are about no key, as a page that stands before those of the store.
    #[must_use]
    pub fn of_policy(findings: Vec<Finding>) -> Self {
        let mut summary = Summary::default();
        summary.count_findings(&findings);
        Self { findings, summary, cursor: None }
    }
}

/// Reviews at most so many keys and clients (and at most [`MOST_PER_PAGE`]): the first, or those that a cursor leads to. It
/// costs one list of the store, or two where the keys end on the page, two reads for each key and each client, and one more
/// for each neighbour of a key in a rotation that has not ended.
///
/// # Errors
/// [`PageError`] where the store failed on the way: nobody can tell then what stands on the page.
pub async fn review_page<H: Host>(
    host: &H,
    rules: &ReviewRules,
    cursor: Option<&str>,
    most: u32,
) -> Result<ReviewPage, PageError> {
    let Standing { keys, clients, cursor: next } = standing(host, cursor, most).await?;
    let now = host.now().seconds();
    let mut page = ReviewPage { findings: Vec::new(), summary: Summary::default(), cursor: next };
    let failed = |read| move |error| PageError { cursor: cursor.map(str::to_owned), read, error };
    let keys = KeyReading::fetch(host, &keys).await.map_err(failed(0))?;
    let clients = ClientReading::fetch(host, &clients).await.map_err(failed(0))?;
    for (read, mut key) in (0..).zip(keys) {
        if !State::of(&key.record, now).is_ended() {
            key.fetch_neighbours(host).await.map_err(failed(read))?;
        }
        let found = review_key(&key, rules, now);
        page.summary.count_key(&InventoryLine::of(&key, now), &found);
        page.findings.extend(found);
    }
    for client in &clients {
        let found = review_client(client, rules, now);
        page.summary.count_client(&ClientSecretLine::of(client, now), &found);
        page.findings.extend(found);
    }
    page.findings.sort_by_key(|finding| finding.severity);
    Ok(page)
}

/// A review of the whole store: one page after the other, and what was counted so far.
#[derive(Debug, Clone, Default)]
pub struct ReviewWalk {
    progress: Progress,
    summary: Summary,
}

impl ReviewWalk {
    /// What was counted so far: of the whole store once [`ReviewWalk::next`] has said that there is no further page.
    #[must_use]
    pub const fn summary(&self) -> &Summary {
        &self.summary
    }

    /// Adds findings that are about no key to what is counted.
    pub fn count(&mut self, page: &ReviewPage) {
        self.summary.add(&page.summary);
    }

    /// The next page; none after the last. After an error it can be called again, and asks for the same page.
    ///
    /// # Errors
    /// [`WalkError`], which says how far the walk came: what was handed over so far is not the whole.
    pub async fn next<H: Host>(&mut self, host: &H, rules: &ReviewRules) -> Result<Option<ReviewPage>, WalkError> {
        if self.progress.is_done() {
            return Ok(None);
        }
        match review_page(host, rules, self.progress.cursor(), MOST_PER_PAGE).await {
            Ok(page) => {
                self.summary.add(&page.summary);
                let entries = usize::try_from(page.summary.entries()).unwrap_or(usize::MAX);
                self.progress.took(entries, page.cursor.clone());
                Ok(Some(page))
            }
            Err(error) => Err(self.progress.stopped(error)),
        }
    }
}

/// The inventory of the whole store, one page after the other.
#[derive(Debug, Clone, Default)]
pub struct InventoryWalk(Progress);

impl InventoryWalk {
    /// The next page; none after the last. After an error it can be called again, and asks for the same page.
    ///
    /// # Errors
    /// As [`ReviewWalk::next`].
    pub async fn next<H: Host>(&mut self, host: &H) -> Result<Option<InventoryPage>, WalkError> {
        if self.0.is_done() {
            return Ok(None);
        }
        match inventory_page(host, self.0.cursor(), MOST_PER_PAGE).await {
            Ok(page) => {
                self.0.took(page.entries, page.cursor.clone());
                Ok(Some(page))
            }
            Err(error) => Err(self.0.stopped(error)),
        }
    }
}
