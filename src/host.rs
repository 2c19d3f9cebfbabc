//! The one port: what the core asks of the runtime that it lives in.
//!
//! The core reads no clock, draws no random byte and opens no connection. A test implements [`Host`] with a clock that
//! it owns and a store that fails on demand; the wasm build implements it over JavaScript; a Rust service implements it
//! over whatever it uses.

use std::{fmt, future::Future};

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

impl fmt::Display for HostError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for HostError {}

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
    /// The body.
    pub body: String,
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
    /// The body.
    pub body: Vec<u8>,
}

/// What the core asks for. The futures need not be `Send`; those of a host that is used across threads will be.
pub trait Host {
    /// The time.
    fn now(&self) -> UnixMillis;

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

    /// What another server answers. Redirects are not followed: their own status is the answer.
    ///
    /// # Errors
    /// When there was no answer, not in time, or a longer one. Where a host sends no requests there never is one.
    fn fetch(&self, request: OutboundRequest) -> impl Future<Output = Result<InboundAnswer, HostError>> {
        let _ = request;
        async { Err(HostError("this host sends no requests".to_owned())) }
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
