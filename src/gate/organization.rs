//! Whose request a route lets through: that of the organization which the request is about, or of one on a list.

use super::{GateRequest, pattern::Pattern, reading};
use crate::policy::OrganizationBinding;

impl OrganizationBinding {
    /// Whether a credential of this organization may send this request, whose path the pattern takes. One that belongs
    /// to no organization may not.
    pub(super) fn admits(
        &self,
        organization: Option<&str>,
        request: &GateRequest,
        path: &str,
        pattern: &Pattern,
    ) -> bool {
        let Some(organization) = organization.filter(|name| !name.is_empty()) else { return false };
        match self {
            Self::Path(group) => {
                let named = pattern.group(path, group).and_then(reading::unescape);
                named.is_some_and(|named| named == organization)
            }
            Self::Header(name) => {
                let mut values = request.values(name);
                // Two values, or a comma that joined them, would leave the choice to the origin.
                matches!((values.next(), values.next()), (Some(value), None) if value == organization && !value.contains(','))
            }
            Self::OneOf(names) => names.iter().any(|name| name == organization),
        }
    }

    /// Whether it lets through no request that the other would not.
    pub(super) fn is_within(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::OneOf(names), Self::OneOf(others)) => names.iter().all(|name| others.contains(name)),
            (one, other) => one == other,
        }
    }
}
