//! Changing a policy or claims in one place, and what comes of it.

use std::collections::BTreeMap;

use edgeward::{
    m2m_token::TokenVerifier,
    policy::{PolicyError, dpop_rules, read_token_policy, token_verifier},
    verdict::{Denial, Grant, Reason, Verdict},
};
use pollster::block_on;
use serde_json::{Value, json};

use super::{FakeHost, NOW, Signer};

/// The same object with these members; null takes one away.
pub(crate) fn edited(object: &Value, members: &Value) -> Value {
    let mut object = object.clone();
    let all = object.as_object_mut().expect("an object");
    for (name, value) in members.as_object().expect("an object") {
        if value.is_null() {
            all.remove(name);
        } else {
            all.insert(name.clone(), value.clone());
        }
    }
    object
}

/// The verifier of a whole policy.
pub(crate) fn try_verifier(policy: &Value) -> Result<TokenVerifier, PolicyError> {
    let policy = read_token_policy(&policy.to_string())?;
    let verifier = token_verifier(policy.issuers, &BTreeMap::new(), policy.max_token_bytes)?
        .with_dpop_rules(dpop_rules(policy.dpop)?);
    verifier.set_deny_list(policy.deny.unwrap_or_default());
    Ok(verifier)
}

/// The pointers of the faults of a policy with these issuers.
pub(crate) fn faults(issuers: &[Value]) -> Vec<String> {
    match try_verifier(&json!({ "issuers": issuers })) {
        Ok(_) => Vec::new(),
        Err(error) => error.0.into_iter().map(|fault| fault.pointer).collect(),
    }
}

/// A token of these claims with a plain header, signed with the quickest algorithm.
pub(crate) fn plain(claims: &Value) -> String {
    Signer::HS256.mint(json!({ "alg": "HS256", "typ": "JWT" }).to_string(), claims.to_string())
}

/// The verdict at this second.
pub(crate) fn judged(verifier: &TokenVerifier, second: i64, token: &str) -> Verdict {
    block_on(verifier.verify(&FakeHost::at(second), token))
}

/// The grant of a token that is good now.
pub(crate) fn granted(verifier: &TokenVerifier, token: &str) -> Grant {
    judged(verifier, NOW, token).expect("a good token")
}

/// The reason and the note for which a token is refused now.
pub(crate) fn refused(verifier: &TokenVerifier, token: &str) -> (Reason, Option<String>) {
    let Denial { reason, note, .. } = judged(verifier, NOW, token).expect_err("a bad token");
    (reason, note)
}

/// A reason that is about this claim.
pub(crate) fn about(reason: Reason, claim: &str) -> (Reason, Option<String>) {
    (reason, Some(format!("`{claim}`")))
}
