//! How many requests are let through that are otherwise allowed (contract §7.6): the limits of the policy, asked in their
//! order once a credential is authenticated and its route takes it.

use std::{borrow::Cow, collections::BTreeMap, net::IpAddr};

use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Answer, Decision, Gate, GateRequest, budget::Budget};
use crate::{
    host::{Host, UnixMillis},
    limits::Counter,
    policy::{LimitBy, LimitRulePolicy, LimitsPolicy, WhenUnavailable},
    verdict::{CredentialClass, Denial, Evidence, Grant, LimitState, Principal, Reason, Verdict},
};

/// How long a limiter has to answer, in milliseconds. What was judged before it was asked is so much older than it would
/// be, at most.
pub(super) const LIMITER_TIMEOUT: u32 = 500;

/// The limits of a policy, with what they have counted.
#[derive(Debug, Default)]
pub(crate) struct Limits {
    rules: Vec<Rule>,
    pub(super) budget: Option<Budget>,
    bindings: Vec<String>,
}

#[derive(Debug)]
struct Rule {
    name: String,
    by: LimitBy,
    classes: Vec<CredentialClass>,
    routes: Vec<String>,
    period: u32,
    lets_through: bool,
    limit: Limit,
    key_classes: BTreeMap<String, Limit>,
    counter: Counter,
}

#[derive(Debug)]
struct Limit {
    most: u32,
    /// The limiter of the host that counts; none where the rule does.
    binding: Option<String>,
}

impl Limits {
    /// The limits that a policy says, which was judged before.
    pub(super) fn of(policy: Option<LimitsPolicy>) -> Self {
        let Some(policy) = policy else { return Self::default() };
        let bindings = policy.bindings().into_iter().map(str::to_owned).collect();
        Self {
            rules: policy.rules.into_iter().map(Rule::new).collect(),
            budget: policy.refused.map(Budget::new),
            bindings,
        }
    }
}

impl Rule {
    fn new(policy: LimitRulePolicy) -> Self {
        let key_classes = policy.key_classes.into_iter();
        Self {
            name: policy.name,
            by: policy.by,
            classes: policy.classes,
            routes: policy.routes,
            period: policy.period,
            lets_through: policy.when_unavailable == Some(WhenUnavailable::Allow),
            limit: Limit { most: policy.limit, binding: policy.binding },
            key_classes: key_classes
                .map(|(name, class)| (name, Limit { most: class.limit, binding: class.binding }))
                .collect(),
            counter: Counter::new(policy.period),
        }
    }

    fn is_for(&self, class: CredentialClass, route: Option<&str>) -> bool {
        (self.classes.is_empty() || self.classes.contains(&class))
            && (self.routes.is_empty() || route.is_some_and(|route| self.routes.iter().any(|known| known == route)))
    }

    /// The limit of a grant, and the class of keys that it is of where the policy names it.
    fn limit_of(&self, grant: &Grant) -> (&Limit, Option<&str>) {
        let named = if self.key_classes.is_empty() { None } else { rate_limit_class(grant) };
        match named.and_then(|class| self.key_classes.get_key_value(class.as_ref())) {
            Some((class, limit)) => (limit, Some(class)),
            None => (&self.limit, None),
        }
    }

    /// What is counted together with this request, in a form that no two have in common.
    fn bucket(&self, grant: &Grant, class: Option<&str>, address: Option<&str>) -> String {
        let who = &grant.principal;
        match (self.by, who.organization.as_deref(), address) {
            (LimitBy::Class, ..) => text(&["class", grant.class.as_str()]),
            (LimitBy::Organization, Some(organization), _) => text(&["organization", organization]),
            (LimitBy::Address, _, Some(address)) => text(&["address", &network(address)]),
            // Who names no organization, and whose address nobody knows, shares its limit with nobody: others could use
            // up what they share.
            _ => credential(grant.class, who, class),
        }
    }

    async fn count<H: Host>(&self, host: &H, grant: &Grant, address: Option<&str>) -> (LimitState, bool) {
        let (limit, class) = self.limit_of(grant);
        let bucket = self.bucket(grant, class, address);
        let state = LimitState {
            rule: self.name.clone(),
            limit: limit.most,
            period: self.period,
            remaining: None,
            reset: None,
            failure: None,
        };
        let Some(binding) = &limit.binding else {
            let taken = self.counter.take(host, &bucket, limit.most);
            return (LimitState { remaining: Some(taken.remaining), reset: Some(taken.reset), ..state }, taken.within);
        };
        match host.limit(binding, &limiter_key(&self.name, &bucket), LIMITER_TIMEOUT).await {
            Ok(true) => (state, true),
            Ok(false) => (LimitState { remaining: Some(0), ..state }, false),
            Err(error) => {
                (LimitState { failure: Some(format!("the limiter `{binding}`: {error}")), ..state }, self.lets_through)
            }
        }
    }
}

impl Gate {
    /// The limiters that the policy names, which the host has to lend.
    #[must_use]
    pub fn limiters(&self) -> &[String] {
        &self.limits.bindings
    }

    /// The decision about a request, once it is held against the limits as well.
    pub(super) async fn decided_within_limits<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        started: UnixMillis,
        route: Option<String>,
        verdict: Verdict,
    ) -> Decision {
        let (verdict, limits) = match verdict {
            Ok(grant) => self.count(host, request, route.as_deref(), grant).await,
            denied => (denied, Vec::new()),
        };
        let mut decision = self.decided(host, request, started, route, verdict);
        decision.limits = limits;
        self.report_refused(host).await;
        decision
    }

    async fn count<H: Host>(
        &self,
        host: &H,
        request: &GateRequest,
        route: Option<&str>,
        grant: Grant,
    ) -> (Verdict, Vec<LimitState>) {
        let mut states = Vec::new();
        let mut has_waited = false;
        let address =
            if self.limits.rules.is_empty() { None } else { self.decider.address(request).map(Cow::into_owned) };
        for rule in self.limits.rules.iter().filter(|rule| rule.is_for(grant.class, route)) {
            let (state, within) = rule.count(host, &grant, address.as_deref()).await;
            has_waited |= state.remaining.is_none();
            if !within {
                let reason = if state.failure.is_some() { Reason::LimiterUnavailable } else { Reason::RateLimited };
                let denial = Denial { limit: Some(Box::new(state)), ..Denial::new(reason) };
                return (Err(denial.of(grant.class).about(grant.principal)), states);
            }
            states.push(state);
        }
        let verdict = if has_waited { self.still_good(host, grant) } else { Ok(grant) };
        (verdict, states)
    }

    /// What ended, or was denied, while a limiter was asked is refused all the same.
    fn still_good<H: Host>(&self, host: &H, grant: Grant) -> Verdict {
        let (now, who) = (host.now(), &grant.principal);
        let in_force = self.decider.revocation.at(host.clock());
        let (held, over) = match grant.class {
            CredentialClass::M2mToken => {
                let issuer = who.issuer.as_deref().unwrap_or_default();
                (in_force.hold_token(who, issuer, now), Reason::TokenExpired)
            }
            CredentialClass::ApiKey => {
                let id = who.credential_id.as_deref().unwrap_or_default();
                (in_force.hold_key(id, who.organization.as_deref(), now), Reason::KeyExpired)
            }
        };
        let ended = grant.expires.is_some_and(|end| now.seconds() >= end);
        match held.and(if ended { Err(over.into()) } else { Ok(()) }) {
            Ok(()) => Ok(grant),
            Err(denial) => Err(denial.of(grant.class).about(grant.principal)),
        }
    }
}

impl Answer {
    /// The same answer, with what the client may know of the limits that it was counted by.
    pub(super) fn with_limits(self, states: &[LimitState]) -> Self {
        let list = |items: Vec<String>| if items.is_empty() { None } else { Some(items.join(", ")) };
        let mut answer = self;
        for (name, items) in [
            ("ratelimit-policy", states.iter().map(LimitState::policy_item).collect()),
            ("ratelimit", states.iter().filter_map(LimitState::service_item).collect::<Vec<_>>()),
        ] {
            if let Some(value) = list(items) {
                answer = answer.with(name, value);
            }
        }
        answer
    }

    /// The same answer to a denied request, with when to try again. How large the budget for refused credentials is, is
    /// nobody's business.
    pub(super) fn with_limit_of(self, denial: &Denial) -> Self {
        let answer = match &denial.limit {
            Some(limit) if denial.reason == Reason::RateLimited => self.with_limits(std::slice::from_ref(limit)),
            _ => self,
        };
        match denial.retry_after() {
            Some(seconds) => answer.with("retry-after", seconds.to_string()),
            None => answer,
        }
    }
}

/// The rate limit class that the record of a key names.
fn rate_limit_class(grant: &Grant) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Classed<'r> {
        #[serde(rename = "rateLimitClass", borrow)]
        class: Option<Cow<'r, str>>,
    }
    let Evidence::Record(record) = &grant.evidence else { return None };
    serde_json::from_str::<Classed<'_>>(record).ok()?.class
}

/// A key by its id, and a token by the client that its issuer gave it to.
fn credential(class: CredentialClass, who: &Principal, of: Option<&str>) -> String {
    let id = |id: &Option<String>| id.clone().unwrap_or_default();
    match class {
        CredentialClass::ApiKey => text(&["key", &id(&who.credential_id), of.unwrap_or_default()]),
        CredentialClass::M2mToken => text(&[
            "client",
            &id(&who.issuer),
            &id(if who.client_id.is_some() { &who.client_id } else { &who.subject }),
        ]),
    }
}

/// Several texts as one, from which they can be read again: no two lists of them make the same.
pub(super) fn text(parts: &[&str]) -> String {
    let mut text = String::new();
    for part in parts {
        text.push_str(&part.len().to_string());
        text.push(':');
        text.push_str(part);
    }
    text
}

/// What counts as one address: of IPv6 the first 64 bits, since whoever has one of them has them all.
pub(super) fn network(address: &str) -> Cow<'_, str> {
    let parsed =
        address.parse::<IpAddr>().or_else(|_| address.parse().map(|with_port: std::net::SocketAddr| with_port.ip()));
    match parsed.map(|address| address.to_canonical()) {
        Ok(IpAddr::V4(address)) => address.to_string().into(),
        Ok(IpAddr::V6(address)) => {
            let [first, second, third, fourth, ..] = address.segments();
            format!("{first:x}:{second:x}:{third:x}:{fourth:x}::/64").into()
        }
        // What the host says of a client that has no address, as of a socket in the file system.
        Err(_) => address.into(),
    }
}

/// What a limiter of the host counts under. It is the same in every instance, and says nothing to who reads it.
pub(super) fn limiter_key(rule: &str, bucket: &str) -> String {
    let digest: [u8; 32] = Sha256::digest(text(&[rule, bucket])).into();
    let (first, _) = digest.split_at(16);
    base16ct::lower::encode_string(first)
}
