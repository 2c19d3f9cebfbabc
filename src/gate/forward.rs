//! What the origin is told of an allowed request.

use crate::verdict::{CredentialClass, Grant};

/// The headers that the gate sets toward the origin. All of them are always set, empty where they do not apply, so that
/// no proxy between can let an inbound one through.
pub(super) const CLASS: &str = "edgeward-class";
pub(super) const SUBJECT: &str = "edgeward-subject";
pub(super) const ORGANIZATION: &str = "edgeward-organization";
pub(super) const CREDENTIAL_ID: &str = "edgeward-credential-id";
pub(super) const SCOPES: &str = "edgeward-scopes";
pub(super) const REQUEST_ID: &str = "edgeward-request-id";

/// What the host does to a request before it forwards it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forward {
    /// The origin of the policy; where it is left out, the host lends one.
    pub origin: Option<String>,
    /// The id of the request, which [`super::Gate::forward_failed`] is told of again.
    pub request_id: String,
    /// The headers to take out, in lower case: those that carry credentials, those that end at the gate, and every inbound
    /// one that only the gate may set.
    pub remove: Vec<String>,
    /// The headers to set.
    pub set: Vec<(String, String)>,
    /// How long the origin has until the head of its answer, in milliseconds.
    pub timeout: u32,
    /// What is done to its answer, beside taking out what [`super::ended_of_answer`] names; none for nothing.
    pub answer: Option<OfAnswer>,
}

/// What the host does to the headers of an answer of the origin, in this order.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct OfAnswer {
    /// Those to take out.
    pub remove: Vec<String>,
    /// Those to set.
    pub set: Vec<(String, String)>,
    /// Values to add to what is there.
    pub add: Vec<(String, String)>,
}

/// The full set of headers that say who was let in.
pub(super) fn identity(grant: &Grant, request_id: &str) -> Vec<(String, String)> {
    let who = &grant.principal;
    let credential_id = match grant.class {
        // A token is known by its client; its own id says nothing to an origin.
        CredentialClass::M2mToken => &who.client_id,
        CredentialClass::ApiKey => &who.credential_id,
    };
    let text = |text: &Option<String>| text.as_deref().map(escape).unwrap_or_default();
    [
        (CLASS, grant.class.as_str().to_owned()),
        (SUBJECT, text(&who.subject)),
        (ORGANIZATION, text(&who.organization)),
        (CREDENTIAL_ID, text(credential_id)),
        (SCOPES, grant.scopes.join(" ")),
        (REQUEST_ID, request_id.to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into()
}

/// A claim as a header's value: what is no visible ASCII, and the percent sign itself, is percent-encoded as UTF-8, so
/// that no claim can break out of its line and every one can be read back.
fn escape(text: &str) -> String {
    use std::fmt::Write as _;
    let mut value = String::with_capacity(text.len());
    for byte in text.bytes() {
        if matches!(byte, b'!'..=b'~') && byte != b'%' {
            value.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(value, "%{byte:02X}");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Evidence, Principal};

    #[test]
    fn a_claim_cannot_break_out_of_its_header() {
        assert_eq!(escape("auth0|x@clients"), "auth0|x@clients");
        assert_eq!(escape("a\r\nedgeward-class: x"), "a%0D%0Aedgeward-class:%20x");
        assert_eq!(escape("100%\u{e9}"), "100%25%C3%A9");
    }

    #[test]
    fn every_header_is_set_even_where_it_is_empty() {
        let grant = Grant {
            class: CredentialClass::M2mToken,
            principal: Principal {
                client_id: Some("c-1".into()),
                credential_id: Some("jti".into()),
                ..Principal::default()
            },
            scopes: vec!["a".into(), "b".into()],
            expires: None,
            evidence: Evidence::Claims("{}".into()),
        };
        let expected = [
            (CLASS, "m2m_token"),
            (SUBJECT, ""),
            (ORGANIZATION, ""),
            (CREDENTIAL_ID, "c-1"),
            (SCOPES, "a b"),
            (REQUEST_ID, "r"),
        ];
        assert_eq!(identity(&grant, "r"), expected.map(|(name, value)| (name.to_owned(), value.to_owned())));
    }
}
