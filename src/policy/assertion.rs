//! The signed assertion for the origin, judged.

use std::ops::RangeInclusive;

use serde::Deserialize;

use super::Faults;

/// The `typ` of an assertion.
pub const ASSERTION_TYPE: &str = "edgeward-assertion+jwt";

/// The claim of an assertion that names the class of the credential.
pub(crate) const CLASS_CLAIM: &str = "edgeward_class";

/// How long an assertion may be good, in seconds.
pub(super) const LIFETIMES: RangeInclusive<u16> = 5..=300;

/// How long an assertion is good where the policy says nothing, in seconds.
const LIFETIME: u16 = 30;

/// The longest name of an issuer or of an audience, in bytes.
const LONGEST_NAME: usize = 1024;

/// The signed assertion that an allowed request carries to the origin (contract §7.3). The keys that sign it are handed
/// over beside the policy.
#[derive(Debug, Clone, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AssertionPolicy {
    /// What stands in `iss`: the name of this gate, as in `https://api.example`.
    pub issuer: String,
    /// What stands in `aud`: the name of the origin, which takes no assertion that is for another.
    pub audience: String,
    /// How long an assertion is good, in seconds, from 5 to 300; 30 where left out. None outlives its credential.
    pub lifetime: Option<u16>,
}

impl AssertionPolicy {
    /// How long an assertion is good, in seconds.
    pub(crate) fn lifetime(&self) -> u16 {
        self.lifetime.unwrap_or(LIFETIME)
    }
}

/// Judges what a policy says of assertions, the faults put down. `has_keys` says whether keys were handed over.
pub(crate) fn judge_assertion(policy: Option<&AssertionPolicy>, has_keys: bool, faults: &mut Faults) {
    let Some(policy) = policy else {
        if has_keys {
            faults.hint(
                "/assertion",
                "keys were handed over that sign assertions, and the policy has none",
                "name its `issuer` and its `audience` here, or hand over no keys",
            );
        }
        return;
    };
    // Braces stand for a tenant where the origin's policy names the issuer.
    if !is_name(&policy.issuer) || policy.issuer.contains(['{', '}']) {
        faults.hint("/assertion/issuer", "no name of an issuer", "write it as in `https://api.example`");
    }
    if !is_name(&policy.audience) {
        faults.hint("/assertion/audience", "no name of an audience", "write it as in `https://origin.example`");
    }
    if !LIFETIMES.contains(&policy.lifetime()) {
        faults.hint(
            "/assertion/lifetime",
            "from 5 to 300 seconds",
            "an assertion is for one request: as long as that takes to reach the origin is enough",
        );
    }
    if !has_keys {
        faults.hint(
            "/assertion",
            "no key was handed over that signs assertions",
            "lend `assertionKeys`; a Worker takes them from the secret `EDGEWARD_ASSERTION_KEYS`",
        );
    }
}

fn is_name(text: &str) -> bool {
    (1..=LONGEST_NAME).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'!'..=b'~'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(policy: &str, has_keys: bool) -> Vec<String> {
        let mut faults = Faults::default();
        let policy: Option<AssertionPolicy> = serde_json::from_str(policy).expect("a policy");
        judge_assertion(policy.as_ref(), has_keys, &mut faults);
        let faults = faults.or(()).err().map(|error| error.0).unwrap_or_default();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_policy_says_what_is_wrong_with_it() {
        let good = r#"{"issuer":"https://api.example","audience":"https://origin.example"}"#;
        assert_eq!(faults("null", false), [""; 0]);
        assert_eq!(faults(good, true), [""; 0]);
        assert_eq!(faults(good, false), ["/assertion"]);
        assert_eq!(faults("null", true), ["/assertion"]);
        for (policy, pointer) in [
            (r#"{"issuer":"","audience":"a"}"#, "/assertion/issuer"),
            (r#"{"issuer":"a b","audience":"a"}"#, "/assertion/issuer"),
            (r#"{"issuer":"https://{tenant}.example","audience":"a"}"#, "/assertion/issuer"),
            (r#"{"issuer":"i","audience":""}"#, "/assertion/audience"),
            (r#"{"issuer":"i","audience":"é"}"#, "/assertion/audience"),
            (r#"{"issuer":"i","audience":"a","lifetime":4}"#, "/assertion/lifetime"),
            (r#"{"issuer":"i","audience":"a","lifetime":301}"#, "/assertion/lifetime"),
        ] {
            assert_eq!(faults(policy, true), [pointer], "{policy}");
        }
        // Faults are told all at once, whether there are keys or not.
        assert_eq!(
            faults(r#"{"issuer":"","audience":""}"#, false),
            ["/assertion/issuer", "/assertion/audience", "/assertion"]
        );
        for lifetime in [5, 300] {
            let policy = format!(r#"{{"issuer":"i","audience":"a","lifetime":{lifetime}}}"#);
            assert_eq!(faults(&policy, true), [""; 0], "{policy}");
        }
        assert!(serde_json::from_str::<AssertionPolicy>(r#"{"issuer":"i","audience":"a","keys":[]}"#).is_err());
    }
}
