//! Routes: which methods and paths there are, and what each of them needs.

use crate::verdict::{CredentialClass, Denial, Grant, Reason};

/// A route of the policy, ready to be matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Route {
    methods: Vec<String>,
    pattern: String,
    segments: Vec<Segment>,
    classes: Vec<CredentialClass>,
    scopes: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Segment {
    Literal(String),
    /// `:name`: any one segment that is not empty.
    Any,
    /// A last `*`: the rest of the path, with at least the slash before it.
    Rest,
}

impl Route {
    /// Reads a route's pattern.
    ///
    /// # Errors
    /// What is wrong with the pattern, in words for the author of the policy.
    pub fn new(
        methods: Vec<String>,
        pattern: &str,
        classes: Vec<CredentialClass>,
        scopes: Vec<String>,
    ) -> Result<Self, String> {
        // `*` and `:` are themselves legal in a path, so that a pattern is judged as a path.
        let parts = super::path::segments(pattern)
            .map_err(|denial| format!("no path that a request could have: {}", denial.note.unwrap_or_default()))?;
        let mut segments = Vec::with_capacity(parts.len());
        for (place, part) in parts.iter().enumerate() {
            let is_last = place.saturating_add(1) == parts.len();
            segments.push(match *part {
                "*" if is_last => Segment::Rest,
                part if part.contains('*') => return Err("`*` stands only for the whole last segment".to_owned()),
                part => match part.strip_prefix(':') {
                    Some(name) if is_name(name) => Segment::Any,
                    _ if part.contains(':') => return Err("`:name` stands only for a whole segment".to_owned()),
                    _ => Segment::Literal(part.to_owned()),
                },
            });
        }
        Ok(Self { methods, pattern: pattern.to_owned(), segments, classes, scopes })
    }

    /// The pattern, as the policy has it. Audit events name it in place of the path, which may hold anything.
    #[must_use]
    pub fn pattern(&self) -> &str {
        &self.pattern
    }

    /// The scopes that it needs.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    pub(super) fn matches(&self, method: &str, path: &[&str]) -> bool {
        if !self.methods.iter().any(|accepted| accepted == method) {
            return false;
        }
        let mut path = path.iter();
        for segment in &self.segments {
            match (segment, path.next()) {
                (Segment::Rest, rest) => return rest.is_some(),
                (Segment::Literal(expected), Some(found)) if super::path::is_same(expected, found) => {}
                (Segment::Any, Some(found)) if !found.is_empty() => {}
                _ => return false,
            }
        }
        path.next().is_none()
    }

    /// Whether the route takes this class at all.
    ///
    /// # Errors
    /// [`Reason::ClassNotAccepted`]
    pub(super) fn accept_class(&self, class: CredentialClass) -> Result<(), Denial> {
        if self.classes.contains(&class) { Ok(()) } else { Err(Denial::new(Reason::ClassNotAccepted).of(class)) }
    }

    /// Whether what was granted reaches this far.
    ///
    /// # Errors
    /// [`Reason::ScopeInsufficient`], with the scopes that the route needs.
    pub(super) fn authorize(&self, grant: &Grant) -> Result<(), Denial> {
        if self.scopes.iter().all(|needed| grant.scopes.contains(needed)) {
            return Ok(());
        }
        let mut denial = Denial::new(Reason::ScopeInsufficient).of(grant.class).about(grant.principal.clone());
        denial.needed_scopes.clone_from(&self.scopes);
        Err(denial)
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(pattern: &str) -> Route {
        Route::new(vec!["GET".into()], pattern, vec![CredentialClass::ApiKey], Vec::new()).expect(pattern)
    }

    fn matches(pattern: &str, path: &str) -> bool {
        route(pattern).matches("GET", &super::super::path::segments(path).expect(path))
    }

    #[test]
    fn literals_names_and_the_rest() {
        assert!(matches("/v1/reports", "/v1/reports"));
        assert!(!matches("/v1/reports", "/v1/reports/"));
        assert!(!matches("/v1/reports", "/v1/Reports"));
        assert!(!matches("/v1/reports", "/v1"));
        assert!(matches("/v1/:id/x", "/v1/7/x"));
        assert!(!matches("/v1/:id", "/v1/"));
        assert!(!matches("/v1/:id", "/v1/7/8"));
        assert!(matches("/v1/*", "/v1/"));
        assert!(matches("/v1/*", "/v1/a/b"));
        assert!(!matches("/v1/*", "/v1"));
        assert!(!matches("/v1/*", "/v10"));
    }

    #[test]
    fn methods_are_matched_exactly() {
        assert!(!route("/v1").matches("get", &["v1"]));
        assert!(!route("/v1").matches("HEAD", &["v1"]));
    }

    #[test]
    fn patterns_that_mean_nothing_are_refused() {
        for pattern in ["v1", "/v1/*/x", "/v1/a*", "/v1/a:b", "/v1/:", "/v1//x", "/v1/../x", "/v1/%61"] {
            assert!(Route::new(Vec::new(), pattern, Vec::new(), Vec::new()).is_err(), "{pattern}");
        }
    }
}
