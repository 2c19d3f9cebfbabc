//! What the gate answers by itself.

use serde::Serialize;

use super::forward;
use crate::verdict::{Denial, Grant, Reason, Verdict, problem_document, verdict_document};

/// A response, for the host to send as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Answer {
    fn new(status: u16, media_type: &str, body: String) -> Self {
        let headers = [("content-type", media_type), ("cache-control", "no-store")];
        Self { status, headers: headers.map(|(name, value)| (name.to_owned(), value.to_owned())).into(), body }
    }

    pub(super) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// A document of this media type.
    pub(super) fn of(media_type: &str, body: String) -> Self {
        Self::new(200, media_type, body)
    }

    /// An answer without a body.
    pub(super) fn empty(status: u16) -> Self {
        Self { status, headers: vec![("cache-control".to_owned(), "no-store".to_owned())], body: String::new() }
    }

    /// A document of this media type that anybody may keep for so many seconds.
    pub(super) fn public(media_type: &str, body: String, max_age: u32) -> Self {
        let cache_control = format!("public, max-age={max_age}");
        let headers =
            vec![("content-type".to_owned(), media_type.to_owned()), ("cache-control".to_owned(), cache_control)];
        Self { status: 200, headers, body }
    }

    /// A JSON document that is no verdict.
    pub(super) fn json(body: String) -> Self {
        Self::new(200, "application/json", body)
    }

    /// The same answer, to the request of this id.
    pub(super) fn with_request_id(self, request_id: &str) -> Self {
        self.with(forward::REQUEST_ID, request_id)
    }

    /// The answer to a denied request: a problem document (RFC 9457), with a challenge where one is due.
    pub(super) fn denial(denial: &Denial, request_id: &str) -> Self {
        let answer = Self::new(
            denial.reason.disclosed().facts().status,
            "application/problem+json",
            problem_document(denial, request_id),
        )
        .with(forward::REQUEST_ID, request_id)
        .with_limit_of(denial);
        let answer = match &denial.allowed_methods {
            Some(methods) => answer.with("allow", methods.as_ref()),
            None => answer,
        };
        match denial.challenge() {
            Some(challenge) => answer.with("www-authenticate", challenge),
            None => answer,
        }
    }

    /// The answer to give when the core itself has failed.
    #[must_use]
    pub fn failed() -> Self {
        Self::denial(&Reason::HostFailed.into(), "")
    }

    /// The answer of the verify endpoint to an allowed request: the verdict, and the headers that the origin would get.
    pub(super) fn grant(grant: &Grant, request_id: &str) -> Self {
        let mut answer = Self::json(verdict_document(&Verdict::Ok(grant.clone())));
        answer.headers.extend(forward::identity(grant, request_id));
        answer
    }
}
