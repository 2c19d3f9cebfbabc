//! From the policy to a gate.

use std::mem::take;

use super::{
    AssertionKeys, Gate,
    administrator::{Administrators, BootstrapSecret},
    assertion::Assertions,
    cors::Cors,
    decider::Decider,
    forward_auth::ForwardAuth,
    framing::Framing,
    limits::Limits,
    oversight::Oversight,
    record::Records,
    resource::{Accepted, Resource},
    routes::{self, Classes},
};
use crate::{
    api_key::{ApiKeyChecker, Seal},
    host::UnixMillis,
    m2m_client::ClientNotes,
    policy::{
        Beside, CredentialHeaders, Faults, IssuerPolicy, LintFinding, Policy, PolicyError, judge_admin,
        judge_assertion, judge_cors, judge_forward_auth, judge_leaks, judge_limits, judge_origin_timeout,
        judge_proxies, lint, prepare_api_keys, prepare_dpop, prepare_issuers, prepare_revocation, reading_of_policy,
        take_leaks,
    },
    revocation::DenySigner,
};

/// What a gate needs beside its policy. Secrets are handed over here and never stand in the policy.
#[derive(Debug, Default)]
pub struct Resources {
    /// What belongs to issuers.
    pub beside: Beside,
    /// The seals of API keys, the current one first.
    pub seals: Vec<Seal>,
    /// The secret that administers until the first administrator has come.
    pub bootstrap: Option<BootstrapSecret>,
    /// Who signs deny lists, where this deployment publishes them.
    pub deny_signer: Option<DenySigner>,
    /// The keys of the assertion for the origin, where the policy has one.
    pub assertion_keys: Option<AssertionKeys>,
}

/// Judges a policy (JSON text) and looks through it for what is legal and unwise. Secrets are not needed for that.
///
/// # Errors
/// [`PolicyError`] with every fault, where no gate can be made of it.
pub fn lint_policy(text: &str, beside: &Beside, now: UnixMillis) -> Result<Vec<LintFinding>, PolicyError> {
    reading_of_policy(text).judged(|mut policy| {
        let mut with_secrets = beside.clone();
        for issuer in policy.issuers.iter().filter(|issuer| issuer.introspection.is_some()) {
            with_secrets
                .introspection_secrets
                .entry(issuer.name().to_owned())
                .or_insert_with(|| "not needed".to_owned());
        }
        let mut findings = lint(&policy, beside, now);
        findings.extend(routes::shadowed(&policy.routes));
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.severity));
        let mut faults = Faults::default();
        let assertion = policy.assertion.take();
        judge_assertion(assertion.as_ref(), assertion.is_some(), &mut faults);
        let gate = Gate::new(policy, Resources { beside: with_secrets, ..Resources::default() });
        match (gate, faults.or(findings)) {
            (Ok(_), judged) => judged,
            (Err(PolicyError(found)), judged) => {
                let more = judged.err().into_iter().flat_map(|PolicyError(faults)| faults);
                Err(PolicyError(found.into_iter().chain(more).collect()))
            }
        }
    })
}

impl Gate {
    /// Makes the gate of a policy in JSON.
    ///
    /// # Errors
    /// [`PolicyError`] with every fault of the policy: what cannot be read of it, and what the rest of it says.
    pub fn read(text: &str, resources: Resources) -> Result<Self, PolicyError> {
        reading_of_policy(text).judged(|policy| Self::new(policy, resources))
    }

    /// Makes the gate of a policy.
    ///
    /// # Errors
    /// [`PolicyError`] with every fault of the policy.
    pub fn new(mut policy: Policy, resources: Resources) -> Result<Self, PolicyError> {
        let mut faults = Faults::default();
        let forward_auth = ForwardAuth::of(&policy);
        let oversight = Oversight::of(&policy);
        let lent = Lent {
            beside: &resources.beside,
            seals: resources.seals,
            deny_signer: resources.deny_signer,
            signs_assertions: resources.assertion_keys.is_some(),
        };
        let decider = Decider::new(&mut policy, lent, &mut faults);
        let reviewed = policy.admin.is_some() || policy.review.is_some();
        let notes = decider.keys.as_ref().filter(|_| reviewed).map(|keys| ClientNotes::new(keys.notes().interval()));
        let gate = Self {
            decider,
            client_notes: notes,
            leaks: policy.leaks.map(take_leaks),
            assertions: resources.assertion_keys.zip(policy.assertion).map(Assertions::of),
            administrators: policy.admin.map(|admin| Administrators::new(admin, resources.bootstrap)),
            forward_auth,
            oversight,
            restarts: std::sync::atomic::AtomicU32::new(0),
            limits: Limits::of(policy.limits),
            records: Records::of(policy.audit.allowed),
            metrics_public: policy.metrics.public,
            policy_digest: policy.digest,
        };
        faults.or(gate)
    }
}

/// What the deciding half of a gate is lent beside its policy.
pub(super) struct Lent<'b> {
    pub(super) beside: &'b Beside,
    pub(super) seals: Vec<Seal>,
    pub(super) deny_signer: Option<DenySigner>,
    /// Whether there are keys that sign assertions.
    pub(super) signs_assertions: bool,
}

impl Decider {
    /// The deciding half of a gate. It is taken out of the policy, of which the rest is left; the faults of all of the
    /// policy are put down.
    pub(super) fn new(policy: &mut Policy, lent: Lent<'_>, faults: &mut Faults) -> Self {
        check_prefix(&policy.prefix, faults);
        check_origin("/origin", policy.origin.as_deref(), faults);
        check_origin("/publicOrigin", policy.public_origin.as_deref(), faults);
        judge_admin(policy, faults);
        judge_proxies(policy.trusted_proxies.as_ref(), faults);
        judge_limits(policy, faults);
        judge_cors(policy.cors.as_ref(), faults);
        judge_forward_auth(policy, faults);
        let accepted = Accepted::of(&policy.issuers);
        let classes = Classes { tokens: !policy.issuers.is_empty(), keys: policy.api_keys.is_some() };
        let prefixes = token_prefixes(&policy.issuers);
        let revocation = prepare_revocation(policy.deny.take(), policy.deny_snapshot.take(), lent.deny_signer, faults);
        let dpop = prepare_dpop(policy.dpop.take(), faults);
        let watched: Vec<String> = routes::headers_of(&policy.routes)
            .chain(policy.trusted_proxies.iter().map(|proxies| proxies.header.to_ascii_lowercase()))
            .collect();
        let routes = routes::prepare(take(&mut policy.routes), &classes, policy.limits.as_ref(), faults);
        let resource = policy
            .resource
            .take()
            .and_then(|resource| Resource::new(resource, accepted, classes.tokens.then_some(&dpop), &routes, faults));
        let tokens = prepare_issuers(take(&mut policy.issuers), lent.beside, policy.max_token_bytes, faults)
            .with_dpop_rules(dpop)
            .with_revocation(revocation.clone());
        judge_leaks(policy.leaks.as_ref(), classes.keys, faults);
        let keys = policy.api_keys.take().and_then(|keys| prepare_api_keys(keys, lent.seals, faults));
        check_token_prefixes(&prefixes, keys.as_ref(), faults);
        judge_assertion(policy.assertion.as_ref(), lent.signs_assertions, faults);
        let credentials = credentials(take(&mut policy.credentials), faults);
        let framing = Framing::of(policy.hosts.take(), faults).watching(&credentials, watched.into_iter());
        Self {
            prefix: take(&mut policy.prefix),
            tokens: classes.tokens.then_some(tokens),
            keys,
            tls_ends_ahead: policy.tls_ends_ahead,
            credentials,
            routes,
            framing,
            origin: policy.origin.take(),
            origin_timeout: judge_origin_timeout(policy.origin_timeout, faults),
            proxy: take(&mut policy.proxy),
            cors: policy.cors.take().map(Cors::new),
            resource,
            public_origin: policy.public_origin.take(),
            trusted_proxies: policy.trusted_proxies.take(),
            revocation,
        }
    }
}

/// What opaque tokens begin with, each with the place of its issuer.
fn token_prefixes(issuers: &[IssuerPolicy]) -> Vec<(usize, String)> {
    let asked =
        |(index, issuer): (usize, &IssuerPolicy)| Some((index, issuer.introspection.as_ref()?.token_prefix.clone()));
    issuers.iter().enumerate().filter_map(asked).collect()
}

/// A credential that begins as an API key does is taken for one, and no server would be asked about it.
fn check_token_prefixes(prefixes: &[(usize, String)], keys: Option<&ApiKeyChecker>, faults: &mut Faults) {
    for (index, prefix) in prefixes {
        if keys.is_some_and(|keys| keys.takes(prefix)) {
            faults.hint(
                format!("/issuers/{index}/introspection/tokenPrefix"),
                "what begins like this is taken for an API key: the prefix of `apiKeys` is the same",
                "give the keys another `prefix`, or leave this out where this is the one issuer that is asked",
            );
        }
    }
}

fn check_prefix(prefix: &str, faults: &mut Faults) {
    let well_formed = super::path::segments(prefix).is_ok_and(|segments| segments.iter().all(|one| !one.is_empty()));
    if !well_formed {
        faults.hint(
            "/prefix",
            "no path that begins with a slash and does not end with one",
            "write it as in `/_edgeward`",
        );
    }
}

pub(super) fn check_origin(place: &str, origin: Option<&str>, faults: &mut Faults) {
    let Some(origin) = origin else { return };
    let authority = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
    let well_formed = authority.is_some_and(|authority| {
        !authority.is_empty()
            && authority
                .bytes()
                .all(|byte| matches!(byte, b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b':' | b'[' | b']'))
    });
    if !well_formed {
        faults.hint(place, "no URL of scheme, host and port alone", "write it as in `https://origin.example`");
    }
}

fn credentials(headers: CredentialHeaders, faults: &mut Faults) -> CredentialHeaders {
    let mut lowered = |names: Vec<String>, place: &str| -> Vec<String> {
        for (index, name) in names.iter().enumerate() {
            if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
            {
                faults.hint(
                    format!("/credentials/{place}/{index}"),
                    "no name of a header",
                    "letters, digits, `-` and `_`, as in `x-api-key`",
                );
            }
        }
        names.iter().map(|name| name.to_ascii_lowercase()).collect()
    };
    CredentialHeaders { m2m_token: lowered(headers.m2m_token, "m2mToken"), api_key: lowered(headers.api_key, "apiKey") }
}
