//! The forward-auth mode: a proxy asks about each request, and forwards it itself (contract §7.2).

use std::net::IpAddr;

use super::{
    Answer, Decision, Gate, GateRequest, address,
    assertion::ASSERTION,
    decider::Decider,
    guard::Answered,
    handle::respond,
    hop,
    original::{self, ORIGINAL_URI},
};
use crate::{
    api_key::Cidr,
    host::Host,
    policy::{Dialect, Policy, TrustedProxiesPolicy},
    verdict::{Denial, Reason},
};

/// The status that the gate would have answered with, where the dialect has no word for it.
const STATUS: &str = "edgeward-status";
/// The code of the reason, beside it.
const REASON: &str = "edgeward-reason";
/// The problem document, for a proxy that drops bodies.
const PROBLEM: &str = "edgeward-problem";

/// The proxies that ask.
#[derive(Debug)]
pub(crate) struct ForwardAuth {
    dialect: Dialect,
    proxies: Option<Vec<Cidr>>,
    /// Whose word on a client's address is taken: the address of the call is never that of the client.
    believed: Option<TrustedProxiesPolicy>,
}

impl ForwardAuth {
    pub(super) fn of(policy: &Policy) -> Option<Self> {
        let forward_auth = policy.forward_auth.as_ref()?;
        let proxies = forward_auth.proxies.clone();
        let believed = policy.trusted_proxies.clone().or_else(|| {
            proxies.clone().map(|addresses| TrustedProxiesPolicy { header: "x-forwarded-for".to_owned(), addresses })
        });
        Some(Self { dialect: forward_auth.dialect, proxies, believed })
    }

    /// What follows `verify` in the path of a call; none where this is no call of a proxy.
    fn behind<'r>(&self, prefix: &str, call: &'r GateRequest) -> Option<&'r str> {
        let own = call.target().0.strip_prefix(prefix).and_then(|rest| rest.strip_prefix("/verify"));
        match self.dialect {
            // Dot segments may have led the path out of `verify`, to another endpoint even: a call is known by its
            // header all the same. What stands there in place of the path is not that of the header.
            Dialect::Envoy if call.values(ORIGINAL_URI).next().is_some() => Some(own.unwrap_or_default()),
            Dialect::Envoy => own.filter(|rest| rest.is_empty() || rest.starts_with('/')),
            Dialect::Nginx | Dialect::Traefik | Dialect::Caddy => own.filter(|rest| rest.is_empty()),
        }
    }

    /// Whether it is one of the proxies that asks.
    fn knows(&self, call: &GateRequest) -> bool {
        let Some(proxies) = &self.proxies else { return true };
        let peer: Option<IpAddr> = call.address.as_deref().and_then(|address| address.parse().ok());
        peer.is_some_and(|peer| proxies.iter().any(|range| range.contains(peer)))
    }

    /// The client's address, where a proxy says it whose word is taken.
    fn client(&self, call: &GateRequest) -> Option<String> {
        let believed = self.believed.as_ref()?;
        let says = call.values(&believed.header.to_ascii_lowercase()).next().is_some();
        let peer = call.address.as_deref()?.parse().ok()?;
        let is_proxy = believed.addresses.iter().any(|range| range.contains(peer));
        let address = if says && is_proxy { address::behind(call, believed) } else { None };
        address.map(std::borrow::Cow::into_owned)
    }
}

impl Gate {
    /// Whether a proxy asks about a request by this one. Whatever else answered it, in its own right, would be taken for
    /// a yes: the path of a call can be led to another document of the gate's, and a copied method can be that of a
    /// preflight.
    pub(super) fn is_asked(&self, call: &GateRequest) -> bool {
        self.forward_auth.as_ref().is_some_and(|asking| asking.behind(&self.decider.prefix, call).is_some())
    }

    /// Answers a proxy that asks about a request. Nothing else is forwarded where proxies ask. None where it is for
    /// another endpoint, or the policy has no such proxies.
    pub(super) async fn answer_proxy<H: Host>(&self, host: &H, call: &GateRequest) -> Option<Answered> {
        let asking = self.forward_auth.as_ref()?;
        let Some(behind) = asking.behind(&self.decider.prefix, call) else {
            let is_own = call.target().0.strip_prefix(&self.decider.prefix).is_some_and(|rest| rest.starts_with('/'));
            let denial = || Denial::new(Reason::RouteUnknown).noting("nothing is forwarded where proxies ask");
            return (!is_own).then(|| self.refuse(host, call, &denial()));
        };
        let (decision, identity) = match self.asked_about(asking, call, behind) {
            Ok(original) => {
                let decision = self.check(host, &original).await;
                let of = |grant| self.identity(host, &original, grant, &decision.request_id);
                let identity = decision.verdict.as_ref().map(of).unwrap_or_default();
                (decision, identity)
            }
            Err(denial) => {
                let route = Some(format!("{}/verify", self.decider.prefix));
                (self.decided(host, call, host.now(), route, Err(denial)), Vec::new())
            }
        };
        Some(respond(answer(asking.dialect, &decision, identity), &decision))
    }

    /// The request that a proxy asks about.
    fn asked_about(&self, asking: &ForwardAuth, call: &GateRequest, behind: &str) -> Result<GateRequest, Denial> {
        if !asking.knows(call) {
            return Err(Reason::ForwardAuthPeerUnknown.into());
        }
        let mut original = original::rebuild(asking.dialect, call, behind)?;
        self.decider.judge_original(&original)?;
        original.address = asking.client(call);
        if let Some(believed) = &asking.believed {
            original.headers.retain(|(name, _)| !name.eq_ignore_ascii_case(&believed.header));
        }
        Ok(original)
    }
}

impl Decider {
    /// Whether a request that a proxy asks about is one that the proxy can let through as the gate would.
    ///
    /// # Errors
    /// [`Reason::HeaderReserved`], [`Reason::RequestAmbiguous`], [`Reason::RouteUnknown`].
    pub(super) fn judge_original(&self, original: &GateRequest) -> Result<(), Denial> {
        // The proxy sets the ones that the gate names, and would let the others through.
        if original.headers.iter().any(|(name, _)| hop::is_taken_for_reserved(name)) {
            return Err(Reason::HeaderReserved.into());
        }
        // It takes out those of the very names.
        if original.headers.iter().any(|(name, _)| hop::is_twin_of_override(name)) {
            return Err(Denial::new(Reason::RequestAmbiguous).noting("a header that some origins read as another one"));
        }
        // In the proxy mode what stands here never reaches the origin.
        let rest = original.target().0.strip_prefix(&self.prefix);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/')) {
            return Err(Denial::new(Reason::RouteUnknown).noting("a path of the gate's own"));
        }
        Ok(())
    }
}

fn answer(dialect: Dialect, decision: &Decision, identity: Vec<(String, String)>) -> Answer {
    match (&decision.verdict, dialect) {
        (Ok(_), _) => pass(identity),
        (Err(denial), Dialect::Nginx) => for_nginx(denial, &decision.request_id),
        (Err(denial), _) => Answer::denial(denial, &decision.request_id),
    }
}

/// Allowed: the headers that the origin is to get, and no body, which no proxy reads.
fn pass(identity: Vec<(String, String)>) -> Answer {
    let mut answer = Answer::of("text/plain", String::new());
    answer.headers.extend(identity);
    // A proxy that is told to copy a header that is not there may make one up: Caddy sends its own placeholder.
    if !answer.headers.iter().any(|(name, _)| name == ASSERTION) {
        answer = answer.with(ASSERTION, "");
    }
    answer
}

/// Denied, in the two statuses that nginx has an ear for: everything else is 500 to its client. Each of them keeps the
/// request from the origin. What it would have been stands beside it, for nginx to tell.
fn for_nginx(denial: &Denial, request_id: &str) -> Answer {
    let answer = Answer::denial(denial, request_id);
    let (status, problem) = (answer.status, in_ascii(&answer.body));
    let answer =
        answer.with(STATUS, status.to_string()).with(REASON, denial.reason.disclosed().code()).with(PROBLEM, problem);
    Answer { status: if status == 401 { 401 } else { 403 }, ..answer }
}

/// JSON in visible ASCII and spaces alone (RFC 8259 §7): the value of a header.
fn in_ascii(json: &str) -> String {
    use std::fmt::Write as _;
    let mut text = String::with_capacity(json.len());
    for unit in json.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte @ b' '..=b'~') => text.push(char::from(byte)),
            // Writing to a string does not fail.
            _ => drop(write!(text, "\\u{unit:04x}")),
        }
    }
    text
}
