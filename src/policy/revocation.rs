//! What is refused before it ends, as the policy says it, judged.

use super::{DenySnapshotPolicy, PolicyError, error::Faults};
use crate::{
    endpoint::{HINT_OF_URL, fault_of_url},
    revocation::{DenyKeys, DenyList, DenySigner, InForce, Publisher, Source, Watch},
};

/// How long an API key that was revoked stays on the signed list where the policy says nothing, in days.
const RETENTION: u16 = 30;

/// What a policy of tokens alone puts in force: its list, and its signed one.
///
/// # Errors
/// [`PolicyError`] with every fault.
pub fn in_force(deny: Option<DenyList>, snapshot: Option<DenySnapshotPolicy>) -> Result<InForce, PolicyError> {
    let mut faults = Faults::default();
    let in_force = prepare_revocation(deny, snapshot, None, &mut faults);
    faults.or(in_force)
}

/// As [`in_force`], with who signs lists, adding to faults that were found before.
pub(crate) fn prepare_revocation(
    deny: Option<DenyList>,
    snapshot: Option<DenySnapshotPolicy>,
    signer: Option<DenySigner>,
    faults: &mut Faults,
) -> InForce {
    if snapshot.is_none() && signer.is_some() {
        faults.hint(
            "/denySnapshot",
            "a key was handed over that signs deny lists, and there is no strict mode",
            "put its public half into `denySnapshot.jwks`, or hand over no key",
        );
    }
    let in_force = snapshot.and_then(|policy| strict(policy, signer, faults)).unwrap_or_default();
    in_force.replace(deny.unwrap_or_default());
    in_force
}

fn strict(policy: DenySnapshotPolicy, signer: Option<DenySigner>, faults: &mut Faults) -> Option<InForce> {
    if !(10..=3_600).contains(&policy.max_age) {
        faults.hint(
            "/denySnapshot/maxAge",
            "from 10 to 3600 seconds: as long a credential that was denied is let through",
            "60 is the shortest that a store with copies keeps up with",
        );
    }
    if let Some(fault) = policy.url.as_deref().and_then(fault_of_url) {
        faults.hint("/denySnapshot/url", fault, HINT_OF_URL);
    }
    let retention = policy.retention.unwrap_or(RETENTION);
    if !(1..=3_650).contains(&retention) {
        faults.hint("/denySnapshot/retention", "from 1 to 3650 days", "leave it out for 30");
    }
    let keys = match DenyKeys::from_jwks(&policy.jwks) {
        Ok(keys) => keys,
        Err(reason) => {
            faults.hint(
                "/denySnapshot/jwks",
                reason,
                "public Ed25519 keys alone, as `{ \"keys\": [{ \"kty\": \"OKP\", \"crv\": \"Ed25519\", … }] }`",
            );
            return None;
        }
    };
    if signer.as_ref().is_some_and(|signer| !signer.is_trusted_by(&keys)) {
        faults.hint(
            "/denySnapshot/jwks",
            "the key that was handed over to sign deny lists is not the one that its `kid` names here",
            "put the public half of the key that signs here, with the same `kid`",
        );
    }
    let source = policy.url.map_or(Source::Store, Source::Url);
    let publisher = signer.map(|signer| Publisher::new(signer, retention));
    Some(InForce::strict(Watch::new(source, keys, policy.max_age), publisher))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn key() -> Value {
        json!({ "kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "kid": "k" })
    }

    fn faults(policy: &Value, signer: Option<&Value>) -> Vec<String> {
        let policy = serde_json::from_value(policy.clone()).expect("a policy");
        let signer = signer.map(|jwk| DenySigner::from_jwk(&jwk.to_string()).expect("a key"));
        let mut faults = Faults::default();
        prepare_revocation(None, policy, signer, &mut faults);
        faults.or(()).map_or_else(|error| error.0.into_iter().map(|fault| fault.pointer).collect(), |()| Vec::new())
    }

    #[test]
    fn each_member_is_judged() {
        let good = json!({ "maxAge": 60, "jwks": { "keys": [key()] } });
        assert_eq!(faults(&good, None), [""; 0]);
        for (member, value) in [
            ("maxAge", json!(9)),
            ("maxAge", json!(3601)),
            ("url", json!("http://deny.example")),
            ("url", json!("")),
            ("retention", json!(0)),
            ("retention", json!(3651)),
            ("jwks", json!({})),
            ("jwks", json!({ "keys": [] })),
            ("jwks", json!({ "keys": [key(), { "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T" }] })),
            ("jwks", json!({ "keys": [{ "kty": "oct", "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T" }] })),
            // A private key in a policy is a key that leaked.
            ("jwks", json!({ "keys": [{ "kty": "OKP", "crv": "Ed25519", "x": key()["x"], "d": "AA" }] })),
        ] {
            let mut policy = good.clone();
            policy[member] = value.clone();
            assert_eq!(faults(&policy, None), [format!("/denySnapshot/{member}")], "{value}");
        }
        let mut with_url = good;
        with_url["url"] = json!("http://127.0.0.1:4000/deny");
        assert_eq!(faults(&with_url, None), [""; 0]);
    }

    #[test]
    fn who_signs_is_one_whom_the_policy_trusts() {
        // RFC 8037, appendix A.1.
        let mut signer = key();
        signer["d"] = json!("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A");
        let policy = |keys: Value| json!({ "maxAge": 60, "jwks": { "keys": keys } });
        assert_eq!(faults(&policy(json!([key()])), Some(&signer)), [""; 0]);
        assert_eq!(faults(&Value::Null, Some(&signer)), ["/denySnapshot"]);
        let mut other = key();
        other["x"] = json!("hXBQzJXZMYNCuBWpEK-GevcfaWV_bGw-hgyK9bH--6s");
        let mut named = key();
        named["kid"] = json!("j");
        let mut nameless = signer.clone();
        nameless.as_object_mut().expect("an object").remove("kid");
        for (keys, signer) in [
            (json!([other]), &signer),
            (json!([named]), &signer),
            // Two keys, and nothing that says which.
            (json!([key(), named]), &nameless),
        ] {
            assert_eq!(faults(&policy(keys.clone()), Some(signer)), ["/denySnapshot/jwks"], "{keys}");
        }
    }
}
