//! From JSON text to the policy's types.

use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    PolicyError,
    reading::Reading,
    types::{Policy, TokenPolicy},
};
use crate::revocation::{DenyEntry, DenyList};

/// Reads a gate's policy.
///
/// # Errors
/// [`PolicyError`] for what is no strict JSON, and with every member that is unknown, missing or of the wrong type.
/// What the members say is judged when the gate is made; [`crate::gate::Gate::read`] tells the faults of both at once.
pub fn read_policy(text: &str) -> Result<Policy, PolicyError> {
    reading_of_policy(text).whole()
}

/// What comes of reading a gate's policy, with its digest.
pub(crate) fn reading_of_policy(text: &str) -> Reading<Policy> {
    Reading::of_text(text).noting(|policy: &mut Policy, document| policy.digest = digest_of(document))
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
/// [`PolicyError`] with all that is wrong, each with its JSON pointer in the list.
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
    Reading::of_text(text).whole()
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
    fn each_fault_says_what_to_do_about_it() {
        for (policy, words) in [
            (r#"{"isuers":[]}"#, "/isuers: unknown field `isuers`"),
            (r#"{"isuers":[]}"#, "(did you mean `issuers`?)"),
            (r#"{"nonsense":[]}"#, "(take it out: nothing here goes by that name)"),
            (r#"{"routes":[{"path":"/","classes":[]}]}"#, "(`methods`: the HTTP methods in upper case"),
            (r#"{"routes":{}}"#, "(write an array: `[ … ]`)"),
            (r#"{"admin":"a"}"#, "/admin: invalid type: a string, expected an object (write an object: `{ … }`)"),
            (r#"{"apiKeys":{"prefix":"acme","environment":"Live"}}"#, "(did you mean `live`?)"),
            (r#"{"apiKeys":{"prefix":"acme","environment":"prod"}}"#, "(write `live` or `test`)"),
            (r#"{"tlsEndsAhead":"true"}"#, "(write `true` or `false`, without quotes)"),
            ("{", "(one JSON document, without comments and without a comma after the last member)"),
        ] {
            assert!(refused(policy).contains(words), "{words}: {}", refused(policy));
        }
    }

    #[test]
    fn what_stands_in_the_wrong_place_is_not_repeated() {
        for policy in [r#"{"admin":"s3cret"}"#, r#"{"maxTokenBytes":"s3cret"}"#, r#"{"routes":"s3cr\", expected et"}"#]
        {
            assert!(!refused(policy).contains("s3cr"), "{}", refused(policy));
        }
    }

    #[test]
    fn an_empty_policy_denies_everything() {
        let policy = read_policy("{}").expect("legal");
        assert_eq!(policy.prefix, "/_edgeward");
        assert!(policy.routes.is_empty() && policy.issuers.is_empty() && policy.api_keys.is_none());
    }
}
