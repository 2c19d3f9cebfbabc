//! How much may come: the limits of the policy, and the budget for refused credentials.

mod budget;
mod counter;
mod policy;
mod rules;

use serde_json::{Value, json};

use crate::{stage::Stage, support::NOW};

/// A gate with these limits, its clock at the beginning of a minute.
fn limited(limits: &Value) -> Stage {
    let mut policy = crate::stage::policy();
    policy["limits"] = limits.clone();
    let stage = Stage::of(&policy);
    stage.host.now.set((NOW / 60 + 1) * 60 * 1000);
    stage
}

/// A gate with these rules.
fn ruled(rules: &Value) -> Stage {
    limited(&json!({ "rules": rules }))
}

fn pass(stage: &Stage, milliseconds: i64) {
    stage.host.now.set(stage.host.now.get() + milliseconds);
}
