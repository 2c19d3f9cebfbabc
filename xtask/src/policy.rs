//! The policy that the Worker is built with, judged before it is bundled: what is wrong with it is said here, in a
//! sentence, and not by a Worker that does not start.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use edgeward::gate::lint_policy;
use edgeward::host::UnixMillis;
use edgeward::policy::{Beside, LintFinding};
use serde_json::Value;

use crate::output::{Failure, Result, say};
use crate::workspace::{Workspace, read_text};

const POLICY: &str = "worker/policy.json";
const SNAPSHOTS: &str = "worker/generated/snapshots.json";

/// Judges the policy together with the key sets that are bundled beside it, and says what is unwise.
pub(crate) fn check(workspace: &Workspace) -> Result<()> {
    for finding in judge(&read_text(&workspace.path(POLICY))?, &read_text(&workspace.path(SNAPSHOTS))?)? {
        say!("warning: {POLICY}: {}: {} {}", finding.pointer, finding.title, finding.advice);
    }
    Ok(())
}

fn judge(policy: &str, snapshots: &str) -> Result<Vec<LintFinding>> {
    let snapshots: BTreeMap<String, Value> = serde_json::from_str(snapshots)
        .map_err(|error| Failure::new(format!("{SNAPSHOTS} is no JSON object of key sets by issuer: {error}.")))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
    let now = UnixMillis(i64::try_from(now).unwrap_or(i64::MAX));
    lint_policy(policy, &Beside { snapshots, ..Beside::default() }, now)
        .map_err(|error| Failure::new(format!("{POLICY}: {error}.")))
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
            "worker/policy.json: the policy is refused: /issuers/0/jwks: neither a snapshot nor a JSON Web Key Set: no array `keys` (a JSON Web Key Set as the issuer publishes it, or what `edgeward snapshot` took of it, unchanged)."
        );
        assert!(sentence(policy, "[]").starts_with("worker/generated/snapshots.json is no JSON object"));
    }
}
