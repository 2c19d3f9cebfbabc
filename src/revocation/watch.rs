//! Carrying out through the host what the state machine says: reading the signed deny list, and nothing else.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    DenyKeys, DenyList, LONGEST_DENY_SNAPSHOT,
    age::{Phase, Rules},
    state::{Flight, Newcomer, State, Step, TIMEOUT},
};
use crate::{
    host::{DENY_SNAPSHOT, Host, OutboundRequest, UnixMillis},
    verdict::Denial,
};

/// Where the signed deny list stands in the store.
pub const DENY_SNAPSHOT_KEY: &str = "deny/snapshot";

/// How long a request waits at first, and at most, before it looks again whether another one is done, in milliseconds.
const MOMENTS: (u32, u32) = (4, 64);

/// How often it looks again before it gives up. By then every flight that it could have waited for is overdue.
const MOST_LOOKS: usize = 64;

/// From where the signed deny list is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// From the store, under [`DENY_SNAPSHOT_KEY`].
    Store,
    /// From this URL.
    Url(String),
}

/// What is known of the signed deny list. Times are in seconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DenySnapshotStatus {
    /// `fresh`; `aging`: it counts, and is fetched again behind a request; `over`: it does not count; `ahead`: it was
    /// signed in the future, by a clock that was set back since; `none`: none was seen yet.
    pub phase: &'static str,
    /// When it was signed.
    pub issued_at: Option<i64>,
    /// From when on it does not count.
    pub ends: Option<i64>,
    /// For how long after it was signed a list counts, in seconds: the bound from a denial to the last acceptance.
    pub max_age: i64,
    /// How many entries it has.
    pub entries: usize,
    /// Why nothing came of reading it last.
    pub failure: Option<String>,
    /// Why nothing came of publishing last, where this process publishes.
    pub publish_failure: Option<String>,
}

/// The signed deny list of one policy, as one isolate knows it.
#[derive(Debug)]
pub struct Watch {
    rules: Rules,
    source: Source,
    keys: DenyKeys,
    state: Mutex<State>,
}

impl Watch {
    /// A watch for lists that these keys vouch for, each of which counts for so many seconds after it was signed.
    #[must_use]
    pub fn new(source: Source, keys: DenyKeys, max_age: u32) -> Self {
        let rules = Rules { max_age: i64::from(max_age).saturating_mul(1000) };
        Self { rules, source, keys, state: Mutex::default() }
    }

    /// The keys that it trusts.
    pub(super) const fn keys(&self) -> &DenyKeys {
        &self.keys
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change of the state is whole by itself, even where a thread died with the lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The list that counts now, which is looked for where there is none and the check may wait.
    ///
    /// # Errors
    /// [`Reason::DenySnapshotStale`] and [`Reason::DenySnapshotUnavailable`]
    pub(super) async fn list<H: Host>(&self, host: &H) -> Result<Arc<DenyList>, Denial> {
        let mut led = false;
        let mut moment = MOMENTS.0;
        for _ in 0..MOST_LOOKS {
            let step = self.state().step(host.clock(), self.rules, led);
            match step {
                Step::Use { list, due } => {
                    call(host, due);
                    return Ok(list);
                }
                Step::Refuse(denial) => {
                    // Whoever can sign may do so behind the request.
                    let due = self.state().may_call(host.clock(), self.rules);
                    call(host, due);
                    return Err(denial);
                }
                Step::Lead(flight) if !H::ASKS || !host.may_wait() => {
                    self.state().give_back(flight);
                    let due = self.state().may_call(host.clock(), self.rules);
                    call(host, due);
                    return self.at(host.clock());
                }
                Step::Lead(flight) => {
                    // Others may wait for it.
                    host.work_for_others(true);
                    host.asking(|| self.carry_out(host, flight)).await;
                    host.work_for_others(false);
                    led = true;
                }
                Step::Wait => {
                    if !H::ASKS || !host.may_wait() || host.wait(moment).await.is_err() {
                        break;
                    }
                    moment = moment.saturating_mul(2).min(MOMENTS.1);
                }
            }
        }
        self.at(host.clock())
    }

    /// The list that counts at this time, without looking for one.
    pub(super) fn at(&self, now: UnixMillis) -> Result<Arc<DenyList>, Denial> {
        self.state().at(now, self.rules)
    }

    /// Reads the list again, unless somebody does, or did a moment ago.
    pub(super) async fn refresh<H: Host>(&self, host: &H) {
        let flight = self.state().depart(host.clock());
        if let Some(flight) = flight {
            self.carry_out(host, flight).await;
        }
    }

    /// Whether less than half of the time of the list is left, or there is none that counts.
    pub(super) fn is_due(&self, now: UnixMillis) -> bool {
        self.state().is_due(now, self.rules)
    }

    /// When the newest list that was seen was signed, in seconds since the Unix epoch.
    pub(super) fn newest(&self) -> Option<i64> {
        self.state().newest()
    }

    /// How old a list may be, in seconds, before another one is looked for.
    pub(super) const fn half_life(&self) -> i64 {
        self.rules.max_age.div_euclid(2_000)
    }

    /// Whether lists are read where they are published.
    pub(super) const fn reads_store(&self) -> bool {
        matches!(self.source, Source::Store)
    }

    async fn carry_out<H: Host>(&self, host: &H, flight: Flight) {
        let outcome = match self.read(host).await {
            Ok(text) => self.offer(host, &text).await,
            Err(words) => Err(words),
        };
        self.state().land(host.clock(), flight, outcome);
    }

    /// Takes a text in force that was read or written, where a key vouches for it and it is not older than what is known.
    ///
    /// # Errors
    /// What is wrong with it, in words for the operator.
    pub(super) async fn offer<H: Host>(&self, host: &H, text: &[u8]) -> Result<(), String> {
        if text.len() > LONGEST_DENY_SNAPSHOT {
            return Err(super::DenySnapshotError::TooLong(text.len()).to_string());
        }
        let digest: [u8; 32] = Sha256::digest(text).into();
        if self.state().has(&digest) {
            return Ok(());
        }
        let snapshot = self.keys.verify(host, text).await.map_err(|error| error.to_string())?;
        let issued_at = snapshot.issued_at;
        let list = DenyList::new(snapshot.entries)?;
        self.state().offer(host.clock(), Newcomer { list, issued_at, digest })
    }

    async fn read<H: Host>(&self, host: &H) -> Result<Vec<u8>, String> {
        match &self.source {
            Source::Store => match host.read_within(DENY_SNAPSHOT_KEY, TIMEOUT).await {
                Ok(Some(text)) => Ok(text),
                Ok(None) => Err(format!("the store has nothing under `{DENY_SNAPSHOT_KEY}`")),
                Err(error) => Err(error.to_string()),
            },
            Source::Url(url) => {
                let request = OutboundRequest {
                    method: "GET",
                    url: url.clone(),
                    // A copy on the way would only be older.
                    headers: vec![
                        ("accept", "application/jwt, */*;q=0.1".to_owned()),
                        ("cache-control", "no-cache".to_owned()),
                    ],
                    body: None,
                    longest_answer: LONGEST_DENY_SNAPSHOT,
                    timeout: TIMEOUT,
                };
                let answer = host.fetch(request).await.map_err(|error| format!("{url}: {error}"))?;
                if answer.status == 200 { Ok(answer.body) } else { Err(format!("{url}: status {}", answer.status)) }
            }
        }
    }

    /// What is known of the list at this time.
    pub(super) fn status(&self, now: UnixMillis) -> DenySnapshotStatus {
        let state = self.state();
        let max_age = self.rules.max_age.div_euclid(1000);
        DenySnapshotStatus {
            phase: state.phase(now, self.rules).map_or("none", Phase::as_str),
            issued_at: state.newest(),
            ends: state.newest().map(|issued_at| issued_at.saturating_add(max_age)),
            max_age,
            entries: state.entries(),
            failure: state.failure().map(str::to_owned),
            publish_failure: None,
        }
    }
}

fn call<H: Host>(host: &H, due: bool) {
    if due {
        host.refresh_later(DENY_SNAPSHOT);
    }
}
