//! Answers that are kept: for how long, and what each use of one is held against.

use edgeward::{
    host::{Host, HostError, InboundAnswer, NativeCheck, OutboundRequest, UnixMillis},
    jose::Algorithm,
    m2m_token::{CertificateThumbprint, SenderContext, TokenVerifier},
    policy::read_deny_list,
    revocation::DenyList,
    verdict::Reason,
};
use pollster::block_on;
use serde_json::json;

use super::{OPAQUE, active, answering, ask, asking, body, saying, usual, verifier};
use crate::support::{FakeHost, ISSUER, NOW, edited};

/// Moves the host's clock to this second.
fn at(host: &FakeHost, second: i64) {
    host.now.set(second * 1000);
}

#[test]
fn an_answer_is_kept_for_its_time_and_judged_again_each_time() {
    let verifier = verifier(asking(&json!({ "cacheSeconds": 20 })));
    let revoked = body(200, r#"{"active":false}"#);
    let host = answering([body(200, active(&json!({ "exp": NOW + 300 })).to_string()), revoked]);
    for second in [0, 1, 19] {
        at(&host, NOW + second);
        assert!(ask(&verifier, &host, OPAQUE).is_ok(), "{second}");
    }
    assert_eq!(host.requests.borrow().len(), 1);
    // The bound: what was revoked right after the server was asked is refused `cacheSeconds` later.
    at(&host, NOW + 20);
    assert_eq!(ask(&verifier, &host, OPAQUE).expect_err("revoked").reason, Reason::TokenInactive);
    assert_eq!(host.requests.borrow().len(), 2);
}

#[test]
fn the_time_that_the_server_takes_is_not_added_to_the_bound() {
    let verifier = verifier(asking(&json!({ "cacheSeconds": 10 })));
    let host = answering([body(200, active(&json!({})).to_string())]);
    host.delay.set(4000);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    at(&host, NOW + 10);
    assert_eq!(ask(&verifier, &host, OPAQUE).expect_err("asked again").reason, Reason::IntrospectionUnavailable);
}

#[test]
fn no_answer_outlives_the_token() {
    let verifier = verifier(asking(&json!({ "cacheSeconds": 300 })));
    let host = answering([body(200, active(&json!({ "exp": NOW + 7 })).to_string())]);
    at(&host, NOW + 6);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    at(&host, NOW + 7);
    assert!(ask(&verifier, &host, OPAQUE).is_err());
    assert_eq!(host.requests.borrow().len(), 2, "it was asked again, and did not answer");
}

#[test]
fn a_deny_list_is_held_against_kept_answers_too() {
    let verifier = usual();
    let host = saying(&active(&json!({})));
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    let list = format!(r#"[{{ "issuer": "{ISSUER}", "client": "client-1" }}]"#);
    verifier.set_deny_list(read_deny_list(&list).expect("a list"));
    assert_eq!(ask(&verifier, &host, OPAQUE).expect_err("denied").reason, Reason::TokenRevoked);
    verifier.set_deny_list(DenyList::default());
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    assert_eq!(host.requests.borrow().len(), 1);
}

#[test]
fn a_sender_is_held_against_kept_answers_too() {
    let certificate = "A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0";
    let other = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let verifier = usual();
    let host = saying(&active(&json!({ "cnf": { "x5t#S256": certificate } })));
    let shown = |thumbprint: Option<&str>| {
        let certificate = thumbprint.map(|text| CertificateThumbprint::parse(text).expect("a thumbprint"));
        let sender = SenderContext { dpop: None, certificate };
        block_on(verifier.verify_from(&host, OPAQUE, &sender)).err().map(|denial| denial.reason)
    };
    assert_eq!(shown(Some(certificate)), None);
    assert_eq!(shown(None), Some(Reason::SenderCertificateMissing));
    assert_eq!(shown(Some(other)), Some(Reason::SenderCertificateMismatch));
    assert_eq!(shown(Some(certificate)), None);
    assert_eq!(host.requests.borrow().len(), 1);
}

#[test]
fn times_are_held_against_kept_answers_too() {
    let aged = edited(&asking(&json!({ "cacheSeconds": 300 })), &json!({ "maxTokenAge": 600, "clockTolerance": 2 }));
    let verifier = verifier(aged);
    let host = saying(&active(&json!({ "nbf": NOW + 10, "iat": NOW, "exp": NOW + 20 })));
    for (second, expected) in
        [(0, Some(Reason::TokenNotYetValid)), (7, Some(Reason::TokenNotYetValid)), (8, None), (19, None)]
    {
        at(&host, NOW + second);
        assert_eq!(ask(&verifier, &host, OPAQUE).err().map(|denial| denial.reason), expected, "{second}");
    }
    assert_eq!(host.requests.borrow().len(), 1);
    let old = saying(&active(&json!({ "iat": NOW - 400, "exp": NOW + 201 })));
    for _ in 0..2 {
        let denial = ask(&verifier, &old, "another").expect_err("too long a life");
        assert_eq!(denial.reason, Reason::TokenLifetimeTooLong);
    }
    assert_eq!(old.requests.borrow().len(), 1);
}

#[test]
fn a_clock_that_is_set_back_asks_again() {
    let verifier = usual();
    let good = || body(200, active(&json!({ "iat": NOW - 100 })).to_string());
    let host = answering([good(), good()]);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    at(&host, NOW - 1);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    assert_eq!(host.requests.borrow().len(), 2);
}

#[test]
fn an_answer_about_one_token_is_no_answer_about_another() {
    let verifier = usual();
    let host = answering([body(200, active(&json!({})).to_string()), body(200, r#"{"active":false}"#)]);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    let other = OPAQUE.replace("gxU", "gxV");
    assert_eq!(ask(&verifier, &host, &other).expect_err("another").reason, Reason::TokenInactive);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    assert_eq!(ask(&verifier, &host, &OPAQUE[1..]).expect_err("unasked").reason, Reason::IntrospectionUnavailable);
    // Nor do two verifiers share what they were told.
    assert_eq!(ask(&usual(), &host, OPAQUE).expect_err("unasked").reason, Reason::IntrospectionUnavailable);
}

#[test]
fn where_there_is_no_chance_nothing_is_kept() {
    let verifier = usual();
    let good = || body(200, active(&json!({})).to_string());
    let host = answering([good(), good()]);
    host.has_chance.set(false);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    assert_eq!(host.requests.borrow().len(), 2);
}

#[test]
fn many_at_once_ask_each_for_itself_and_the_later_question_counts() {
    let verifier = usual();
    // The question of one second is answered after that of the next: the token was revoked in between.
    let host = FakeHost::new();
    let slow = Overtaken { host: &host, verifier: &verifier };
    assert!(block_on(verifier.verify(&slow, OPAQUE)).is_ok(), "it was asked before");
    assert_eq!(ask(&verifier, &host, OPAQUE).expect_err("revoked").reason, Reason::TokenInactive);
    assert_eq!(host.requests.borrow().len(), 1);
}

/// A host at whose first question time passes and another request asks and is answered.
struct Overtaken<'t> {
    host: &'t FakeHost,
    verifier: &'t TokenVerifier,
}

impl Host for Overtaken<'_> {
    fn now(&self) -> UnixMillis {
        self.host.now()
    }

    fn fill_random(&self, buffer: &mut [u8]) -> Result<(), HostError> {
        self.host.fill_random(buffer)
    }

    async fn read(&self, key: &str) -> Result<Option<Vec<u8>>, HostError> {
        self.host.read(key).await
    }

    async fn fetch(&self, _: OutboundRequest) -> Result<InboundAnswer, HostError> {
        at(self.host, NOW + 1);
        self.host.answers.borrow_mut().push_back(body(200, r#"{"active":false}"#));
        assert!(ask(self.verifier, self.host, OPAQUE).is_err());
        body(200, active(&json!({})).to_string())
    }

    fn has_native(&self, algorithm: Algorithm) -> bool {
        self.host.has_native(algorithm)
    }

    async fn verify_signature(&self, check: NativeCheck<'_>) -> Result<bool, HostError> {
        self.host.verify_signature(check).await
    }
}

#[test]
fn nothing_is_kept_where_the_policy_says_so_and_inactive_not_for_long() {
    let never = verifier(asking(&json!({ "cacheSeconds": 0 })));
    let host = answering([body(200, active(&json!({})).to_string()), body(200, r#"{"active":false}"#)]);
    assert!(ask(&never, &host, OPAQUE).is_ok());
    assert_eq!(ask(&never, &host, OPAQUE).expect_err("revoked").reason, Reason::TokenInactive);

    let host = answering([body(200, r#"{"active":false}"#), body(200, active(&json!({})).to_string())]);
    let verifier = usual();
    for second in [0, 4] {
        at(&host, NOW + second);
        assert_eq!(ask(&verifier, &host, OPAQUE).expect_err("inactive").reason, Reason::TokenInactive);
    }
    assert_eq!(host.requests.borrow().len(), 1);
    at(&host, NOW + 5);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
}

#[test]
fn an_outage_is_no_refusal_and_is_over_when_it_is_over() {
    let verifier = verifier(asking(&json!({ "cacheSeconds": 10 })));
    let good = || body(200, active(&json!({})).to_string());
    let host = answering([good(), body(500, ""), Err(HostError("connection refused".to_owned())), good()]);
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
    at(&host, NOW + 9);
    assert!(ask(&verifier, &host, OPAQUE).is_ok(), "kept");
    at(&host, NOW + 10);
    for _ in 0..2 {
        assert_eq!(ask(&verifier, &host, OPAQUE).expect_err("undecided").reason, Reason::IntrospectionUnavailable);
    }
    assert!(ask(&verifier, &host, OPAQUE).is_ok());
}
