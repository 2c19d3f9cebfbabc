//! The policy that the Worker is built with, judged before it is bundled: what is wrong with it is said here, in a
//! sentence, and not by a Worker that does not start.

use std::collections::BTreeMap;

use edgeward::gate::{Gate, Resources};
use edgeward::policy::{Beside, read_policy};
use serde_json::Value;

use crate::output::{Failure, Result};
use crate::workspace::{Workspace, read_text};

const POLICY: &str = "worker/policy.json";
const SNAPSHOTS: &str = "worker/generated/snapshots.json";

/// Judges the policy together with the key sets that are bundled beside it.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    judge(&read_text(&workspace.path(POLICY))?, &read_text(&workspace.path(SNAPSHOTS))?)
}

fn judge(policy: &str, snapshots: &str) -> Result<()> {
    let snapshots: BTreeMap<String, Value> = serde_json::from_str(snapshots)
        .map_err(|error| Failure::new(format!("{SNAPSHOTS} is no JSON object of key sets by issuer: {error}.")))?;
    let wrong = |error| Failure::new(format!("{POLICY}: {error}."));
    let policy = read_policy(policy).map_err(wrong)?;
    // The secrets come from the deployment's bindings: any will do to judge the rest.
    let asked = policy.issuers.iter().filter(|issuer| issuer.introspection.is_some());
    let introspection_secrets = asked.map(|issuer| (issuer.name().to_owned(), "a secret".to_owned())).collect();
    let beside = Beside { snapshots, introspection_secrets };
    Gate::new(policy, Resources { beside, seals: Vec::new() }).map(drop).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(policy: &str, snapshots: &str) -> String {
        judge(policy, snapshots).expect_err(policy).to_string()
    }

    #[test]
    fn each_fault_is_one_sentence_that_names_its_place() {
        assert_eq!(
            sentence(r#"{"routes":[],"rotues":[]}"#, "{}").split(", expected").next(),
            Some("worker/policy.json: the policy is refused: /rotues: unknown field `rotues`")
        );
        let policy = r#"{"issuers":[{"issuer":"i","audience":"a","algorithms":["ES256"]}]}"#;
        assert_eq!(
            sentence(policy, r#"{"i":{"kyes":[]}}"#),
            "worker/policy.json: the policy is refused: /issuers/0/jwks: neither a snapshot nor a JSON Web Key Set: no array `keys`."
        );
        assert!(sentence(policy, "[]").starts_with("worker/generated/snapshots.json is no JSON object"));
    }
}
