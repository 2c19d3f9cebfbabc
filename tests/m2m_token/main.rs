//! The story of an M2M token: minted by an issuer, verified by its key, refused for each thing that can be wrong.

#[path = "../support/mod.rs"]
mod support;

mod anything;
mod backend;
mod claims;
mod facts;
mod forged;
mod form;
mod inspected;
mod key_choice;
mod signature;

use std::sync::LazyLock;

use edgeward::{
    m2m_token::TokenVerifier,
    verdict::{CredentialClass, Denial, Evidence, Reason},
};
use pollster::block_on;
use serde_json::json;
use support::{AUDIENCE, FakeHost, ISSUER, NOW, Signer, claims, issuer, verifier, with};

/// The denial of this token now, on a host without native cryptography.
fn denial(verifier: &TokenVerifier, token: &str) -> Denial {
    let denial = block_on(verifier.verify(&FakeHost::new(), token)).expect_err(token);
    assert_eq!(denial.class, Some(CredentialClass::M2mToken));
    denial
}

fn reason(verifier: &TokenVerifier, token: &str) -> Reason {
    denial(verifier, token).reason
}

fn is_accepted(verifier: &TokenVerifier, token: &str) -> bool {
    match block_on(verifier.verify(&FakeHost::new(), token)) {
        Ok(_) => true,
        // A test that expects a token to be good wants to know why it is not.
        Err(denial) => panic!("{denial:?}: {token}"),
    }
}

/// The verifier of an issuer with an Ed25519 key, the quickest of the asymmetric ones.
fn usual() -> &'static TokenVerifier {
    static USUAL: LazyLock<TokenVerifier> = LazyLock::new(|| verifier([issuer(&Signer::EDDSA)]));
    &USUAL
}

#[test]
fn a_good_token_of_each_algorithm_is_accepted() {
    for signer in Signer::ALL {
        let verifier = verifier([issuer(&signer)]);
        let token = signer.token(&claims());
        let grant = block_on(verifier.verify(&FakeHost::new(), &token)).expect("a grant");
        assert_eq!(grant.principal.algorithm, Some(signer.algorithm.name()));
        assert_eq!(grant.principal.key_id.as_deref(), Some("k1"));
    }
}

#[test]
fn a_grant_says_what_was_signed_and_no_more() {
    // White space, order and the form of numbers are the issuer's; who reads the claims reads what was checked.
    let payload = format!(
        r#" {{ "exp": {exp}.0, "aud": ["other", "{AUDIENCE}"], "iss": "{ISSUER}", "sub": "client-1",
            "client_id": "c-1", "org_id": "org-1", "scope": "b a", "jti": "t-1", "__proto__": {{ "x": 1e2 }} }} "#,
        exp = NOW + 300
    );
    let token = Signer::EDDSA.mint(support::header(Signer::EDDSA.algorithm), &payload);
    let grant = block_on(usual().verify(&FakeHost::new(), &token)).expect("a grant");
    assert_eq!(grant.class, CredentialClass::M2mToken);
    let who = &grant.principal;
    assert_eq!((who.subject.as_deref(), who.organization.as_deref()), (Some("client-1"), Some("org-1")));
    assert_eq!((who.client_id.as_deref(), who.credential_id.as_deref()), (Some("c-1"), Some("t-1")));
    assert_eq!((who.issuer.as_deref(), who.key_id.as_deref()), (Some(ISSUER), Some("k1")));
    assert_eq!(grant.scopes, ["b", "a"]);
    assert_eq!(grant.expires, Some(NOW + 300));
    assert_eq!(grant.evidence, Evidence::Claims(payload));
}

#[test]
fn a_token_needs_no_more_than_the_required_claims() {
    let least = json!({ "iss": ISSUER, "aud": AUDIENCE, "exp": NOW + 1 });
    let grant = block_on(usual().verify(&FakeHost::new(), &Signer::EDDSA.token(&least))).expect("a grant");
    assert_eq!((grant.principal.subject, grant.principal.client_id, grant.scopes.len()), (None, None, 0));
}

#[test]
fn the_claims_of_organization_and_client_are_those_that_the_policy_names() {
    let policy = with(&issuer(&Signer::EDDSA), "organizationClaim", "tenant".into());
    let verifier = verifier([with(&policy, "clientClaim", "azp".into())]);
    let token = Signer::EDDSA.token(&with(&with(&claims(), "tenant", "t".into()), "azp", "z".into()));
    let who = block_on(verifier.verify(&FakeHost::new(), &token)).expect("a grant").principal;
    assert_eq!((who.organization.as_deref(), who.client_id.as_deref()), (Some("t"), Some("z")));
    for (claim, wrong) in [("tenant", json!(7)), ("azp", json!(["z"]))] {
        let token = Signer::EDDSA.token(&with(&claims(), claim, wrong));
        assert_eq!(reason(&verifier, &token), Reason::ClaimMalformed, "{claim}");
    }
}
