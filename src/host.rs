//! The one port: what the core asks of the runtime that it lives in.
//!
//! The core reads no clock, draws no random byte and opens no connection. A test implements [`Host`] with a clock that
//! it owns and a store that fails on demand; the wasm build implements it over JavaScript; a Rust service implements it
//! over whatever it uses.

use std::{fmt, future::Future};

use serde::Deserialize;

use crate::jose::{Algorithm, PublicKey};

/// A point in time: milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixMillis(pub i64);

impl UnixMillis {
    /// The same point in whole seconds, rounded down: the unit of `exp`, `nbf` and the records' times.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

/// The host could not do what it was asked. The words are for the operator: they reach the audit event and no client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostError(pub String);

impl HostError {
    /// What is said of a host that sends none.
    pub(crate) fn no_requests() -> Self {
        Self("this host sends no requests".to_owned())
    }
}

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for HostError {}

/// Why there is no body of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyError {
    /// It is longer than was asked for.
    TooLong,
    /// It did not come in full.
    Failed(HostError),
}

/// A signature for the host to check with its native cryptography.
#[derive(Debug, Clone, Copy)]
pub struct NativeCheck<'a> {
    /// The algorithm; [`Host::has_native`] said that the host has it.
    pub algorithm: Algorithm,
    /// The key, whose import the host may keep by [`PublicKey::id`] and algorithm: one RSA key may serve several, and an
    /// import is often bound to one.
    pub key: &'a PublicKey,
    /// What was signed.
    pub message: &'a [u8],
    /// The signature in its JWS form (RFC 7518 §3).
    pub signature: &'a [u8],
}

/// A request to another server. Its headers and its body hold a client's secret and a token: they are shown to nobody.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboundRequest {
    /// The method.
    pub method: &'static str,
    /// The URL.
    pub url: String,
    /// The headers, their names in lower case.
    pub headers: Vec<(&'static str, String)>,
    /// The body; none for a request that has none.
    pub body: Option<String>,
    /// The most bytes of an answer that are read; one that is longer is an error.
    pub longest_answer: usize,
    /// How long the server has to answer in full, in milliseconds.
    pub timeout: u32,
}

impl fmt::Debug for OutboundRequest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OutboundRequest")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// What another server answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InboundAnswer {
    /// The status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
}

impl InboundAnswer {
    /// The value of a header, by its name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// One page of the names that a store holds under a prefix.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// The names, in whatever order the store has them; none stands on two pages.
    pub keys: Vec<String>,
    /// What the next page is asked for with; none on the last one. A page may be empty and not the last.
    pub cursor: Option<String>,
}

/// The number by which [`Host::refresh_later`] is asked for the notes of when keys were used. Key sets are numbered from
/// nought upwards.
pub const USAGE_NOTES: u32 = u32::MAX;

/// The number by which [`Host::refresh_later`] is asked for the signed deny list.
pub const DENY_SNAPSHOT: u32 = u32::MAX - 1;

/// The number by which [`Host::refresh_later`] is asked for the notes of when tokens of clients came.
pub const CLIENT_NOTES: u32 = u32::MAX - 2;

/// What a host keeps count of beside what the core decides.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Surroundings {
    /// Where audit events go.
    pub sinks: Vec<SinkCounts>,
}

/// What became of the audit events that went to one sink.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SinkCounts {
    /// Its name.
    pub name: String,
    /// How many it took.
    pub sent: u64,
    /// How many were handed to it and did not come through, as far as can be told.
    pub failed: u64,
    /// How many were never handed to it, since too many waited.
    pub dropped: u64,
    /// How many wait.
    pub waiting: u64,
}

/// What the core asks for. The futures need not be `Send`; those of a host that is used across threads will be.
pub trait Host {
    /// Whether there is anybody to ask (a server, native cryptography) and anything worth remembering for a later check. A
    /// host that only explains has neither.
    const ASKS: bool = true;

    /// Work that asks, carried out where there is anybody to ask, and none where there is nobody. Such a host says so here
    /// as in [`Host::ASKS`], and the work is then not even in its binary: a future that is never made is still compiled
    /// into the one that could wait for it.
    fn asking<F: Future>(&self, work: impl FnOnce() -> F) -> impl Future<Output = Option<F::Output>> {
        async move { Some(work().await) }
    }

    /// The time for which a credential is judged.
    fn now(&self) -> UnixMillis;

    /// The time that passes, by which what is kept ages. It is another one only where a single check stands for another
    /// time: what that check fetches is of today all the same.
    fn clock(&self) -> UnixMillis {
        self.now()
    }

    /// Fills the buffer from a cryptographically secure source.
    ///
    /// # Errors
    /// When the host has no such source.
    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError>;

    /// The value that the store holds under this key, or none.
    ///
    /// # Errors
    /// When the store did not answer, or not in time. An error means "cannot tell", never "no".
    fn read(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, HostError>>;

    /// As [`Host::read`], where the store has this long to answer, in milliseconds.
    ///
    /// # Errors
    /// As [`Host::read`].
    fn read_within(&self, key: &str, timeout: u32) -> impl Future<Output = Result<Option<Vec<u8>>, HostError>> {
        let _ = timeout;
        self.read(key)
    }

    /// As [`Host::read_within`], where a store that keeps copies nearby may answer from one of this age, in seconds.
    ///
    /// # Errors
    /// As [`Host::read`].
    fn read_nearby(
        &self,
        key: &str,
        timeout: u32,
        cached: u32,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, HostError>> {
        let _ = cached;
        self.read_within(key, timeout)
    }

    /// The value that was written last, past every copy, where the host's store knows it; elsewhere as [`Host::read`].
    ///
    /// # Errors
    /// As [`Host::read`].
    fn read_latest(&self, key: &str) -> impl Future<Output = Result<Option<Vec<u8>>, HostError>> {
        self.read(key)
    }

    /// The values under several keys, in their order. A host that can asks for all of them at once.
    ///
    /// # Errors
    /// As [`Host::read`], where it fails for one of them.
    fn read_many(&self, keys: &[String]) -> impl Future<Output = Result<Vec<Option<Vec<u8>>>, HostError>> {
        async move {
            let mut values = Vec::with_capacity(keys.len());
            for key in keys {
                values.push(self.read(key).await?);
            }
            Ok(values)
        }
    }

    /// Puts another value under a key of the store, for good, if what stands there is still `expected`; none stands for
    /// no value. False where something else stands there by now, and nothing was changed.
    ///
    /// # Errors
    /// When nobody can tell whether it was changed. Where a host's store takes no writes it never is.
    fn swap(
        &self,
        key: &str,
        expected: Option<&[u8]>,
        value: Option<&[u8]>,
    ) -> impl Future<Output = Result<bool, HostError>> {
        let _ = (key, expected, value);
        async { Err(HostError("this host's store takes no writes".to_owned())) }
    }

    /// A page of at most so many of the names that begin with a prefix: the first, or the one that a cursor leads to.
    ///
    /// # Errors
    /// When the store did not answer, or has no list.
    fn list(&self, prefix: &str, cursor: Option<&str>, most: u32) -> impl Future<Output = Result<Listing, HostError>> {
        let _ = (prefix, cursor, most);
        async { Err(HostError("this host's store has no list".to_owned())) }
    }

    /// The body of the request that is being answered. It is asked for once, and by endpoints that need it.
    ///
    /// # Errors
    /// When it is longer than this, did not come in full, or there is none to read.
    fn body(&self, longest: usize) -> impl Future<Output = Result<Vec<u8>, BodyError>> {
        let _ = longest;
        async { Err(BodyError::Failed(HostError("this host hands over no bodies".to_owned()))) }
    }

    /// Puts a value under a key of the store, for so many seconds.
    ///
    /// # Errors
    /// When it was not put there, or nobody can tell. Where a host's store takes no writes it never is.
    fn write(&self, key: &str, value: Vec<u8>, seconds: u32) -> impl Future<Output = Result<(), HostError>> {
        let _ = (key, value, seconds);
        async { Err(HostError("this host's store takes no writes".to_owned())) }
    }

    /// Lets some milliseconds pass, while others of the host's requests go on.
    ///
    /// # Errors
    /// When the host has no timer.
    fn wait(&self, milliseconds: u32) -> impl Future<Output = Result<(), HostError>> {
        let _ = milliseconds;
        async { Err(HostError("this host has no timer".to_owned())) }
    }

    /// Whether a check may wait for the host at all. Where it may not, it cannot tell what it does not know already.
    fn may_wait(&self) -> bool {
        true
    }

    /// Asks for `refresh` of whoever asks (a verifier, a checker, a gate) to be called with this number behind the request:
    /// the number of a key set, [`USAGE_NOTES`], [`CLIENT_NOTES`] or [`DENY_SNAPSHOT`]. A host that does not do so loses nothing but time,
    /// and the notes of when keys were used: a later request waits for the set instead.
    fn refresh_later(&self, work: u32) {
        let _ = work;
    }

    /// Whether what the check waits for from now on is done for others too, and is to go on where the client that asked
    /// for the check leaves. A host that cannot do so loses nothing but time: another request takes over what is overdue.
    fn work_for_others(&self, does: bool) {
        let _ = does;
    }

    /// What the host keeps count of, for whoever asks how the gate is.
    fn surroundings(&self) -> Surroundings {
        Surroundings::default()
    }

    /// The host may forget what it imported of the key of this number.
    fn forget_key(&self, key: u32) {
        let _ = key;
    }

    /// What another server answers. Redirects are not followed: their own status is the answer.
    ///
    /// # Errors
    /// When there was no answer, not in time, or a longer one. Where a host sends no requests there never is one.
    fn fetch(&self, request: OutboundRequest) -> impl Future<Output = Result<InboundAnswer, HostError>> {
        let _ = request;
        async { Err(HostError::no_requests()) }
    }

    /// Counts a request under a key at a limiter of this name, and says whether it is within the limiter's limit. The
    /// limiter has this long to answer, in milliseconds. The key is a digest and never a credential.
    ///
    /// # Errors
    /// When there is no limiter of this name, or it did not answer, or not in time. An error means "cannot tell", never
    /// "no".
    fn limit(&self, limiter: &str, key: &str, timeout: u32) -> impl Future<Output = Result<bool, HostError>> {
        let _ = (limiter, key, timeout);
        async { Err(HostError("this host has no limiters".to_owned())) }
    }

    /// Whether the host checks signatures of this algorithm natively.
    fn has_native(&self, algorithm: Algorithm) -> bool;

    /// Checks a signature natively.
    ///
    /// # Errors
    /// When the host could not carry the check out, for instance since it cannot import the key. The core then
    /// checks the signature itself, so that the verdict is the same on every host.
    fn verify_signature(&self, check: NativeCheck<'_>) -> impl Future<Output = Result<bool, HostError>>;
}
