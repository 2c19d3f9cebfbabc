//! Forwarding: what the host does to an allowed request and to what comes back, and what is answered where nothing does.

use super::{Answer, Forward, Gate, GateRequest, Outcome, cors, decider::Decider, forward::OfAnswer, hop};
use crate::{
    governance::{FailedForwarding, forwarding_event},
    host::Host,
    policy::ForwardedHeaders,
    verdict::{Denial, Grant, Reason},
};

/// Why no answer came from the origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ForwardFailure {
    /// It could not be reached, or broke off before the head of its answer.
    Unreachable,
    /// The head of its answer did not come in time.
    TimedOut,
    /// The policy names no origin, and the host lent none.
    NoOrigin,
    /// The client left before: nobody reads the answer, and the origin is not to blame.
    ClientLeft,
}

impl ForwardFailure {
    /// The failure of this name, as hosts call it.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        match name {
            "timed_out" => Self::TimedOut,
            "no_origin" => Self::NoOrigin,
            "client_left" => Self::ClientLeft,
            _ => Self::Unreachable,
        }
    }

    const fn reason(self) -> Reason {
        match self {
            Self::TimedOut => Reason::OriginTimeout,
            Self::Unreachable | Self::NoOrigin | Self::ClientLeft => Reason::OriginUnavailable,
        }
    }
}

impl Gate {
    /// What the host does to a request that was allowed.
    pub(super) fn forward<H: Host>(&self, host: &H, request: &GateRequest, grant: &Grant, request_id: &str) -> Forward {
        self.decider.forward(request, self.identity(host, request, grant, request_id), request_id)
    }

    /// What is answered where the origin did not, and the event of it. `cause` is the host's word for it: it is kept for
    /// the operator where it is one word, and a text that could hold anything is not.
    pub fn forward_failed<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        request_id: &str,
        failure: ForwardFailure,
        cause: Option<&str>,
    ) -> Outcome {
        let reason = failure.reason();
        let is_word = |cause: &&str| {
            (1..=40).contains(&cause.len()) && cause.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        let note = match failure {
            ForwardFailure::NoOrigin => Some("the policy names no origin and none was lent"),
            _ => cause.filter(is_word),
        };
        let event = forwarding_event(&FailedForwarding {
            reason,
            note,
            method: &request.method,
            address: self.decider.address(request).as_deref(),
            route: self.decider.pattern_of(request),
            origin: self.decider.origin.as_deref(),
            request_id,
            at: host.now(),
        });
        let audit = if failure == ForwardFailure::ClientLeft { Vec::new() } else { vec![event] };
        let answer = self.decider.finish(request, Answer::denial(&Denial::new(reason), request_id));
        Outcome::Respond { answer, audit }
    }
}

impl Decider {
    /// What the host does to a request that was allowed, where the origin is told this of who was let in.
    pub(super) fn forward(&self, request: &GateRequest, identity: Vec<(String, String)>, request_id: &str) -> Forward {
        let ended =
            hop::ended(request, &self.credentials, self.proxy.forwarded, self.proxy.upgrades, self.origin.is_some());
        let mut set = identity;
        set.extend(self.forwarded_headers(request));
        Forward {
            origin: self.origin.clone(),
            request_id: request_id.to_owned(),
            remove: ended,
            set,
            timeout: self.origin_timeout,
            answer: self.of_answer(request),
        }
    }

    /// The last touch to whatever the gate answers.
    pub(super) fn finish(&self, request: &GateRequest, answer: Answer) -> Answer {
        match &self.cors {
            Some(cors) => cors.finish(answer, request),
            None => answer,
        }
    }

    /// What is done to the headers of whatever answers an allowed request; none for nothing.
    pub(super) fn of_answer(&self, request: &GateRequest) -> Option<OfAnswer> {
        self.cors.as_ref().map(|cors| OfAnswer {
            remove: cors::OF_ANSWERS.map(str::to_owned).into(),
            set: cors.of_answer(request),
            add: cors.vary().map(|vary| ("vary".to_owned(), vary.to_owned())).into_iter().collect(),
        })
    }

    /// Where the request came from, as the origin is told.
    fn forwarded_headers(&self, request: &GateRequest) -> Vec<(String, String)> {
        let mode = self.proxy.forwarded;
        if mode == ForwardedHeaders::Drop {
            return Vec::new();
        }
        let appends = mode == ForwardedHeaders::Append;
        let is_there = |name: &str| appends && request.values(name).next().is_some();
        let mut set = Vec::new();
        // Behind a proxy that adds to the list, its own address is the next entry; elsewhere the client's is the only one.
        let address = if appends { request.address.as_deref().map(Into::into) } else { self.address(request) };
        if let Some(address) = address.filter(|address| address.parse::<std::net::IpAddr>().is_ok()) {
            let mut hops: Vec<&str> = if appends { request.values("x-forwarded-for").collect() } else { Vec::new() };
            hops.push(&address);
            set.push(("x-forwarded-for".to_owned(), hops.join(", ")));
        }
        let own = request.authority();
        let told = self.public_origin.as_deref().and_then(|origin| origin.split_once("://"));
        // Where TLS ended before, the scheme of the URL says nothing.
        let scheme = told.map(|(scheme, _)| scheme).or(own.map(|(scheme, _)| scheme).filter(|_| !self.tls_ends_ahead));
        let authority = told.map(|(_, authority)| authority).or(own.map(|(_, authority)| authority));
        for (name, value) in [("x-forwarded-proto", scheme), ("x-forwarded-host", authority)] {
            if let Some(value) = value.filter(|value| !is_there(name) && is_plain(value)) {
                set.push((name.to_owned(), value.to_ascii_lowercase()));
            }
        }
        set
    }
}

/// Whether a scheme or an authority is one that no reader takes for several.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'[' | b']'))
}
