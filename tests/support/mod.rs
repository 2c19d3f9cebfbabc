//! What the integration tests share: a host that the test owns, issuers with fixed keys, and a mint that signs any text.

#![allow(dead_code, unused_imports, reason = "each test crate uses a part of it")]

mod host;
mod judge;
mod mint;

pub(crate) use host::{FakeHost, NOW, Native};
pub(crate) use judge::{about, edited, faults, granted, judged, plain, refused, try_verifier};
pub(crate) use mint::{
    AUDIENCE, ISSUER, Signer, claims, decode, encode, header, issuer, key, public, verifier, with, without,
};
