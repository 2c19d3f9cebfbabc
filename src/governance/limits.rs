//! The limits of the review, as a policy sets them.

use std::collections::BTreeSet;

use crate::{
    api_key::Environment,
    policy::{Days, Named, Policy, ReviewPolicy},
};

/// The limits of the review. Spans are in days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRules {
    /// The owners and revokers who left.
    pub departed: BTreeSet<String>,
    /// The scopes that count as wildcards beside those with a `*`.
    pub wildcard_scopes: BTreeSet<String>,
    /// The environment of the gate; none where keys of both may stand in the store.
    pub environment: Option<Environment>,
    /// How old a key may grow.
    pub max_age_days: u16,
    /// How long a key that was used may rest.
    pub unused_days: u16,
    /// How long a new key may wait for its first use.
    pub never_used_days: u16,
    /// How long a key may be good beside the one that replaces it.
    pub overlap_days: u16,
    /// How long a key may be switched off.
    pub disabled_days: u16,
    /// How old a secret of a client may grow.
    pub max_client_secret_age_days: u16,
    /// How long before its end the owner is told.
    pub expires_soon_days: u16,
}

impl ReviewRules {
    /// The limits of a policy, with those that it leaves out filled in.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        let environment = policy.api_keys.as_ref().map(|keys| keys.environment);
        Self::new(policy.review.as_ref().unwrap_or(&ReviewPolicy::default()), environment)
    }

    /// These limits, for a gate of this environment.
    #[must_use]
    pub fn new(policy: &ReviewPolicy, environment: Option<Environment>) -> Self {
        let names = |named: &[Named]| named.iter().map(|name| name.as_str().to_owned()).collect();
        let days = |days: Option<Days>, usual: u16| days.map_or(usual, Days::get);
        Self {
            departed: names(&policy.departed),
            wildcard_scopes: names(&policy.wildcard_scopes),
            environment,
            max_age_days: days(policy.max_age_days, 365),
            unused_days: days(policy.unused_days, 90),
            never_used_days: days(policy.never_used_days, 30),
            overlap_days: days(policy.overlap_days, 7),
            disabled_days: days(policy.disabled_days, 90),
            max_client_secret_age_days: days(policy.max_client_secret_age_days, 365),
            expires_soon_days: days(policy.expires_soon_days, 14),
        }
    }

    pub(super) fn has_left(&self, name: &str) -> bool {
        self.departed.contains(name.trim())
    }

    pub(super) fn is_wildcard(&self, scope: &str) -> bool {
        scope.contains('*') || self.wildcard_scopes.contains(scope)
    }
}

impl Default for ReviewRules {
    fn default() -> Self {
        Self::new(&ReviewPolicy::default(), None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::read_policy;

    #[test]
    fn what_a_policy_leaves_out_is_filled_in() {
        let rules = ReviewRules::of(&read_policy("{}").expect("a policy"));
        assert_eq!(rules, ReviewRules::default());
        assert_eq!((rules.max_age_days, rules.unused_days, rules.never_used_days), (365, 90, 30));
        assert_eq!(rules.max_client_secret_age_days, 365);
        assert_eq!((rules.overlap_days, rules.disabled_days, rules.expires_soon_days), (7, 90, 14));
        let policy = r#"{
            "apiKeys": { "prefix": "ab", "environment": "test" },
            "review": { "departed": ["ada "], "wildcardScopes": ["admin"], "unusedDays": 5 }
        }"#;
        let rules = ReviewRules::of(&read_policy(policy).expect("a policy"));
        assert_eq!((rules.environment, rules.unused_days, rules.max_age_days), (Some(Environment::Test), 5, 365));
        assert!(rules.has_left(" ada") && !rules.has_left("Ada") && !rules.has_left(""));
        assert!(rules.is_wildcard("admin") && rules.is_wildcard("*") && rules.is_wildcard("a:*"));
        assert!(!rules.is_wildcard("admin:read"));
    }
}
