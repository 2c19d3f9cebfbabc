//! Reports of leaked keys, judged.

use serde::Deserialize;

use super::Faults;
use crate::{api_key::LeakReports, endpoint::fault_of_url};

/// The reports of leaked keys that are taken, at the endpoint `leaks`.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LeaksPolicy {
    /// The URL at which the sender publishes its keys; where left out, that of GitHub's secret-scanning partner program.
    pub keys_url: Option<String>,
    /// Who a revocation says it is by; `github-secret-scanning` where left out.
    #[cfg_attr(feature = "schema", schemars(length(min = 1, max = 64)))]
    pub source: Option<String>,
}

/// Judges what a policy says of reports, the faults put down. `has_keys` says whether there are keys that could leak.
pub(crate) fn judge_leaks(policy: Option<&LeaksPolicy>, has_keys: bool, faults: &mut Faults) {
    let Some(LeaksPolicy { keys_url, source }) = policy else { return };
    if !has_keys {
        faults.hint(
            "/leaks",
            "/apiKeys is left out: there is no key that a report could be about",
            "fill `apiKeys`, or leave `leaks` out",
        );
    }
    if let Some(fault) = keys_url.as_deref().and_then(fault_of_url) {
        faults.hint("/leaks/keysUrl", fault, "leave it out for GitHub's own");
    }
    let is_name =
        |source: &String| (1..=64).contains(&source.len()) && source.bytes().all(|byte| matches!(byte, b'!'..=b'~'));
    if !source.as_ref().is_none_or(is_name) {
        faults.hint("/leaks/source", "from 1 to 64 visible characters", "write it as in `github-secret-scanning`");
    }
}

/// Takes the reports that a policy says, which was judged.
pub(crate) fn take_leaks(policy: LeaksPolicy) -> LeakReports {
    LeakReports::new(
        policy.keys_url.unwrap_or_else(|| LeakReports::KEYS_URL.to_owned()),
        policy.source.unwrap_or_else(|| LeakReports::BY.to_owned()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(policy: &str, has_keys: bool) -> Vec<(String, String)> {
        let mut faults = Faults::default();
        let policy: Option<LeaksPolicy> = serde_json::from_str(policy).expect("a policy");
        judge_leaks(policy.as_ref(), has_keys, &mut faults);
        let faults = faults.or(()).err().map(|error| error.0).unwrap_or_default();
        faults.into_iter().map(|fault| (fault.pointer, fault.reason)).collect()
    }

    #[test]
    fn a_policy_says_what_is_wrong_with_it() {
        for good in ["null", "{}", r#"{"keysUrl":"https://keys.example/list","source":"scanner"}"#] {
            assert_eq!(faults(good, true), [], "{good}");
        }
        assert_eq!(faults("null", false), []);
        for (policy, has_keys, pointer) in [
            ("{}", false, "/leaks"),
            (r#"{"keysUrl":"http://keys.example/"}"#, true, "/leaks/keysUrl"),
            (r#"{"keysUrl":""}"#, true, "/leaks/keysUrl"),
            (r#"{"source":""}"#, true, "/leaks/source"),
            (r#"{"source":"a b"}"#, true, "/leaks/source"),
        ] {
            let found = faults(policy, has_keys);
            assert_eq!(found.iter().map(|(place, _)| place.as_str()).collect::<Vec<_>>(), [pointer], "{policy}");
        }
        assert!(serde_json::from_str::<LeaksPolicy>(r#"{"keysURL":""}"#).is_err());
    }
}
