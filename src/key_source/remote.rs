//! A key set that is fetched: isolate memory, then the store, then its issuer, then the snapshot that was brought along
//! (contract §4).
//!
//! [`State`] decides; what is here carries it out through the host. A request waits only where no usable set is at hand,
//! or where its token names a key that the set does not have. No request waits for another one's promise: it lets a
//! moment pass and looks again.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, AtomicU32, Ordering},
};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{
    Snapshot,
    cache_control::CacheControl,
    fetch::{self, DiscoveryError, Fetched, LONGEST_SET, Origin},
    lifetime::{KeySetRules, Lifetime, Phase},
    snapshot::Shared,
    state::{Errand, Flight, Held, Past, STORE_TIMEOUT, Seen, State, Step, Tier, Wanted},
};
use crate::{
    host::{Host, UnixMillis},
    jose::{Algorithm, KeySet, PORTABLE, VerificationKey, without_secrets},
    json,
    verdict::{Denial, Reason},
};

/// The first and the longest moment for which a request lets others go on, in milliseconds.
const MOMENTS: (u32, u32) = (4, 64);

/// How often a request looks again before it gives up. By then every flight that it could have waited for is overdue.
const MOST_LOOKS: usize = 512;

/// One key set that is fetched.
#[derive(Debug)]
pub struct RemoteKeySet {
    number: u32,
    issuer: String,
    origin: Origin,
    store_key: String,
    rules: KeySetRules,
    algorithms: Vec<Algorithm>,
    state: Mutex<State>,
    /// Whether it came into memory since somebody asked.
    newcomer: AtomicBool,
}

/// A key that vouches, and the set that it is in.
#[derive(Debug, Clone)]
pub struct Vouching {
    /// The key.
    pub key: Arc<VerificationKey>,
    /// From where its set came.
    pub tier: Tier,
    seen: Seen,
}

/// What is known of a key set, for an operator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KeySetStatus {
    /// The issuer.
    pub issuer: String,
    /// Where the set was fetched, or is to be.
    pub source: String,
    /// `fresh`, `stale`, `ifError`, `over` or `none`.
    pub phase: &'static str,
    /// `store`, `issuer` or `snapshot`.
    pub tier: Option<&'static str>,
    /// When it was fetched, in seconds since the Unix epoch.
    pub fetched_at: Option<i64>,
    /// When it will be over, in seconds since the Unix epoch.
    pub ends: Option<i64>,
    /// How many keys of it are usable.
    pub keys: usize,
    /// How the issuer failed, where it did not answer since.
    pub failure: Option<String>,
}

impl RemoteKeySet {
    /// A set that nothing is known of yet.
    pub(super) fn new(issuer: String, origin: Origin, rules: KeySetRules, algorithms: Vec<Algorithm>) -> Self {
        // Numbers are never used twice, so that a host can name a set without knowing whose it is.
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        // The issuer and where its keys are found: a policy that names another place does not take over what was found in
        // this one. The names are too long for the keys of some stores.
        let named = format!("{issuer}\n{}", origin.url());
        let store_key = format!("jwks/{}", base16ct::lower::encode_string(&Sha256::digest(named)));
        Self {
            number,
            issuer,
            origin,
            store_key,
            rules,
            algorithms,
            state: Mutex::default(),
            newcomer: AtomicBool::new(false),
        }
    }

    /// The number by which the host is asked to refresh it.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// Whether the set came into memory since this was asked last.
    pub(super) fn is_newcomer(&self) -> bool {
        self.newcomer.swap(false, Ordering::Relaxed)
    }

    /// The issuer.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The key under which the store holds the set.
    #[must_use]
    pub fn store_key(&self) -> &str {
        &self.store_key
    }

    /// Lets the state do something now. The host is asked for the time first: nothing of it runs while the state is held.
    fn at_once<H: Host, T>(&self, host: &H, work: impl FnOnce(&mut State, UnixMillis) -> T) -> T {
        let now = host.clock();
        work(&mut self.state(), now)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Starts with the snapshot that was brought along.
    pub(super) fn start_with(&self, snapshot: &Snapshot, keys: KeySet) {
        let (Some(fetched_at), Some(max_age)) = (snapshot.fetched_at(), snapshot.max_age()) else { return };
        let held = Held {
            keys: Arc::new(keys),
            lifetime: Lifetime::of_snapshot(fetched_at, max_age, &self.rules),
            asked: fetched_at.saturating_mul(1000),
            tier: Tier::Snapshot,
            source: snapshot.source().map(str::to_owned),
            etag: None,
            digest: snapshot.digest(),
            written: snapshot.written_keys(),
            saved: true,
        };
        self.state().start_with(held);
    }

    /// The key that a token asks for.
    ///
    /// # Errors
    /// As [`KeySet::select`]; [`Reason::KeySetStale`] and [`Reason::KeySetUnavailable`] where it cannot be told whether
    /// there is such a key.
    pub async fn find<H: Host>(&self, host: &H, kid: Option<&str>, algorithm: Algorithm) -> Result<Vouching, Denial> {
        let wanted = Wanted { kid, algorithm };
        let mut past = Past::default();
        let mut moment = MOMENTS.0;
        for _ in 0..MOST_LOOKS {
            let step = self.at_once(host, |state, now| state.step(now, &self.rules, wanted, past));
            match step {
                Step::Use { key, held, due } => {
                    self.call(host, due);
                    return Ok(Vouching { key, tier: held.tier, seen: held.seen() });
                }
                Step::Refuse { denial, due } => {
                    self.call(host, due);
                    return Err(denial);
                }
                Step::Lead(flight, errand) if !H::ASKS || !host.may_wait() => {
                    let give_back = |state: &mut State, now| state.give_back(now, &self.rules, flight, errand);
                    let due = self.at_once(host, give_back);
                    self.call(host, due);
                    return Err(cannot_wait());
                }
                Step::Lead(flight, errand) => {
                    // Others may wait for it.
                    host.work_for_others(true);
                    host.asking(|| self.carry_out(host, flight, errand, Some(wanted))).await;
                    host.work_for_others(false);
                    past.led = true;
                    past.sought |= errand == Errand::UnknownKey;
                }
                Step::Wait(_) if !H::ASKS || !host.may_wait() => return Err(cannot_wait()),
                Step::Wait(flight) => {
                    past.waits_for = Some(flight);
                    if host.wait(moment).await.is_err() {
                        break;
                    }
                    moment = moment.saturating_mul(2).min(MOMENTS.1);
                }
            }
        }
        Err(Denial::new(Reason::KeySetUnavailable).noting("another request looks for the key set"))
    }

    fn call<H: Host>(&self, host: &H, due: bool) {
        if due {
            host.refresh_later(self.number);
        }
    }

    /// Whether the set that is in force now still has this key, which this set vouched with.
    ///
    /// # Errors
    /// [`Reason::SigningKeyWithdrawn`]; [`Reason::KeySetStale`] and [`Reason::KeySetUnavailable`] where it cannot be told.
    pub fn vouches(&self, now: UnixMillis, vouching: &Vouching) -> Result<(), Denial> {
        self.state().vouches(now, &self.rules, &vouching.key, vouching.seen)
    }

    /// Fetches the set behind a request where that is due, and puts into the store what is not there yet.
    pub async fn refresh<H: Host>(&self, host: &H) {
        let flight = self.at_once(host, State::depart_behind);
        if let Some(flight) = flight {
            self.carry_out(host, flight, Errand::Refresh, None).await;
        }
        // Last, since a store may take its time with it.
        self.save(host).await;
    }

    /// Fetches the set by the clock, unless the issuer was asked a moment ago.
    pub async fn refresh_on_schedule<H: Host>(&self, host: &H) {
        let flight = self.at_once(host, State::depart);
        if let Some(flight) = flight {
            self.carry_out(host, flight, Errand::Scheduled, None).await;
            self.save(host).await;
        }
    }

    /// Looks into the store, and then asks the issuer, where that is still to be done.
    async fn carry_out<H: Host>(&self, host: &H, flight: Flight, errand: Errand, wanted: Option<Wanted<'_>>) {
        let stored = host.read_within(&self.store_key, STORE_TIMEOUT).await;
        // What cannot be read is as good as nothing: the issuer is asked.
        let stored = stored.ok().flatten().and_then(|bytes| self.read_stored(&bytes));
        // One that requests would have to wait with does not take the place of one that serves them, unless the issuer has
        // nothing better.
        let mut at_worst = None;
        if let Some(held) = stored {
            if self.at_once(host, |state, now| state.is_better_off_without(now, &self.rules, &held)) {
                at_worst = Some(held);
            } else {
                self.offer(host, held);
            }
        }
        let goes_on = self.at_once(host, |state, now| state.goes_on(now, &self.rules, errand, wanted));
        if goes_on {
            match self.ask_issuer(host, flight).await {
                Ok(held) => {
                    self.offer(host, held);
                    self.at_once(host, State::succeeded);
                }
                Err(words) => {
                    self.at_once(host, |state, now| state.failed(now, flight, words));
                    if let Some(held) = at_worst {
                        self.offer(host, held);
                    }
                }
            }
        }
        self.state().land(flight);
    }

    fn offer<H: Host>(&self, host: &H, held: Held) {
        let gone = self.at_once(host, |state, now| {
            // A snapshot that was brought along is there in any case.
            let before = state.held.as_ref().is_some_and(|held| held.tier != Tier::Snapshot);
            let gone = state.offer(now, held);
            if !before && state.held.is_some() {
                self.newcomer.store(true, Ordering::Relaxed);
            }
            gone
        });
        for key in gone {
            host.forget_key(key);
        }
    }

    /// What the issuer says now.
    async fn ask_issuer<H: Host>(&self, host: &H, flight: Flight) -> Result<Held, String> {
        let asks = || self.at_once(host, |state, now| state.asks_issuer(now, &self.rules, flight));
        let source = match &self.origin {
            Origin::JwksUri(uri) => uri.clone(),
            Origin::Discovery(url) => {
                let known = self.at_once(host, |state, now| state.discovered(now));
                if let Some(uri) = known {
                    uri
                } else {
                    asks();
                    let uri = fetch::discover(host, url, &self.issuer, self.rules.timeout).await;
                    let uri = uri.map_err(DiscoveryError::into_words)?;
                    self.at_once(host, |state, now| state.discovered = Some((uri.clone(), now.0)));
                    uri
                }
            }
        };
        asks();
        let held = self.state().held.clone();
        let known = held.filter(|held| held.source.as_deref() == Some(&source) && held.tier != Tier::Snapshot);
        let etag = known.as_ref().and_then(|held| held.etag.as_deref());
        // An answer may be as old as the question.
        let asked = host.clock();
        let (keys, answer) = match fetch::key_set(host, &source, etag, self.rules.timeout).await? {
            Fetched::Same(answer) => (None, answer),
            Fetched::Keys(keys, answer) => (Some(keys), answer),
        };
        let said = CacheControl::read(answer.header("cache-control"), answer.header("age"));
        let lifetime = match &known {
            // What an answer 304 does not say again still holds (RFC 9111 §3.2).
            Some(known) if keys.is_none() && answer.header("cache-control").is_none() => {
                Lifetime { fetched_at: asked.seconds(), ..known.lifetime }
            }
            _ => Lifetime::of_answer(asked.seconds(), &said, &self.rules),
        };
        let etag = answer.header("etag").filter(|etag| etag.len() <= LONGEST_ETAG).map(str::to_owned);
        match (keys, known) {
            (Some(written), _) => {
                let keys = self.prepare(&Snapshot::of_keys(written.clone()))?;
                let snapshot = Snapshot::of_keys(without_secrets(written));
                Ok(Held {
                    keys: Arc::new(keys),
                    lifetime,
                    asked: asked.0,
                    tier: Tier::Issuer,
                    source: Some(source),
                    etag,
                    digest: snapshot.digest(),
                    written: snapshot.written_keys(),
                    saved: false,
                })
            }
            (None, Some(known)) => Ok(Held {
                keys: Arc::clone(&known.keys),
                lifetime,
                asked: asked.0,
                tier: Tier::Issuer,
                source: Some(source),
                etag: etag.or_else(|| known.etag.clone()),
                digest: known.digest.clone(),
                written: Arc::clone(&known.written),
                saved: false,
            }),
            (None, None) => Err("status 304, and nothing was known".to_owned()),
        }
    }

    fn prepare(&self, snapshot: &Snapshot) -> Result<KeySet, String> {
        KeySet::prepare(snapshot.key_set(), &self.algorithms, PORTABLE).map_err(|error| error.to_string())
    }

    /// A set as the store holds it; none where it is not this set, or cannot be read.
    fn read_stored(&self, bytes: &[u8]) -> Option<Held> {
        if bytes.len() > LONGEST_ENTRY {
            return None;
        }
        let snapshot = Snapshot::from_json(&json::parse(bytes).ok()?).ok()?;
        let (fetched_at, max_age) = (snapshot.fetched_at()?, snapshot.max_age()?);
        let shared = snapshot.shared();
        if shared.issuer.as_deref() != Some(&self.issuer) {
            return None;
        }
        let lifetime = Lifetime {
            fetched_at,
            fresh: max_age.min(self.rules.max_age),
            revalidate: shared.stale_while_revalidate?.min(self.rules.stale_while_revalidate).max(0),
            if_error: shared.stale_if_error?.min(self.rules.max_stale).max(0),
        };
        let digest = snapshot.digest();
        let same = self.state().held.clone().filter(|held| held.digest == digest);
        let keys = match same {
            Some(held) => Arc::clone(&held.keys),
            None => Arc::new(self.prepare(&snapshot).ok()?),
        };
        Some(Held {
            keys,
            lifetime,
            asked: fetched_at.saturating_mul(1000),
            tier: Tier::Store,
            source: snapshot.source().map(str::to_owned),
            etag: shared.etag.clone(),
            digest,
            written: snapshot.written_keys(),
            saved: true,
        })
    }

    /// Puts the set into the store, unless a newer one is there.
    async fn save<H: Host>(&self, host: &H) {
        let Some(held) = self.state().unsaved() else { return };
        let now = host.clock();
        let stored = host.read_within(&self.store_key, STORE_TIMEOUT).await.ok().flatten();
        let stored = stored.and_then(|bytes| self.read_stored(&bytes));
        let newer = stored.filter(|stored| {
            stored.lifetime.fetched_at > held.lifetime.fetched_at
                && stored.lifetime.phase(now.seconds()) != Phase::Ahead
        });
        if let Some(newer) = newer {
            if !self.state().is_better_off_without(now, &self.rules, &newer) {
                self.offer(host, newer);
            }
        } else {
            let seconds = held.lifetime.end().saturating_sub(now.seconds()).max(LEAST_KEPT);
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            // A store that does not take it costs the other isolates a fetch, and no verdict.
            let _ = host.write(&self.store_key, self.entry(&held).into_bytes(), seconds).await;
        }
        self.state().saved(held.asked);
    }

    /// A set as it is written to the store: a snapshot, with what another isolate needs to go on.
    fn entry(&self, held: &Held) -> String {
        let Lifetime { fetched_at, fresh, revalidate, if_error } = held.lifetime;
        let shared = Shared {
            issuer: Some(self.issuer.clone()),
            etag: held.etag.clone(),
            stale_while_revalidate: Some(revalidate),
            stale_if_error: Some(if_error),
        };
        let keys = json::parse(held.written.as_bytes()).unwrap_or_default();
        let snapshot = Snapshot::new(keys, held.source.clone(), Some(fetched_at), Some(fresh));
        snapshot.with_shared(shared).to_json().to_string()
    }

    /// What is known of the set now.
    #[must_use]
    pub fn status(&self, now: UnixMillis) -> KeySetStatus {
        let state = self.state();
        let held = state.held.as_ref();
        let source = held.and_then(|held| held.source.clone()).unwrap_or_else(|| self.origin.url().to_owned());
        KeySetStatus {
            issuer: self.issuer.clone(),
            source,
            phase: held.map_or("none", |held| held.lifetime.phase(now.seconds()).as_str()),
            tier: held.map(|held| held.tier.as_str()),
            fetched_at: held.map(|held| held.lifetime.fetched_at),
            ends: held.map(|held| held.lifetime.end()),
            keys: held.map_or(0, |held| held.keys.keys().len()),
            failure: state.failure.as_ref().map(|failure| failure.words.clone()),
        }
    }

    /// When the set was used last, where there is one in memory that can be had again: a snapshot that was brought along
    /// is nowhere else.
    pub(super) fn used(&self) -> Option<i64> {
        let state = self.state();
        state.held.as_ref().filter(|held| held.tier != Tier::Snapshot).map(|_| state.used)
    }

    /// Frees the memory of the set.
    pub(super) fn evict<H: Host>(&self, host: &H) {
        let gone = self.state().evict();
        for key in gone {
            host.forget_key(key);
        }
    }
}

/// The largest entry of the store that is read, in bytes: a set, and what stands around it.
const LONGEST_ENTRY: usize = LONGEST_SET + 8 * 1024;

/// The shortest time that a store keeps anything, in seconds: Cloudflare KV takes no less.
const LEAST_KEPT: i64 = 60;

/// The longest entity tag that is kept, in bytes.
const LONGEST_ETAG: usize = 256;

fn cannot_wait() -> Denial {
    Denial::new(Reason::KeySetUnavailable)
        .noting("the key set would have to be fetched, and the check waits for nothing")
}
