//! What the policy says of the review of standing credentials (contract §9). Its limits carry their ranges in their
//! types, so that a policy with a senseless one is refused as it is read.

use serde::Deserialize;

/// The limits of the review, all of them optional.
#[derive(Debug, Clone, Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReviewPolicy {
    /// The owners and revokers who left, by the names that records have for them.
    #[serde(default)]
    pub departed: Vec<Named>,
    /// The scopes that count as wildcards beside those with a `*`.
    #[serde(default)]
    pub wildcard_scopes: Vec<Named>,
    /// How old a key may grow, in days; 365 where left out.
    pub max_age_days: Option<Days>,
    /// How long a key that was used may rest, in days; 90 where left out.
    pub unused_days: Option<Days>,
    /// How long a new key may wait for its first use, in days; 30 where left out.
    pub never_used_days: Option<Days>,
    /// How long a key may be good beside the one that replaces it, in days; 7 where left out.
    pub overlap_days: Option<Days>,
    /// How long a key may be switched off, in days; 90 where left out.
    pub disabled_days: Option<Days>,
    /// How old a secret of an M2M client may grow, in days; 365 where left out.
    pub max_client_secret_age_days: Option<Days>,
    /// How long before its end the owner is told, in days; 14 where left out.
    pub expires_soon_days: Option<Days>,
}

/// The limits of the review in a document of their own, for whoever has no whole policy.
///
/// # Errors
/// Each fault, with its place.
pub fn read_review(text: &str) -> Result<ReviewPolicy, super::PolicyError> {
    super::load::read(text)
}

/// A number of days, from 1 to 3650.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "i64")]
pub struct Days(u16);

impl Days {
    /// The most days.
    pub const MOST: u16 = 3650;

    /// How many.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }
}

impl TryFrom<i64> for Days {
    type Error = String;

    fn try_from(number: i64) -> Result<Self, Self::Error> {
        u16::try_from(number)
            .ok()
            .filter(|days| (1..=Self::MOST).contains(days))
            .map(Self)
            .ok_or_else(|| format!("{number} days, and from 1 to {} make sense here", Self::MOST))
    }
}

/// A name with something in it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct Named(String);

impl Named {
    /// The name, without blanks around it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Named {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        match text.trim() {
            "" => Err("an empty name, which nobody and nothing has"),
            name => Ok(Self(name.to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::policy::read_policy;

    fn read(review: &Value) -> Result<ReviewPolicy, String> {
        read_policy(&json!({ "review": review }).to_string())
            .map(|policy| policy.review.expect("a review"))
            .map_err(|error| error.to_string())
    }

    #[test]
    fn every_member_can_be_left_out_and_every_member_can_be_said() {
        let none = read(&json!({})).expect("a review");
        assert!(none.departed.is_empty() && none.max_age_days.is_none());
        let all = read(&json!({
            "departed": [" ada "], "wildcardScopes": ["admin"], "maxAgeDays": 1, "unusedDays": 2, "neverUsedDays": 3,
            "overlapDays": 4, "disabledDays": 5, "maxClientSecretAgeDays": 6, "expiresSoonDays": 3650,
        }))
        .expect("a review");
        assert_eq!(all.departed.first().map(Named::as_str), Some("ada"));
        assert_eq!(all.expires_soon_days.map(Days::get), Some(3650));
        assert_eq!(all.max_client_secret_age_days.map(Days::get), Some(6));
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_its_place() {
        for (review, place) in [
            (json!({ "maxAgeDays": 0 }), "/review/maxAgeDays: 0 days, and from 1 to 3650 make sense here"),
            (json!({ "unusedDays": 3651 }), "/review/unusedDays: 3651 days"),
            (json!({ "neverUsedDays": -1 }), "/review/neverUsedDays: -1 days"),
            (json!({ "overlapDays": 1.5 }), "/review/overlapDays: invalid type"),
            (json!({ "disabledDays": "90" }), "/review/disabledDays: invalid type"),
            (json!({ "departed": ["ada", " "] }), "/review/departed/1: an empty name"),
            (json!({ "wildcardScopes": [""] }), "/review/wildcardScopes/0: an empty name"),
            (json!({ "maxAge": 3 }), "/review/maxAge: unknown field `maxAge`"),
        ] {
            let refusal = read(&review).expect_err("a fault");
            assert!(refusal.contains(place), "{refusal}");
        }
    }
}
