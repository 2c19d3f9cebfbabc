//! From JSON text to the policy's types.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::{Path, Segment};
use sha2::{Digest, Sha256};

use super::{
    PolicyError,
    error::step,
    types::{Policy, TokenPolicy},
};
use crate::{
    json,
    revocation::{DenyEntry, DenyList},
};

/// Reads a gate's policy.
///
/// # Errors
/// [`PolicyError`] for what is no strict JSON, and for the first member that is unknown, missing or of the wrong type.
/// What the members say is judged when the gate is made.
pub fn read_policy(text: &str) -> Result<Policy, PolicyError> {
    let document = json::parse(text.as_bytes()).map_err(|error| PolicyError::of("", error.to_string()))?;
    let digest = digest_of(&document);
    Ok(Policy { digest, ..read_value(document)? })
}

/// The digest of a document. Its members are written in the order of their names.
fn digest_of(document: &Value) -> String {
    format!("sha-256:{}", base16ct::lower::encode_string(&Sha256::digest(document.to_string())))
}

/// Reads the policy of a verifier for M2M tokens alone.
///
/// # Errors
/// As [`read_policy`].
pub fn read_token_policy(text: &str) -> Result<TokenPolicy, PolicyError> {
    read(text)
}

/// Reads a deny list that stands by itself: an array of entries.
///
/// # Errors
/// [`PolicyError`] for the first thing that is wrong, with its JSON pointer in the list.
pub fn read_deny_list(text: &str) -> Result<DenyList, PolicyError> {
    read(text)
}

/// Reads entries of a deny list that stand by themselves: an array.
///
/// # Errors
/// As [`read_deny_list`].
pub fn read_deny_entries(text: &str) -> Result<Vec<DenyEntry>, PolicyError> {
    read(text)
}

pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T, PolicyError> {
    read_value(json::parse(text.as_bytes()).map_err(|error| PolicyError::of("", error.to_string()))?)
}

/// Reads what was parsed strictly before.
pub(super) fn read_value<T: DeserializeOwned>(document: Value) -> Result<T, PolicyError> {
    serde_path_to_error::deserialize(document)
        .map_err(|error| PolicyError::of(pointer(error.path()), error.into_inner().to_string()))
}

/// A path as a JSON pointer.
fn pointer(path: &Path) -> String {
    use std::fmt::Write as _;
    let mut pointer = String::new();
    for segment in path {
        // Writing to a string does not fail.
        let _ = match segment {
            Segment::Seq { index } => write!(pointer, "/{index}"),
            Segment::Map { key } => write!(pointer, "/{}", step(key)),
            Segment::Enum { .. } | Segment::Unknown => Ok(()),
        };
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(text: &str) -> String {
        read_policy(text).expect_err(text).to_string()
    }

    #[test]
    fn faults_name_their_place() {
        assert!(
            refused(r#"{"isuers":[]}"#).contains("/isuers: unknown field `isuers`"),
            "{}",
            refused(r#"{"isuers":[]}"#)
        );
        let route = r#"{"routes":[{"methods":["GET"],"path":"/","classes":["token"]}]}"#;
        assert!(refused(route).contains("/routes/0/classes/0: unknown variant `token`"), "{}", refused(route));
        let issuer = r#"{"issuers":[{"issuer":"i","audience":"a","algorithms":["none"]}]}"#;
        assert!(refused(issuer).contains("/issuers/0/algorithms/0: unknown algorithm `none`"), "{}", refused(issuer));
        assert!(refused(r#"{"routes":[{"path":"/"}]}"#).contains("/routes/0: missing field `methods`"));
        let deny = r#"{"deny":[{"organization":"o"},{"jti":"t"}]}"#;
        assert!(refused(deny).contains("/deny/1: name the issuer"), "{}", refused(deny));
        let preset = r#"{"issuers":[{"preset":"okta"}]}"#;
        assert!(refused(preset).contains("/issuers/0/preset: unknown variant `okta`"), "{}", refused(preset));
        assert!(refused(r#"{"routes":[],"routes":[]}"#).contains("the document: a member stands twice"));
        assert!(refused("{").contains("the document: not JSON"));
    }

    #[test]
    fn a_policy_is_known_by_its_content() {
        let digest = |text: &str| read_policy(text).expect("legal").digest;
        let one = digest(r#"{"prefix":"/a","tlsEndsAhead":true}"#);
        assert!(one.starts_with("sha-256:") && one.len() == 72, "{one}");
        assert_eq!(one, digest(" { \"tlsEndsAhead\" : true, \"prefix\": \"/\\u0061\" }"));
        assert_ne!(one, digest(r#"{"prefix":"/b","tlsEndsAhead":true}"#));
        assert!(refused(r#"{"digest":"sha-256:"}"#).contains("/digest: unknown field"));
    }

    #[test]
    fn an_empty_policy_denies_everything() {
        let policy = read_policy("{}").expect("legal");
        assert_eq!(policy.prefix, "/_edgeward");
        assert!(policy.routes.is_empty() && policy.issuers.is_empty() && policy.api_keys.is_none());
    }
}
