//! Kinds of JWT that are no access tokens, told by `typ` and by the claims that only they have (RFC 8725 §3.11, §3.12).

use serde_json::{Map, Value};

use crate::verdict::{Denial, Reason};

/// Media types of JWTs that are something else than an access token, in lower case and without `application/`. They are
/// refused always, and a policy that names one of them is refused.
pub(super) const FOREIGN: [&str; 24] = [
    // Proofs and assertions of the sender (RFC 9449 §4.2, draft-ietf-oauth-attestation-based-client-auth,
    // draft-ietf-oauth-rfc7523bis, OpenID4VCI appendix F).
    "dpop+jwt",
    "oauth-client-attestation+jwt",
    "oauth-client-attestation-pop+jwt",
    "client-authentication+jwt",
    "openid4vci-proof+jwt",
    "keyattestation+jwt",
    "key-attestation+jwt",
    // What an issuer says to a client, not to an API (OpenID Connect Back-Channel Logout §2.4, RFC 8417 §2.3,
    // RFC 9701 §5, RFC 9101 §10.8, OpenID Connect userinfo and JARM).
    "logout+jwt",
    "secevent+jwt",
    "token-introspection+jwt",
    "oauth-authz-req+jwt",
    "id_token+jwt",
    "id+jwt",
    // Statements about keys and entities (OpenID Federation §15, Token Status List).
    "entity-statement+jwt",
    "resolve-response+jwt",
    "trust-mark+jwt",
    "jwk-set+jwt",
    "statuslist+jwt",
    // Verifiable credentials, presentations and their key binding (RFC 9901 §4.3, W3C VC-JOSE-COSE).
    "sd-jwt",
    "dc+sd-jwt",
    "vc+sd-jwt",
    "vc+jwt",
    "vp+jwt",
    "kb+jwt",
];

/// Claims that no access token has: those of an ID token (`OpenID` Connect Core §2, §3.1.3.6, §3.3.2.11), of a security
/// event or logout token (RFC 8417 §2.2), and of an introspection response (RFC 9701 §5).
const SHAPES: [(&str, &str); 6] = [
    ("nonce", "the claims of an ID token"),
    ("at_hash", "the claims of an ID token"),
    ("c_hash", "the claims of an ID token"),
    ("s_hash", "the claims of an ID token"),
    ("events", "the claims of a security event"),
    ("token_introspection", "the claims of an introspection response"),
];

/// Lower case, without `application/` (RFC 7515 §4.1.9).
#[must_use]
pub fn normalize_media_type(name: &str) -> String {
    let name = name.to_ascii_lowercase();
    name.strip_prefix("application/").map(str::to_owned).unwrap_or(name)
}

/// Whether this media type, as [`normalize_media_type`] leaves it, is known to be no access token's.
#[must_use]
pub fn is_foreign_media_type(name: &str) -> bool {
    FOREIGN.contains(&name)
}

/// Refuses a payload that has the shape of something else than an access token, whatever its `typ` says.
///
/// # Errors
/// [`Reason::TypNotAccepted`]
pub(super) fn refuse_foreign_shape(payload: &Map<String, Value>) -> Result<(), Denial> {
    match SHAPES.iter().find(|(claim, _)| payload.contains_key(*claim)) {
        Some((_, shape)) => Err(Denial::new(Reason::TypNotAccepted).noting(*shape)),
        None => Ok(()),
    }
}

/// Whether a payload has the shape of something else than an access token.
pub(crate) fn has_foreign_shape(payload: &Map<String, Value>) -> bool {
    refuse_foreign_shape(payload).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_normalized_and_names_no_access_token() {
        for name in FOREIGN {
            assert_eq!(normalize_media_type(name), name);
            assert!(is_foreign_media_type(&normalize_media_type(&format!("Application/{}", name.to_uppercase()))));
        }
        assert!(!is_foreign_media_type("at+jwt") && !is_foreign_media_type("jwt"));
    }
}
