//! Routes: which methods and paths there are, and what each of them needs.

use super::{GateRequest, pattern::Pattern};
use crate::{
    m2m_token::SenderConstraint,
    policy::{OrganizationBinding, RoutePolicy, RouteScopes},
    verdict::{CredentialClass, Denial, Grant, Reason},
};

/// A route of the policy, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    pub(super) methods: Vec<String>,
    pub(super) pattern: Pattern,
    classes: Vec<CredentialClass>,
    scopes: RouteScopes,
    organization: Option<OrganizationBinding>,
    sender_constraint: SenderConstraint,
    /// The limits that name this route, by their places in the policy.
    pub(super) limits: Vec<usize>,
    /// The places of the routes that ask for more than this one and share a method with it: none of their paths is let
    /// through here for being written in another way.
    pub(super) rivals: Vec<usize>,
}

impl Route {
    /// A route of a policy; its pattern is read here, and the rest of it taken as judged.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words for the author of the policy.
    pub fn of(policy: RoutePolicy) -> Result<Self, String> {
        Ok(Self {
            pattern: Pattern::new(&policy.path)?,
            methods: policy.methods,
            classes: policy.classes,
            scopes: policy.scopes,
            organization: policy.organization,
            sender_constraint: policy.sender_constraint,
            limits: Vec::new(),
            rivals: Vec::new(),
        })
    }

    /// The pattern, as the policy has it. Audit events name it in place of the path, which may hold anything.
    #[must_use]
    pub fn pattern(&self) -> &str {
        self.pattern.text()
    }

    /// The scopes that it needs and that a credential with these has: what the credential was used for.
    #[must_use]
    pub fn exercised(&self, scopes: &[String]) -> Vec<String> {
        self.scopes.named().filter(|scope| scopes.contains(scope)).cloned().collect()
    }

    /// The classes that it accepts.
    pub(super) fn classes(&self) -> &[CredentialClass] {
        &self.classes
    }

    /// The scopes that it needs.
    pub(super) const fn needed(&self) -> &RouteScopes {
        &self.scopes
    }

    /// The organization that a credential must belong to.
    pub(super) const fn organization(&self) -> Option<&OrganizationBinding> {
        self.organization.as_ref()
    }

    /// Whether a credential must be bound to its sender.
    pub(super) const fn sender_constraint(&self) -> SenderConstraint {
        self.sender_constraint
    }

    /// Every scope that it names.
    pub(super) fn scopes(&self) -> impl Iterator<Item = &String> {
        self.scopes.named()
    }

    /// Whether a path that folds to this text is the route's own. Who ends a pattern with a slash means that slash, and
    /// what is left without it.
    pub(super) fn may_take(&self, folded: &str) -> bool {
        self.pattern.may_match(folded)
            || (self.pattern().ends_with('/') && self.pattern.may_match(&format!("{folded}/")))
    }

    pub(super) fn takes_method(&self, method: &str) -> bool {
        self.methods.iter().any(|accepted| accepted == method)
    }

    /// Whether everything that this route lets through would be let through by the other, too.
    pub(super) fn is_as_strict_as(&self, other: &Self) -> bool {
        let any = other.scopes.any_of();
        let one_of_any = any.is_empty()
            || self.scopes.all_of().iter().any(|scope| any.contains(scope))
            || (!self.scopes.any_of().is_empty() && self.scopes.any_of().iter().all(|scope| any.contains(scope)));
        self.classes.iter().all(|class| other.classes.contains(class))
            && other.scopes.all_of().iter().all(|scope| self.scopes.all_of().contains(scope))
            && one_of_any
            && match (&self.organization, &other.organization) {
                (_, None) => true,
                (None, Some(_)) => false,
                (Some(OrganizationBinding::Path(one)), Some(OrganizationBinding::Path(name))) => {
                    self.pattern.has_in_place_of(one, &other.pattern, name)
                }
                (Some(one), Some(other)) => one.is_within(other),
            }
            && self.sender_constraint.is_as_strict_as(other.sender_constraint)
            && other.limits.iter().all(|limit| self.limits.contains(limit))
    }

    /// Whether the route takes this class at all.
    ///
    /// # Errors
    /// [`Reason::ClassNotAccepted`]
    pub(super) fn accept_class(&self, class: CredentialClass) -> Result<(), Denial> {
        if self.classes.contains(&class) { Ok(()) } else { Err(Denial::new(Reason::ClassNotAccepted).of(class)) }
    }

    /// Whether what was granted reaches this far, for this request, whose path is one of the route's.
    ///
    /// # Errors
    /// [`Reason::SenderConstraintMissing`]; [`Reason::ScopeInsufficient`], with the scopes that the route names;
    /// [`Reason::OrganizationMismatch`].
    pub(super) fn judge(&self, grant: &Grant, request: &GateRequest, path: &str) -> Result<(), Denial> {
        let deny = |reason: Reason| Denial::new(reason).of(grant.class).about(grant.principal.clone());
        if !self.sender_constraint.admits(grant.principal.sender) {
            return Err(deny(Reason::SenderConstraintMissing));
        }
        if !self.scopes.are_met_by(&grant.scopes) {
            let mut needed = Vec::new();
            for scope in self.scopes.named() {
                if !needed.contains(scope) {
                    needed.push(scope.clone());
                }
            }
            return Err(Denial { needed_scopes: needed.into(), ..deny(Reason::ScopeInsufficient) });
        }
        let organization = grant.principal.organization.as_deref();
        if let Some(binding) = &self.organization
            && !binding.admits(organization, request, path, &self.pattern)
        {
            return Err(deny(Reason::OrganizationMismatch));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn route(more: &Value) -> Route {
        let mut policy = json!({ "methods": ["GET"], "path": "/:org", "classes": ["m2m_token"] });
        policy.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        Route::of(serde_json::from_value(policy).expect("a route")).expect("a pattern")
    }

    #[test]
    fn it_is_told_which_route_asks_for_as_much_as_another() {
        let bare = json!({});
        let both = json!({ "classes": ["m2m_token", "api_key"] });
        let all = json!({ "scopes": ["a", "b"] });
        let one = json!({ "scopes": ["a"] });
        let any = json!({ "scopes": { "anyOf": ["a", "b"] } });
        let path = json!({ "organization": { "path": "org" } });
        let few = json!({ "organization": { "oneOf": ["x"] } });
        let many = json!({ "organization": { "oneOf": ["x", "y"] } });
        let required = json!({ "senderConstraint": "required" });
        let mtls = json!({ "senderConstraint": "mtls" });
        for (strict, lax) in [
            (&bare, &both),
            (&one, &bare),
            (&all, &one),
            (&one, &any),
            (&all, &any),
            (&any, &bare),
            (&path, &bare),
            (&few, &many),
            (&required, &bare),
            (&mtls, &required),
        ] {
            assert!(route(strict).is_as_strict_as(&route(lax)), "{strict} {lax}");
            assert!(!route(lax).is_as_strict_as(&route(strict)), "{lax} {strict}");
        }
        assert!(!route(&path).is_as_strict_as(&route(&few)) && !route(&few).is_as_strict_as(&route(&path)));
    }
}
