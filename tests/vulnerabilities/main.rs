//! A token for each class of published JWT vulnerability, refused for the right reason. Beside each stands its twin: the
//! same token without the fault, which is accepted, so that it is the fault that is refused and nothing else.

#[path = "../support/mod.rs"]
mod support;

mod algorithms;
mod caches;
mod claims;
mod forms;
mod keys;
mod signatures;

use std::collections::BTreeSet;

use edgeward::{
    host::UnixMillis,
    inspect::{Against, inspect},
    m2m_token::TokenVerifier,
    verdict::{Reason, StepOutcome, verdict_document},
};
use pollster::block_on;
use serde_json::{Value, json};
use support::{FakeHost, Native, Signer, issuer};

/// An attack.
struct Case {
    /// Its name, once in the corpus.
    id: &'static str,
    /// The CVE, or the section that warns of it.
    published: &'static str,
    /// What the attacker hopes for.
    hope: &'static str,
    /// What the verifier trusts.
    issuers: Vec<Value>,
    attack: String,
    /// The same without the fault.
    twin: String,
    reason: Reason,
}

impl Case {
    /// An attack on the issuer that has this signer's key; its twin is the usual token.
    fn on(signer: &Signer, id: &'static str, published: &'static str, hope: &'static str) -> Self {
        let twin = signer.token(&support::claims());
        Self {
            id,
            published,
            hope,
            issuers: vec![issuer(signer)],
            attack: String::new(),
            twin,
            reason: Reason::SignatureInvalid,
        }
    }

    fn sends(mut self, attack: impl Into<String>, reason: Reason) -> Self {
        (self.attack, self.reason) = (attack.into(), reason);
        self
    }

    fn beside(mut self, twin: impl Into<String>) -> Self {
        self.twin = twin.into();
        self
    }

    fn trusting(mut self, issuers: impl IntoIterator<Item = Value>) -> Self {
        self.issuers = issuers.into_iter().collect();
        self
    }

    fn verifier(&self) -> TokenVerifier {
        support::verifier(self.issuers.clone())
    }
}

fn corpus() -> Vec<Case> {
    let rooms = [algorithms::cases(), signatures::cases(), forms::cases(), keys::cases(), claims::cases()];
    rooms.into_iter().flatten().collect()
}

/// A header of the usual token with these members changed; null takes one away.
fn header(signer: &Signer, members: &Value) -> String {
    let usual = json!({ "alg": signer.algorithm.name(), "kid": "k1", "typ": "at+jwt" });
    support::edited(&usual, members).to_string()
}

#[test]
fn every_attack_is_refused_for_its_reason_and_its_twin_is_not() {
    let mut faults = Vec::new();
    for case in corpus() {
        let verifier = case.verifier();
        let verdict = block_on(verifier.verify(&FakeHost::new(), &case.attack));
        match verdict {
            Err(denial) if denial.reason == case.reason => {}
            Err(denial) => faults.push(format!("{}: {:?}, and not {:?}", case.id, denial, case.reason)),
            Ok(_) => faults.push(format!("{}: {} ({})", case.id, case.hope, case.published)),
        }
        if let Err(denial) = block_on(verifier.verify(&FakeHost::new(), &case.twin)) {
            faults.push(format!("{}: its twin is refused, {denial:?}", case.id));
        }
        assert_ne!(case.attack, case.twin, "{}", case.id);
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn no_attack_passes_because_a_host_is_lenient_and_none_costs_more_than_one_check() {
    for case in corpus() {
        // A host that takes every signature for good stands for all that a backend was ever found to accept.
        let host = FakeHost::with_native(Native::Yes);
        let verdict = block_on(case.verifier().verify(&host, &case.attack));
        if case.reason != Reason::SignatureInvalid {
            assert_eq!(verdict.expect_err(case.id).reason, case.reason, "{}", case.id);
        }
        assert!(host.native_checks.get() <= 1, "{}", case.id);
    }
}

#[test]
fn the_inspector_says_of_each_attack_what_the_verifier_does() {
    for case in corpus() {
        let verifier = case.verifier();
        let policy = json!({ "issuers": case.issuers }).to_string();
        let against = Against { policy: Some(&policy), keys: None };
        for (credential, twin) in [(&case.attack, false), (&case.twin, true)] {
            let verdict = block_on(verifier.verify(&FakeHost::new(), credential));
            let report = inspect(credential, against, UnixMillis(support::NOW * 1000)).expect("a policy");
            let Some(token) = report.token else {
                assert!(!twin && report.verdict.is_none(), "{}", case.id);
                continue;
            };
            let told = report.verdict.as_ref().map(edgeward::json::JsonText::get);
            assert_eq!(told, Some(verdict_document(&verdict).as_str()), "{}", case.id);
            let failed = token.steps.iter().find(|step| step.outcome == StepOutcome::Failed);
            assert_eq!(
                failed.and_then(|step| step.code),
                verdict.err().map(|denial| denial.reason.code()),
                "{}",
                case.id
            );
            assert!(token.trust.established <= twin || case.reason != Reason::SignatureInvalid, "{}", case.id);
            let told =
                serde_json::to_string(&(&token.steps, &token.keys, &token.mathematics, &report.lint)).expect("JSON");
            let signature = credential.rsplit('.').next().unwrap_or_default();
            assert!(signature.len() < 16 || !told.contains(signature), "{}", case.id);
        }
    }
}

#[test]
fn every_attack_has_a_name_of_its_own_and_says_where_it_was_published() {
    let mut names = BTreeSet::new();
    for case in corpus() {
        assert!(names.insert(case.id), "{} stands twice", case.id);
        assert!(case.id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'));
        let published = ["CVE-", "RFC "].iter().any(|prefix| case.published.starts_with(prefix));
        assert!(published && case.hope.ends_with('.'), "{}", case.id);
    }
    assert!(names.len() >= 100, "{} attacks", names.len());
}
